"""Acceptance: in one transaction a batch is verified, stored once, handed to the rooms and receipted.

A record that its room cannot take does not stop the stream: it is stored, put in quarantine with an alarm, and named in
the receipt as not applied, in this receipt and in every later one until the room has taken it. A record that no
agreement covers keeps its place in the chain but not its body. Trouble of the node itself (its database) undoes the
whole batch: no receipt is given and the neighbour sends it again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, transaction

from otay.core import chain
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain import agreement as rules
from otay.exchange.domain import envelope
from otay.exchange.domain.agreement import Term
from otay.exchange.domain.control import CONTROL, ERASURE, KEY_ROTATION, WITHDRAWAL
from otay.exchange.domain.envelope import Batch, Head, Record, Verdict
from otay.exchange.domain.keys import verifies
from otay.exchange.domain.receipt import Held
from otay.exchange.domain.receipt import Receipt as Told
from otay.exchange.domain.refusals import Code, Rejected
from otay.exchange.models import Direction, Inbox, Peer, Receipt, RefusedRequest, SignedHead
from otay.exchange.queries import Standing
from otay.exchange.registry import Received, record_types
from otay.exchange.services import consents, erasure, rotation
from otay.exchange.services.faults import note_refusal, printable
from otay.node import audit, clock, tracing
from otay.node.actors import SYSTEM
from otay.node.bulk import insert_many, update_many
from otay.node.models import ChainHead

HELD_LISTED = 500
log = logging.getLogger(__name__)


def accept_batch(raw: bytes) -> dict[str, Any]:
    """Take a batch; returns the signed receipt. The envelope is its own authentication.

    Raises:
        Rejected: when it is refused; the refusal is kept and listed.
    """
    sender, peer = "", None
    try:
        head, signature = envelope.read_head(raw)
        sender = head.sender
        peer = _authenticated(head, signature)
        rotation.retire_replaced(peer, head.key)
        with tracing.span("accept", peer=peer.country, records=head.last - head.first + 1):
            return _accepted(peer, envelope.unpack(raw))
    except Rejected as refusal:
        note_refusal(refusal, raw=raw, sender=sender, peer=peer)
        if refusal.code is Code.GAP and peer is not None:
            position = signed_position(peer)
            refusal.answer = {"expected": position["receipt"]["sequence"] + 1, "position": position}
        raise


def _authenticated(head: Head, signature: str) -> Peer:
    """The neighbour that signed ``head``, for this node."""
    peer = Peer.objects.filter(country=head.sender, state=Peer.State.TRUSTED).first()
    public = queries.public_keys(peer, trusted_only=True).get(head.key) if peer else None
    if peer is None or public is None:
        raise Rejected(Code.UNKNOWN_SENDER, N_("This node does not trust the key that signed the batch"))
    if not verifies(public, envelope.BATCH, head.document(), signature):
        raise Rejected(Code.BAD_SIGNATURE, N_("The signature of the batch does not hold"))
    if head.receiver != keystore.own_country():
        raise Rejected(Code.WRONG_RECEIVER, N_("The batch is for %(receiver)s"), receiver=head.receiver)
    return peer


@transaction.atomic
def _accepted(peer: Peer, batch: Batch) -> dict[str, Any]:
    chain_head = audit.locked_head(queries.head_name(batch.head.stream))
    verdict, known = envelope.judge(batch, chain_head.sequence, _stored_links(peer, batch.head, chain_head))
    if verdict is Verdict.GAP:
        raise Rejected(
            Code.GAP,
            N_("Record %(first)s came but %(expected)s is expected"),
            first=batch.head.first,
            expected=chain_head.sequence + 1,
        )
    if verdict is Verdict.FORK:
        raise Rejected(Code.FORK, N_("The neighbour sent another history of its stream than before"))
    if known:
        _fill(peer, batch, known)
    if verdict is Verdict.NEW:
        _store(peer, batch.records[known:], batch.entries[known:])
        ChainHead.objects.filter(pk=chain_head.pk).update(sequence=batch.head.last, link=batch.head.link)
        SignedHead.objects.create(
            peer=peer,
            direction=Direction.IN,
            sequence=batch.head.last,
            document=batch.head.document(),
            signature=batch.signature,
        )
    return signed_position(peer, since=batch.head.first)


def _stored_links(peer: Peer, head: Head, held: ChainHead) -> Mapping[int, bytes]:
    """The links that :func:`envelope.judge` compares: before the batch, and the newest that is held within it."""
    stored = {0: peer.genesis(Direction.IN, keystore.own_country())}
    if held.sequence:
        stored[held.sequence] = bytes(held.link)
    rows = Inbox.objects.filter(peer=peer)
    if head.first - 1 not in stored:
        wanted = rows.filter(sequence=head.first - 1).values_list("sequence", "link")
        stored |= {number: bytes(link) for number, link in wanted}
    last = min(head.last, held.sequence)
    if last >= head.first and last not in stored:
        newest = rows.filter(sequence__gte=head.first, sequence__lte=last).order_by("-sequence")
        stored |= {number: bytes(link) for number, link in newest.values_list("sequence", "link")[:1]}
    return stored


def _store(
    peer: Peer, records: Sequence[Record], entries: Sequence[chain.Entry], *, again: bool = False
) -> list[Inbox]:
    """Store records and hand those to be applied to their rooms. ``again``: they were held here before."""
    at = clock.now()
    judged = _judged(peer, records)
    rows = [
        Inbox(
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
            body=record.body.decode() if body else "",
            state=state,
            note=printable(note, 300),
            port=port_of(body),
            received_at=at,
        )
        for record, entry, (state, note, body) in zip(records, entries, judged, strict=True)
    ]
    insert_many(rows)
    for row, (_state, _note, body) in zip(rows, judged, strict=True):
        row.parsed = body  # read once, on arrival
    _list_refused(peer, [row for row in rows if row.state == Inbox.State.REFUSED])
    apply(peer, [row for row in rows if row.state == Inbox.State.APPLIED], again=again)
    return rows


def _fill(peer: Peer, batch: Batch, known: int) -> None:
    """Take in what a resent stretch has and this node should hold but does not: a row that was lost, or contents that
    were. What is there is never overwritten."""
    numbers = [entry.sequence for entry in batch.entries[:known]]
    held = Inbox.objects.filter(peer=peer, sequence__gte=numbers[0], sequence__lte=numbers[-1])
    present = set(held.values_list("sequence", flat=True))
    lost = set(held.filter(body="", erased_at=None, state__in=_WITH_BODY).values_list("sequence", flat=True))
    lacking = [at for at, number in enumerate(numbers) if number not in present]
    emptied = [at for at, number in enumerate(numbers) if number in lost and batch.records[at].body]
    if not lacking and not emptied:
        return
    if lacking:
        _store(peer, [batch.records[at] for at in lacking], [batch.entries[at] for at in lacking], again=True)
    for at in emptied:
        record = batch.records[at]
        held.filter(sequence=numbers[at], link=batch.entries[at].link, body_digest=record.body_digest).update(
            body=record.body.decode()
        )
    audit.record(
        actor=SYSTEM,
        action="exchange.records_restored",
        subject=f"stream:{batch.head.stream}",
        rows=[numbers[at] for at in lacking[:100]],
        bodies=[numbers[at] for at in emptied[:100]],
    )


_WITH_BODY = (Inbox.State.APPLIED, Inbox.State.REPEATED, Inbox.State.QUARANTINED)


def refill(raw: bytes) -> list[int]:
    """Take a stretch of the neighbour's stream that this node asked for again; the numbers that were restored.

    Raises:
        Rejected: when it is refused, as any batch would be.
    """
    head, _signature = envelope.read_head(raw)
    rows = Inbox.objects.filter(peer__country=head.sender, sequence__gte=head.first, sequence__lte=head.last)
    whole = rows.exclude(body="", erased_at=None, state__in=_WITH_BODY)
    before = set(whole.values_list("sequence", flat=True))
    accept_batch(raw)
    return sorted(set(whole.all().values_list("sequence", flat=True)) - before)


def port_of(body: Mapping[str, Any]) -> str:
    """The port of entry that a record names, so that officers see the records of their own port."""
    port = body.get("port")
    return port if isinstance(port, str) and len(port) <= 8 and port.isprintable() else ""


_Judgement = tuple[str, str, dict[str, Any]]
_WAITS = N_("Agreement %(citation)s is not in force here yet: send again later")


def _judged(peer: Peer, records: Sequence[Record]) -> list[_Judgement]:
    """State, reason, and the body that is kept (empty: none), for each record."""
    standings = {one.terms.citation: one for one in queries.standings([peer])[peer.pk]}
    for citation in {record.agreement for record in records} - {CONTROL}:
        standing = standings.get(citation)
        if standing is None or standing.waits:
            raise Rejected(Code.NO_AGREEMENT, _WAITS, citation=citation)
    known = _known_versions(peer, records)
    judged = []
    for record in records:
        judgement = _judge(peer, record, standings.get(record.agreement), known)
        if judgement[0] == Inbox.State.APPLIED:
            known[(record.record_type, record.business_key, record.version)] = record.body_digest
        judged.append(judgement)
    return judged


def _judge(
    peer: Peer, record: Record, standing: Standing | None, known: Mapping[tuple[str, str, int], bytes]
) -> _Judgement:
    if not record.body:
        return Inbox.State.WITHHELD.value, N_("It came without its body"), {}
    if standing is None:
        return _judge_control(peer, record, known)
    term = _term(peer, record, standing)
    if term is None:
        return (
            Inbox.State.REFUSED.value,
            N_("The agreement does not let the neighbour send this type of record now"),
            {},
        )
    try:
        body = envelope.parse_body(record.body)
    except Rejected as problem:
        return Inbox.State.REFUSED.value, str(problem), {}
    if extra := rules.not_agreed(body, term):
        reason = N_("The record has fields that are not agreed: %(fields)s") % {"fields": ", ".join(extra)}
        return Inbox.State.REFUSED.value, reason, {}
    return _judge_version(record, body, known)


_CONTROL: dict[str, tuple[Callable[[Peer, Mapping[str, Any]], str], Callable[[Sequence[Received]], None]]] = {
    KEY_ROTATION: (rotation.check, rotation.take),
    ERASURE: (erasure.check, erasure.take),
    WITHDRAWAL: (consents.check, consents.take),
}


def _judge_control(peer: Peer, record: Record, known: Mapping[tuple[str, str, int], bytes]) -> _Judgement:
    """A record of the exchange about itself: of a known type, and in order by that type's own check."""
    if record.record_type not in _CONTROL:
        return Inbox.State.REFUSED.value, N_("No agreement covers this type of record"), {}
    try:
        body = envelope.parse_body(record.body)
    except Rejected as problem:
        return Inbox.State.REFUSED.value, str(problem), {}
    judgement = _judge_version(record, body, known)
    reason = _CONTROL[record.record_type][0](peer, body) if judgement[0] == Inbox.State.APPLIED else ""
    return (Inbox.State.REFUSED.value, reason, {}) if reason else judgement


