"""What the neighbour tells: its movements become records here, its events move them, its alarms ring here too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from django.utils.translation import gettext_lazy as _

from otay.core.errors import OtayError
from otay.engines.transit.alarms import KINDS
from otay.engines.transit.procedure import FINAL, State
from otay.exchange.registry import Field, Received, RecordType
from otay.goods.transit import sharing
from otay.goods.transit.domain.alarm_life import Act
from otay.goods.transit.domain.steps import EVENT, MOVEMENT, Step, message_of, neighbour_may
from otay.goods.transit.models import (
    Alarm,
    AlarmEvent,
    ConsignmentLine,
    GuaranteeUse,
    Incident,
    Journey,
    Movement,
    MovementEvent,
    MovementSeal,
    Route,
    Seal,
)
from otay.goods.transit.services import recording
from otay.node import clock
from otay.node.actors import Actor, Kind


def neighbour(peer: str) -> Actor:
    """The neighbour's node as the actor of what it tells."""
    return Actor(Kind.NODE, f"node:{peer}", peer)


def take_movements(records: Sequence[Received]) -> None:
    """Keep or renew the record of each movement that began on the neighbour's side."""
    for record in records:
        row = Movement.objects.select_for_update().filter(mrn=record.business_key).first()
        if row is None:
            _make(record)
        elif row.peer == record.peer and record.version > row.shared_version:
            row.vehicle = str(record.body.get("vehicle", row.vehicle))[:35]
            row.shared_version = record.version
            row.save(update_fields=["vehicle", "shared_version"])
            _seals(row, record.body.get("seals", []), record.peer)


def _make(record: Received) -> None:
    body, now = record.body, clock.now()
    text = {name: str(body.get(name, "")) for name in ("lrn", "procedure", "type", "holder", "holder_id", "carrier")}
    row = Movement(
        mrn=record.business_key, peer=record.peer, lrn=text["lrn"][:22],
        procedure=text["procedure"] if text["procedure"] in ("ncts", "tir") else "ncts",
        type=text["type"][:5] or "T1", state=_under_way(body.get("state")), holder=text["holder"][:70],
        holder_id=text["holder_id"][:35], carrier=text["carrier"][:35], vehicle=str(body.get("vehicle", ""))[:35],
        container=str(body.get("container", ""))[:17], departure=str(body.get("departure", ""))[:8],
        transit_offices=[str(one)[:8] for one in body.get("transit_offices", [])][:9],
        destination=str(body.get("destination", ""))[:8], countries=[str(one)[:2] for one in body.get("countries", [])],
        binding=bool(body.get("binding", False)), time_limit=_moment(body.get("time_limit")) or now,
        departed_at=_moment(body.get("departed_at")), gross_mass_kg=_decimal(body.get("gross_mass_kg")),
        lodged_at=now, shared_version=record.version,
    )  # fmt: skip
    row.offices = " ".join([row.departure, *row.transit_offices, row.destination])[:120]
    row.route = _route(body.get("route"), row)
    row.save()
    ConsignmentLine.objects.bulk_create(
        ConsignmentLine(
            movement=row, number=number, hs6=str(line.get("hs6", ""))[:6],
            description=str(line.get("description", ""))[:280], packages=line.get("packages"),
            gross_mass_kg=_decimal(line.get("gross_mass_kg")), declaration=str(line.get("declaration", ""))[:70],
        )
        for number, line in enumerate(body.get("lines", [])[:999], 1)
    )  # fmt: skip
    GuaranteeUse.objects.bulk_create(
        GuaranteeUse(
            movement=row, grn=str(use.get("grn", ""))[:24], amount=_decimal(use.get("amount")) or Decimal(0),
            currency=str(use.get("currency", ""))[:3],
        )
        for use in body.get("guarantees", [])[:9]
    )  # fmt: skip
    _seals(row, body.get("seals", []), record.peer)
    Journey.objects.create(movement=row, check_at=now)


def _under_way(state: Any) -> str:
    """A movement that is told of is under way, whatever else its state says; an unknown state is that too."""
    known = set(State) - FINAL
    return str(state) if state in known else State.IN_TRANSIT.value


