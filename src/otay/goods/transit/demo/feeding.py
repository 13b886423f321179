"""Life of the demonstration: positions of the movements that departed here, arrivals at this side's offices."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings

from otay.core.errors import OtayError
from otay.goods.transit.demo.door import DemoDoor
from otay.goods.transit.demo.scenarios import TRIPS, Told, Trip, duration, reports_of
from otay.goods.transit.domain.steps import Step
from otay.goods.transit.models import Movement
from otay.goods.transit.reports.incoming import Message, packed
from otay.goods.transit.reports.models import Door, ReportBatch
from otay.goods.transit.reports.storing import settle
from otay.goods.transit.services import moving
from otay.node import clock
from otay.node.actors import SYSTEM

LIVE = timedelta(hours=1)
"""What fell due since so long ago goes through the door; a longer past is delivered as it would have been."""
SLOT = timedelta(minutes=10)
PAUSE_SECONDS = 3.0
OVERLAP = timedelta(hours=3)
MOST = timedelta(hours=12)
UNLOADING = timedelta(minutes=30)
_fed: list[datetime] = []
_door = DemoDoor()


def step() -> float:
    """The loop of a demo node: what fell due since the last step. A node that is no demo does nothing."""
    if not settings.OTAY.demo:
        return 3600.0
    now = clock.now()
    since = max(_fed[-1] if _fed else now - OVERLAP, now - MOST)
    trips = _under_way()
    if trips:
        if not (_door.open() and now - since <= LIVE and send(trips, since, now)):
            feed(trips, since, now)
        _arrivals(now)
    _fed[:] = [now]
    return PAUSE_SECONDS


def _under_way() -> list[Trip]:
    """The trips of the demonstration that departed here and are on the road, as they were seeded."""
    rows = Movement.objects.filter(
        lrn__startswith="DEMO-", peer="", departed_at__isnull=False, arrived_at__isnull=True, ended_at__isnull=True
    )
    known = {trip.key: trip for trip in TRIPS}
    found = []
    for row in rows:
        trip = known.get(row.lrn.rpartition("-")[2])
        if trip is not None:
            found.append(replace(trip, departed_at=row.departed_at))
    return found


def send(trips: Sequence[Trip], since: datetime, until: datetime) -> bool:
    """Let the seals send what falls due through the demonstration's door; False when it did not take all of it."""
    told = [one for trip in trips for one in reports_of(trip, since, until)]
    return _door.send([(one.trip.device, _frame(one)) for one in told])


def feed(trips: Sequence[Trip], since: datetime, until: datetime) -> int:
    """Deliver the reports that fall due, a batch for every ten minutes; told twice is kept once."""
    told = [one for trip in trips for one in reports_of(trip, since, until)]
    slots: dict[datetime, list[Told]] = {}
    for one in told:
        slots.setdefault(_slot(one.heard, until), []).append(one)
    for received, ones in sorted(slots.items()):
        messages = [Message("demo", _frame(one)) for one in ones]
        batch = ReportBatch.objects.create(
            door=Door.HTTP, received_at=received, taken_at=clock.real_now(), count=len(messages),
            content=packed(messages),
        )  # fmt: skip
        settle(batch)
    return len(told)


def _slot(heard: datetime, until: datetime) -> datetime:
    """The middle of the ten minutes in which a report is delivered."""
    start = heard - timedelta(seconds=heard.timestamp() % SLOT.total_seconds())
    return min(max(start + SLOT / 2, heard), until)


def _frame(one: Told) -> bytes:
    return json.dumps(
        {
            "otay": "seal/1", "device_id": one.trip.device, "time": one.time.isoformat(), "lat": round(one.lat, 5),
            "lon": round(one.lon, 5), "speed": one.speed, "battery": one.battery, "alarms": list(one.alarms),
            "status": {"locked": True},
        }
    ).encode()  # fmt: skip


def _arrivals(now: datetime) -> None:
    """This side's offices receive what arrives at them: movements of the neighbour, half an hour a step."""
    rows = Movement.objects.filter(lrn__startswith="DEMO-", ended_at__isnull=True).exclude(departed_at=None)
    known = {trip.key: trip for trip in TRIPS}
    for row in rows:
        trip = known.get(row.lrn.rpartition("-")[2])
        if trip is None or row.departed_at is None:
            continue
        arrival = row.departed_at + duration(trip) + timedelta(minutes=10)
        if row.peer and row.destination.startswith(settings.OTAY.country):
            _receive(row, trip, arrival, now)
        elif not row.peer and row.state == "goods_released":
            _quietly(lambda row=row: moving.discharge(actor=SYSTEM, mrn=row.mrn))


def _receive(row: Movement, trip: Trip, arrival: datetime, now: datetime) -> None:
    place = row.destination
    ways = {
        "in_transit": lambda: moving.arrive(actor=SYSTEM, mrn=row.mrn, office=place, at=arrival),
        "arrived": lambda: moving.take(actor=SYSTEM, mrn=row.mrn, step=Step.PERMIT_UNLOADING, office=place),
        "unloading": lambda: moving.unload(
            actor=SYSTEM, mrn=row.mrn, office=place, conforms=trip.trouble != "cut", seals_good=trip.trouble != "cut",
            remarks="Seal cut on the way / Precinto cortado en el camino" if trip.trouble == "cut" else "",
        ),
        "unloaded": lambda: moving.take(
            actor=SYSTEM, mrn=row.mrn, office=place,
            step=Step.NOTE_DISCREPANCIES if trip.trouble == "cut" else Step.RELEASE_GOODS,
            reason="Seal cut on the way / Precinto cortado en el camino" if trip.trouble == "cut" else "",
        ),
    }  # fmt: skip
    due = {"in_transit": arrival, "arrived": arrival + UNLOADING, "unloading": arrival + 2 * UNLOADING,
           "unloaded": arrival + 3 * UNLOADING}  # fmt: skip
    if row.state in ways and now >= due[row.state]:
        _quietly(ways[row.state])


def _quietly(act: object) -> None:
    """A step that is not possible, because a visitor was faster, is left to the visitor."""
    try:
        act()  # type: ignore[operator]
    except OtayError:
        return
