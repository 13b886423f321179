"""What the API takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from ninja import Field, Schema

from otay.node.schemas import RowId


class SelectedOut(Schema):
    """A declaration that was selected, and why."""

    number: str
    port: str
    day: date
    lane: str
    by: str
    rank: int
    criteria: list[dict[str, Any]]
    state: str


class CaseFindingOut(Schema):
    """A finding. ``facts`` hold what both sides say; ``causes`` are innocent explanations."""

    id: int
    key: str
    kind: str
    state: str
    weight: int
    port: str
    declaration: str | None
    peer: str
    number: str
    trader: str
    hs6: str
    facts: dict[str, Any]
    causes: list[str]
    duty: Decimal | None = Field(description="what the difference alone would add in duty, where the tariff tells")
    duty_currency: str
    day: date
    found_at: datetime
    review: str


class FindingPage(Schema):
    """Findings, heaviest first. ``next``: give it as ``start`` to go on; null at the end."""

    findings: list[CaseFindingOut]
    next: int | None


class DossierOut(Schema):
    """What is known about one declaration."""

    number: str
    port: str
    lane: str
    state: str
    mirror: dict[str, Any] | None
    score: dict[str, Any] | None
    selected: SelectedOut | None
    findings: list[CaseFindingOut]
    outcomes: list[dict[str, Any]]


class ReviewIn(Schema):
    """What an officer makes of findings."""

    findings: list[RowId] = Field(min_length=1, max_length=500)
    state: Literal["open", "explained", "confirmed"]
    note: str = Field(max_length=500)


class OutcomeIn(Schema):
    """Something that became known of a declaration."""

    number: str = Field(max_length=70)
    kind: Literal["finding", "duty", "penalty", "cleared"]
    fraud: str = Field("", max_length=20)
    amount: Decimal | None = None
    currency: str = Field("", max_length=3)
    at: datetime | None = None
    remarks: str = Field(max_length=2000)


class OutcomesIn(Schema):
    """Outcomes; all are recorded or none."""

    outcomes: list[OutcomeIn] = Field(min_length=1, max_length=1000)


class WaiveIn(Schema):
    """Why a selected check is not made."""

    reason: str = Field(max_length=300)


class PlanIn(Schema):
    """Capacities a day; shares between 0 and 1. ``port`` empty: every office without a plan of its own."""

    port: str = Field("", max_length=8)
    red: int
    yellow: int
    query: int
    blue: int
    random: Decimal
    exploration: Decimal
    trusted: Decimal
    expected_rate: Decimal
    why: str = Field(max_length=300)


class Told(Schema):
    """How many records a call changed, or what it made."""

    count: int = 0
    reference: str = ""


class CaseOut(Schema):
    """A case, as its members and auditors see it."""

    reference: str
    origin: str
    kind: str
    title: str
    summary: str
    state: str
    port: str
    opened_at: datetime
    outcome: str
    penalty: Decimal | None
    currency: str
    shared_with: str
    withdrawn_at: datetime | None


class LineOut(Schema):
    """A line of a case's timeline."""

    place: str
    country: str
    kind: str
    at: datetime
    author: str
    body: dict[str, Any]
    shared: bool


class LinkOut(Schema):
    """What a case is linked to."""

    type: str
    identifier: str
    note: str
    country: str


class CaseDetail(CaseOut):
    """A case with its timeline and links."""

    lines: list[LineOut]
    links: list[LinkOut]


class CaseIn(Schema):
    """A case to open."""

    kind: str = Field(max_length=16)
    title: str = Field(max_length=150)
    summary: str = Field("", max_length=4000)
    port: str = Field("", max_length=8)


class LinkIn(Schema):
    """A link to make."""

    type: str = Field(max_length=24)
    identifier: str = Field(max_length=80)
    note: str = Field("", max_length=300)


class EntryIn(Schema):
    """A note, a request to the neighbour (with ``purpose``) or an answer (with ``request`` and ``purpose``)."""

    kind: Literal["note", "request", "answer"]
    text: str = Field(max_length=4000)
    purpose: str = Field("", max_length=300)
    request: str = Field("", max_length=20)
    subject: str = Field("", max_length=80)
    shared: bool = False


class CaseStepIn(Schema):
    """A step of a case."""

    step: str = Field(max_length=10)
    reason: str = Field(max_length=2000)
    outcome: str = Field("", max_length=16)
    ruling: str = Field("", max_length=10)
    penalty: str = Field("", max_length=20)
    duty: str = Field("", max_length=20)
    currency: str = Field("", max_length=3)


class SeizedItemIn(Schema):
    """Goods that are seized. ``unit``: UN/ECE Recommendation 20."""

    hs6: str = Field(max_length=6)
    description: str = Field(max_length=200)
    quantity: Decimal
    unit: str = Field(max_length=3)
    value: Decimal
    currency: str = Field(max_length=3)


class SeizureIn(Schema):
    """A seizure to register."""

    port: str = Field(max_length=8)
    ground: str = Field(max_length=300)
    place: str = Field(max_length=150)
    held_from: str = Field("", max_length=150)
    number: str = Field("", max_length=70)
    case: str = Field("", max_length=24)
    items: list[SeizedItemIn] = Field(min_length=1, max_length=200)


class SeizureStepIn(Schema):
    """What happens to seized goods."""

    step: str = Field(max_length=10)
    holder: str = Field(max_length=150)
    place: str = Field("", max_length=150)
    ground: str = Field("", max_length=300)
    witnesses: list[str] = Field(default_factory=list, max_length=10)


class CustodyOut(Schema):
    """An entry of a custody chain. ``link`` is the hash that ties it to the one before."""

    sequence: int
    kind: str
    at: datetime
    actor: str
    holder: str
    place: str
    detail: dict[str, Any]
    link: str


class SeizureOut(Schema):
    """A seizure with its goods and custody chain. ``whole``: the chain holds."""

    reference: str
    port: str
    state: str
    at: datetime
    ground: str
    holder: str
    place: str
    case: str
    items: list[dict[str, Any]]
    custody: list[CustodyOut]
    whole: bool
