"""Transfers whose parts come as messages of their own: kept until the last is there, or until nobody waits any more."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from otay.intake.models import StoredMessage
from otay.intake.queries import as_message
from otay.node import audit, clock
from otay.node.accounts import actor_by_key
from otay.node.actors import SYSTEM
from otay.people.passengers import reading, replying
from otay.people.passengers.models import Notice, Part
from otay.people.passengers.reading import PartOf, Reading, Unit
from otay.people.passengers.services import taking
from otay.people.passengers.services.work import Work

log = logging.getLogger(__name__)
PATIENCE = timedelta(minutes=30)


def add(sender: str, reading_: Reading) -> list[Unit]:
    """Keep the parts in ``reading_``; returns the transfers that are complete with them."""
    units = []
    for part in reading_.waiting:
        Part.objects.create(
            sender=sender, type=part.type[:8], access_reference=part.access_reference[:70],
            sequence=min(part.sequence, 32_000), final=part.final, message=reading_.message.id,
            received_at=reading_.message.received_at,
        )  # fmt: skip
        rows = list(_together(sender, part))
        if reading.complete(_as_parts(rows)):
            unit = _joined(rows, part)
            if unit is not None:
                units.append(unit)
    return units


def _together(sender: str, part: PartOf) -> QuerySet[Part]:
    return (
        Part.objects.select_for_update()
        .filter(sender=sender, type=part.type[:8], access_reference=part.access_reference[:70], done_at=None)
        .order_by("pk")
    )  # fmt: skip


def _as_parts(rows: Sequence[Part]) -> list[PartOf]:
    return [PartOf(row.type, row.access_reference, row.sequence, row.final) for row in rows]


def _joined(rows: Sequence[Part], wanted: PartOf) -> Unit | None:
    stored = StoredMessage.objects.filter(pk__in={row.message for row in rows}).order_by("pk")
    unit = reading.join([as_message(row) for row in stored], wanted)
    Part.objects.filter(pk__in=[row.pk for row in rows]).update(done_at=clock.now())
    return unit


def give_up(patience: timedelta = PATIENCE) -> int:
    """Take transfers whose other parts have not come: what is here loads, the finding says what is lacking."""
    before = clock.now() - patience * max(1.0, clock.speed())
    late = Part.objects.filter(done_at=None, received_at__lt=before).order_by("pk")
    groups = {(row.sender, row.type, row.access_reference): row for row in late}
    return sum(_take_incomplete(row.pk) for row in groups.values())


@transaction.atomic
def _take_incomplete(pk: int) -> int:
    row = Part.objects.select_for_update().filter(pk=pk, done_at=None).first()
    if row is None:
        return 0
    rows = list(_together(row.sender, PartOf(row.type, row.access_reference, row.sequence, row.final)))
    stored = StoredMessage.objects.filter(pk=rows[-1].message).first()
    actor = actor_by_key(stored.sender) if stored else None
    unit = _joined(rows, PartOf(row.type, row.access_reference, row.sequence, row.final))
    if unit is None or actor is None or stored is None:
        log.warning("parts of %s from %s were given up: their sender has no account any more", row.pk, row.sender)
        return 0
    work = Work(unit, rows[-1].message, rows[-1].received_at)
    audit.record_many(actor=actor, events=taking.take(actor=actor, works=[work]))
    Notice.objects.create(
        sender=row.sender, flight=work.flight, kind="answer", body=replying.cusres(work), made_at=clock.now()
    )
    audit.record(actor=SYSTEM, action="passengers.parts_given_up", subject=f"message:{rows[-1].message}",
                 parts=len(rows))  # fmt: skip
    return 1
