"""What a carrier is told about a traveller, and why: a table an officer can read aloud.

The first row that applies decides.

1. An officer decided: what the officer said.
2. Name, date of birth or document is missing: insufficient data (4Z).
3. A strong match with a travel ban, a measure that refuses entry, or a lost or stolen document: no board (1Z).
4. Any other open match: additional screening (2Z).
5. Else: board (0Z).

Cleared matches count for nothing. Ethnicity, religion and language are not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from otay.formats.cusres.answers import BOARD, INSUFFICIENT, NO_BOARD, SCREEN, Answer
from otay.formats.cusres.writing import verdict


class Kind(StrEnum):
    """What an officer can decide about a traveller."""

    ALLOW = "allow"
    REFER = "refer"
    NO_BOARD = "no_board"


class Why(StrEnum):
    """The row of the table that decided."""

    DECISION = "decision"
    INSUFFICIENT = "insufficient"
    NO_BOARD_LIST = "no_board_list"
    OPEN_MATCH = "open_match"
    NOTHING = "nothing"


DECIDED = {Kind.ALLOW: BOARD, Kind.REFER: SCREEN, Kind.NO_BOARD: NO_BOARD}
STRONG = "strong"
#: Categories of entries on which a strong match alone is answered "no board": travel bans, measures that refuse entry,
#: documents that are lost, stolen or void. Who is wanted or missing may board and is met by an officer.
NO_BOARD_CATEGORIES = frozenset({"sanction", "immigration", "document"})


@dataclass(frozen=True, slots=True)
class Match:
    """An entry of a list that the traveller may be, as far as the answer depends on it."""

    band: str
    category: str
    cleared: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """An answer and the row that gave it."""

    answer: Answer
    why: Why


def decide(person: Mapping[str, Any], matches: Iterable[Match], *, decided: Kind | None = None) -> Given:
    """The answer for one traveller (a record of ``otay.formats.manifest``)."""
    if decided is not None:
        return Given(Answer(DECIDED[decided]), Why.DECISION)
    said = verdict(person)
    if said.code == INSUFFICIENT:
        return Given(said, Why.INSUFFICIENT)
    open_ones = [match for match in matches if not match.cleared]
    if any(match.band == STRONG and match.category in NO_BOARD_CATEGORIES for match in open_ones):
        return Given(Answer(NO_BOARD), Why.NO_BOARD_LIST)
    if open_ones:
        return Given(Answer(SCREEN), Why.OPEN_MATCH)
    return Given(said, Why.NOTHING)


def needs_second(kind: Kind, current: str) -> bool:
    """True if one officer alone must not decide this: letting somebody board who was told not to."""
    return kind is not Kind.NO_BOARD and current == NO_BOARD