def _judge_version(record: Record, body: dict[str, Any], known: Mapping[tuple[str, str, int], bytes]) -> _Judgement:
    before = known.get((record.record_type, record.business_key, record.version))
    if before is None:
        return Inbox.State.APPLIED.value, "", body
    if before == record.body_digest:
        return Inbox.State.REPEATED.value, "", body
    return Inbox.State.REFUSED.value, N_("This version is known with other content: a correction is a new version"), {}


def _term(peer: Peer, record: Record, standing: Standing) -> Term | None:
    """The term under which the record may come; None: deny. One of a superseded version may still be on its way."""
    in_force = standing.signed_by_both and standing.state in (rules.State.ACTIVE, rules.State.SUPERSEDED)
    if not in_force or record.record_type not in record_types:
        return None
    return standing.terms.covers(record.record_type, sender=peer.country, at=record.created_at)


def _known_versions(peer: Peer, records: Sequence[Record]) -> dict[tuple[str, str, int], bytes]:
    """Digests of what is held already under the same names."""
    rows = Inbox.objects.filter(
        peer=peer,
        record_type__in={record.record_type for record in records},
        business_key__in={record.business_key for record in records},
        state__in=[Inbox.State.APPLIED, Inbox.State.QUARANTINED],
    ).values_list("record_type", "business_key", "version", "body_digest")
    return {(record_type, key, version): bytes(was) for record_type, key, version, was in rows}


