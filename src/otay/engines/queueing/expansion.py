"""Infrastructure: the fewest added booths and docks with which a port holds its service level.

Every booth that exists is taken to be open whenever its lane is, so what is found is what staffing alone cannot mend. A
booth added brings a lane of its own: room to wait grows with the booths. Simulation decides, on the same traffic
throughout; what is found is then judged on traffic that the search has not seen. Where lines do not depend on one
another the set is the smallest there is (waits fall as booths are added); where they do, no booth of it can be spared
while the others stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.engines.queueing.layout import Layout, lay_out
from otay.engines.queueing.measures import waits_in_secondary
from otay.engines.queueing.replication import counted
from otay.engines.queueing.scenario import Bunched, Lane, Profile, Scenario, Secondary
from otay.engines.queueing.simulation import Interval, interval, on_threads
from otay.engines.queueing.tallying import (
    HOUR_ARRIVED,
    HOUR_SERVED,
    HOUR_WAITED,
    HOUR_WITHIN,
    by_hour,
    together,
)
from otay.engines.queueing.timetable import week_levels

MOST = 500
FEW = 20
"""Arrivals in all replications below which an hour is not judged by itself."""
DOCK_MINUTES = 60.0
Sizes = dict[str, int]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Place:
    """A lane with booths of its own, or a secondary station (``secondary/NAME``)."""

    name: str
    kind: str
    """``booth`` or ``dock``."""
    now: int


@dataclass(frozen=True, slots=True)
class Needed:
    """What one place needs. ``low`` and ``high``: with all service times at the ends of their ranges."""

    place: Place
    needed: int
    low: int
    high: int
    share_within: Interval
    """On traffic not seen by the search, with what is needed; ``mean_wait`` likewise, in minutes."""
    mean_wait: Interval
    share_within_now: Interval

    @property
    def added(self) -> int:
        """Booths or docks to build."""
        return self.needed - self.place.now


def places(scenario: Scenario) -> list[Place]:
    """What may be added to, and how much of it exists: ``most_booths``, else the most that are ever staffed."""
    found = [
        Place(lane.name, "booth", lane.most_booths or int(week_levels(lane.booths, lane.hours).max()))
        for lane in scenario.lanes
        if lane.shared_with is None
    ]
    docks = [(one.name, int(week_levels(one.docks).max())) for one in scenario.secondary]
    return found + [Place(f"secondary/{name}", "dock", now) for name, now in docks]


def scaled(scenario: Scenario, factors: Mapping[str, float]) -> Scenario:
    """``scenario`` with the demand of each class multiplied.

    Raises:
        Refused: for a class that is not there, or whose arrivals are a trace.
    """
    known = {one.name for one in scenario.traffic}
    for name in factors:
        if name not in known:
            message = N_("There is no traffic %(name)s in this scenario; there is: %(known)s")
            raise Refused(message, name=name, known=", ".join(sorted(known)))
    traffic = []
    for one in scenario.traffic:
        factor = factors.get(one.name, 1.0)
        if factor != 1.0:
            if not isinstance(one.arrivals, Profile | Bunched):
                raise Refused(N_("The arrivals of %(name)s are a trace: they cannot grow"), name=one.name)
            monthly = {month: value * factor for month, value in one.arrivals.monthly.items()}
            traffic.append(one.model_copy(update={"arrivals": one.arrivals.model_copy(update={"monthly": monthly})}))
        else:
            traffic.append(one)
    return scenario.model_copy(update={"traffic": traffic})


def expanded(scenario: Scenario, sizes: Mapping[str, int]) -> Scenario:
    """``scenario`` with so many booths and docks, all open whenever it is."""
    now = {place.name: place.now for place in places(scenario)}
    lanes = [
        _wider(lane, sizes[lane.shared_with or lane.name], now[lane.shared_with or lane.name])
        for lane in scenario.lanes
    ]
    docks = [_more(one, sizes[f"secondary/{one.name}"]) for one in scenario.secondary]
    return scenario.model_copy(update={"lanes": lanes, "secondary": docks})


def _wider(lane: Lane, booths: int, now: int) -> Lane:
    storage = None if lane.storage is None else ceil(lane.storage * max(1.0, booths / max(1, now)))
    return lane.model_copy(update={"booths": booths, "storage": storage, "most_booths": booths})


def _more(station: Secondary, docks: int) -> Secondary:
    return station.model_copy(update={"docks": docks})


class _Trials:
    """Plays sizes on the same traffic; remembers what it has played."""

    def __init__(self, scenario: Scenario, level: str, replications: range, dock_minutes: float) -> None:
        self.scenario, self.level, self.replications = scenario, level, replications
        self.dock_minutes = dock_minutes
        self.places = places(scenario)
        self._known: dict[tuple[int, ...], dict[str, Floats]] = {}

    def look(self, sizes: Sizes) -> dict[str, Floats]:
        """Of each place, (replications, 4, hours): arrivals, within, served, waited."""
        key = tuple(sizes[place.name] for place in self.places)
        if key not in self._known:
            layout = lay_out(expanded(self.scenario, sizes), self.level)
            runs = on_threads(lambda index: self._one(layout, self.replications[index]), len(self.replications))
            self._known[key] = {place.name: np.array([run[place.name] for run in runs]) for place in self.places}
        return self._known[key]

    def _one(self, layout: Layout, replication: int) -> dict[str, Floats]:
        classes, sent = counted(layout, replication)
        lanes, found = layout.scenario.lanes, {}
        for place in self.places:
            if place.kind == "booth":
                here = [index for index, lane in enumerate(lanes) if layout.owner(lane.name) == place.name]
                rows = [
                    one.tally[[1 + one.lanes.index(index)]] for one in classes for index in here if index in one.lanes
                ]
                row = together(rows, layout.horizon)
                found[place.name] = np.array(
                    [by_hour(row, begin) for begin in (HOUR_ARRIVED, HOUR_WITHIN, HOUR_SERVED, HOUR_WAITED)]
                )
        for index, station in enumerate(layout.scenario.secondary):
            waits = waits_in_secondary(layout, index, sent)
            served = waits[~np.isnan(waits)]
            sums = [waits.size, (served <= self.dock_minutes).sum(), served.size, served.sum()]
            found[f"secondary/{station.name}"] = np.array(sums, float)[:, None]
        return found

    def held(self, sizes: Sizes) -> dict[str, bool]:
        """Whether each place holds the level in every hour of the week that has arrivals enough, and over the week."""
        return {name: not self.missed(name, table).any() for name, table in self.look(sizes).items()}

    def missed(self, name: str, table: Floats) -> NDArray[np.bool_]:
        """Hours of the week, and the week as a whole, in which the level is missed, all replications together."""
        target, whole = self.scenario.target, table.sum(axis=0)
        arrived, within, served, waited = np.hstack([whole, whole.sum(axis=1, keepdims=True)])
        short = within / np.maximum(arrived, 1) < target.share
        most = self.dock_minutes if name.startswith("secondary/") else target.mean_minutes
        if most is not None:
            short |= waited / np.maximum(served, 1) > most
        return np.asarray(short & (arrived >= FEW))


def _raise(trials: _Trials, sizes: Sizes) -> Sizes:
    """Sizes at which every place holds, found by doubling what is added; those at the limit stay there."""
    step: Sizes = dict.fromkeys(sizes, 1)
    while True:
        short = [name for name, held in trials.held(sizes).items() if not held and sizes[name] < MOST]
        if not short:
            return sizes
        for name in short:
            sizes = sizes | {name: min(MOST, sizes[name] + step[name])}
            step[name] *= 2


def _lower_alone(trials: _Trials, least: Sizes, most: Sizes) -> Sizes:
    """Independent places: all are halved between least and most at the same time."""
    low, high = dict(least), dict(most)
    while any(low[name] < high[name] for name in low):
        middle = {name: (low[name] + high[name]) // 2 for name in low}
        for name, held in trials.held(middle).items():
            if low[name] == high[name]:
                continue
            if held:
                high[name] = middle[name]
            else:
                low[name] = middle[name] + 1
    return high


def _lower_together(trials: _Trials, least: Sizes, sizes: Sizes) -> Sizes:
    """Places that depend on one another: each in turn is made as small as all the others let it, until none can be."""
    everywhere = trials.held(sizes)
    changed = True
    while changed:
        changed = False
        for name in sorted(sizes, key=lambda one: least[one] - sizes[one]):
            low, high = least[name], sizes[name]
            while low < high:
                middle = (low + high) // 2
                held = trials.held(sizes | {name: middle})
                if all(held[one] or not everywhere[one] for one in held):
                    high = middle
                else:
                    low = middle + 1
            changed |= high < sizes[name]
            sizes = sizes | {name: high}
    return sizes


def _search(trials: _Trials) -> Sizes:
    least = {place.name: place.now for place in trials.places}
    most = _raise(trials, least)
    if lay_out(trials.scenario).independent:
        return _lower_alone(trials, least, most)
    return _lower_together(trials, least, most)


def expand(
    scenario: Scenario,
    *,
    replications: int = 8,
    dock_minutes: float = DOCK_MINUTES,
    progress: Callable[[int], None] | None = None,
) -> list[Needed]:
    """The fewest booths and docks by place: in every hour of the week the target of ``scenario`` is held in its lanes,
    and over the week ``dock_minutes`` at its docks (the same share within them, and at most them in the mean).
    """
    found: dict[str, Sizes] = {}
    trials = _Trials(scenario, "central", range(replications), dock_minutes)
    for level in ("low", "central", "high"):
        one = trials if level == "central" else _Trials(scenario, level, range(replications), dock_minutes)
        found[level] = _search(one)
        if progress:
            progress(1)
    unseen = _Trials(scenario, "central", range(replications, 2 * replications), dock_minutes)
    judged = unseen.look(found["central"])
    now = unseen.look({place.name: place.now for place in unseen.places})
    if progress:
        progress(1)
    return [
        Needed(
            place,
            found["central"][place.name],
            min(sizes[place.name] for sizes in found.values()),
            max(sizes[place.name] for sizes in found.values()),
            _ratio(judged[place.name], 1, 0),
            _ratio(judged[place.name], 3, 2),
            _ratio(now[place.name], 1, 0),
        )
        for place in trials.places
    ]


def _ratio(table: Floats, above: int, below: int) -> Interval:
    whole: Sequence[float] = table[:, below].sum(axis=1)
    return interval(table[:, above].sum(axis=1) / np.maximum(whole, 1))
