"""First transaction: the bytes of all messages on the disk, before anybody looks inside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from otay.core.canonical import digest
from otay.core.findings import Finding
from otay.intake import bounds, domain, faults, storage
from otay.intake.incoming import Incoming
from otay.intake.models import StoredMessage
from otay.intake.registry import State
from otay.intake.together import Together
from otay.node import audit, clock
from otay.node.actors import Actor
from otay.node.bulk import insert_many
from otay.node.prepared import prepared

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item is kept; ``new``: it was not here before."""

    id: int
    new: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was handed in together: by whom, for whom, through which door."""

    actor: Actor
    sender: Actor
    channel: str


@dataclass(frozen=True, slots=True)
class _Item:
    """An item with its digest, its reference, and the file that holds it if it is large."""

    raw: bytes
    digest: bytes
    reference: str
    format: str
    name: str
    corrects: int | None
    file: str

    @classmethod
    def of(cls, item: Incoming) -> _Item:
        code = digest(item.raw)
        file = storage.keep(item.raw) if len(item.raw) > bounds.INLINE_BYTES else ""
        reference = item.reference or domain.default_reference(code)
        return cls(item.raw, code, reference, item.format, item.name, item.corrects, file)


def store(*, delivery: Delivery, items: Sequence[Incoming]) -> list[Place]:
    """Keep ``items``; says for each where, in order. Files are flushed before the rows that name them are written."""
    kept = [_Item.of(item) for item in items]
    faults.point("files")
    used: set[str] = set()
    try:
        places, used = _write((delivery, kept))
    finally:
        storage.drop({item.file for item in kept if item.file} - used)
    return places


def _rows(deliveries: Sequence[tuple[Delivery, Sequence[_Item]]]) -> list[tuple[list[Place], set[str]]]:
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                return [_rows_once(delivery, items) for delivery, items in deliveries]
        except IntegrityError:  # another process stored one of them between our look and our insert: look again
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


_write = Together(_rows)


def _rows_once(delivery: Delivery, items: Sequence[_Item]) -> tuple[list[Place], set[str]]:
    now = clock.now()
    places: dict[int, Place] = {}
    made: list[StoredMessage] = []
    for positions in domain.rounds([item.reference for item in items]):
        known = _known(delivery.sender.key, [items[position].reference for position in positions])
        rows: dict[int, StoredMessage] = {}
        for position in positions:
            item = items[position]
            verdict = domain.standing(item.digest, known[item.reference])
            if verdict.standing is domain.Standing.DUPLICATE and verdict.other is not None:
                places[position] = Place(verdict.other, new=False)
            else:
                rows[position] = _row(delivery, item, verdict, now)
        insert_many(list(rows.values()))
        places.update((position, Place(row.pk, new=True)) for position, row in rows.items())
        made += rows.values()
    if made:
        audit.record(
            actor=delivery.actor, action="intake.received", subject=f"message:{made[0].pk}",
            sender=delivery.sender.key, channel=str(delivery.channel), count=len(made), last=made[-1].pk,
        )  # fmt: skip
        faults.point("rows")
    return [places[position] for position in range(len(items))], {row.file for row in made if row.file}


def _known(sender: str, references: Sequence[str]) -> dict[str, list[domain.Known]]:
    known: dict[str, list[domain.Known]] = defaultdict(list)
    for pk, reference, code, state in _held(sender=sender, references=references):
        known[reference].append(domain.Known(pk, bytes(code), state != State.REFUSED))
    return known


@prepared
def _held(
    *, sender: str, references: Sequence[str]
) -> QuerySet[StoredMessage, tuple[int, str, bytes | memoryview, str]]:
    rows = StoredMessage.objects.filter(sender=sender, reference__in=references).order_by("pk")
    return rows.values_list("pk", "reference", "digest", "state")


def _row(delivery: Delivery, item: _Item, verdict: domain.Verdict, now: datetime) -> StoredMessage:
    findings: list[Finding] = []
    corrects = item.corrects
    if verdict.standing is domain.Standing.CONFLICT and verdict.other is not None:
        findings.append(domain.conflict(item.reference, verdict.other))
    elif verdict.standing is domain.Standing.CORRECTION and corrects is None:
        corrects = verdict.other
    return StoredMessage(
        sender=delivery.sender.key,
        reference=item.reference,
        format=item.format,
        name=domain.file_name(item.name),
        digest=item.digest,
        size=len(item.raw),
        raw=None if item.file else item.raw,
        file=item.file,
        received_at=now,
        channel=delivery.channel,
        actor="" if delivery.actor.key == delivery.sender.key else delivery.actor.key,
        corrects_id=corrects,
        state=State.REFUSED if findings else State.RECEIVED,
        findings=[finding.as_record() for finding in findings],
        settled_at=now if findings else None,
    )
