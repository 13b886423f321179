"""Delivery: what waits in the outbox goes to the neighbour, at least once, until its signed receipt is here."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from otay.core.errors import OtayError
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain import agreement as rules
from otay.exchange.domain import envelope
from otay.exchange.domain.envelope import Head, Record
from otay.exchange.domain.receipt import Receipt as Told
from otay.exchange.domain.receipt import read_receipt, receipt_verifies
from otay.exchange.domain.refusals import Code, Rejected
from otay.exchange.models import Direction, Outbox, Peer, PeerHealth, Receipt, SignedHead
from otay.exchange.queries import Standing
from otay.exchange.services import rotation, transport
from otay.exchange.services.acceptance import HELD_LISTED
from otay.exchange.services.faults import printable, raise_alarm
from otay.node import clock, tracing
from otay.node.models import ChainHead

BATCH_RECORDS = 500
BATCH_BYTES = 8 * 1024 * 1024
BACKOFF_FIRST, BACKOFF_LONGEST = 0.5, 60.0
IDLE_SECONDS = 0.15
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one call did. ``more``: something waits still. ``problem``: why nothing was receipted, as shown."""

    records: int = 0
    more: bool = False
    problem: str = ""


def deliver_due(peer: Peer, *, limit: int = BATCH_RECORDS) -> Delivered:
    """Send the neighbour the next batch of what waits and keep its receipt.

    Never call it inside a transaction: it talks to the network.

    A failure of the neighbour is not an error here: it is noted, and the next attempt put off.
    """
    health = PeerHealth.objects.get(peer=peer)
    if health.restored_at is not None:
        return Delivered()  # first otay.exchange.services.tail
    limit = _fitting(limit, health.failures)
    agreements = queries.standings([peer])[peer.pk]
    rows, waits = due_rows(peer, agreements, health.acknowledged, limit)
    if not rows:
        return pause(health, waits) if waits else Delivered()
    head, records = made_batch(peer, agreements, rows)
    raw, signature = envelope.pack(head, records, keystore.own_key())
    try:
        with tracing.span("deliver", links=(row.trace for row in rows), peer=peer.country, records=len(rows)):
            receipt, answer = receipt_of(peer, transport.deliver(peer, raw))
            settled = settle(peer, receipt, answer, head=head, signature=signature)
    except transport.Declined as refusal:
        return declined(peer, health, refusal)
    except transport.Unreachable as problem:
        return pause(health, str(problem), at_least=problem.wait)
    except OtayError as problem:
        return pause(health, str(problem))
    return Delivered(settled, more=len(rows) == limit or waits != "")


def _fitting(limit: int, failures: int) -> int:
    """Fewer records after each failure, down to a sixteenth: a neighbour that is slow or short of room gets less at
    once, and one that is back takes all again after its first receipt."""
    return max(1, limit >> min(failures, 4))


def due_rows(
    peer: Peer, agreements: Sequence[Standing], acknowledged: int, limit: int, *, size_limit: int = BATCH_BYTES
) -> tuple[list[Outbox], str]:
    """The next rows that may go, and why the row after them must wait (empty: it need not)."""
    waiting = {one.terms.citation for one in agreements if one.waits}
    rows: list[Outbox] = []
    size = 0
    for row in Outbox.objects.filter(peer=peer, sequence__gt=acknowledged).order_by("sequence")[:limit]:
        if row.citation in waiting:
            return rows, N_("Agreement %(citation)s is not in force here: what cites it waits") % {
                "citation": row.citation
            }
        size += len(row.body)
        if rows and size > size_limit:
            return rows, ""
        rows.append(row)
    return rows, ""


def made_batch(peer: Peer, agreements: Sequence[Standing], rows: Sequence[Outbox]) -> tuple[Head, list[Record]]:
    """Head and records; the body of a record whose agreement has ended stays here."""
    own = keystore.own_country()
    ended = {one.terms.citation for one in agreements if one.state == rules.State.ENDED}
    records = [row.record(with_body=row.citation not in ended) for row in rows]
    first = rows[0].sequence
    before = Outbox.objects.filter(peer=peer, sequence=first - 1).values_list("link", flat=True).first()
    previous = bytes(before) if before is not None else peer.genesis(Direction.OUT, own)
    head = Head(
        sender=own,
        receiver=peer.country,
        first=first,
        last=rows[-1].sequence,
        previous=previous,
        link=bytes(rows[-1].link),
        agreements=tuple(sorted({row.citation for row in rows})),
        signed_at=clock.now(),
        key=keystore.own_key().id,
    )
    return head, records


