"""What the engine process does: one request at a time, in plain data. No Django, no database; numba is loaded here.

A request names an operation; progress goes to ``tell``: how much is done, or a piece of the answer.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

Tell = Callable[[dict[str, Any]], None]


def play(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Replications ``wanted`` ([level, index]) of a scenario; each is told as soon as it is ready."""
    from otay.engines.queueing.layout import lay_out
    from otay.engines.queueing.reading import make_scenario
    from otay.infrastructure.planning.tallying import packed, tally

    scenario = make_scenario(request["scenario"])
    wanted = [(str(level), int(index)) for level, index in request["wanted"]]
    layouts = {level: lay_out(scenario, level) for level, _index in wanted}

    def run(level: str, index: int) -> bytes:
        return packed(tally(layouts[level], index))

    threads = request.get("threads") or os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        pending = {pool.submit(run, level, index): (level, index) for level, index in wanted}
        for done in as_completed(pending):
            level, index = pending[done]
            tell({"part": [level, index, base64.b64encode(done.result()).decode("ascii")]})
    return {}


def warm(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Load what a run needs, so that the first one does not wait for it."""
    from datetime import date

    from otay.engines.queueing.scenario import Lane, Profile, Scenario, ServiceTime, Traffic

    profile = Profile(kind="profile", monthly={"2023-07": 3100.0})
    scenario = Scenario(
        name="warm", start=date(2023, 7, 3), days=1, replications=2,
        traffic=[Traffic(name="one", lanes=["one"], arrivals=profile, service=ServiceTime(mean_seconds=30.0))],
        lanes=[Lane(name="one", booths=2)],
    )  # fmt: skip
    raw = scenario.model_dump(mode="json", by_alias=True)
    play({"scenario": raw, "wanted": [["central", 0]], "threads": 1}, lambda _told: None)
    return {}


def propose(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Search for a better plan; see :mod:`otay.infrastructure.planning.proposing`."""
    from otay.infrastructure.planning import proposing

    return proposing.find(request, tell)


def calibrate(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Fit a scenario to observations; see :mod:`otay.infrastructure.planning.fitting`."""
    from otay.infrastructure.planning import fitting

    return fitting.fit_lane(request, tell)


OPERATIONS: dict[str, Callable[[dict[str, Any], Tell], dict[str, Any]]] = {
    "play": play,
    "warm": warm,
    "propose": propose,
    "calibrate": calibrate,
}


def answer(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """The answer to a request: ``done`` with its result, or ``refused`` with message and findings."""
    from otay.core.errors import OtayError

    try:
        return {"done": OPERATIONS[request["operation"]](request, tell)}
    except OtayError as problem:
        return {
            "refused": {
                "message": problem.template,
                "params": {key: str(value) for key, value in problem.params.items()},
                "findings": [finding.as_record() for finding in problem.findings],
            }
        }


def band_of(replications: int) -> int:
    """Replications at each end of the ranges of service times."""
    return max(2, replications // 4)


def wanted_parts(count: int, band: int) -> list[tuple[str, int]]:
    """Levels and replications of a run, the central ones first."""
    ends: Sequence[str] = ("low", "high") if band else ()
    return [("central", index) for index in range(count)] + [(end, index) for end in ends for index in range(band)]
