"""The audit log: who saw or changed whose data, when and why.

Append-only (the database itself refuses updates and deletes, see :mod:`otay.node.protection`), hash-chained, written
in the same transaction as what it tells of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from otay.core import chain
from otay.core.canonical import canonical_json, digest
from otay.core.errors import Conflict
from otay.core.i18n import N_
from otay.node import clock
from otay.node.actors import Actor
from otay.node.bulk import insert_many, update_many
from otay.node.models import AuditEvent, ChainHead
from otay.node.prepared import prepared

CHAIN = "audit"
_UNSTORABLE = dict.fromkeys([0, *range(0xD800, 0xE000)], "\N{REPLACEMENT CHARACTER}")


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: ``action`` is ``room.verb`` (``declarations.viewed``), ``subject`` is ``type:identifier``."""

    action: str
    subject: str
    reason: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    def as_stored(self) -> Event:
        """The event as both databases keep it, so that its digest can be computed again from the row.

        Raises:
            TypeError: when ``detail`` has no canonical JSON form (a float, a naive time).
        """
        return Event(
            _fitting(self.action, 64),
            _fitting(self.subject, 120),
            _fitting(self.reason, 300),
            json.loads(canonical_json(_storable(self.detail))) if self.detail else {},
        )


def _fitting(text: str, width: int) -> str:
    text = str(text).translate(_UNSTORABLE)
    return text if len(text) <= width else text[: width - 1] + "…"


def _storable(value: Any) -> Any:
    """``value`` without characters that PostgreSQL cannot keep (NUL, half surrogate pairs)."""
    match value:
        case str():
            return str(value).translate(_UNSTORABLE)
        case dict():
            return {_storable(key): _storable(item) for key, item in value.items()}
        case list() | tuple():
            return [_storable(item) for item in value]
    return value


def record(*, actor: Actor, action: str, subject: str, reason: str = "", **detail: Any) -> None:
    """Append one event. ``detail`` must have a canonical JSON form: no floats, and no personal data."""
    record_many(actor=actor, events=[Event(action, subject, reason, detail)])


def record_many(*, actor: Actor, events: Sequence[Event]) -> None:
    """Append ``events`` in order, in one go."""
    if not events:
        return
    stored = [event.as_stored() for event in events]
    key = _fitting(actor.key, 64)
    with transaction.atomic(savepoint=False):
        head = locked_head(CHAIN)
        at = clock.now()
        bodies = [digest(event_body(at, key, event)) for event in stored]
        entries = list(chain.extend(bytes(head.link), head.sequence, bodies))
        insert_many(
            [
                AuditEvent(
                    sequence=entry.sequence,
                    at=at,
                    actor=key,
                    action=event.action,
                    subject=event.subject,
                    reason=event.reason,
                    detail=event.detail,
                    body_digest=entry.body_digest,
                    link=entry.link,
                )
                for event, entry in zip(stored, entries, strict=True)
            ]
        )
        head.sequence, head.link = entries[-1].sequence, entries[-1].link
        update_many([head], ("sequence", "link"))


def event_body(at: datetime, actor: str, event: Event) -> bytes:
    """The bytes that an event's digest covers."""
    return canonical_json(
        {
            "at": at,
            "actor": actor,
            "action": event.action,
            "subject": event.subject,
            "reason": event.reason,
            "detail": event.detail,
        }
    )


def locked_head(name: str) -> ChainHead:
    """The head of chain ``name``, locked until the transaction ends; made on first use."""
    found = _head(name=name)
    if not found:
        ChainHead.objects.get_or_create(name=name, defaults={"link": chain.GENESIS})
        found = _head(name=name)
    return found[0]


@prepared
def _head(*, name: str) -> QuerySet[ChainHead]:
    return ChainHead.objects.select_for_update().filter(name=name)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the log found. ``problem`` is empty when the log is whole; ``sequence`` is the first bad number.

    ``problem``: ``altered`` (a row says something else than when it was written), ``removed`` (numbers are missing),
    ``inserted`` (a row was added that the chain never had), ``forged`` (the rows are in order but the chain's head is
    not theirs).
    """

    checked: int
    problem: str = ""
    sequence: int = 0

    @property
    def whole(self) -> bool:
        """True if nothing was altered, removed or inserted."""
        return not self.problem


def verify(*, first: int = 1, on_progress: Callable[[int], None] | None = None) -> Verdict:
    """Check the log from event ``first`` on (events before it are taken as they stand).

    ``on_progress`` is called now and then with the number of events checked.

    Raises:
        Conflict: when there is no event before ``first`` to go on from.
    """
    # No transaction: the node writes meanwhile. The head is read before the rows, and again after the last of them.
    head = ChainHead.objects.filter(name=CHAIN).first()
    ends_at, end = (head.sequence, bytes(head.link)) if head else (0, chain.GENESIS)
    rows = AuditEvent.objects.filter(sequence__gte=first, sequence__lte=ends_at).order_by("sequence")
    counted = _counted(rows.iterator(chunk_size=2000), on_progress)
    verdict = _verdict(counted, first=first, previous=_link_before(first), ends_at=ends_at, end=end)
    if verdict.whole and (stray := _beyond_head(ends_at)):
        return Verdict(verdict.checked, "inserted", stray)
    return verdict


def _counted(rows: Iterator[AuditEvent], on_progress: Callable[[int], None] | None) -> Iterator[AuditEvent]:
    for number, row in enumerate(rows):
        if on_progress and number % 5000 == 0:
            on_progress(number)
        yield row


def _beyond_head(ends_at: int) -> int | None:
    """The first event with a number that the chain has not reached; None when there is none."""
    numbers = AuditEvent.objects.filter(sequence__gt=ends_at).order_by("-sequence").values_list("sequence", flat=True)
    last = numbers.first()
    if last is None:
        return None
    head = ChainHead.objects.filter(name=CHAIN).values_list("sequence", flat=True).first() or 0
    return numbers.filter(sequence__gt=head).order_by("sequence").first() if last > head else None


def first_break() -> chain.Break | None:
    """The first event that was altered, removed or inserted; None when the log is whole."""
    verdict = verify()
    if verdict.whole:
        return None
    return chain.Break(verdict.sequence, "gap" if verdict.problem == "removed" else verdict.problem)


def _link_before(first: int) -> bytes:
    if first <= 1:
        return chain.GENESIS
    row = AuditEvent.objects.filter(sequence=first - 1).values_list("link", flat=True).first()
    if row is None:
        raise Conflict(N_("There is no audit event %(number)s to start after"), number=first - 1)
    return bytes(row)


def _verdict(rows: Iterable[AuditEvent], *, first: int, previous: bytes, ends_at: int, end: bytes) -> Verdict:
    number = first - 1
    for row in rows:
        if row.sequence != number + 1:
            return Verdict(number - first + 1, "removed", number + 1)
        if problem := _problem_of(row, previous):
            return Verdict(number - first + 1, problem, row.sequence)
        number, previous = row.sequence, bytes(row.link)
    if number < ends_at:
        return Verdict(number - first + 1, "removed", number + 1)
    if number == ends_at and previous != end:
        return Verdict(number - first + 1, "forged", number)
    return Verdict(number - first + 1)


def _problem_of(row: AuditEvent, previous: bytes) -> str:
    body = digest(event_body(row.at, row.actor, Event(row.action, row.subject, row.reason, row.detail)))
    if body != bytes(row.body_digest):
        return "altered"
    if chain.link(previous, row.sequence, body) != bytes(row.link):
        # The row is of one piece but does not follow from the row before it: it came from somewhere else.
        return "inserted"
    return ""
