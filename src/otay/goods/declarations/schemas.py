"""What the API takes and gives."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from ninja import Field, Schema


class DeclarationOut(Schema):
    """A declaration and where it stands."""

    number: str
    reference: str
    type: str
    port: str
    state: str
    lane: str
    version: int
    ucr: str
    vehicle: str
    importer: str
    exporter: str
    hs6: str
    amount: Decimal | None
    currency: str
    empty: bool
    lodged_at: datetime
    arrived_at: datetime | None
    released_at: datetime | None


class DeclarationPage(Schema):
    """A page of declarations, newest first. ``next``: give it as ``before`` to go on; null at the end."""

    declarations: list[DeclarationOut]
    next: int | None


class DeclarationEventOut(Schema):
    """Something that happened."""

    kind: str
    at: datetime
    recorded_at: datetime
    actor: str
    detail: dict[str, Any]


class DeclarationVersionOut(Schema):
    """The core record as lodged (version 1) or as amended."""

    version: int
    lodged_at: datetime
    core: dict[str, Any]


class DeclarationDetail(DeclarationOut):
    """A declaration with its versions and events."""

    versions: list[DeclarationVersionOut]
    events: list[DeclarationEventOut]


class DeclarationStepIn(Schema):
    """One step. For an inspection ``result`` (conforms, discrepancy, offence) and ``remarks``; for a release
    without the asked inspection ``override_reason``; for a refusal or withdrawal ``reason``."""

    number: str = Field(max_length=70)
    kind: Literal["arrived", "inspected", "released", "refused", "withdrawn"]
    at: datetime | None = None
    result: Literal["conforms", "discrepancy", "offence"] | None = None
    remarks: str = Field("", max_length=2000)
    reason: str = Field("", max_length=300)
    override_reason: str = Field("", max_length=300)


class StepsIn(Schema):
    """Steps, taken in order; each is answered on its own."""

    steps: list[DeclarationStepIn] = Field(min_length=1, max_length=2000)


class StepTakenOut(Schema):
    """What became of a step. ``problem``: why it was not taken."""

    number: str
    state: str
    lane: str
    problem: str = ""


class QueueOut(Schema):
    """What waits at a port."""

    port: str
    at_port: int
    by_state: dict[str, int]
    by_lane: dict[str, int]
    oldest_arrival: datetime | None
