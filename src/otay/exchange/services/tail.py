"""A node that was restored from an older copy takes back what the neighbour holds of its stream beyond that copy.

Its own last records are lost here, but the neighbour has them with this node's signature. Until they are back nothing
goes to that neighbour, because the next record would stand under a number that is taken: two histories. What was
published meanwhile has left nowhere; it moves behind the recovered records, and what is among them already goes.

Only a node that knows it was restored does this (:func:`begin`): else a thief of its key could write its history.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from otay.core import chain
from otay.core.canonical import digest
from otay.core.errors import Conflict, NotFound, OtayError
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain import envelope
from otay.exchange.domain.envelope import Batch
from otay.exchange.domain.keys import verifies
from otay.exchange.domain.receipt import Receipt as Told
from otay.exchange.domain.refusals import Code, Rejected
from otay.exchange.models import Direction, Outbox, Peer, PeerHealth, SignedHead
from otay.exchange.services import delivery, transport
from otay.exchange.services.acceptance import port_of
from otay.exchange.services.faults import raise_alarm
from otay.node import audit, clock
from otay.node.actors import SYSTEM, Actor
from otay.node.bulk import insert_many, update_many
from otay.node.models import ChainHead

IDLE_SECONDS = 2.0
_ASIDE = 2**60
_CLASH = N_("Before the restore this version was sent with other content")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What came back: how many records, the numbers of the first and the last, how many of those made since the restore
    were the same, and the new numbers of those whose version had been sent with other content."""

    records: int = 0
    first: int = 0
    last: int = 0
    repeated: int = 0
    clashes: tuple[int, ...] = ()


@transaction.atomic
def begin(*, actor: Actor, peer: Peer, reason: str) -> None:
    """Hold back what goes to ``peer`` until it has been asked what it holds.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
    """
    actor.require("exchange.manage")
    audit.record(actor=actor, action="exchange.restored", subject=f"node:{peer.country}", reason=reason)
    PeerHealth.objects.filter(peer=peer, restored_at=None).update(restored_at=keystore.real_now(), next_attempt_at=None)


def after_restore() -> None:
    """The node was brought back from an older copy: ask every neighbour before anything goes to it."""
    for peer in Peer.objects.all():
        begin(actor=SYSTEM, peer=peer, reason="restore")


def step() -> float:
    """One turn of the background: ask the neighbours that are due; the seconds to wait before the next."""
    due = PeerHealth.objects.exclude(restored_at=None).filter(
        Q(next_attempt_at=None) | Q(next_attempt_at__lte=keystore.real_now()), peer__state=Peer.State.TRUSTED
    )
    for health in due.select_related("peer"):
        try:
            recover(health.peer)
        except OtayError as problem:
            log.warning("own records are not back from %s yet: %s", health.peer.country, problem)
            delivery.pause(health, str(problem))
    return IDLE_SECONDS


def recover(peer: Peer) -> Recovered:
    """Take back what ``peer`` holds of this node's stream and go on after it. Safe to repeat after any interruption.

    Never call it inside a transaction: it talks to the network.

    Raises:
        Unreachable: when the neighbour does not answer.
        Rejected: when what it shows is not what this node signed (an alarm is raised).
        NotFound: when it does not show all that it says it holds.
    """
    at = PeerHealth.objects.get(peer=peer).acknowledged
    found = Recovered()
    receipt, signed, raw = _asked(peer, at)  # this receipt names all that is held after what was receipted before
    while raw:
        try:
            batch = _own_batch(peer, raw, at)
            found = _taken(peer, batch, receipt, at, found)
        except Rejected as problem:
            raise_alarm(peer, problem.template)
            raise
        at = batch.head.last
        raw = _asked(peer, at)[2]
    if receipt.sequence > at:
        raise NotFound(N_("%(peer)s says that it holds more than it shows"), peer=peer.country)
    if 0 < receipt.sequence < at == found.last:
        raise Conflict(N_("%(peer)s goes on receiving: does the node that was lost still run?"), peer=peer.country)
    if found.records:
        beyond = Outbox.objects.filter(peer=peer, sequence__gt=found.last, note=_CLASH).order_by("sequence")
        found = replace(found, clashes=tuple(beyond.values_list("sequence", flat=True)))
    _settled(peer, receipt, signed, found)
    return found


def _asked(peer: Peer, at: int) -> tuple[Told, dict[str, Any], bytes]:
    """The neighbour's signed position, and its copy of our next batch after ``at``."""
    answer = transport.ask(peer, f"/tail/{at}", purpose="restore")
    receipt, signed = delivery.receipt_of(peer, answer.get("position", {}))
    return receipt, signed, str(answer.get("batch", "")).encode()


@transaction.atomic
def _settled(peer: Peer, receipt: Told, signed: dict[str, Any], found: Recovered) -> None:
    """The books agree again: what waits may go."""
    audit.record(
        actor=SYSTEM, action="exchange.tail_recovered", subject=f"stream:{_stream(peer)}", records=found.records,
        first=found.first, last=found.last, repeated=found.repeated, clashes=list(found.clashes[:100]),
    )  # fmt: skip
    delivery.settle(peer, receipt, signed, rewind=True)
    PeerHealth.objects.filter(peer=peer).update(restored_at=None, next_attempt_at=None)
    if found.clashes:
        raise_alarm(peer, N_("After the restore versions were made again with other content: see withheld records"))


def _stream(peer: Peer) -> str:
    return peer.stream(Direction.OUT, keystore.own_country())


