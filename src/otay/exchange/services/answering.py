"""What this node answers to a neighbour's signed question."""

from __future__ import annotations

from typing import Any

from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain import envelope
from otay.exchange.domain.refusals import Code, Rejected
from otay.exchange.domain.request import check_request, read_request
from otay.exchange.models import Direction, Inbox, Outbox, Peer, PeerHealth, SignedHead
from otay.exchange.services import acceptance, delivery, rotation
from otay.exchange.services.faults import note_refusal
from otay.node import audit
from otay.node.actors import Actor, Kind


def asking_peer(header: str, *, target: str) -> tuple[Peer, str]:
    """The neighbour that signed the request for ``target``, and its stated purpose.

    Raises:
        Rejected: when it is unsigned, forged, stale, for another door, or its key is not trusted. The refusal is
            listed.
    """
    sender, peer = "", None
    try:
        request, signature = read_request(header)
        sender = str(request.sender)
        peer = Peer.objects.filter(country=sender, state=Peer.State.TRUSTED).first()
        public = queries.public_keys(peer, trusted_only=True).get(request.key) if peer else None
        if peer is None or public is None:
            raise Rejected(Code.UNKNOWN_SENDER, N_("This node does not trust the key that signed the request"))
        check_request(
            request, signature, public=public, receiver=keystore.own_country(), target=target, now=keystore.real_now()
        )
    except Rejected as refusal:
        note_refusal(refusal, raw=header.encode(), sender=sender, peer=None)
        raise
    rotation.retire_replaced(peer, request.key)
    PeerHealth.objects.filter(peer=peer).update(last_seen_at=keystore.real_now())
    return peer, request.purpose


def records_since(peer: Peer, sequence: int, *, limit: int) -> dict[str, Any]:
    """The batch of our stream to ``peer`` after ``sequence``, as it would be delivered; empty at the end."""
    raw = delivery.batch_after(peer, sequence, limit=limit)
    return {"batch": raw.decode() if raw else "", "position": queries.position(peer, Direction.OUT)[0]}


def own_tail(peer: Peer, sequence: int) -> dict[str, Any]:
    """The asking node's own stream as we hold it: the first batch that goes beyond ``sequence``, with the head that it
    signed, and our signed position. For a node that was restored from an older copy; empty at the end.

    Raises:
        NotFound: when rows of that batch are lost here too.
    """
    head = (
        SignedHead.objects.filter(peer=peer, direction=Direction.IN, sequence__gt=sequence).order_by("sequence").first()
    )
    position = acceptance.signed_position(peer, since=sequence + 1)
    if head is None:
        return {"batch": "", "position": position}
    first = int(head.document["first"])
    rows = list(Inbox.objects.filter(peer=peer, sequence__gte=first, sequence__lte=head.sequence).order_by("sequence"))
    if len(rows) != head.sequence - first + 1:
        raise NotFound(N_("This node has lost records of the batch after %(sequence)s itself"), sequence=sequence)
    raw = envelope.assembled(head.document, head.signature, [row.record() for row in rows])
    audit.record(
        actor=node_actor(peer),
        action="exchange.tail_returned",
        subject=f"stream:{peer.stream(Direction.IN, keystore.own_country())}",
        first=first,
        last=head.sequence,
    )
    return {"batch": raw.decode(), "position": position}


def record_copy(
    peer: Peer,
    *,
    purpose: str,
    stream: str = "",
    sequence: int = 0,
    record_type: str = "",
    business_key: str = "",
    version: int = 0,
) -> dict[str, Any]:
    """Our copy of a record in one of the two streams with ``peer``; that it looked is recorded.

    Raises:
        NotFound: when there is none in its streams.
    """
    own = keystore.own_country()
    row: Outbox | Inbox | None = None
    for direction, model in ((Direction.OUT, Outbox), (Direction.IN, Inbox)):
        if stream and stream != peer.stream(direction, own):
            continue
        rows: Any = model.objects.filter(peer=peer)
        rows = (
            rows.filter(sequence=sequence)
            if stream
            else rows.filter(record_type=record_type, business_key=business_key, version=version)
        )
        row = row or rows.order_by("-sequence").first()
    if row is None:
        raise NotFound(N_("This node holds no such record in its streams with %(peer)s"), peer=peer.country)
    direction = Direction.OUT if isinstance(row, Outbox) else Direction.IN
    place = f"stream:{peer.stream(direction, own)}:{row.sequence}"
    audit.record(actor=node_actor(peer), action="exchange.record_viewed", subject=place, reason=purpose)
    record = row.record()
    return {
        "stream": peer.stream(direction, own),
        "sequence": row.sequence,
        "record_type": record.record_type,
        "business_key": record.business_key,
        "version": record.version,
        "agreement": record.agreement,
        "created_at": record.created_at.isoformat(),
        "body_digest": record.body_digest.hex(),
        "corrects": record.corrects.hex(),
        "link": bytes(row.link).hex(),
        "state": row.state,
        "body": row.parsed or None,
    }


def health_answer(peer: Peer) -> dict[str, Any]:
    """Our signed position in the neighbour's stream."""
    return acceptance.signed_position(peer)


def node_actor(peer: Peer) -> Actor:
    """The neighbour's node as an actor, for the audit log."""
    return Actor(Kind.NODE, f"node:{peer.country}", peer.name)
