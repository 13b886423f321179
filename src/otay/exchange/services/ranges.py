"""The range digests of this node's streams: computed once from the rows, kept, and computed anew where a row was
touched. A stream of ten million records keeps 40,000 of them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from otay.core.canonical import digest
from otay.core.errors import OtayError
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain.envelope import Record
from otay.exchange.domain.questions import ALTERED, ERASED, LOST, WHOLE, Line
from otay.exchange.domain.ranges import BUCKET, Tree, bucket_bounds, bucket_digest
from otay.exchange.models import Direction, Inbox, Outbox, Peer, RangeDigest

AT_ONCE = 32
TURN_SECONDS = 10.0
_COLUMNS = (
    "sequence", "record_type", "business_key", "version", "citation", "created_at", "body_digest", "body", "link",
    "erased_at", "state", "corrects",
)  # fmt: skip
_BODILESS = {Outbox.State.WITHHELD.value, Outbox.State.REFUSED.value, Inbox.State.REFUSED.value}


def lines(peer: Peer, direction: str, first: int, last: int) -> Iterator[Line]:
    """The records from ``first`` to ``last`` as they stand in their rows now, each digest computed anew."""
    model = Outbox if direction == Direction.OUT else Inbox
    rows = model.objects.filter(peer=peer, sequence__gte=first, sequence__lte=last).order_by("sequence")
    for row in rows.values_list(*_COLUMNS).iterator(chunk_size=2000):
        yield _line(*row)


def _line(
    sequence: int, record_type: str, key: str, version: int, citation: str, created_at: datetime,
    body_digest: Any, body: str, link: Any, erased_at: datetime | None, state: str, corrects: Any,
) -> Line:  # fmt: skip
    signed = bytes(body_digest)
    record = Record(record_type, key, version, citation, created_at, signed, corrects=bytes(corrects))
    header = digest(record.header())
    found = digest(body.encode()) if body else b""
    if body:
        stands = WHOLE if found == signed else ALTERED
    else:
        stands = ERASED if erased_at is not None or state in _BODILESS else LOST
    return Line(sequence, record_type, key, version, header, signed, bytes(link), stands, found)


def fold(peer: Peer, direction: str, *, seconds: float | None = None) -> int:
    """Compute and keep the digests that are lacking for full buckets, oldest first, at most for ``seconds``; how many
    are left."""
    full = queries.position(peer, direction)[0] // BUCKET
    lacking = [bucket for bucket, one in enumerate(_stored(peer, direction, full)) if not one]
    end = None if seconds is None else time.monotonic() + seconds
    for at in range(0, len(lacking), AT_ONCE):
        if end is not None and time.monotonic() > end:
            return len(lacking) - at
        _fold(peer, direction, lacking[at : at + AT_ONCE])
    return 0


def fold_all() -> int:
    """A turn of the background: what is lacking, for every neighbour and direction, for a few seconds; how many
    digests are left."""
    return sum(fold(peer, way, seconds=TURN_SECONDS) for peer in Peer.objects.all() for way in Direction.values)


class NotReady(OtayError):
    """The node has not read its book through yet."""

    status = 503


def require(peer: Peer, direction: str, *, seconds: float) -> None:
    """See that the digests are there, and compute what is lacking for so long.

    Raises:
        NotReady: when that was not long enough; what was computed is kept, and the background goes on.
    """
    if left := fold(peer, direction, seconds=seconds):
        raise NotReady(
            N_(
                "%(country)s is still reading its book of %(stream)s: %(left)s stretches of %(size)s records are left. "
                "Compare again later"
            ),
            country=keystore.own_country(),
            stream=peer.stream(direction, keystore.own_country()),
            left=left,
            size=BUCKET,
        )


def _fold(peer: Peer, direction: str, buckets: Sequence[int]) -> None:
    """Claim, compute, keep. A row touched meanwhile removes the claim, so that no stale digest is kept: no lock is held
    while rows are read."""
    token = secrets.token_bytes(8)
    RangeDigest.objects.bulk_create(
        [RangeDigest(peer=peer, direction=direction, bucket=bucket, digest=token) for bucket in buckets],
        update_conflicts=True,
        unique_fields=["peer", "direction", "bucket"],
        update_fields=["digest"],
    )
    computed = {bucket: bucket_digest(_leaves(peer, direction, *bucket_bounds(bucket))) for bucket in buckets}
    claimed = RangeDigest.objects.filter(peer=peer, direction=direction, digest=token)
    with transaction.atomic():
        for bucket, one in computed.items():
            claimed.filter(bucket=bucket).update(digest=one)


def _leaves(peer: Peer, direction: str, first: int, last: int) -> list[bytes]:
    return [line.leaf for line in lines(peer, direction, first, last)]


def _stored(peer: Peer, direction: str, full: int) -> list[bytes]:
    """The kept digests of the first ``full`` buckets; empty where there is none."""
    found = [b""] * full
    rows = RangeDigest.objects.filter(peer=peer, direction=direction, bucket__lt=full).values_list("bucket", "digest")
    for bucket, one in rows.iterator(chunk_size=5000):
        if len(one) == 32:
            found[bucket] = bytes(one)
    return found


def tree(peer: Peer, direction: str, upto: int) -> Tree:
    """The tree over the first ``upto`` records, from kept digests and, for the last, unfilled bucket, from its rows."""
    full = upto // BUCKET
    buckets = _stored(peer, direction, full)
    if not all(buckets):
        fold(peer, direction)
        buckets = _stored(peer, direction, full)
    for bucket, one in enumerate(buckets):
        if not one:  # touched this moment
            buckets[bucket] = bucket_digest(_leaves(peer, direction, *bucket_bounds(bucket)))
    if upto % BUCKET:
        buckets.append(bucket_digest(_leaves(peer, direction, full * BUCKET + 1, upto)))
    return Tree(buckets)


def forget(peer: Peer) -> None:
    """Drop all kept digests of both streams, so that the next comparison reads every row."""
    RangeDigest.objects.filter(peer=peer).delete()


def stray(peer: Peer, direction: str, *, limit: int = 100) -> list[int]:
    """Numbers that stand beyond the end of the stream."""
    model = Outbox if direction == Direction.OUT else Inbox
    end = queries.position(peer, direction)[0]
    rows = model.objects.filter(peer=peer, sequence__gt=end).order_by("sequence")
    return list(rows.values_list("sequence", flat=True)[:limit])
