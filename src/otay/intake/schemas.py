"""Shapes of the intake API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field

from otay.core.findings import Finding, Severity
from otay.intake.incoming import Receipt
from otay.intake.models import StoredMessage
from otay.intake.queries import findings_of
from otay.intake.registry import State


class FindingOut(Schema):
    """One thing wrong at one place, in the caller's language."""

    place: str
    value: str
    rule: str
    message: str
    remedy: str
    severity: Severity

    @classmethod
    def of(cls, finding: Finding, language: str) -> FindingOut:
        """``finding`` in ``language``."""
        return cls.model_validate(finding.as_dict(language))


class ReceiptOut(Schema):
    """The door's answer to one message. ``duplicate``: it was here before, and this is what became of it then."""

    id: int | None
    reference: str
    state: State
    duplicate: bool = False
    findings: list[FindingOut] = Field(default_factory=list)
    answer: dict[str, Any] = Field(default_factory=dict)
    subjects: list[str] = Field(default_factory=list)

    @classmethod
    def of(cls, receipt: Receipt, language: str) -> ReceiptOut:
        """``receipt`` with its findings in ``language``."""
        return cls(
            id=receipt.id,
            reference=receipt.reference,
            state=receipt.state,
            duplicate=receipt.duplicate,
            findings=[FindingOut.of(finding, language) for finding in receipt.findings],
            answer=receipt.answer,
            subjects=list(receipt.subjects),
        )


class ProblemOut(ReceiptOut):
    """A refused message as an RFC 9457 problem document."""

    type: str = "about:blank"
    title: str
    status: int


class BatchOut(Schema):
    """Answers to the messages of a batch, in its order, and how many of each state."""

    counts: dict[str, int]
    messages: list[ReceiptOut]


class MessageOut(Schema):
    """A message of the log."""

    id: int
    sender: str
    reference: str
    format: str
    name: str
    size: int
    sha256: str
    received_at: datetime
    settled_at: datetime | None
    channel: str
    state: State
    corrects: int | None
    findings: list[FindingOut]
    answer: dict[str, Any]
    subjects: list[str]

    @classmethod
    def of(cls, row: StoredMessage, language: str) -> MessageOut:
        """``row`` with its findings in ``language``."""
        return cls(
            id=row.pk, sender=row.sender, reference=row.reference, format=row.format, name=row.name, size=row.size,
            sha256=bytes(row.digest).hex(), received_at=row.received_at, settled_at=row.settled_at, channel=row.channel,
            state=State(row.state), corrects=row.corrects_id,
            findings=[FindingOut.of(finding, language) for finding in findings_of(row)],
            answer=row.answer, subjects=row.subjects,
        )  # fmt: skip


class MessagesOut(Schema):
    """A page of the log, newest first. ``next``: give it as ``before`` to get the page after this one."""

    messages: list[MessageOut]
    next: int | None
