"""What the neighbour is told: the movement when it departs, each event, where it is, alarms of high severity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from otay.exchange.registry import Publication
from otay.exchange.services.publishing import publish
from otay.goods.transit.domain.seals import fixed
from otay.goods.transit.domain.steps import EVENT, MOVEMENT, SHARED
from otay.goods.transit.models import AlarmEvent, Journey, Movement, MovementEvent
from otay.goods.transit.offices import offices
from otay.node.actors import Actor

ALARM = "goods.transit_alarm"
POSITION = "goods.transit_position"
POSITION_EVERY = timedelta(minutes=30)
"""A neighbour hears of a movement's place at most so often."""
DETAIL = ("code", "text", "place", "new_seals", "transhipment", "conforms", "seals_good", "remarks", "reason",
          "diverted_from", "amount", "currency")  # fmt: skip


def publish_movement(*, actor: Actor, movement: Movement) -> None:
    """The movement as it is now, as its next version; the caller saves the row's counter with it."""
    movement.shared_version += 1
    movement.save(update_fields=["shared_version"])
    publish(actor=actor, record_type=MOVEMENT, publications=[_movement(movement)])


def publish_events(*, actor: Actor, events: Sequence[MovementEvent]) -> None:
    """What happened, for the neighbour."""
    publish(actor=actor, record_type=EVENT, publications=[_event(event) for event in events])


def publish_alarms(*, actor: Actor, events: Sequence[AlarmEvent]) -> None:
    """Alarms of high severity, raised and withdrawn."""
    publish(actor=actor, record_type=ALARM, publications=[_alarm(event) for event in events])


def publish_positions(*, actor: Actor, journeys: Sequence[Journey]) -> int:
    """Where movements that departed here are, for the neighbour; of each at most every half hour. Returns how many."""
    told = dict(Journey.objects.filter(pk__in=[one.pk for one in journeys]).values_list("pk", "told_at"))
    due = [one for one in journeys if _worth_telling(one, told.get(one.pk))]
    if not due or not publish(actor=actor, record_type=POSITION, publications=[_position(one) for one in due]):
        return 0
    for one in due:
        one.told_at = one.seen_at
    Journey.objects.bulk_update(due, ["told_at"])
    return len(due)


def _worth_telling(journey: Journey, told: datetime | None) -> bool:
    row = journey.movement
    crosses = not row.peer and row.shared_version > 0 and row.departed_at is not None
    if not crosses or journey.lat is None or journey.seen_at is None:
        return False
    return told is None or journey.seen_at >= told + POSITION_EVERY


def _position(journey: Journey) -> Publication:
    seen = journey.seen_at or journey.movement.lodged_at
    moments = ("early", "likely", "late")
    body = {name: value.isoformat() if (value := getattr(journey, name)) else "" for name in moments}
    body |= {
        "mrn": journey.movement.mrn,
        "seen_at": seen.isoformat(),
        "lat": fixed(journey.lat),
        "lon": fixed(journey.lon),
    }
    body["progress_m"] = "" if journey.progress_m is None else str(round(journey.progress_m))
    return Publication(journey.movement.mrn, int(seen.timestamp()), body, _port(journey.movement.departure))


def _movement(row: Movement) -> Publication:
    body: dict[str, Any] = {
        "mrn": row.mrn, "lrn": row.lrn, "procedure": row.procedure, "type": row.type, "holder": row.holder,
        "holder_id": row.holder_id, "carrier": row.carrier, "vehicle": row.vehicle, "container": row.container,
        "departure": row.departure, "transit_offices": row.transit_offices, "destination": row.destination,
        "countries": row.countries, "binding": row.binding, "state": row.state,
        "time_limit": row.time_limit.isoformat(),
        "departed_at": row.departed_at.isoformat() if row.departed_at else "",
        "gross_mass_kg": "" if row.gross_mass_kg is None else format(row.gross_mass_kg, "f"),
        "seals": [
            {"identifier": use.seal.identifier, "class": use.seal.iso17712, "affixed_at": use.affixed_at.isoformat()}
            for use in row.seals.filter(removed_at__isnull=True).select_related("seal").order_by("pk")
        ],
        "lines": [
            {
                "number": line.number, "hs6": line.hs6, "description": line.description, "packages": line.packages,
                "gross_mass_kg": "" if line.gross_mass_kg is None else format(line.gross_mass_kg, "f"),
                "declaration": line.declaration,
            }
            for line in row.lines.order_by("number")
        ],
        "guarantees": [
            {"grn": use.grn, "amount": format(use.amount, "f"), "currency": use.currency}
            for use in row.guarantees.order_by("pk")
        ],
        "route": [[fixed(lon), fixed(lat)] for lon, lat in row.route.line] if row.route else [],
    }  # fmt: skip
    return Publication(row.mrn, row.shared_version, body, _port(row.departure))


def _event(event: MovementEvent) -> Publication:
    told = {key: event.detail[key] for key in DETAIL if key in event.detail}
    body = {
        "mrn": event.movement.mrn, "step": event.step, "at": event.at.isoformat(), "office": event.office,
        "state": event.state, "detail": told,
    }  # fmt: skip
    return Publication(event.movement.mrn, event.pk, body, _port(event.office))


def _alarm(event: AlarmEvent) -> Publication:
    alarm = event.alarm
    body = {
        "mrn": alarm.movement.mrn, "kind": alarm.kind, "severity": alarm.severity, "time": alarm.time.isoformat(),
        "detected_at": alarm.detected_at.isoformat(), "device_id": alarm.device_id, "act": event.act,
        "lat": fixed(alarm.lat), "lon": fixed(alarm.lon),
    }  # fmt: skip
    return Publication(alarm.movement.mrn, event.pk, body, "")


def _port(office: str) -> str:
    found = offices().get(office)
    return found.port if found else ""


def past_movements(limit: int) -> list[Publication]:
    """The last movements that left, for the dry run of an agreement."""
    rows = Movement.objects.filter(peer="", shared_version__gt=0).select_related("route").order_by("-pk")
    return [_movement(row) for row in rows[:limit]]


def past_events(limit: int) -> list[Publication]:
    """The last events, for the dry run of an agreement."""
    rows = MovementEvent.objects.filter(step__in=SHARED, applied=True).select_related("movement").order_by("-pk")
    return [_event(row) for row in rows[:limit]]


def past_positions(limit: int) -> list[Publication]:
    """Where movements were last, for the dry run of an agreement."""
    rows = Journey.objects.filter(movement__peer="", movement__shared_version__gt=0, lat__isnull=False)
    return [_position(row) for row in rows.select_related("movement").order_by("-seen_at")[:limit]]


def past_alarms(limit: int) -> list[Publication]:
    """The last alarms of high severity, for the dry run of an agreement."""
    rows = AlarmEvent.objects.filter(act__in=("raised", "withdrawn"), alarm__severity="high", alarm__source="reports")
    return [_alarm(row) for row in rows.select_related("alarm__movement").order_by("-pk")[:limit]]
