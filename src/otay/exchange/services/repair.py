"""Repair of books that lack something: the normal path once more, under the agreement. What is there is not touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction

from otay.core import chain
from otay.core.canonical import canonical_json, digest
from otay.core.errors import OtayError
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain.differences import Difference, Kind
from otay.exchange.domain.envelope import Record, read_link, read_time
from otay.exchange.domain.refusals import Code, Rejected
from otay.exchange.models import Direction, Outbox, Peer, Receipt
from otay.exchange.services import acceptance, delivery, transport
from otay.node import audit
from otay.node.actors import Actor

RUN = 400
_TAKEN = {
    Direction.IN.value: (Kind.MISSING_HERE, Kind.BODY_LOST_HERE),
    Direction.OUT.value: (Kind.MISSING_HERE, Kind.MISSING_THERE, Kind.BODY_LOST_THERE),
}


def repair(*, actor: Actor, peer: Peer, direction: str, differences: Iterable[Difference]) -> int:
    """Repair what may be repaired; how many records were. What the neighbour's book lacks of its own stream is for the
    neighbour to repair.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
        Unreachable: when the neighbour does not answer.
    """
    actor.require("exchange.manage")
    wanted = [one for one in differences if one.kind in _TAKEN[direction]]
    done: list[int] = []
    if direction == Direction.IN:
        for first, last in _runs([one.sequence for one in wanted]):
            done += _fetched(peer, first, last)
    else:
        lost = [one.sequence for one in wanted if one.kind is Kind.MISSING_HERE]
        done += [sequence for sequence in lost if _restored(peer, sequence)]
        for first, last in _runs([one.sequence for one in wanted if one.kind is not Kind.MISSING_HERE]):
            done += _resent(peer, first, last)
    if done:
        audit.record(
            actor=actor,
            action="exchange.repaired",
            subject=f"stream:{peer.stream(direction, keystore.own_country())}",
            records=len(done),
            sequences=done[:100],
        )
    return len(done)


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Stretches of consecutive numbers, none longer than a batch."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1 and number - runs[-1][0] < RUN:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _fetched(peer: Peer, first: int, last: int) -> list[int]:
    """Ask the neighbour to send a stretch of its stream again, and take it in through acceptance."""
    limit = str(last - first + 2)  # the record after, so that the stretch hangs on what is held already
    answer = transport.ask(peer, f"/since/{first - 1}", purpose="repair", params={"limit": limit})
    raw = str(answer.get("batch", "")).encode()
    return acceptance.refill(raw) if raw else []


def _resent(peer: Peer, first: int, last: int) -> list[int]:
    """Send a stretch of our stream to the neighbour again; its acceptance takes what it lacks."""
    raw = delivery.batch_after(peer, first - 1, limit=last - first + 2)
    if not raw:
        return []
    delivery.receipt_of(peer, transport.deliver(peer, raw))
    return list(range(first, last + 1))


def _restored(peer: Peer, sequence: int) -> bool:
    """Take a record of our own stream back from the neighbour's copy, if both neighbours in our chain vouch for it."""
    own = keystore.own_country()
    stream = peer.stream(Direction.OUT, own)
    said = transport.ask(peer, "/record", purpose="repair", params={"stream": stream, "sequence": str(sequence)})
    try:
        body = canonical_json(said["body"]) if said["body"] else b""
        record = Record(
            said["record_type"], said["business_key"], said["version"], said["agreement"],
            read_time(said["created_at"]), read_link(said["body_digest"]), body,
            read_link(said["corrects"]) if said.get("corrects") else b"",
        )  # fmt: skip
        link = _link(peer, sequence, record)
    except (KeyError, TypeError, OtayError):
        return False
    if body and digest(body) != record.body_digest:
        return False
    receipt = Receipt.objects.filter(peer=peer, direction=Direction.OUT, sequence__gte=sequence).first()
    if receipt is None:
        return False
    with transaction.atomic():
        audit.locked_head(queries.head_name(stream))
        Outbox.objects.create(
            peer=peer, sequence=sequence, link=link, record_type=record.record_type,
            business_key=record.business_key, version=record.version, citation=record.agreement,
            created_at=record.created_at, body_digest=record.body_digest, corrects=record.corrects, body=body.decode(),
            port=acceptance.port_of(said["body"] or {}), published_by="repair", queued_at=keystore.real_now(),
            state=Outbox.State.RECEIPTED if body else Outbox.State.WITHHELD, receipt=receipt,
        )  # fmt: skip
    return True


def _link(peer: Peer, sequence: int, record: Record) -> bytes:
    """The record's link, which must lead from the record before it here to the record after it (or to the head).

    Raises:
        Rejected: when it does not.
    """
    rows = Outbox.objects.filter(peer=peer)
    before = rows.filter(sequence=sequence - 1).first()
    previous = bytes(before.link) if before else peer.genesis(Direction.OUT, keystore.own_country())
    if before is None and sequence > 1:
        raise Rejected(Code.GAP, N_("The record before it is missing too"))
    link = chain.link(previous, sequence, digest(record.header()))
    after = rows.filter(sequence=sequence + 1).first()
    if after is not None:
        fits = chain.link(link, sequence + 1, digest(after.record().header())) == bytes(after.link)
    else:
        fits = queries.position(peer, Direction.OUT) == (sequence, link) or _signed(peer, sequence, link)
    if not fits:
        raise Rejected(Code.FORK, N_("The neighbour's copy is not the record that this node signed"))
    return link


def _signed(peer: Peer, sequence: int, link: bytes) -> bool:
    """True if a receipt that is stored here names this very link."""
    receipt = Receipt.objects.filter(peer=peer, direction=Direction.OUT, sequence=sequence).first()
    return receipt is not None and receipt.document.get("link") == link.hex()
