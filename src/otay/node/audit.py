"""The audit log: who saw or changed whose data, when and why. Append-only, hash-chained, written in the same
transaction as what it tells of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from otay.core import chain
from otay.core.canonical import canonical_json, digest
from otay.node import clock
from otay.node.actors import Actor
from otay.node.models import AuditEvent, ChainHead

CHAIN = "audit"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: ``action`` is ``room.verb`` (``declarations.viewed``), ``subject`` is ``type:identifier``."""

    action: str
    subject: str
    reason: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


def record(*, actor: Actor, action: str, subject: str, reason: str = "", **detail: Any) -> None:
    """Append one event. ``detail`` must have a canonical JSON form: no floats, and no personal data."""
    record_many(actor=actor, events=[Event(action, subject, reason, detail)])


@transaction.atomic
def record_many(*, actor: Actor, events: Sequence[Event]) -> None:
    """Append ``events`` in order, in one go."""
    if not events:
        return
    at = clock.now()
    head = locked_head(CHAIN)
    bodies = [digest(event_body(at, actor.key, event)) for event in events]
    entries = list(chain.extend(bytes(head.link), head.sequence, bodies))
    AuditEvent.objects.bulk_create(
        AuditEvent(
            sequence=entry.sequence, at=at, actor=actor.key, action=event.action, subject=event.subject,
            reason=event.reason, detail=event.detail, body_digest=entry.body_digest, link=entry.link,
        )
        for event, entry in zip(events, entries, strict=True)
    )
    head.sequence, head.link = entries[-1].sequence, entries[-1].link
    head.save(update_fields=["sequence", "link"])


def event_body(at: datetime, actor: str, event: Event) -> bytes:
    """The bytes that an event's digest covers."""
    return canonical_json(
        {
            "at": at, "actor": actor, "action": event.action, "subject": event.subject, "reason": event.reason,
            "detail": event.detail,
        }
    )


def locked_head(name: str) -> ChainHead:
    """The head of chain ``name``, locked until the transaction ends; made on first use."""
    ChainHead.objects.get_or_create(name=name, defaults={"link": chain.GENESIS})
    return ChainHead.objects.select_for_update().get(name=name)


def first_break() -> chain.Break | None:
    """The first event that was altered, removed or inserted; None when the log is whole."""
    broken = chain.first_break(_verified(AuditEvent.objects.order_by("sequence").iterator(chunk_size=2000)))
    if broken:
        return broken
    head = ChainHead.objects.filter(name=CHAIN).first()
    last = AuditEvent.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    if head and head.sequence != last:
        return chain.Break(last + 1, "gap")
    return None


def _verified(events: Iterable[AuditEvent]) -> Iterable[chain.Entry]:
    """Entries whose digest is computed anew from what stands in the row."""
    for row in events:
        body = event_body(row.at, row.actor, Event(row.action, row.subject, row.reason, row.detail))
        yield chain.Entry(row.sequence, digest(body), bytes(row.link))
