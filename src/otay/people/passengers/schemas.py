"""What the API takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema


class AnswerOut(Schema):
    """The answer for one traveller. ``code``: 0Z board, 1Z no board, 2Z additional screening, 4Z insufficient data."""

    traveller: str
    number: int
    references: dict[str, str]
    code: str
    meaning: str
    text: str


class ListFindingOut(Schema):
    """One thing wrong at one place."""

    place: str
    value: str
    rule: str
    message: str
    remedy: str
    severity: str


class TakenOut(Schema):
    """What became of a message, for programs that read JSON."""

    message: int
    state: str
    duplicate: bool
    flights: list[dict[str, Any]]
    answers: list[AnswerOut]
    findings: list[ListFindingOut]
    waiting_for_parts: bool = False


class FlightOut(Schema):
    """A flight; times are the ports' own, ``departs_at`` is UTC."""

    id: int
    carrier: str
    number: str
    day: str
    origin: str
    destination: str
    direction: str
    office: str
    departure: str
    arrival: str
    departs_at: datetime | None
    cancelled: bool


class FlightPage(Schema):
    """A page of flights, latest day first. ``next``: give it as ``before``."""

    flights: list[FlightOut]
    next: int | None


class TravellerOut(Schema):
    """A traveller on a flight and the answer that stands."""

    uid: str
    role: str
    given: str
    surnames: str
    full_name: str
    birth_date: str
    sex: str
    nationality: str
    seat: str
    locator: str
    state: str
    answer: str
    answer_text: str
    told: str


class OfficerTravellerOut(TravellerOut):
    """The same, with the row of the table that decided and how many matches are open: both for officers only."""

    why: str | None = None
    open_hits: int | None = None


class FlightDetail(FlightOut):
    """A flight with its travellers."""

    counts: dict[str, int]
    travellers: list[OfficerTravellerOut]


class HitOut(Schema):
    """An entry of a watchlist that the traveller may be."""

    id: int
    list_title: str
    entry_name: str
    category: str
    band: str
    score: float
    state: str
    reasons: list[dict[str, Any]]


class TravellerDetail(TravellerOut):
    """A traveller with documents and bags as sent. ``hits`` and ``decisions`` are for officers only."""

    flight: FlightOut
    facts: dict[str, Any]
    booking: dict[str, Any] | None
    hits: list[HitOut] = Field(default_factory=list)


class DecisionIn(Schema):
    """A decision about a traveller and its reason."""

    kind: Literal["allow", "refer", "no_board"]
    reason: str = Field(max_length=300)


class DecisionOut(Schema):
    """``effective``: false while a second person has to agree."""

    id: int
    kind: str
    effective: bool
    answer: str


class MatchIn(Schema):
    """Whether the traveller is the entry, and why."""

    same: bool
    reason: str = Field(max_length=300)


class NoticeOut(Schema):
    """A status change. ``cusres``: the message to take and to acknowledge (BGM 312)."""

    id: int
    kind: str
    reference: str | None
    flight: str
    before: str
    after: str
    made_at: datetime
    fetched_at: datetime | None
    acknowledged_at: datetime | None
    problem: str
    cusres: str


class NoticePage(Schema):
    """Oldest first. ``next``: give it as ``after``."""

    notices: list[NoticeOut]
    next: int | None
