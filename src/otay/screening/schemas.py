"""Shapes of the screening API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema


class RuleOut(Schema):
    """A rule version."""

    key: str
    version: int
    condition: dict[str, Any]
    points: int
    lane: str
    reason: dict[str, str]
    valid_from: datetime | None
    valid_until: datetime | None
    owner: str
    why: str
    author: str
    decided_by: str
    decision: str


class TableOut(Schema):
    """The table in force."""

    kind: str
    version: int
    made_at: datetime
    policy: dict[str, Any]
    rules: list[RuleOut]


class ReasonOut(Schema):
    """A rule that fired, in the reader's language."""

    rule: str
    version: int
    points: int
    lane: str
    text: str


class AssessmentOut(Schema):
    """What one table said of one subject."""

    id: int
    subject: str
    kind: str
    port: str
    at: datetime
    lane: str
    rule_lane: str
    random: bool
    score: int
    table: int
    reasons: list[ReasonOut]
    missing: list[str]
    facts_digest: str


class ProposalIn(Schema):
    """A proposed rule. ``rule``: key, condition, points, lane, reason (en, es), valid_from, valid_until."""

    kind: str
    rule: dict[str, Any]
    why: str
    owner: str = ""


class ProposalOut(Schema):
    """A proposal that waits for a second person."""

    id: int
    key: str
    version: int
