"""Sums over business keys: what two sides hold, whatever number it has in the stream.

The tree over numbers says where two streams part. After a node was restored from an old copy, the same records may
stand under other numbers; these sums tell whether the contents are nevertheless the same. Sums of 256 bits stand
against accident; against a forger stand the chain and the tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from otay.core.canonical import digest

KEY_BUCKETS = 1024
MODULUS = 2**256


def key_bucket(record_type: str, business_key: str) -> int:
    """The bucket of a business key."""
    named = digest(record_type.encode() + b"\x00" + business_key.encode())
    return int.from_bytes(named[:2], "big") % KEY_BUCKETS


def key_element(record_type: str, business_key: str, version: int, body_digest: bytes) -> int:
    """One version of a record, wherever it stands in the stream, as a number to add up."""
    named = b"\x00".join((b"otay.key.v1", record_type.encode(), business_key.encode(), str(version).encode()))
    return int.from_bytes(digest(named + b"\x00" + body_digest), "big")


def key_sums(rows: Iterable[tuple[str, str, int, bytes]]) -> list[int]:
    """The sums of :func:`key_element`, modulo 2**256, for each bucket: the order of the records does not matter, and
    the sums of two stretches of a stream add up to that of both."""
    sums = [0] * KEY_BUCKETS
    for record_type, key, version, body_digest in rows:
        sums[key_bucket(record_type, key)] += key_element(record_type, key, version, body_digest)
    return [one % MODULUS for one in sums]


def added(sums: Sequence[int], more: Sequence[int]) -> list[int]:
    """Two stretches' sums together."""
    return [(one + other) % MODULUS for one, other in zip(sums, more, strict=True)]
