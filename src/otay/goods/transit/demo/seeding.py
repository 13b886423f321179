"""The first dozen movements: those that depart here with their whole record, the others as the neighbour told them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from otay.exchange.registry import Received
from otay.goods.transit import receiving
from otay.goods.transit.demo import feeding, goods
from otay.goods.transit.demo.scenarios import TRIPS, Trip, left, limit, route_of, source, starting
from otay.goods.transit.domain.declared import Declared, Line, Security
from otay.goods.transit.domain.seals import fixed
from otay.goods.transit.domain.steps import Step, movement_number
from otay.goods.transit.models import Guarantee, Movement, Route, Seal
from otay.goods.transit.offices import office
from otay.goods.transit.services import judging, lodging, moving, routing, sealing
from otay.goods.transit.services.sealing import NewSeal, Where
from otay.node import clock
from otay.node.actors import SYSTEM

GRN = "DEMO-GRN-0001"
BROKER, CARRIER = "otay-demo-broker", "otay-demo-carrier"


def seed() -> None:
    """Make the chapter; a second call adds nothing."""
    if Movement.objects.filter(lrn__startswith="DEMO-0-").exists():
        return
    now = clock.now().replace(second=0, microsecond=0)
    _register_guarantee()
    own = settings.OTAY.country
    trips = [starting(trip, now) for trip in TRIPS]
    numbers = goods.declare(trips, now - timedelta(days=2))
    for trip in trips:
        if trip.country == own:
            begin(trip, wave=0, declaration=numbers.get(trip.key, ""))
    _take_from_neighbour([trip for trip in trips if trip.country != own], now)
    feeding.feed([trip for trip in trips if trip.country == own], now - timedelta(days=4), now)
    while judging.judge_due():
        pass


def _register_guarantee() -> None:
    if not Guarantee.objects.filter(grn=GRN).exists():
        lodging.register_guarantee(
            actor=SYSTEM, grn=GRN, holder_id=BROKER, guarantor="Invented Surety / Afianzadora Inventada",
            amount=Decimal(5_000_000), currency="USD",
        )  # fmt: skip


def begin(trip: Trip, *, wave: int, declaration: str) -> Movement:
    """Lodge, release, seal and let depart, as officers and firms would."""
    at = trip.departed_at
    row = lodging.lodge_one(actor=SYSTEM, declared=_declared(trip, wave, declaration), at=_before(at, 60))
    moving.take(actor=SYSTEM, mrn=row.mrn, step=Step.RELEASE, office=trip.departure, at=_before(at, 20))
    place = office(trip.departure)
    mechanical = f"DM{wave:03d}{trip.key}M"
    new = [NewSeal(mechanical, "H", "Sellos Inventados", custody=place.name)]
    electronic = f"DM{trip.key}E"
    if not Seal.objects.filter(identifier=electronic).exists():
        new.append(
            NewSeal(
                electronic, "H", "Sellos Inventados", "IL-2", device_id=trip.device, family="otay-seal",
                report_interval_s=600, custody=place.name,
            )
        )  # fmt: skip
    sealing.register_seals(actor=SYSTEM, seals=new)
    where = Where(trip.departure, place.name, place.lat, place.lon, _before(at, 5))
    for identifier in (mechanical, electronic):
        sealing.affix_seal(actor=SYSTEM, mrn=row.mrn, identifier=identifier, where=where)
    return moving.depart(actor=SYSTEM, mrn=row.mrn, office=trip.departure, at=at)


def _before(at: datetime | None, minutes: int) -> datetime | None:
    return None if at is None else at - timedelta(minutes=minutes)


def _declared(trip: Trip, wave: int, declaration: str) -> Declared:
    hs6, words = trip.goods
    end = limit(trip)
    return Declared(
        lrn=f"DEMO-{wave}-{trip.key}", holder=trip.holder, holder_id=BROKER, carrier=CARRIER, vehicle=trip.vehicle,
        container=f"DEMU{3000000 + wave * 100 + TRIPS.index(_plain(trip)):07d}", departure=trip.departure,
        transit_offices=[trip.border], destination=trip.destination, route_id=_route(trip).pk, binding=True,
        time_limit=end if end > clock.now() else clock.now() + timedelta(minutes=30), rules=_rules(),
        lines=[Line(words, hs6, goods.PACKAGES, Decimal(goods.GROSS_KG), declaration)],
        securities=[Security(GRN, Decimal(40_000), "USD")],
    )  # fmt: skip


def _plain(trip: Trip) -> Trip:
    return next(one for one in TRIPS if one.key == trip.key)


def _rules() -> dict[str, Any]:
    """A hand-made line lies some way off the road: the corridor is wide."""
    return {"corridor_m": 3000, "off_route_s": 600, "stop_s": 2400, "silence_factor": 12}


def _route(trip: Trip) -> Route:
    found = Route.objects.filter(name=trip.name[:120], in_library=True).first()
    if found is not None:
        return found
    return routing.make(actor=SYSTEM, name=trip.name, line=route_of(trip).line, source=source())


def _take_from_neighbour(trips: list[Trip], now: datetime) -> None:
    """What the neighbour's node would have told had it been paired before: the same numbers, for it seeds alike."""
    for number, trip in enumerate(trips, 1):
        mrn = movement_number(trip.country, now.year, number)
        hs6, words = trip.goods
        body = {
            "mrn": mrn, "lrn": f"DEMO-0-{trip.key}", "procedure": "ncts", "type": "T1", "holder": trip.holder,
            "holder_id": BROKER, "carrier": CARRIER, "vehicle": trip.vehicle,
            "container": f"DEMU{3000000 + TRIPS.index(_plain(trip)):07d}", "departure": trip.departure,
            "transit_offices": [trip.border], "destination": trip.destination, "state": "in_transit",
            "countries": [trip.departure[:2], trip.destination[:2]], "binding": True,
            "time_limit": limit(trip).isoformat(), "departed_at": left(trip).isoformat(),
            "gross_mass_kg": "9600",
            "seals": [
                {"identifier": f"DM{name}", "class": "H", "affixed_at": _iso(_before(trip.departed_at, 5))}
                for name in (f"000{trip.key}M", f"{trip.key}E")
            ],
            "lines": [{"number": 1, "hs6": hs6, "description": words, "packages": 24, "gross_mass_kg": "9600"}],
            "guarantees": [{"grn": GRN, "amount": "40000", "currency": "USD"}],
            "route": [[fixed(lon), fixed(lat)] for lon, lat in route_of(trip).line],
        }  # fmt: skip
        received = Received(0, trip.country, 0, mrn, 1, body, now)
        receiving.take_movements([received])


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
