"""What the judgement needs of a movement: its observations, its rules, its route."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from otay.engines.corridor import Corridor
from otay.engines.transit.history import History
from otay.engines.transit.observations import Observation, in_order
from otay.engines.transit.settings import Place, TransitRules
from otay.engines.transit.track import Track
from otay.goods.transit import reports
from otay.goods.transit.domain.steps import WATCHED
from otay.goods.transit.models import Movement, MovementSeal
from otay.goods.transit.offices import offices
from otay.goods.transit.queries.history import corridor_of, histories
from otay.goods.transit.reports.domain import OPEN_FLAGS, DeviceReport
from otay.goods.transit.reports.queries import Window

AFTER_DEPARTURE = timedelta(hours=1)
"""So long after the departure the seal may still be opened at the office of departure."""


@dataclass(frozen=True)
class Watched:
    """A movement with all that it is judged by."""

    movement: Movement
    uses: tuple[MovementSeal, ...]
    now: datetime
    told: Mapping[Window, Sequence[DeviceReport]]
    history: History | None = None

    @property
    def on_the_way(self) -> bool:
        """True while reports are awaited."""
        return self.movement.state in WATCHED and self.movement.arrived_at is None

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices whose reports tell of this movement."""
        return tuple(dict.fromkeys(use.seal.device_id for use in self.uses if use.seal.device_id))

    @property
    def judged_at(self) -> datetime | None:
        """The present, as long as reports are awaited; afterwards nothing new can come of waiting."""
        return self.now if self.on_the_way else None

    @cached_property
    def observations(self) -> list[Observation]:
        """What the devices told while they were on the movement, as the engine takes it."""
        found: list[Observation] = []
        for use in self.uses:
            if window := _window(use):
                found += [_observation(one, self.movement.mrn) for one in self.told[window]]
        return in_order(found)

    @cached_property
    def corridor(self) -> Corridor | None:
        """The route, ready to be asked."""
        return None if self.movement.route_id is None else corridor_of(self.movement.route_id)

    @cached_property
    def rules(self) -> TransitRules:
        """The movement's own rules over the house's: limits, devices, places."""
        row = self.movement
        own = TransitRules.model_validate(row.rules)
        intervals = [use.seal.report_interval_s for use in self.uses if use.seal.report_interval_s]
        route_stops = [Place.model_validate(one) for one in row.route.stops] if row.route else []
        return own.model_copy(
            update={
                "devices": {row.mrn: self.devices} if self.devices else {},
                "deadline": row.time_limit,
                "departed_at": row.departed_at,
                "report_interval_s": own.report_interval_s or (max(intervals) if intervals else None),
                "authorised_places": (*own.authorised_places, *_authorised(row)),
                "stop_places": (*own.stop_places, *route_stops, *_places(row.transit_offices)),
            }
        )

    @cached_property
    def track(self) -> Track | None:
        """The movement's track; None where nothing was heard."""
        if not self.observations:
            return None
        return Track(self.movement.mrn, self.observations, self.corridor, self.rules, self.judged_at, self.history)


def watch(movements: Sequence[Movement], now: datetime) -> list[Watched]:
    """These movements with their seals and all that was told of them, in their order; a few statements for all."""
    if not movements:
        return []
    uses: dict[int, list[MovementSeal]] = {row.pk: [] for row in movements}
    found = MovementSeal.objects.filter(movement__in=list(uses)).select_related("seal").order_by("affixed_at", "pk")
    for use in found:
        uses[use.movement_id].append(use)
    windows = {window for of_one in uses.values() for use in of_one if (window := _window(use))}
    told = reports.of_windows(sorted(windows, key=lambda window: window[:2]))
    known = histories(movements)
    return [Watched(row, tuple(uses[row.pk]), now, told, known.get(row.pk)) for row in movements]


def _window(use: MovementSeal) -> Window | None:
    """The window in which the seal's device tells of the movement; None for a mechanical seal."""
    return (use.seal.device_id, use.affixed_at, use.removed_at) if use.seal.device_id else None


def _observation(told: DeviceReport, mrn: str) -> Observation:
    events = set(told.alarms)
    if any(told.status.get(name) is False for name in OPEN_FLAGS):
        events.add("unlock")
    return Observation(
        time=told.time, device_id=told.device_id, movement=mrn, lat=told.lat, lon=told.lon, valid=told.valid,
        speed=told.speed, course=told.course, battery=told.battery, battery_v=told.battery_v,
        events=frozenset(events), received_at=told.received_at,
    )  # fmt: skip


def _authorised(row: Movement) -> list[Place]:
    """The office of departure until an hour after the departure; the offices of destination and of arrival."""
    closes = None if row.departed_at is None else row.departed_at + AFTER_DEPARTURE
    leaving = [_until(place, closes) for place in _places([row.departure])]
    return leaving + _places(dict.fromkeys([row.destination, row.arrived_office]))


def _until(place: Place, closes: datetime | None) -> Place:
    return place.model_copy(update={"closes": closes})


def _places(codes: Iterable[str]) -> list[Place]:
    known = offices()
    return [
        Place(name=known[code].name, lat=known[code].lat, lon=known[code].lon, radius_m=known[code].radius_m)
        for code in codes
        if code in known
    ]