def signed_batch(peer: Peer, agreements: Sequence[Standing], rows: Sequence[Outbox]) -> bytes:
    """The batch of ``rows``, signed; its head is kept as sent, for evidence."""
    head, records = made_batch(peer, agreements, rows)
    raw, signature = envelope.pack(head, records, keystore.own_key())
    _keep_head(peer, head, signature)
    return raw


def _keep_head(peer: Peer, head: Head, signature: str) -> None:
    """Keep ``head`` as it was signed; one that is kept already stays."""
    kept = SignedHead(
        peer=peer, direction=Direction.OUT, sequence=head.last, document=head.document(), signature=signature
    )
    SignedHead.objects.bulk_create([kept], ignore_conflicts=True)


def batch_after(peer: Peer, sequence: int, *, limit: int) -> bytes:
    """The batch that follows ``sequence``, for a neighbour that asks; empty at the end or while it must wait."""
    agreements = queries.standings([peer])[peer.pk]
    rows, _waits = ([], "") if queries.is_restoring(peer) else due_rows(peer, agreements, sequence, limit)
    if not rows:
        return b""
    head, records = made_batch(peer, agreements, rows)
    return envelope.pack(head, records, keystore.own_key())[0]


def receipt_of(peer: Peer, answer: dict[str, Any]) -> tuple[Told, dict[str, Any]]:
    """The receipt in ``answer``, checked: the neighbour's, for our stream.

    Raises:
        Rejected: when it is not.
    """
    receipt = read_receipt(answer)
    public = queries.public_keys(peer, trusted_only=True).get(receipt.key, b"")
    if receipt.by != peer.country or receipt.stream != peer.stream(Direction.OUT, keystore.own_country()):
        raise Rejected(Code.WRONG_STREAM, N_("The neighbour's receipt is for another stream"))
    if not receipt_verifies(answer, public):
        raise Rejected(Code.BAD_SIGNATURE, N_("The signature of the neighbour's receipt does not hold"))
    return receipt, answer


def settle(
    peer: Peer,
    receipt: Told,
    answer: dict[str, Any],
    *,
    head: Head | None = None,
    signature: str = "",
    rewind: bool = False,
) -> int:
    """Believe a verified receipt as far as it fits our own chain; returns how many records it newly settles.

    Raises:
        Rejected: when the neighbour holds another history (an alarm is raised), or less than it receipted before
            (``rewind=True``: take its word and send again).
    """
    here = head.link if head and receipt.sequence == head.last else own_link(peer, receipt.sequence)
    if here != receipt.link:
        text = _BEYOND if not here else N_("The neighbour's receipt is for another history of the stream to it")
        raise_alarm(peer, text)
        raise Rejected(Code.FORK, text)
    real = keystore.real_now()
    with transaction.atomic():
        health = PeerHealth.objects.select_for_update().get(peer=peer)
        if receipt.sequence < health.acknowledged and not rewind:
            raise Rejected(Code.GAP, N_("The neighbour holds less than it receipted before"))
        settled = _mark(peer, receipt, answer, health.acknowledged)
        if head is not None:
            _keep_head(peer, head, signature)
        PeerHealth.objects.filter(pk=health.pk).update(
            acknowledged=receipt.sequence,
            failures=0,
            down_since=None,
            next_attempt_at=None,
            problem="",
            last_seen_at=real,
        )
    rotation.switch_when_receipted()
    return settled


_BEYOND = N_(
    "The neighbour holds records of this node that are not here. If the node was restored from an older copy: "
    "otay exchange recover"
)


def own_link(peer: Peer, sequence: int) -> bytes:
    """The link of our stream to ``peer`` at a record; empty when there is none."""
    if sequence == 0:
        return peer.genesis(Direction.OUT, keystore.own_country())
    link = Outbox.objects.filter(peer=peer, sequence=sequence).values_list("link", flat=True).first()
    return bytes(link) if link is not None else b""


