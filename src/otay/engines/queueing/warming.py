"""Compile every kernel once, at set-up, so that nobody's first answer waits for it: python -m
otay.engines.queueing.warming."""

from __future__ import annotations

from typing import Any

from otay.engines.compiling import COMPILED
from otay.engines.queueing.reading import make_scenario
from otay.engines.queueing.simulation import simulate
from otay.engines.queueing.streams import stream


def warm_up() -> None:
    """Play small scenarios every way there is. Where numba keeps compiled code on disk it is there for later
    processes."""
    if not COMPILED:
        return
    from otay.engines.queueing.lines import priority
    from otay.engines.queueing.steady import steady

    for lanes, behind in ((["one"], False), (["one"], True), (["one", "two"], True)):
        simulate(_scenario(lanes, behind=behind), 2)
    steady(10, 1.0, 1.0, 2, stream(1, "warm"))
    priority([0.0, 1.0], [0, 1], [1.0, 1.0], 1)


def _scenario(lanes: list[str], *, behind: bool) -> Any:
    service = {"mean_seconds": 30.0, "low": 25.0, "high": 35.0}
    traffic: dict[str, Any] = {
        "name": "one",
        "lanes": lanes,
        "arrivals": {"kind": "profile", "monthly": {"2023-07": 3100}},
        "service": service,
        "referrals": [{"to": "s", "share": 0.1}],
    }
    raw: dict[str, Any] = {
        "name": "warm",
        "start": "2023-07-03",
        "days": 1,
        "traffic": [traffic],
        "lanes": [{"name": name} for name in lanes],
        "secondary": [{"name": "s", "service": service}],
    }
    if behind:
        raw["neighbour"] = [{"name": "n", "traffic": ["one"], "service": service}]
    return make_scenario(raw)


if __name__ == "__main__":
    warm_up()
