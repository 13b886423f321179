"""Shapes of the watchlist API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Schema

from otay.node.schemas import RowId


class ListOut(Schema):
    """A list; ``version`` is the number in force, 0 where there is none."""

    key: str
    title: str
    category: str
    source: str
    basis: str
    contact: str
    invented: bool
    version: int
    entries: int
    proposals: int
    open_hits: int


class EntryOut(Schema):
    """One entry in force."""

    list: str
    key: str
    version: int
    kind: str
    category: str
    name: str
    valid_from: date | None
    valid_until: date | None
    body: dict[str, Any]


class EntriesIn(Schema):
    """Entries to add or change (members as in the JSON import), and why."""

    entries: list[dict[str, Any]]
    why: str


class ListVersionOut(Schema):
    """A version of a list: what it would change or changed."""

    id: int
    list: str
    number: int
    state: str
    total: int
    added: int
    changed: int
    removed: int
    findings: tuple[dict[str, str], ...]


class ListImportOut(Schema):
    """A file that was taken: how far its reading is, and what came of it. ``address`` is where to ask again."""

    id: int
    list: str
    state: str
    address: str
    done: int
    total: int
    version: ListVersionOut | None
    problem: str
    findings: tuple[dict[str, str], ...]


class HitReasonOut(Schema):
    """One reason, in the caller's language."""

    about: str
    stance: str
    text: str


class ListHitOut(Schema):
    """A hit of the review queue."""

    id: int
    party: str
    label: str
    list: str
    entry: str
    entry_version: int
    entry_name: str
    category: str
    band: str
    state: str
    found_at: datetime
    reasons: tuple[HitReasonOut, ...]


class HitDecisionIn(Schema):
    """What is said of hits: clear, confirm or reopen; and why."""

    hits: list[RowId]
    decision: str
    reason: str


class DocumentIn(Schema):
    """A document of a party."""

    number: str
    type: str = ""
    issuer: str = ""


class PartyIn(Schema):
    """A party to screen without keeping anything of it."""

    key: str
    kind: str = "person"
    given: str = ""
    surnames: str = ""
    full_name: str = ""
    birth_date: str = ""
    sex: str = ""
    nationality: str = ""
    documents: tuple[DocumentIn, ...] = ()


class QuestionIn(Schema):
    """Parties to look up, and why: the reason goes into the audit log."""

    parties: list[PartyIn]
    why: str


class FoundOut(Schema):
    """A hit of a party that was looked up."""

    list: str
    entry: str
    entry_version: int
    entry_name: str
    category: str
    band: str
    cleared: bool
    reasons: tuple[HitReasonOut, ...]


class PartyAnswerOut(Schema):
    """What was found of one party."""

    key: str
    hits: list[FoundOut]
