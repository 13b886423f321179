"""Chain of custody: who held a thing, where, from when on; every change of hands linked to the one before.

One chain for each thing (a seized lot, a file of evidence, later a parcel of seized cash). It starts at a link made of
the thing's own name, so that the history of one thing can never be passed off as that of another. Entries are linked
as in :mod:`otay.core.chain`; the words for what can happen are the business of the room that keeps the thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from otay.core import chain
from otay.core.canonical import canonical_json, digest

_DOMAIN = b"otay.custody.v1\x00"


def genesis(item: str) -> bytes:
    """The link before the first entry of ``item``'s chain."""
    return digest(_DOMAIN + item.encode())


@dataclass(frozen=True, slots=True)
class Holding:
    """What happened to a thing. ``at``: when; ``actor``: who says so; ``holder`` and ``place``: who has it from then
    on and where; ``detail``: what else belongs to the record (canonical JSON: no floats)."""

    kind: str
    at: datetime
    actor: str
    holder: str
    place: str
    detail: Mapping[str, Any] = field(default_factory=dict)

    def body(self, item: str) -> bytes:
        """The bytes that the entry's digest covers."""
        return canonical_json(
            {
                "item": item,
                "kind": self.kind,
                "at": self.at,
                "actor": self.actor,
                "holder": self.holder,
                "place": self.place,
                "detail": dict(self.detail),
            }
        )


def extend(item: str, holdings: Iterable[Holding], *, previous: bytes | None, last_sequence: int) -> list[chain.Entry]:
    """Entries for ``holdings`` after the last one kept (``previous`` None: there is none yet)."""
    start = genesis(item) if previous is None else previous
    return list(chain.extend(start, last_sequence, [digest(one.body(item)) for one in holdings]))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking a chain found. ``problem`` is empty, ``gap`` (an entry is missing), ``altered`` (an entry is not
    what was written) or ``short`` (the last entries are missing); ``sequence``: where."""

    entries: int
    problem: str = ""
    sequence: int = 0

    @property
    def whole(self) -> bool:
        """True when nothing was changed, removed or inserted."""
        return not self.problem


def verify(item: str, rows: Iterable[tuple[chain.Entry, Holding]], *, expected: int | None = None) -> Verdict:
    """Check ``item``'s chain from its first entry: bodies against digests, digests against links.

    ``expected``: how many entries there must be, where that is known from elsewhere.
    """
    previous, last = genesis(item), 0
    for entry, holding in rows:
        if entry.sequence != last + 1:
            return Verdict(last, "gap", last + 1)
        if digest(holding.body(item)) != entry.body_digest:
            return Verdict(last, "altered", entry.sequence)
        if chain.link(previous, entry.sequence, entry.body_digest) != entry.link:
            return Verdict(last, "altered", entry.sequence)
        previous, last = entry.link, entry.sequence
    if expected is not None and last < expected:
        return Verdict(last, "short", last + 1)
    return Verdict(last)
