"""What a node does about its streams from time to time: retention, health, replay, and checking its own books."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction

from otay.core import chain
from otay.core.canonical import digest
from otay.core.errors import Conflict, OtayError
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain import envelope, proof
from otay.exchange.domain.keys import encode, verifies
from otay.exchange.models import (
    Agreement,
    Direction,
    Inbox,
    Outbox,
    Peer,
    PeerHealth,
    Receipt,
    RefusedRequest,
    SignedHead,
)
from otay.exchange.services import acceptance, erasure, stamping, transport
from otay.exchange.services.delivery import receipt_of, settle
from otay.node import audit, clock
from otay.node.actors import SYSTEM, Actor

KEEP_REFUSALS = timedelta(days=180)
_SLICE = 500


def apply_retention() -> int:
    """Drop bodies older than their agreement lets them be kept; digest, link and signatures stay. Safe to repeat."""
    now = clock.now()
    erased = 0
    for agreement in Agreement.objects.select_related("peer"):
        limit = now - timedelta(days=agreement.retention_days)
        for model in (Outbox, Inbox):
            erased += _erase(model, agreement, limit, now)
    RefusedRequest.objects.filter(at__lt=now - KEEP_REFUSALS).delete()
    return erased


def _erase(model: type[Outbox] | type[Inbox], agreement: Agreement, limit: Any, now: Any) -> int:
    rows = model.objects.filter(peer=agreement.peer_id, citation=agreement.citation, created_at__lt=limit).exclude(
        body=""
    )
    total = 0
    while found := dict(rows.values_list("pk", "sequence")[:_SLICE]):
        with transaction.atomic():
            total += model.objects.filter(pk__in=found).update(body="", erased_at=now)
            if model is Inbox:
                erasure.confirm(agreement.peer, citation=agreement.citation, numbers=list(found.values()), at=now)
    if total:
        audit.record(
            actor=SYSTEM,
            action="exchange.bodies_erased",
            subject=f"agreement:{agreement.citation}",
            reason="retention",
            records=total,
            table=model._meta.model_name or "",
        )
    return total


def check_peers() -> dict[str, str]:
    """Ask every trusted neighbour how far it holds our stream, and give rooms another try at what is in quarantine.
    Country -> ``ok`` or what is wrong."""
    return {peer.country: _checked(peer) for peer in Peer.objects.filter(state=Peer.State.TRUSTED)}


def _checked(peer: Peer) -> str:
    acceptance.retry_quarantined(peer=peer)
    real = keystore.real_now()
    try:
        receipt, answer = receipt_of(peer, transport.ask(peer, "/health", purpose="health"))
        health = PeerHealth.objects.get(peer=peer)
        beyond = receipt.sequence > queries.position(peer, Direction.OUT)[0]
        if health.restored_at is None and (beyond or receipt.sequence <= health.acknowledged):
            settle(peer, receipt, answer, rewind=receipt.sequence < health.acknowledged)
    except OtayError as problem:
        PeerHealth.objects.filter(peer=peer, down_since=None).update(down_since=real)
        PeerHealth.objects.filter(peer=peer).update(problem=str(problem)[:300])
        return str(problem)
    PeerHealth.objects.filter(peer=peer).update(last_seen_at=real, down_since=None, problem="")
    return "ok"


def replay(*, actor: Actor, peer: Peer, limit: int = 1000) -> int:
    """Fetch from the neighbour what it has sent and we do not hold; how many records came. Nothing is applied twice.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
        Unreachable: when the neighbour does not answer.
        Rejected: when what it sends does not follow from what we hold.
    """
    actor.require("exchange.manage")
    start = queries.position(peer, Direction.IN)[0]
    came = start
    while True:
        answer = transport.ask(peer, f"/since/{came}", purpose="replay", params={"limit": str(min(limit, _SLICE))})
        if not answer.get("batch"):
            break
        acceptance.accept_batch(str(answer["batch"]).encode())
        now = queries.position(peer, Direction.IN)[0]
        if now == came:
            raise Conflict(N_("%(peer)s sent nothing new after record %(sequence)s"), peer=peer.country, sequence=came)
        came = now
    if came > start:
        audit.record(
            actor=actor, action="exchange.replayed", subject=f"node:{peer.country}", first=start + 1, last=came
        )
    return came - start


@dataclass(frozen=True, slots=True)
class StreamReport:
    """What checking a stream found. ``problems`` is empty when the books are in order."""

    stream: str
    records: int
    heads: int
    problems: list[str] = field(default_factory=list)


def verify_streams() -> list[StreamReport]:
    """Check every stream of this node: each digest and link computed anew, each signed head against its signature."""
    return [
        verify_stream(peer, direction) for peer in Peer.objects.order_by("country") for direction in Direction.values
    ]


def verify_stream(peer: Peer, direction: str) -> StreamReport:
    """Check one stream. The first break of the chain ends the walk: after it nothing can be told."""
    own = keystore.own_country()
    sequence, link = queries.position(peer, direction)
    report = StreamReport(peer.stream(direction, own), sequence, 0)
    model = Outbox if direction == Direction.OUT else Inbox
    heads = _signed_heads(peer, direction)
    rows = model.objects.filter(peer=peer, sequence__lte=sequence).order_by("sequence").iterator(chunk_size=2000)
    entries = _entries(rows, report, {number: head for number, head, _signature in heads})
    broken = chain.first_break(entries, previous=peer.genesis(direction, own))
    if broken:
        report.problems.append(f"{broken.kind} {broken.sequence}")
    elif sequence and _own_last(model, peer) != (sequence, link):
        report.problems.append(f"head {sequence}")
    public = keystore.own_public_keys() if direction == Direction.OUT else queries.public_keys(peer)
    for number, head, signature in heads:
        if not verifies(public.get(str(head.get("key")), b""), envelope.BATCH, head, signature):
            report.problems.append(f"signature {number}")
    return StreamReport(report.stream, sequence, len(heads), report.problems)


def _signed_heads(peer: Peer, direction: str) -> list[tuple[int, dict[str, Any], str]]:
    return list(
        SignedHead.objects.filter(peer=peer, direction=direction).values_list("sequence", "document", "signature")
    )


def _own_last(model: type[Outbox] | type[Inbox], peer: Peer) -> tuple[int, bytes]:
    sequence, link = model.objects.filter(peer=peer).order_by("-sequence").values_list("sequence", "link")[0]
    return sequence, bytes(link)


def _entries(
    rows: Iterable[Outbox | Inbox], report: StreamReport, heads: dict[int, dict[str, Any]]
) -> Iterator[chain.Entry]:
    """Chain entries computed from what stands in the rows; bodies and signed heads are compared on the way."""
    for row in rows:
        if row.body and digest(row.body.encode()) != bytes(row.body_digest):
            report.problems.append(f"body {row.sequence}")
        if row.sequence in heads and heads[row.sequence].get("link") != bytes(row.link).hex():
            report.problems.append(f"signed head {row.sequence}")
        yield chain.Entry(row.sequence, digest(row.record().header()), bytes(row.link))


def evidence(*, actor: Actor, direction: str, peer: Peer, sequence: int, purpose: str) -> dict[str, Any]:
    """The evidence file of one record: it verifies alone, also after the body is gone.

    Raises:
        Forbidden: unless ``actor`` may see exchanged records.
        NotFound: when the stream does not go that far.
        Conflict: when no signed head covers the record yet.
    """
    row = queries.record(direction, peer=peer, sequence=sequence)
    actor.require("exchange.view_records", port=row.port)
    head = (
        SignedHead.objects.filter(peer=peer, direction=direction, sequence__gte=sequence).order_by("sequence").first()
    )
    if head is None:
        raise Conflict(N_("No signed head covers record %(sequence)s yet: wait for its receipt"), sequence=sequence)
    receipt = (
        Receipt.objects.filter(peer=peer, direction=direction, sequence__gte=sequence).order_by("sequence").first()
    )
    end = max(head.sequence, receipt.sequence if receipt else 0)
    model = type(row)
    later = model.objects.filter(peer=peer, sequence__gt=sequence, sequence__lte=end).order_by("sequence")
    before = model.objects.filter(peer=peer, sequence=sequence - 1).values_list("link", flat=True).first()
    own = keystore.own_country()
    public = {**queries.public_keys(peer), **keystore.own_public_keys()}
    used = {head.document["key"], *([receipt.document["key"]] if receipt else [])}
    audit.record(
        actor=actor,
        action="exchange.evidence_exported",
        subject=f"stream:{peer.stream(direction, own)}:{sequence}",
        reason=purpose,
    )
    evidence = proof.build(
        stream=peer.stream(direction, own),
        sequence=sequence,
        header=_plain_header(row),
        body=row.body,
        previous=bytes(before) if before is not None else peer.genesis(direction, own),
        path=[digest(one.record(with_body=False).header()) for one in later],
        head=head.document,
        signature=head.signature,
        receipt={"receipt": receipt.document, "signature": receipt.signature} if receipt else None,
        public={name: encode(raw) for name, raw in public.items() if name in used},
    )
    return stamping.stamped(evidence)


def _plain_header(row: Outbox | Inbox) -> dict[str, Any]:
    return envelope.parse_body(row.record().header())