def _own_batch(peer: Peer, raw: bytes, at: int) -> Batch:
    """The batch in ``raw``, which this node has signed and which goes on after its record ``at``.

    Raises:
        Rejected: when it does not.
    """
    head, signature = envelope.read_head(raw)
    public = keystore.own_public_keys().get(head.key, b"")
    if head.stream != _stream(peer) or not verifies(public, envelope.BATCH, head.document(), signature):
        raise Rejected(Code.BAD_SIGNATURE, N_("What the neighbour shows as this node's was not signed by it"))
    batch = envelope.unpack(raw)
    before = delivery.own_link(peer, at)
    inside = next((entry.link for entry in batch.entries if entry.sequence == at), batch.head.previous)
    if not head.first - 1 <= at < head.last or inside != before:
        raise Rejected(Code.FORK, N_("What the neighbour holds does not follow from what it has receipted"))
    return batch


def _taken(peer: Peer, batch: Batch, told: Told, at: int, found: Recovered) -> Recovered:
    """Put the batch's records after ``at`` into their places; what stood there moves behind them."""
    with transaction.atomic():
        audit.locked_head(audit.CHAIN)  # in the order of every change
        chain_head = audit.locked_head(queries.head_name(_stream(peer)))
        here = Outbox.objects.filter(peer=peer, sequence__gt=at, sequence__lte=batch.head.last)
        links = {number: bytes(link) for number, link in here.values_list("sequence", "link")}
        parting = next(
            (one.sequence for one in batch.entries if one.sequence > at and links.get(one.sequence) != one.link), 0
        )
        if not parting:
            return found
        aside = _set_aside(peer, parting)
        repeated, clashing = _compared(batch, parting, told, aside)
        Outbox.objects.filter(pk__in=repeated).delete()
        # Two contents of one version must not leave; it goes without, so that it does not disappear unseen either.
        Outbox.objects.filter(pk__in=clashing).update(
            state=Outbox.State.WITHHELD, note=_CLASH, body="", erased_at=clock.now()
        )
        _insert(peer, batch, parting, told)
        kept = [row for row in aside if row.pk not in repeated]
        last, link = _renumber(kept, batch)
        ChainHead.objects.filter(pk=chain_head.pk).update(sequence=last, link=link)
    return replace(
        found,
        records=found.records + batch.head.last - parting + 1,
        first=found.first or parting,
        last=batch.head.last,
        repeated=found.repeated + len(repeated),
    )


def _set_aside(peer: Peer, parting: int) -> list[Outbox]:
    """This node's own rows from ``parting`` on, out of the way of those that come.

    Raises:
        Rejected: when the neighbour has receipted one of them: then there are two histories indeed.
    """
    rows = Outbox.objects.filter(peer=peer, sequence__gte=parting).order_by("sequence")
    if rows.exclude(receipt=None).exists():
        raise Rejected(Code.FORK, N_("The neighbour has receipted two histories of the stream to it"))
    SignedHead.objects.filter(peer=peer, direction=Direction.OUT, sequence__gte=parting).delete()
    aside = list(rows)
    rows.update(sequence=F("sequence") + _ASIDE)
    return aside


def _compared(batch: Batch, parting: int, told: Told, aside: Sequence[Outbox]) -> tuple[set[int], set[int]]:
    """Rows set aside that are among the recovered records already, and those that say otherwise under the same name, by
    their primary keys. What the neighbour has not taken may be sent anew."""
    untaken = {one.sequence for one in told.held if one.state != "quarantined"}
    known: Mapping[tuple[str, str, int], bytes] = {
        (record.record_type, record.business_key, record.version): record.body_digest
        for record, entry in zip(batch.records, batch.entries, strict=True)
        if entry.sequence >= parting and entry.sequence not in untaken
    }
    named = [(row, known.get((row.record_type, row.business_key, row.version))) for row in aside]
    repeated = {row.pk for row, one in named if one is not None and one == bytes(row.body_digest)}
    return repeated, {row.pk for row, one in named if one is not None} - repeated


def _insert(peer: Peer, batch: Batch, parting: int, told: Told) -> None:
    held = {one.sequence: one for one in told.held}
    now, real = clock.now(), keystore.real_now()
    rows = []
    for record, entry in zip(batch.records, batch.entries, strict=True):
        if entry.sequence < parting:
            continue
        said = held.get(entry.sequence)
        rows.append(
            Outbox(
                peer=peer,
                sequence=entry.sequence,
                link=entry.link,
                record_type=record.record_type,
                business_key=record.business_key,
                version=record.version,
                citation=record.agreement,
                created_at=record.created_at,
                body_digest=record.body_digest,
                corrects=record.corrects,
                body=record.body.decode(),
                erased_at=now if not record.body and said is None else None,
                port=port_of(envelope.parse_body(record.body)) if record.body else "",
                published_by="restored",
                queued_at=real,
                state=delivery.told_state(said.state) if said else Outbox.State.QUEUED,
            )
        )
    insert_many(rows)
    SignedHead.objects.update_or_create(
        peer=peer,
        direction=Direction.OUT,
        sequence=batch.head.last,
        defaults={"document": batch.head.document(), "signature": batch.signature},
    )


def _renumber(rows: Sequence[Outbox], batch: Batch) -> tuple[int, bytes]:
    """Chain rows that were set aside to the end of the recovered records; number and link of the new end."""
    if not rows:
        return batch.head.last, batch.head.link
    headers = (digest(row.record().header()) for row in rows)
    for row, entry in zip(rows, chain.extend(batch.head.link, batch.head.last, headers), strict=True):
        row.sequence, row.link = entry.sequence, entry.link
    update_many(rows, ["sequence", "link"])
    return rows[-1].sequence, bytes(rows[-1].link)
