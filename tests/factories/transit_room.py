"""Movements in the database: actors, declarations, seals and reports. Everybody and everything is invented."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from factories.declarations import actor
from otay.engines.transit.observations import Observation
from otay.goods.transit.domain.declared import Declared, Line, Security
from otay.goods.transit.models import Movement
from otay.goods.transit.offices import office
from otay.goods.transit.services import lodging, moving, sealing
from otay.goods.transit.services.sealing import NewSeal, Where
from otay.node import clock, roles
from otay.node.actors import Actor

_numbers = count(1)
LAREDO, MONTERREY, SAN_ANTONIO = "US002304", "MX000520", "US005507"
LINE = tuple((-98.4698 - 0.02 * step, 29.5337 - 0.04 * step) for step in range(51))
"""A straight road of 240 km from San Antonio towards Laredo."""


def transit_officer() -> Actor:
    return actor(roles.TRANSIT, key="officer:transit")


def gate_officer(port: str = "2304") -> Actor:
    return actor(roles.PORT_OFFICER, ports=[port], key=f"officer:{port}")


def carrier(party: str = "DEMO-CARRIER") -> Actor:
    return actor(roles.CARRIER, party=party, key=f"client:{party.lower()}")


def declared(**changes: Any) -> Declared:
    """A declaration from San Antonio over Laredo to Monterrey."""
    values: dict[str, Any] = {
        "lrn": f"LRN-{next(_numbers)}", "holder": "Transportes Inventados", "holder_id": "DEMO-HOLDER",
        "carrier": "DEMO-CARRIER", "vehicle": "TX-001", "departure": SAN_ANTONIO, "transit_offices": (LAREDO,),
        "destination": MONTERREY, "time_limit": clock.now() + timedelta(hours=20), "route": LINE,
        "lines": (Line("Portable computers", "847130", 40, Decimal("1200.5")),),
        "securities": (Security("GRN-1", Decimal(1000), "USD"),),
    }  # fmt: skip
    return Declared(**(values | changes))


def guarantee(amount: int = 1_000_000, grn: str = "GRN-1", holder_id: str = "DEMO-HOLDER") -> None:
    lodging.register_guarantee(
        actor=transit_officer(), grn=grn, holder_id=holder_id, guarantor="Invented Surety", amount=Decimal(amount),
        currency="USD",
    )  # fmt: skip


def seal(identifier: str = "", device: str = "", interval: int | None = 60) -> str:
    """A seal of the register."""
    name = identifier or f"TEST{next(_numbers):06d}"
    new = NewSeal(name, device_id=device, report_interval_s=interval if device else None, maker="Invented Seals")
    sealing.register_seals(actor=transit_officer(), seals=[new])
    return name


def lodged(**changes: Any) -> Movement:
    from otay.goods.transit.models import Guarantee

    if not Guarantee.objects.filter(grn="GRN-1").exists():
        guarantee()
    return lodging.lodge_one(actor=transit_officer(), declared=declared(**changes))


def departed(*, device: str = "", at: datetime | None = None, **changes: Any) -> Movement:
    """A movement under seal on its way; ``at``: since when."""
    row = lodged(**changes)
    when = at or clock.now()
    officer = transit_officer()
    place = office(row.departure)
    moving.take(actor=officer, mrn=row.mrn, step=moving.Step.RELEASE, office=row.departure)
    sealing.affix_seal(
        actor=officer, mrn=row.mrn, identifier=seal(device=device),
        where=Where(office=row.departure, lat=place.lat, lon=place.lon, at=when),
    )  # fmt: skip
    return moving.depart(actor=officer, mrn=row.mrn, office=row.departure, at=when)


def report(device: str, time: datetime, **said: Any) -> bytes:
    """One report in Otay's own JSON."""
    return json.dumps({"otay": "seal/1", "device_id": device, "time": time.isoformat(), **said}).encode()


def as_reports(observations: Iterable[Observation]) -> Sequence[bytes]:
    """Engine observations as reports of devices."""
    return [
        report(
            one.device_id, one.time, alarms=sorted(one.events), valid=one.valid,
            **{
                name: getattr(one, name)
                for name in ("lat", "lon", "speed", "battery")
                if getattr(one, name) is not None
            },
        )
        for one in observations
    ]  # fmt: skip
