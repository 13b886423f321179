"""The observations of one movement, its positions held against the route, and what cannot be true set aside."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby

from otay.core.geography import Position, haversine
from otay.engines.corridor import Corridor
from otay.engines.transit.alarms import Alarm, raised
from otay.engines.transit.arrival import Arrival, expected_arrival
from otay.engines.transit.history import Advance, History
from otay.engines.transit.observations import Observation
from otay.engines.transit.settings import Place, TransitRules

NEAR = timedelta(minutes=30)
REBASE = 3
"""So many positions that agree with one another are believed even if they do not agree with the last one."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A believed position, how far it is from the route, and how far along; NaN without a route."""

    seen: Observation
    position: Position
    distance: float
    progress: float

    @property
    def time(self) -> datetime:
        """When it was."""
        return self.seen.time


@dataclass(frozen=True)
class Track:
    """One movement. Silence and deadlines are judged up to ``judged_at`` where that is later than the data.

    ``history``: earlier journeys on the same corridor, where enough are known.
    """

    movement: str
    observations: Sequence[Observation]
    corridor: Corridor | None
    rules: TransitRules
    judged_at: datetime | None = None
    history: History | None = None

    @cached_property
    def _sifted(self) -> tuple[list[Observation], list[Alarm]]:
        return _sift(self.observations, self.rules)

    @property
    def jumps(self) -> list[Alarm]:
        """Alarms for positions that were set aside."""
        return self._sifted[1]

    @cached_property
    def fixes(self) -> list[Fix]:
        """The believed positions in order of time."""
        believed = self._sifted[0]
        places = [item.position for item in believed]
        known = [place for place in places if place is not None]
        if self.corridor is None:
            nothing = float("nan")
            return [Fix(item, place, nothing, nothing) for item, place in zip(believed, known, strict=True)]
        distances, progress = self.corridor.locate_all([lon for lon, _ in known], [lat for _, lat in known])
        return [Fix(*parts) for parts in zip(believed, known, map(float, distances), map(float, progress), strict=True)]

    @cached_property
    def on_route(self) -> list[Fix]:
        """The believed positions within the corridor."""
        return [fix for fix in self.fixes if fix.distance <= self.rules.corridor_m]

    @cached_property
    def advance(self) -> Advance:
        """How far along its route it had come when."""
        length = 0.0 if self.corridor is None else self.corridor.length
        return Advance(((fix.time.timestamp(), fix.progress) for fix in self.on_route), length)

    def expected(self, first: int, last: int) -> Arrival | None:
        """The arrival as expected at the position ``last`` of :attr:`on_route`.

        From the earlier journeys where they are known, else from the pace since the position ``first``.
        """
        if self.corridor is None:
            return None
        here = self.on_route[last]
        if self.history is not None:
            return self.history.expected(here.time.timestamp(), here.progress, self.advance)
        recent = self.on_route[first : last + 1]
        return expected_arrival([(fix.time.timestamp(), fix.progress) for fix in recent], self.corridor.length)

    @cached_property
    def arrival(self) -> Fix | None:
        """The first position at the end of the route, within the corridor."""
        if self.corridor is None:
            return None
        goal = self.corridor.length - self.rules.arrival_m
        started = False
        for fix in self.fixes:
            on_route = fix.distance <= self.rules.corridor_m
            started = started or (on_route and fix.progress < goal)
            if started and on_route and fix.progress >= goal:
                return fix
        return None

    @property
    def departed_at(self) -> datetime:
        """When the movement began."""
        return self.rules.departed_at or self.observations[0].time

    @property
    def last_time(self) -> datetime:
        """Up to when we can judge."""
        last = self.observations[-1].time
        return last if self.judged_at is None else max(last, self.judged_at)

    @property
    def deadline(self) -> datetime | None:
        """The time limit as a moment."""
        if self.rules.deadline is not None:
            return self.rules.deadline
        limit = self.rules.time_limit_s
        return None if limit is None else self.departed_at + timedelta(seconds=limit)

    def place_of(self, item: Observation) -> Position | None:
        """Where an observation was made: its own position, else between the positions around it.

        A position more than half an hour away says nothing.
        """
        if item.position is not None:
            return item.position
        index = bisect_left(self.fixes, item.time, key=lambda fix: fix.time)
        around = [fix for fix in self.fixes[max(0, index - 1) : index + 1] if abs(fix.time - item.time) <= NEAR]
        if len(around) < 2 or around[0].time == around[1].time:
            return around[0].position if around else None
        share = (item.time - around[0].time) / (around[1].time - around[0].time)
        (ax, ay), (bx, by) = around[0].position, around[1].position
        return ax + share * (bx - ax), ay + share * (by - ay)

    def at_an_end(self, position: Position) -> bool:
        """True near the beginning or the end of the route."""
        if self.corridor is None:
            return False
        ends = (self.corridor.line[0], self.corridor.line[-1])
        return any(haversine(position, end) <= self.rules.arrival_m for end in ends)


def within(position: Position | None, time: datetime, places: Iterable[Place]) -> bool:
    """True inside one of ``places`` while it is open."""
    if position is None:
        return False
    return any(
        haversine(position, (place.lon, place.lat)) <= place.radius_m
        and (place.opens is None or place.opens <= time)
        and (place.closes is None or time <= place.closes)
        for place in places
    )


def by_device(observations: Iterable[Observation]) -> Iterator[tuple[str, list[Observation]]]:
    """The observations of each device, in order of time."""
    ordered = sorted(observations, key=lambda item: item.device_id)
    for device, items in groupby(ordered, key=lambda item: item.device_id):
        yield device, list(items)


def _sift(observations: Sequence[Observation], rules: TransitRules) -> tuple[list[Observation], list[Alarm]]:
    """The positions that are believed, and an alarm for each run of those that are not."""
    believed: list[Observation] = []
    alarms: list[Alarm] = []
    for _, items in by_device(observations):
        last: Observation | None = None
        doubted: list[Observation] = []
        for item in items:
            if item.position is None:
                continue
            if last is None or _reachable(last, item, rules):
                last, doubted = item, []
                believed.append(item)
                continue
            if not doubted:
                alarms.append(_jump(last, item))
            elif not _reachable(doubted[-1], item, rules):
                doubted = []
            doubted.append(item)
            if len(doubted) == REBASE:
                believed += doubted
                last, doubted = item, []
    order = {id(item): index for index, item in enumerate(observations)}
    return sorted(believed, key=lambda item: order[id(item)]), alarms


def _reachable(a: Observation, b: Observation, rules: TransitRules) -> bool:
    distance = _between(a, b)
    seconds = abs((b.time - a.time).total_seconds())
    return distance <= rules.jump_m or distance <= rules.jump_kmh / 3.6 * seconds


def _between(a: Observation, b: Observation) -> float:
    return haversine(a.position, b.position) if a.position and b.position else 0.0


def _jump(last: Observation, item: Observation) -> Alarm:
    seconds = (item.time - last.time).total_seconds()
    return raised("gps_jump", item, (last, item), distance_m=round(_between(last, item)), seconds=round(seconds))
