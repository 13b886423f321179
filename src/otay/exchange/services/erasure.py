"""Erasure confirmed: what a node drops of its neighbour's records it tells in its own signed chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from otay.core.errors import OtayError
from otay.exchange import keystore, queries
from otay.exchange.domain.control import ERASURE, MAX_RANGES, Erasure, as_ranges, read_erasure
from otay.exchange.models import Direction, ErasureConfirmation, Inbox, Outbox, Peer
from otay.exchange.registry import Received
from otay.exchange.services import publishing
from otay.node import audit, clock
from otay.node.actors import SYSTEM


def confirm(peer: Peer, *, citation: str, numbers: Sequence[int], at: datetime) -> int:
    """Tell the neighbour which bodies of its stream were dropped; how many records that took."""
    stream = peer.stream(Direction.IN, keystore.own_country())
    ranges = as_ranges(numbers)
    parts = [tuple(ranges[first : first + MAX_RANGES]) for first in range(0, len(ranges), MAX_RANGES)]
    for part in parts:
        key = f"{part[0][0]}-{part[-1][1]}"
        before = Outbox.objects.filter(peer=peer, record_type=ERASURE, business_key=key).count()
        told = Erasure(stream, citation, at, part)
        publishing.append_control(SYSTEM, peer, ERASURE, key, told.body(), version=before + 1)
    return len(parts)


@transaction.atomic
def drop_received(*, peer: Peer, rows: Sequence[Inbox], reason: str) -> int:
    """Drop the bodies of ``rows`` that came from ``peer`` before their retention ends, because it withdrew them, and
    confirm that in our chain; how many. Digests, links and signatures stay."""
    kept = [row for row in rows if row.body]
    now = clock.now()
    Inbox.objects.filter(peer=peer, pk__in=[row.pk for row in kept]).update(body="", erased_at=now)
    for citation in sorted({row.citation for row in kept}):
        numbers = [row.sequence for row in kept if row.citation == citation]
        confirm(peer, citation=citation, numbers=numbers, at=now)
    if kept:
        audit.record(
            actor=SYSTEM, action="exchange.bodies_erased", subject=f"node:{peer.country}", reason=reason,
            records=len(kept),
        )  # fmt: skip
    return len(kept)


def check(peer: Peer, body: Mapping[str, Any]) -> str:
    """Why a neighbour's confirmation is not taken; empty when it is."""
    try:
        read_erasure(body, stream=peer.stream(Direction.OUT, keystore.own_country()))
    except OtayError as problem:
        return problem.template
    return ""


def take(received: Sequence[Received]) -> None:
    """Keep the neighbour's signed word that it dropped bodies of ours."""
    own = keystore.own_country()
    made = []
    for one in received:
        peer = queries.peer_named(one.peer)
        told = read_erasure(one.body, stream=peer.stream(Direction.OUT, own))
        made.append(
            ErasureConfirmation(
                peer=peer,
                citation=told.agreement[:80],
                at=told.at,
                first=told.ranges[0][0],
                last=told.ranges[-1][1],
                ranges=[list(stretch) for stretch in told.ranges],
                records=told.records,
                sequence=one.sequence,
                received_at=one.received_at,
            )
        )
    ErasureConfirmation.objects.bulk_create(made, ignore_conflicts=True)
