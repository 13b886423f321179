"""Hash chains: an append-only list in which no entry can be altered, removed or inserted unnoticed.

An entry's link covers the link before it, its number and the digest of its body, never the body itself: a body that
a retention rule drops later leaves a chain that still verifies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

GENESIS = bytes(32)
_DOMAIN = b"otay.chain.v1\x00"


def link(previous: bytes, sequence: int, body_digest: bytes) -> bytes:
    """The link of entry ``sequence``: SHA-256 over domain, previous link, number (8 bytes) and body digest."""
    if len(previous) != 32 or len(body_digest) != 32:
        raise ValueError("a link and a digest are 32 bytes each")
    return hashlib.sha256(_DOMAIN + previous + sequence.to_bytes(8, "big") + body_digest).digest()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as stored: its number, the digest of its body and its link."""

    sequence: int
    body_digest: bytes
    link: bytes


def extend(previous: bytes, last_sequence: int, digests: Iterable[bytes]) -> Iterator[Entry]:
    """Entries for ``digests``, numbered from ``last_sequence + 1`` and linked to ``previous``."""
    for number, body_digest in enumerate(digests, start=last_sequence + 1):
        previous = link(previous, number, body_digest)
        yield Entry(number, body_digest, previous)


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a chain does not hold. ``kind``: ``gap`` (a number is missing) or ``altered``."""

    sequence: int
    kind: str


def first_break(entries: Iterable[Entry], *, previous: bytes = GENESIS, last_sequence: int = 0) -> Break | None:
    """The first entry that does not follow from the one before it; None when all hold."""
    for entry in entries:
        if entry.sequence != last_sequence + 1:
            return Break(last_sequence + 1, "gap")
        if link(previous, entry.sequence, entry.body_digest) != entry.link:
            return Break(entry.sequence, "altered")
        previous, last_sequence = entry.link, entry.sequence
    return None
