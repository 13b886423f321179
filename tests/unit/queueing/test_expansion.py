"""What to build: the smallest set holds the level, one booth fewer does not, and growth is what it says."""

from typing import Any

import pytest

from otay.core.errors import Refused
from otay.engines.queueing.expansion import expand, expanded, places, scaled
from otay.engines.queueing.layout import lay_out
from otay.engines.queueing.reading import make_scenario
from otay.engines.queueing.replication import run
from otay.engines.queueing.scenario import Scenario

DAY = [1, 1, 1, 1, 2, 5, 8, 8, 7, 5, 4, 4, 4, 4, 5, 5, 7, 7, 5, 4, 4, 3, 2, 2]


def port(**changes: Any) -> Scenario:
    def traffic(name: str, lanes: list[str], month: float, seconds: float) -> dict[str, Any]:
        return {
            "name": name,
            "lanes": lanes,
            "arrivals": {"kind": "profile", "monthly": {"2023-07": month}, "hour": DAY},
            "service": {"mean_seconds": seconds, "low": 0.9 * seconds, "high": 1.1 * seconds},
            "referrals": [{"to": "inspection", "share": 0.05}],
        }

    raw = {
        "name": "Invented",
        "start": "2023-07-03",
        "days": 7,
        "traffic": [traffic("general", ["general"], 60_000, 55), traffic("trusted", ["trusted"], 20_000, 20)],
        "lanes": [{"name": "general", "booths": 3}, {"name": "trusted", "booths": 1}],
        "secondary": [{"name": "inspection", "docks": 1, "service": {"mean_seconds": 900}}],
    }
    return make_scenario(raw | changes)


def shared() -> Scenario:
    """General traffic may use both lanes, which have room for a few vehicles."""
    both = port().model_dump(mode="json", by_alias=True)
    both["traffic"][0]["lanes"] = ["general", "trusted"]
    both["lanes"][0]["storage"] = 60
    both["days"] = 2
    return make_scenario(both)


def held(scenario: Scenario, sizes: dict[str, int]) -> dict[str, float]:
    layout = lay_out(expanded(scenario, sizes))
    groups = [run(layout, index)[0] for index in range(4)]
    return {name: min(one[f"lane/{name}"]["share_within"] for one in groups) for name in ("general", "trusted")}


def test_the_smallest_set_holds_and_one_booth_fewer_does_not() -> None:
    scenario = scaled(port(), {"general": 1.7})
    found = {one.place.name: one for one in expand(scenario, replications=4)}
    assert found["general"].added > 0
    assert found["secondary/inspection"].added > 0
    assert found["trusted"].added == 0
    assert found["general"].low <= found["general"].needed <= found["general"].high
    assert found["general"].share_within.mean >= 0.8 > found["general"].share_within_now.mean
    sizes = {name: one.needed for name, one in found.items()}
    again = {one.place.name: one for one in expand(scaled(scenario, {}), replications=4)}
    assert {name: one.needed for name, one in again.items()} == sizes
    fewer = sizes | {"general": sizes["general"] - 1}
    assert held(scenario, fewer)["general"] < held(scenario, sizes)["general"]


def test_where_lanes_depend_on_one_another_no_booth_can_be_spared() -> None:
    scenario = scaled(shared(), {"general": 2.4})
    assert not lay_out(scenario).independent
    found = {one.place.name: one for one in expand(scenario, replications=2)}
    assert found["general"].added + found["trusted"].added > 0
    assert found["general"].share_within.mean > 0.7
    sizes = {name: one.needed for name, one in found.items()}
    assert expanded(scenario, sizes).lanes[0].storage == -(-60 * sizes["general"] // 3)


def test_what_exists_is_what_is_ever_staffed_or_said() -> None:
    lanes = [{"name": "general", "booths": 3, "most_booths": 5}, {"name": "trusted", "booths": 1}]
    assert {one.name: one.now for one in places(port(lanes=lanes))} == {
        "general": 5,
        "trusted": 1,
        "secondary/inspection": 1,
    }


def test_growth_of_what_is_not_there_or_is_a_trace_is_refused() -> None:
    with pytest.raises(Refused, match="bikes"):
        scaled(port(), {"bikes": 2.0})
    raw = port().model_dump(mode="json", by_alias=True)
    raw["traffic"][0]["arrivals"] = {"kind": "trace", "minutes": [1.0]}
    with pytest.raises(Refused, match="trace"):
        scaled(make_scenario(raw), {"general": 2.0})