def _seals(row: Movement, seals: Any, peer: str) -> None:
    """The neighbour's seals, as far as they are on the movement; a seal of this node's register is left alone."""
    now = clock.now()
    told: dict[str, Mapping[str, Any]] = {str(one.get("identifier", ""))[:20]: one for one in seals[:99]}
    for use in row.seals.filter(removed_at__isnull=True).select_related("seal"):
        if use.seal.identifier not in told:
            use.removed_at = now
            use.save(update_fields=["removed_at"])
    present = set(row.seals.filter(removed_at__isnull=True).values_list("seal__identifier", flat=True))
    for identifier, one in told.items():
        if not identifier or identifier in present:
            continue
        seal, _made = Seal.objects.get_or_create(
            identifier=identifier,
            defaults={
                "kind": "foreign", "iso17712": str(one.get("class", "H"))[:1], "state": "affixed", "sealed": True,
                "custody": peer, "registered_at": now,
            },
        )  # fmt: skip
        MovementSeal.objects.create(
            movement=row, seal=seal, affixed_at=_moment(one.get("affixed_at")) or row.departed_at or now
        )


def _route(line: Any, row: Movement) -> Route | None:
    try:
        positions = [(float(lon), float(lat)) for lon, lat in line or []]
        if len(positions) < 2:
            return None
        from otay.engines.corridor import Corridor

        length = Corridor(positions).length
    except (TypeError, ValueError):
        return None
    return Route.objects.create(
        name=f"{row.mrn}"[:120], line=positions, length_m=length, in_library=False, made_by=f"node:{row.peer}",
        made_at=clock.now(),
    )  # fmt: skip


def take_events(records: Sequence[Received]) -> None:
    """Advance each movement as the neighbour tells; what our state does not allow is kept and shown beside it."""
    for record in records:
        row = Movement.objects.select_for_update().filter(mrn=record.business_key).first()
        if row is not None and row.peer in ("", record.peer):
            _take_event(row, record)


def _take_event(row: Movement, record: Received) -> None:
    body = record.body
    detail = body.get("detail") or {}
    step, at = body.get("step"), _moment(body.get("at")) or record.received_at
    if step == Step.DEPART and row.peer and row.state == State.IN_TRANSIT:
        _note(row, record, step, at, applied=True)  # its own record has brought the state along
        return
    if not neighbour_may(str(step), ours=not row.peer, state=row.state):
        _note(row, record, str(step), at, applied=False)
        return
    if step == Step.ARRIVE:
        row.arrived_office = str(body.get("office", ""))[:8]
    if step == Step.UNLOAD:
        row.conforms, row.seals_good = detail.get("conforms"), detail.get("seals_good")
    try:
        recording.record(
            actor=neighbour(record.peer), movement=row, step=Step(str(step)), at=min(at, clock.now()), side=record.peer,
            office=str(body.get("office", ""))[:8], detail=detail,
        )  # fmt: skip
    except (OtayError, ValueError):
        _note(row, record, str(step), at, applied=False)
        return
    if step == Step.INCIDENT:
        _incident(row, detail, at, str(body.get("office", ""))[:8], record.peer)
    if step == Step.CONTINUE:
        row.incident_rows.filter(continued_at__isnull=True).update(continued_at=at)


def _note(row: Movement, record: Received, step: str, at: datetime, *, applied: bool) -> None:
    known = Step(step) if step in set(Step) else None
    MovementEvent.objects.create(
        movement=row, step=step[:18], message=message_of(row.procedure, known) if known else "", state=row.state,
        at=at, recorded_at=clock.now(), actor=f"node:{record.peer}", side=record.peer,
        office=str(record.body.get("office", ""))[:8], detail=record.body.get("detail") or {}, applied=applied,
    )  # fmt: skip


def _incident(row: Movement, detail: Mapping[str, Any], at: datetime, office: str, peer: str) -> None:
    Incident.objects.create(
        movement=row, number=row.incidents, code=str(detail.get("code", ""))[:1],
        text=str(detail.get("text", ""))[:512], at=at, office=office, place=str(detail.get("place", ""))[:120],
        new_seals=detail.get("new_seals", []),
        transhipment=detail.get("transhipment", {}), endorsed_by=f"node:{peer}",
    )  # fmt: skip
    vehicle = str((detail.get("transhipment") or {}).get("vehicle", ""))
    if vehicle:
        Movement.objects.filter(pk=row.pk).update(vehicle=vehicle.upper()[:35])