def _list_refused(peer: Peer, rows: Sequence[Inbox]) -> None:
    at = clock.now()
    RefusedRequest.objects.bulk_create(
        RefusedRequest(
            at=at,
            peer=peer,
            claimed_sender=peer.country,
            code=Code.NOT_AGREED.value,
            detail=row.note,
            sequence=row.sequence,
            digest=row.body_digest,
        )
        for row in rows
    )


def apply(peer: Peer, rows: Sequence[Inbox], *, again: bool = False) -> list[Inbox]:
    """Hand stored records to their rooms, all of one type at a time; returns those that went into quarantine.

    A room that fails is asked again record by record, so that one bad record does not hold up its neighbours.
    ``again``: the records were held here before, and a room that keeps each once may have them still.
    """
    by_type: dict[str, list[Inbox]] = {}
    for row in rows:
        by_type.setdefault(row.record_type, []).append(row)
    failed: list[Inbox] = []
    for group in by_type.values():
        if _received(peer, group, again):
            failed += [row for row in group if len(group) == 1 or _received(peer, [row], again)]
    for row in failed:
        log.error("record %s of %s is %s: %s", row.sequence, peer.country, row.state, row.note)
    update_many(failed, ["state", "note"])
    return failed


def _received(peer: Peer, rows: Sequence[Inbox], again: bool) -> bool:
    """Let the room take ``rows``; True when it could not, with the reason on each."""
    received = [
        Received(row.pk, peer.country, row.sequence, row.business_key, row.version, row.parsed, row.received_at)
        for row in rows
    ]
    try:
        with transaction.atomic():
            _receiver(rows[0].record_type)(received)
    except (OperationalError, InterfaceError):
        raise  # the node's own trouble, not the record's: undo all, give no receipt
    except IntegrityError as problem:
        if again and len(rows) == 1:
            rows[0].state, rows[0].note = Inbox.State.REPEATED.value, N_("Its room had it still")
            return True
        return _quarantined(rows, problem)
    except Exception as problem:
        return _quarantined(rows, problem)
    return False


