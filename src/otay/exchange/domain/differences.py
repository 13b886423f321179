"""How two books differ, judged record by record: which side's copy is the one that was signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from otay.core import chain
from otay.core.i18n import N_
from otay.exchange.domain.questions import ALTERED, LOST, Line


class Kind(StrEnum):
    """How two books differ at one number."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    ALTERED_HERE = "altered_here"
    ALTERED_THERE = "altered_there"
    ALTERED_BOTH = "altered_both"
    FORKED = "forked"
    BODY_LOST_HERE = "body_lost_here"
    BODY_LOST_THERE = "body_lost_there"
    STRAY_HERE = "stray_here"
    STRAY_THERE = "stray_there"


TITLES: dict[str, str] = {
    Kind.MISSING_HERE: N_("missing on this node"),
    Kind.MISSING_THERE: N_("missing at the neighbour"),
    Kind.ALTERED_HERE: N_("altered on this node"),
    Kind.ALTERED_THERE: N_("altered at the neighbour"),
    Kind.ALTERED_BOTH: N_("different, and neither copy is the signed one"),
    Kind.FORKED: N_("two histories: each side's copy fits its own chain"),
    Kind.BODY_LOST_HERE: N_("contents lost on this node"),
    Kind.BODY_LOST_THERE: N_("contents lost at the neighbour"),
    Kind.STRAY_HERE: N_("stands on this node beyond the end of the stream"),
    Kind.STRAY_THERE: N_("stands at the neighbour beyond the end of the stream"),
}
ALARMING = frozenset(
    (
        Kind.ALTERED_HERE,
        Kind.ALTERED_THERE,
        Kind.ALTERED_BOTH,
        Kind.FORKED,
        Kind.STRAY_HERE,
        Kind.STRAY_THERE,
    )
)
"""What no repair touches: people of both administrations decide."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One number at which the books differ, with both leaves (empty: no record)."""

    sequence: int
    kind: Kind
    ours: bytes
    theirs: bytes
    record_type: str
    business_key: str
    version: int


def compare(ours: Iterable[Line], theirs: Iterable[Line], *, before: Mapping[int, bytes]) -> list[Difference]:
    """The numbers at which two sides' records of the same buckets differ.

    ``before``: number -> link of the record before a bucket, as this node holds it (genesis for 0). A copy is the
    signed one when its header and the link before lead to its own link.
    """
    mine, others = {line.sequence: line for line in ours}, {line.sequence: line for line in theirs}
    found = []
    for number in sorted({*mine, *others}):
        one, other = mine.get(number), others.get(number)
        if one is None or other is None or one.leaf != other.leaf:
            found.append(_difference(one, other, (mine, others), before))
    return found


_Books = tuple[Mapping[int, Line], Mapping[int, Line]]


def _difference(ours: Line | None, theirs: Line | None, books: _Books, before: Mapping[int, bytes]) -> Difference:
    named = ours or theirs
    assert named is not None  # noqa: S101 one of the two is there
    mine, others = books
    if ours is None:
        kind = Kind.MISSING_HERE
    elif theirs is None:
        kind = Kind.MISSING_THERE
    else:
        here = ours.body == ALTERED or not _follows(ours, (mine, others), before)
        there = theirs.body == ALTERED or not _follows(theirs, (others, mine), before)
        kind = _kind(here, there, ours.body == LOST, theirs.body == LOST)
    return Difference(
        named.sequence,
        kind,
        ours.leaf if ours else b"",
        theirs.leaf if theirs else b"",
        named.record_type,
        named.business_key,
        named.version,
    )


def _follows(line: Line, books: _Books, before: Mapping[int, bytes]) -> bool:
    """True if the line's own link follows from its header and the link before it, in its own book where it has it."""
    earlier = next((book[line.sequence - 1].link for book in books if line.sequence - 1 in book), None)
    previous = earlier or before.get(line.sequence - 1)
    return previous is not None and chain.link(previous, line.sequence, line.header_digest) == line.link


def _kind(altered_here: bool, altered_there: bool, lost_here: bool, lost_there: bool) -> Kind:
    if altered_here and altered_there:
        return Kind.ALTERED_BOTH
    if altered_here or altered_there:
        return Kind.ALTERED_HERE if altered_here else Kind.ALTERED_THERE
    if lost_here or lost_there:
        return Kind.BODY_LOST_HERE if lost_here else Kind.BODY_LOST_THERE
    return Kind.FORKED