def take_alarms(records: Sequence[Received]) -> None:
    """The neighbour's alarms stand in our queue as its own; its withdrawal takes them out again."""
    now = clock.now()
    for record in records:
        body = record.body
        row = Movement.objects.filter(mrn=record.business_key).first()
        time = _moment(body.get("time"))
        kind = str(body.get("kind", ""))
        if row is None or time is None or kind not in KINDS:
            continue
        alarm, made = Alarm.objects.get_or_create(
            movement=row, kind=kind, device_id=str(body.get("device_id", ""))[:64], time=time,
            defaults={
                "severity": KINDS[kind][0], "detected_at": _moment(body.get("detected_at")) or now, "raised_at": now,
                "source": "peer", "acted_at": now, "lat": _float(body.get("lat")), "lon": _float(body.get("lon")),
                "details": {"neighbour": record.peer},
            },
        )  # fmt: skip
        if alarm.source != "peer":
            continue
        withdrawn = body.get("act") == Act.WITHDRAWN
        alarm.withdrawn_at = now if withdrawn else None
        alarm.save(update_fields=["withdrawn_at"])
        act = Act.WITHDRAWN if withdrawn else Act.RAISED if made else Act.RETURNED
        AlarmEvent.objects.create(alarm=alarm, act=act, at=now, actor=f"node:{record.peer}")
        Journey.objects.filter(movement=row).update(check_at=now)


def take_positions(records: Sequence[Received]) -> None:
    """Where the neighbour last heard its movement; what this node heard itself later stands."""
    for record in records:
        body, seen = record.body, _moment(record.body.get("seen_at"))
        row = Movement.objects.filter(mrn=record.business_key, peer=record.peer).first()
        lat, lon = _float(body.get("lat")), _float(body.get("lon"))
        if row is None or seen is None or lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180:
            continue
        known = Journey.objects.select_for_update().filter(movement=row).first() or Journey(movement=row)
        if known.seen_at is not None and known.seen_at >= seen:
            continue
        known.seen_at, known.heard_at, known.lat, known.lon = min(seen, clock.now()), record.received_at, lat, lon
        known.progress_m = _float(body.get("progress_m"))
        known.early, known.likely, known.late = (_moment(body.get(name)) for name in ("early", "likely", "late"))
        known.earlier_journeys = None
        known.save()


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _decimal(text: Any) -> Decimal | None:
    try:
        found = Decimal(str(text))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < 10**12 else None


def _float(text: Any) -> float | None:
    try:
        found = float(text)
    except (TypeError, ValueError):
        return None
    return found if isfinite(found) else None


RECORD_TYPES = (
    RecordType(
        MOVEMENT,
        _("A movement in transit that departed"),
        (
            Field("mrn", _("Movement reference number")), Field("lrn", _("Local reference number")),
            Field("procedure", _("Procedure")), Field("type", _("Declaration type")),
            Field("holder", _("Holder of the procedure")), Field("holder_id", _("Identifier of the holder")),
            Field("carrier", _("Carrier")), Field("vehicle", _("Vehicle")),
            Field("container", _("Container or trailer")),
            Field("departure", _("Office of departure")), Field("transit_offices", _("Offices of transit")),
            Field("destination", _("Office of destination")), Field("countries", _("Countries of routing")),
            Field("binding", _("Binding itinerary")), Field("state", _("State")), Field("time_limit", _("Time limit")),
            Field("departed_at", _("Departed")), Field("gross_mass_kg", _("Gross mass, kg")),
            Field("seals", _("Seals")), Field("lines", _("Consignment lines")), Field("guarantees", _("Guarantees")),
            Field("route", _("Prescribed route")),
        ),
        take_movements,
        sharing.past_movements,
    ),
    RecordType(
        EVENT,
        _("What happened to a movement in transit"),
        (
            Field("mrn", _("Movement reference number")), Field("step", _("What happened")), Field("at", _("When")),
            Field("office", _("Office")), Field("state", _("State")), Field("detail", _("Details")),
        ),
        take_events,
        sharing.past_events,
    ),
    RecordType(
        sharing.ALARM,
        _("Alarms of high severity of movements in transit"),
        (
            Field("mrn", _("Movement reference number")), Field("kind", _("Kind")), Field("severity", _("Severity")),
            Field("time", _("When it happened")), Field("detected_at", _("When it could be known")),
            Field("device_id", _("Device")), Field("act", _("Raised or withdrawn")), Field("lat", _("Latitude")),
            Field("lon", _("Longitude")),
        ),
        take_alarms,
        sharing.past_alarms,
    ),
    RecordType(
        sharing.POSITION,
        _("Where movements in transit are, every half hour"),
        (
            Field("mrn", _("Movement reference number")), Field("seen_at", _("Last seen")),
            Field("lat", _("Latitude")), Field("lon", _("Longitude")),
            Field("progress_m", _("Along its route, metres")), Field("likely", _("Expected arrival")),
            Field("early", _("Expected at the earliest")), Field("late", _("Expected at the latest")),
        ),
        take_positions,
        sharing.past_positions,
    ),
)  # fmt: skip