def _receiver(record_type: str) -> Callable[[Sequence[Received]], None]:
    return _CONTROL[record_type][1] if record_type in _CONTROL else record_types[record_type].receive


def _quarantined(rows: Sequence[Inbox], problem: Exception) -> bool:
    for row in rows:
        row.state = Inbox.State.QUARANTINED.value
        row.note = printable(f"{type(problem).__name__}: {problem}", 300)
    return True


def signed_position(peer: Peer, *, since: int | None = None) -> dict[str, Any]:
    """Our signed word on how far we hold the neighbour's stream. It names all records in quarantine and, from ``since``
    on, those refused or without body. The same state gives the same receipt, however often it is asked for."""
    sequence, link = queries.position(peer, Direction.IN)
    held = _held(peer, since)
    last = Receipt.objects.filter(peer=peer, direction=Direction.IN, sequence=sequence).first() if sequence else None
    key = keystore.own_key()
    stream = peer.stream(Direction.IN, keystore.own_country())
    told = Told(stream, sequence, link, clock.now(), keystore.own_country(), key.id, tuple(held))
    if last is not None and last.document["key"] == key.id and told.document()["held"] == last.document["held"]:
        return {"receipt": last.document, "signature": last.signature}
    answer = told.signed(key)
    if sequence and since is not None:
        kept = Receipt(
            peer=peer,
            direction=Direction.IN,
            sequence=sequence,
            document=answer["receipt"],
            signature=answer["signature"],
            at=told.at,
            stored_at=keystore.real_now(),
        )
        Receipt.objects.bulk_create(
            [kept],
            update_conflicts=True,
            unique_fields=["peer", "direction", "sequence"],
            update_fields=["document", "signature", "at", "stored_at"],
        )
    return answer


def _held(peer: Peer, since: int | None) -> list[Held]:
    rows = Inbox.objects.filter(peer=peer)
    found = list(rows.filter(state=Inbox.State.QUARANTINED).order_by("sequence")[:HELD_LISTED])
    if since is not None:
        found += rows.filter(sequence__gte=since, state__in=[Inbox.State.REFUSED, Inbox.State.WITHHELD])
    found.sort(key=lambda row: row.sequence)
    return [Held(row.sequence, row.state, _told(row)) for row in found]


def _told(row: Inbox) -> str:
    """What the neighbour is told of a held record: never a room's own error, which may quote what it stumbled on."""
    return N_("The receiving room could not take it") if row.state == Inbox.State.QUARANTINED else row.note


@transaction.atomic
def retry_quarantined(*, peer: Peer, limit: int = 200) -> tuple[int, int]:
    """Hand what is in quarantine to its rooms again; how many were taken, and how many stay."""
    audit.locked_head(queries.head_name(peer.stream(Direction.IN, keystore.own_country())))
    rows = list(Inbox.objects.filter(peer=peer, state=Inbox.State.QUARANTINED).order_by("sequence")[:limit])
    failed = apply(peer, rows)
    taken = [row.pk for row in rows if row not in failed]
    Inbox.objects.filter(pk__in=taken).update(state=Inbox.State.APPLIED, note="")
    return len(taken), len(failed)
