"""What the messages about a flight add up to, whatever order they come in.

Each message is stamped with the time its sender wrote into it; of two facts about the same thing the later stamp
counts. So a close-out that overtakes its passenger list, or a cancellation that comes before the reservation, leads to
the same roll as the right order; and a message that changes nothing because something newer is known says so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class State(StrEnum):
    """Where a traveller stands on the roll."""

    LISTED = "listed"
    CANCELLED = "cancelled"
    BOARDED = "boarded"
    MISSING = "missing"


class Effect(StrEnum):
    """What a message does to a roll."""

    LIST = "list"
    CHANGE = "change"
    CANCEL = "cancel"
    CLOSE = "close"
    CANCEL_FLIGHT = "cancel flight"
    CHANGE_FLIGHT = "change flight"
    GATE = "gate pass"


class Outcome(StrEnum):
    """What became of one traveller of a message."""

    ADDED = "added"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    SAME = "same"
    STALE = "stale"


#: BGM code and sub-code (WCO/IATA/ICAO API guide) to what is to be done. Codes that are not here are read as lists.
EFFECTS = {
    ("745", ""): Effect.LIST,
    ("745", "CP"): Effect.CHANGE,
    ("745", "XR"): Effect.CANCEL,
    ("745", "RP"): Effect.CANCEL,
    ("250", "CC"): Effect.CHANGE,
    ("250", "BC"): Effect.CHANGE,
    ("250", "EC"): Effect.CHANGE,
    ("250", "FC"): Effect.CHANGE,
    ("266", ""): Effect.CLOSE,
    ("266", "CL"): Effect.CLOSE,
    ("266", "CLOB"): Effect.CLOSE,
    ("266", "CLNB"): Effect.CLOSE,
    ("266", "XF"): Effect.CANCEL_FLIGHT,
    ("266", "CF"): Effect.CHANGE_FLIGHT,
    ("336", "G"): Effect.LIST,
    ("336", "H"): Effect.CANCEL,
    ("336", "I"): Effect.CHANGE,
    ("655", ""): Effect.GATE,
}
MASTER_CREW, GATE_PASS = "336", "655"


def effect_of(code: str, subcode: str) -> Effect:
    """What a message with these codes does."""
    return EFFECTS.get((code, subcode)) or EFFECTS.get((code, ""), Effect.LIST)


def stamp(prepared: str | None, received: datetime, message: int) -> str:
    """The moment that a message speaks of; texts that sort as the moments do.

    A message that does not say when it was made counts as made when it came. Two of the same minute count in the order
    in which they came.
    """
    moment = prepared if prepared and len(prepared) >= 16 else f"{received:%Y-%m-%dT%H:%M}"
    return f"{moment[:16]}#{message:012d}"


class Entry(Protocol):
    """A traveller on a roll; stamps are empty until something says so."""

    facts_stamp: str
    listed_stamp: str
    cancelled_stamp: str


def take_listing(entry: Entry, at: str) -> Outcome:
    """The traveller is on a list stamped ``at``. Tells whether the facts of that list are to be taken."""
    if at > entry.listed_stamp:
        entry.listed_stamp = at
    if at < entry.facts_stamp:
        return Outcome.STALE
    added = not entry.facts_stamp
    entry.facts_stamp = at
    return Outcome.ADDED if added else Outcome.CHANGED


def take_cancellation(entry: Entry, at: str) -> Outcome:
    """The traveller is taken off by a message stamped ``at``."""
    if at <= max(entry.cancelled_stamp, entry.listed_stamp):
        return Outcome.STALE
    entry.cancelled_stamp = at
    return Outcome.CANCELLED


@dataclass(frozen=True, slots=True)
class Closing:
    """A close-out: ``named`` are on board, or (``CLNB``) not on board. A plain ``CL`` that names nobody says nothing of
    anybody."""

    at: str = ""
    subcode: str = ""
    named: frozenset[str] = field(default_factory=frozenset)

    @property
    def tells(self) -> bool:
        """True if it says who is on board."""
        return bool(self.at) and (bool(self.named) or self.subcode in ("CLOB", "CLNB"))


def later(first: Closing, second: Closing) -> Closing:
    """The one that counts."""
    return second if second.at > first.at else first


def state_of(entry: Entry, keys: Collection[str], closing: Closing, *, crew: bool = False) -> State:
    """Where a traveller stands who may be named by any of ``keys``. Crew is on board unless named as not; who was
    listed after the close-out is neither on board nor missing."""
    if entry.cancelled_stamp > entry.listed_stamp:
        return State.CANCELLED
    if not closing.tells or entry.listed_stamp > closing.at:
        return State.LISTED
    named = any(key in closing.named for key in keys)
    if crew and not named:
        return State.LISTED
    return State.BOARDED if named != (closing.subcode == "CLNB") else State.MISSING
