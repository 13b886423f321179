"""Shapes of the reports' API."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from otay.goods.transit.reports.storing import Settled
from otay.intake.schemas import FindingOut


class NumberedFinding(FindingOut):
    """What is wrong in message number ``number`` (from 0)."""

    number: int


class SettledOut(Schema):
    """What became of what was sent. Everything is kept, also what could not be read."""

    stored: int = Field(description="New reports.")
    duplicates: int = Field(description="Reports that were here before.")
    flagged: int = Field(description="New reports that judge nothing: of another's device, dated in the future...")
    unread: int = Field(description="Frames kept though they could not be read.")
    findings: list[NumberedFinding] = Field(default_factory=list)
    answers: list[str] = Field(default_factory=list, description="What the devices want to hear back, hexadecimal.")

    @classmethod
    def of(cls, settled: Settled, answers: list[bytes], language: str) -> SettledOut:
        """``settled`` with its findings in ``language``."""
        findings = [
            NumberedFinding.model_validate({**finding.as_dict(language), "number": number})
            for number, finding in settled.findings[:1000]
        ]
        counts = {name: settled.counts[name] for name in ("stored", "duplicates", "flagged", "unread")}
        return cls(**counts, findings=findings, answers=[answer.hex() for answer in answers])
