"""Range digests: a Merkle tree over a stream, so that two nodes find the one record that differs among millions.

A leaf is what stands in a row *now*, computed from its parts; a bucket is 256 consecutive numbers; a node covers 64
children. Two sides that hold the same records have the same root. Where they differ, each level narrows the search to
one child in 64: ten million records are four questions away from the record.

Leaves, buckets and nodes are hashed in separate domains, and a leaf carries its number: a record cannot stand in for a
range, nor for another record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

BUCKET = 256
FANOUT = 64
LEAF, RANGE, NODE = b"otay.leaf.v1\x00", b"otay.range.v1\x00", b"otay.node.v1\x00"
_EMPTY = bytes(32)


def bucket_of(sequence: int) -> int:
    """The bucket (from 0) of a record's number (from 1)."""
    return (sequence - 1) // BUCKET


def bucket_bounds(bucket: int) -> tuple[int, int]:
    """First and last number of a bucket."""
    return bucket * BUCKET + 1, (bucket + 1) * BUCKET


def leaf(sequence: int, header_digest: bytes, link: bytes, body: bytes) -> bytes:
    """The digest of one record. ``body``: digest of the body as found, or the signed one where it was rightly dropped;
    empty where it is missing without a reason."""
    return hashlib.sha256(LEAF + sequence.to_bytes(8, "big") + header_digest + link + (body or _EMPTY)).digest()


def bucket_digest(leaves: Iterable[bytes]) -> bytes:
    """The digest of a bucket: over the leaves of the records that are there, in order."""
    return hashlib.sha256(RANGE + b"".join(leaves)).digest()


def node_digest(children: Sequence[bytes]) -> bytes:
    """The digest of a node over its children, in order."""
    return hashlib.sha256(NODE + b"".join(children)).digest()


@dataclass(frozen=True)
class Tree:
    """The tree over the bucket digests of a stream. Level 0 are the buckets; the last level has one node."""

    buckets: Sequence[bytes]

    @cached_property
    def levels(self) -> list[Sequence[bytes]]:
        """All levels, from the buckets to the root."""
        levels: list[Sequence[bytes]] = [self.buckets]
        while len(levels[-1]) > 1:
            below = levels[-1]
            levels.append([node_digest(below[at : at + FANOUT]) for at in range(0, len(below), FANOUT)])
        return levels

    @property
    def depth(self) -> int:
        """The level of the root."""
        return len(self.levels) - 1

    @property
    def root(self) -> bytes:
        """The digest over everything; 32 zero bytes over nothing."""
        return self.levels[-1][0] if self.buckets else _EMPTY

    def children(self, level: int, index: int) -> Sequence[bytes]:
        """The digests below node ``index`` of ``level``; empty where there is no such node."""
        if not 0 < level <= self.depth or index < 0:
            return ()
        return self.levels[level - 1][index * FANOUT : (index + 1) * FANOUT]


def depth_of(buckets: int) -> int:
    """The level of the root over so many buckets."""
    level = 0
    while buckets > 1:
        buckets, level = -(-buckets // FANOUT), level + 1
    return level


def differing(ours: Sequence[bytes], theirs: Sequence[bytes], index: int) -> list[int]:
    """Which children of node ``index`` differ, numbered within their level; a child that one side lacks differs."""
    first = index * FANOUT
    return [
        first + at
        for at in range(max(len(ours), len(theirs)))
        if at >= len(ours) or at >= len(theirs) or ours[at] != theirs[at]
    ]
