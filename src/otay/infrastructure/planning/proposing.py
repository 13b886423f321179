"""Searches of the engine process: fewest officers, hours, lanes, the smallest addition; and the plan that comes of
it. Pure: plain data in and out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from otay.engines.queueing.allocation import moves, staffing_of_week
from otay.engines.queueing.comparing import Option, compare
from otay.engines.queueing.opening import variants
from otay.engines.queueing.reading import make_scenario
from otay.engines.queueing.scenario import Scenario
from otay.engines.queueing.shifts import SLOT, cover
from otay.engines.queueing.staffing import Staffed
from otay.engines.queueing.staffing import staff as search_staffing
from otay.infrastructure.planning import plans

Tell = Callable[[dict[str, Any]], None]
DAYS = 7
"""Searches play one week; what they find is a weekly table and holds for all weeks."""
PERIOD = 60
STAFFING_SECONDS = 25.0
REPLICATIONS = 8


def week_of(scenario: Scenario) -> Scenario:
    """The first week of a scenario that is longer."""
    return scenario.model_copy(update={"days": min(scenario.days, DAYS)})


def find(request: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Search as ``kind`` says; the answer has ``scenario`` (None: nothing better), ``figures`` and ``text``."""
    scenario = make_scenario(request["scenario"])
    kind, arguments = str(request["kind"]), dict(request.get("arguments") or {})
    found: dict[str, Any] = _KINDS[kind](scenario, arguments, tell)
    return found


def _counter(total: int, tell: Tell) -> Callable[[int], None]:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        tell({"progress": [done, total]})

    return count


def staffing(scenario: Scenario, arguments: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The fewest booths by hour that hold the service level, and shifts that cover them."""
    week = week_of(scenario)
    own = sum(1 for lane in scenario.lanes if lane.shared_with is None)
    count = _counter(own + 1, tell)
    found = search_staffing(week, period=PERIOD, replications=REPLICATIONS, seconds=STAFFING_SECONDS, progress=count)
    roster = cover(np.repeat(found.week(), PERIOD // SLOT), seconds=15) if arguments.get("shifts", True) else None
    count(1)
    return {
        "scenario": plain(staffed(scenario, found)),
        "figures": plans.staffing_data(found, roster, week),
    }


def plain(scenario: Scenario) -> dict[str, Any]:
    """A scenario as JSON has it."""
    raw: dict[str, Any] = scenario.model_dump(mode="json", by_alias=True)
    return raw


def staffed(scenario: Scenario, found: Staffed) -> Scenario:
    """The scenario with the booths that were found."""
    by_lane = {lane.lane: lane.booths for lane in found.lanes}
    lanes = []
    for lane in scenario.lanes:
        booths = by_lane.get(lane.name)
        if booths is None:
            lanes.append(lane)
            continue
        levels = -(-booths // 2) if lane.double_stacked else booths
        lanes.append(lane.model_copy(update={"booths": staffing_of_week(np.repeat(levels, found.period))}))
    return scenario.model_copy(update={"lanes": lanes})


def _compared(scenario: Scenario, named: Sequence[tuple[str, Scenario]], tell: Tell) -> list[Option]:
    weekly = [(name, week_of(one)) for name, one in named]
    return compare(weekly, REPLICATIONS, _counter(REPLICATIONS * len(weekly), tell))


def hours(scenario: Scenario, arguments: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Hours of service on both sides: the best of the variants, and what harmonising gains."""
    named = [("", scenario), *variants(scenario, list(arguments.get("lanes", [])))]
    if len(named) == 1:
        return {"scenario": None, "figures": {"options": [], "best": "", "reason": "open_all_week"}}
    options = _compared(scenario, named, tell)
    best = plans.best_hours(options)
    return {
        "scenario": plain(dict(named)[best.name]) if best.name else None,
        "figures": plans.hours_data(options),
    }


def lanes(scenario: Scenario, arguments: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Booths moved between lanes: the allocation with the least delay, if it is surely less, and what it does to each
    class."""
    named = [("", scenario), *moves(scenario, list(arguments.get("among", [])), int(arguments.get("most", 2)))]
    options = _compared(scenario, named, tell)
    best = min(options, key=lambda one: one.delay_hours.mean)
    if best.delay_change.high >= 0:
        best = options[0]
    return {
        "scenario": plain(dict(named)[best.name]) if best.name else None,
        "figures": plans.lanes_data(options),
    }


def infrastructure(scenario: Scenario, arguments: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The fewest added booths and docks for a forecast year; the plan has that year's demand and everything open."""
    from otay.engines.queueing.expansion import expanded, scaled
    from otay.infrastructure.planning import expanding
    from otay.infrastructure.planning.growth import factors

    week = week_of(scenario)
    year = int(arguments["year"]) if arguments.get("year") else None
    found = expanding.expansion(
        week, year, [], replications=REPLICATIONS, dock_minutes=60.0, progress=_counter(expanding.STEPS, tell)
    )
    grown = scaled(scenario, factors(found.growth))
    sizes = {one.place.name: one.place.now + one.added for one in found.needed}
    return {
        "scenario": plain(expanded(grown, sizes)),
        "figures": expanding.data(found, week),
    }


_KINDS: dict[str, Callable[[Scenario, Mapping[str, Any], Tell], dict[str, Any]]] = {
    "staffing": staffing,
    "hours": hours,
    "lanes": lanes,
    "infrastructure": infrastructure,
}