def _mark(peer: Peer, receipt: Told, answer: dict[str, Any], acknowledged: int) -> int:
    """Write down what the receipt says of each record."""
    held = {one.sequence: one for one in receipt.held}
    released = Outbox.objects.filter(peer=peer, state=Outbox.State.QUARANTINED, sequence__lte=receipt.sequence)
    if receipt.sequence == 0 or (receipt.sequence <= acknowledged and not held and not released.exists()):
        return 0
    kept = _keep_receipt(peer, receipt, answer)
    fresh = Outbox.objects.filter(peer=peer, sequence__gt=acknowledged, sequence__lte=receipt.sequence)
    settled = fresh.filter(receipt=None).exclude(sequence__in=held).update(state=Outbox.State.RECEIPTED, receipt=kept)
    if len(held) < HELD_LISTED:  # a longer list was cut off by the neighbour and releases nothing
        released.exclude(sequence__in=held).update(state=Outbox.State.RECEIPTED, receipt=kept, note="")
    for one in receipt.held:
        Outbox.objects.filter(peer=peer, sequence=one.sequence).update(
            state=told_state(one.state), note=printable(one.reason, 300), receipt=kept
        )
    return settled


def _keep_receipt(peer: Peer, receipt: Told, answer: dict[str, Any]) -> Receipt:
    """The newest receipt for this place in the stream, kept. The caller holds the lock on the neighbour's health, under
    which alone receipts for our stream are written."""
    known = Receipt.objects.filter(peer=peer, direction=Direction.OUT, sequence=receipt.sequence).first()
    kept = known or Receipt(
        peer=peer, direction=Direction.OUT, sequence=receipt.sequence, stored_at=keystore.real_now()
    )
    kept.document, kept.signature, kept.at = answer["receipt"], answer["signature"], receipt.at
    kept.save()
    return kept


def told_state(said: str) -> str:
    """What a neighbour's word on a held record means for our row."""
    return _TOLD.get(said, Outbox.State.REFUSED).value


_TOLD = {"quarantined": Outbox.State.QUARANTINED, "refused": Outbox.State.REFUSED, "withheld": Outbox.State.WITHHELD}


def declined(peer: Peer, health: PeerHealth, refusal: transport.Declined) -> Delivered:
    """A gap is answered with the neighbour's signed position: go back to it. Anything else waits for people."""
    if refusal.code == Code.GAP:
        try:
            receipt, answer = receipt_of(peer, refusal.answer.get("position", {}))
            settle(peer, receipt, answer, rewind=True)
        except Rejected as problem:
            return pause(health, str(problem))
        log.warning("%s expects record %s: sending again from there", peer.country, receipt.sequence + 1)
        return Delivered(more=True)
    if refusal.code == Code.FORK:
        raise_alarm(peer, N_("The neighbour says that the stream to it has two histories"))
    return pause(health, str(refusal))


def pause(health: PeerHealth, problem: str, *, at_least: float = 0.0) -> Delivered:
    """Put the next attempt off: twice as long after each failure, up to a minute, scattered by a quarter; longer where
    the neighbour asked for it."""
    delay = min(BACKOFF_LONGEST, BACKOFF_FIRST * 2 ** min(health.failures, 16)) * random.uniform(0.75, 1.25)  # noqa: S311
    delay = max(delay, at_least)
    real = keystore.real_now()
    PeerHealth.objects.filter(pk=health.pk).update(
        failures=F("failures") + 1,
        next_attempt_at=real + timedelta(seconds=delay),
        problem=problem[:300],
        down_since=health.down_since or real,
    )
    return Delivered(problem=problem)


def deliver_all_due(*, limit: int = BATCH_RECORDS) -> float:
    """One turn of the delivery loop over all neighbours; the seconds to wait before the next."""
    if settings.OTAY.nats:
        return 3600.0  # JetStream carries: otay.exchange.services.jetstream
    more = False
    for health in _with_something_due():
        more |= deliver_due(health.peer, limit=limit).more
    return 0.0 if more else IDLE_SECONDS


def _with_something_due() -> list[PeerHealth]:
    """Neighbours that something waits for and whose next attempt is due: two small queries when idle."""
    now = keystore.real_now()
    due = PeerHealth.objects.filter(
        Q(next_attempt_at=None) | Q(next_attempt_at__lte=now), peer__state=Peer.State.TRUSTED, restored_at=None
    ).select_related("peer")
    own = keystore.own_country()
    named = {queries.head_name(health.peer.stream(Direction.OUT, own)): health for health in due}
    heads = ChainHead.objects.filter(name__in=named).values_list("name", "sequence")
    return [named[name] for name, sequence in heads if sequence > named[name].acknowledged]
