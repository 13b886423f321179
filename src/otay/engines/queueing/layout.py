"""What a scenario comes to before anything is drawn: staffing steps, tables of services, who may go where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from otay.engines.queueing.scenario import Lane, Scenario, ServiceTime
from otay.engines.queueing.services import double_stack_factor, mean_minutes, quantiles
from otay.engines.queueing.timetable import DAY, Steps, lose, over, steps_of, week_levels

UNBOUNDED = 1 << 60
LEVELS = ("low", "central", "high")
Minutes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layout:
    """A scenario made ready. Lines: the neighbour's stations, then lanes, then secondary stations."""

    scenario: Scenario
    begin: int
    """First minute played; negative where there is warm-up."""
    horizon: int
    """Minute at which counted arrivals end."""
    booths: Mapping[str, Minutes]
    """Booths by minute from ``begin`` on, by lane that has its own."""
    steps: Mapping[str, Steps]
    """The same as steps, for lanes, ``secondary/NAME`` and ``neighbour/NAME``."""
    services: Mapping[str, NDArray[np.float64]]
    """Quantiles of service for traffic, ``secondary/NAME`` and ``neighbour/NAME``."""
    factors: Mapping[str, float]

    def owner(self, lane: str) -> str:
        """The lane whose booths serve ``lane``."""
        return next(one.shared_with or one.name for one in self.scenario.lanes if one.name == lane)

    @property
    def independent(self) -> bool:
        """True if every line is first come, first served and none holds another: the recursion is exact."""
        scenario = self.scenario
        ranks: dict[str, set[int]] = {}
        for lane in scenario.lanes:
            ranks.setdefault(self.owner(lane.name), set()).add(lane.rank)
        finite = any(storage is not None for storage in storages(scenario))
        chosen = any(len(traffic.lanes) > 1 for traffic in scenario.traffic)
        patient = all(traffic.patience_minutes is None for traffic in scenario.traffic)
        one_rank = all(len(found) == 1 for found in ranks.values())
        return not finite and not chosen and patient and one_rank and scenario.road_storage is None


def storages(scenario: Scenario) -> list[int | None]:
    """Places to wait in each lane, then in each secondary line."""
    return [lane.storage for lane in scenario.lanes] + [station.storage for station in scenario.secondary]


def mean_of(service: ServiceTime, level: str) -> float:
    """Mean in minutes at one end of its range, or in the middle."""
    bound = {"low": service.low, "high": service.high}.get(level)
    return mean_minutes(service) if bound is None else bound / 60


def _played(scenario: Scenario) -> tuple[int, int]:
    """First and last minute: twice the days after the end, for lines that are left then."""
    return -DAY * scenario.warm_up_days, DAY * (scenario.days + max(7, 2 * scenario.days))


def own_levels(lane: Lane, scenario: Scenario) -> Minutes:
    """Booths of a lane by minute, incidents taken off; two for each lane of double booths."""
    begin, until = _played(scenario)
    week = week_levels(lane.booths, lane.hours) * (2 if lane.double_stacked else 1)
    return lose(over(week, scenario.start, begin, until), begin, lane, scenario.incidents)


def lay_out(scenario: Scenario, level: str = "central", booths: Mapping[str, Minutes] | None = None) -> Layout:
    """``scenario`` made ready, with means at one end of their ranges or in the middle; ``booths`` replace its own."""
    begin, until = _played(scenario)
    levels = {lane.name: own_levels(lane, scenario) for lane in scenario.lanes if lane.shared_with is None}
    levels.update(booths or {})
    steps = {name: steps_of(minutes, begin) for name, minutes in levels.items()}
    services = {one.name: quantiles(one.service, mean=mean_of(one.service, level)) for one in scenario.traffic}
    for station in scenario.secondary:
        key = f"secondary/{station.name}"
        steps[key] = steps_of(over(week_levels(station.docks), scenario.start, begin, until), begin)
        services[key] = quantiles(station.service, mean=mean_of(station.service, level))
    for other in scenario.neighbour:
        key = f"neighbour/{other.name}"
        steps[key] = steps_of(over(week_levels(other.booths, other.hours), scenario.start, begin, until), begin)
        services[key] = quantiles(other.service, mean=mean_of(other.service, level))
    factors = {lane.name: lane.service_factor * _stacking(lane, scenario, services) for lane in scenario.lanes}
    return Layout(scenario, begin, DAY * scenario.days, levels, steps, services, factors)


def _stacking(lane: Lane, scenario: Scenario, services: Mapping[str, NDArray[np.float64]]) -> float:
    owner = next(one for one in scenario.lanes if one.name == (lane.shared_with or lane.name))
    if not owner.double_stacked:
        return 1.0
    return double_stack_factor(next(services[one.name] for one in scenario.traffic if lane.name in one.lanes))
