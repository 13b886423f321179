"""Erases what is kept longer than :mod:`otay.people.passengers.domain.keeping` says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from otay.intake.erasing import erase_contents
from otay.node import audit, clock
from otay.node.actors import SYSTEM
from otay.people.passengers.domain import keeping
from otay.people.passengers.domain.answers import Kind
from otay.people.passengers.models import (
    Flight,
    Hit,
    ListMessage,
    NeighbourTraveller,
    Notice,
    Reservation,
    Roll,
    Traveller,
    TravellerVersion,
)

AT_ONCE = 500
REASON = "retention"
_ERASED: dict[str, Any] = {
    "given": "", "surnames": "", "full_name": "", "sort_name": "", "birth_date": "", "document": "", "seat": "",
    "locator": "", "facts": {}, "booking": None, "reservation": None, "findings": [], "reference_key": "",
    "document_key": "", "name_key": "", "decided_for": "", "answer_text": "",
}  # fmt: skip


def run() -> dict[str, int]:
    """All that is due today; returns how much was erased of what."""
    today = clock.now().date()
    erased = {"reservations": 0, "travellers": 0, "messages": 0}
    while rows := _due_bookings(keeping.last_day(today, keeping.BOOKING_DAYS)):
        erased["reservations"] += _hide_bookings(rows)
    ordinary, held = (keeping.last_day(today, days) for days in (keeping.TRAVELLER_DAYS, keeping.HELD_DAYS))
    while some := list(_due_travellers(ordinary, held)[:AT_ONCE]):
        erased["travellers"] += _erase(some)
    erased["messages"] = _erase_messages(ordinary)
    _forget_neighbours(ordinary)
    return erased


def _due_bookings(day: str) -> list[Reservation]:
    rows = Reservation.objects.filter(flight__day__lte=day).exclude(body__has_key="erased").order_by("pk")
    return list(rows[:AT_ONCE])


@transaction.atomic
def _hide_bookings(rows: Sequence[Reservation]) -> int:
    for row in rows:
        row.body = {name: value for name, value in row.body.items() if name not in keeping.BOOKING_PARTS}
        row.body["erased"] = True
    Reservation.objects.bulk_update(rows, ["body"])
    audit.record(actor=SYSTEM, action="passengers.bookings_erased", subject=f"reservation:{rows[0].pk}",
                 reason=REASON, count=len(rows))  # fmt: skip
    return len(rows)


def _due_travellers(ordinary: str, held: str) -> QuerySet[Traveller]:
    kept = Q(hits__state=Hit.State.CONFIRMED) | Q(decisions__kind=Kind.NO_BOARD)
    rows = Traveller.objects.filter(erased_at=None).exclude(flight__kind="crew")
    due = rows.filter(flight__day__lte=held) | rows.filter(flight__day__lte=ordinary).exclude(
        pk__in=Traveller.objects.filter(kept).values("pk")
    )
    return due.distinct().order_by("pk")


@transaction.atomic
def _erase(rows: Sequence[Traveller]) -> int:
    ids = [row.pk for row in rows]
    flights = {row.flight_id for row in rows}
    Traveller.objects.filter(pk__in=ids).update(**_ERASED, erased_at=clock.now())
    TravellerVersion.objects.filter(traveller__in=ids).update(body={})
    Hit.objects.filter(traveller__in=ids).update(reasons=[], state=Hit.State.GONE)
    Notice.objects.filter(traveller__in=ids).update(body="")
    Roll.objects.filter(flight__in=flights).update(named=[], unlisted=[])
    audit.record(actor=SYSTEM, action="passengers.travellers_erased", subject=f"traveller:{rows[0].uid}",
                 reason=REASON, count=len(rows))  # fmt: skip
    return len(ids)


def _erase_messages(day: str) -> int:
    """Bytes of messages about flights of whom nobody is kept any more."""
    total = 0
    flights = Flight.objects.filter(day__lte=day, kind="flight").exclude(
        pk__in=Traveller.objects.filter(erased_at=None).values("flight")
    )
    rows = ListMessage.objects.filter(flight__in=flights).exclude(counts__has_key="erased").order_by("pk")
    while some := list(rows[:AT_ONCE]):
        with transaction.atomic():
            total += erase_contents(actor=SYSTEM, messages=[row.message for row in some], reason=REASON)
            for row in some:
                row.findings, row.counts = [], {**row.counts, "erased": 1}
            ListMessage.objects.bulk_update(some, ["findings", "counts"])
    return total


def _forget_neighbours(day: str) -> None:
    """The agreement's own retention drops bodies in the exchange; what this room kept of them goes with the flight."""
    old = [row.pk for row in NeighbourTraveller.objects.only("pk", "flight") if "/" in row.flight and
           row.flight.split("/")[1] <= day]  # fmt: skip
    NeighbourTraveller.objects.filter(pk__in=old).delete()
