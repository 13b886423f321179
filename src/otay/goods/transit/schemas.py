"""What the API takes and gives."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import AwareDatetime

from otay.engines.transit.settings import TransitRules
from otay.node.schemas import RowId

Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-89.9, le=89.9)]


class LineIn(Schema):
    """A line of the consignment; ``declaration`` is the number of a goods declaration of this node."""

    description: str = Field("", max_length=280)
    hs6: str = Field("", max_length=6)
    packages: int | None = Field(None, ge=0, le=99_999_999)
    gross_mass_kg: Decimal | None = None
    declaration: str = Field("", max_length=70)


class SecurityIn(Schema):
    """A part of a guarantee to take."""

    grn: str = Field(max_length=24)
    amount: Decimal
    currency: str = Field(max_length=3)


class MovementIn(Schema):
    """A transit declaration. ``route``: positions of longitude and latitude; ``route_id``: one of the library."""

    lrn: str = Field(max_length=22)
    procedure: Literal["ncts", "tir"] = "ncts"
    type: str = Field("T1", max_length=5)
    pre_lodged: bool = False
    holder: str = Field(max_length=70)
    holder_id: str = Field(max_length=35)
    carrier: str = Field("", max_length=35)
    vehicle: str = Field(max_length=35)
    container: str = Field("", max_length=17)
    departure: str = Field(max_length=8)
    transit_offices: list[str] = Field([], max_length=9)
    destination: str = Field(max_length=8)
    countries: list[str] = Field([], max_length=99)
    binding: bool = True
    route: list[tuple[Lon, Lat]] = Field([], max_length=20_000)
    route_id: int | None = None
    rules: TransitRules | None = None
    time_limit: AwareDatetime
    gross_mass_kg: Decimal | None = None
    lines: list[LineIn] = Field(min_length=1, max_length=999)
    securities: list[SecurityIn] = Field([], max_length=9)


class JourneyOut(Schema):
    """Where a movement was last seen, and when it is expected (four in five arrivals fall in the interval).

    ``earlier_journeys``: how many the expectation rests on, 0 for the pace alone; null where the neighbour told it.
    """

    seen_at: datetime | None
    lat: float | None
    lon: float | None
    off_m: float | None
    progress_m: float | None
    early: datetime | None
    likely: datetime | None
    late: datetime | None
    earlier_journeys: int | None
    risk: str
    open_alarms: int


class MovementOut(Schema):
    """A movement and where it stands. ``peer``: the neighbour's country, where it began on that side."""

    mrn: str
    lrn: str
    procedure: str
    type: str
    state: str
    incidents: int
    peer: str
    holder: str
    carrier: str
    vehicle: str
    container: str
    departure: str
    transit_offices: list[str]
    destination: str
    arrived_office: str
    binding: bool
    time_limit: datetime
    lodged_at: datetime
    departed_at: datetime | None
    arrived_at: datetime | None
    ended_at: datetime | None
    seals_good: bool | None
    conforms: bool | None
    reopened_at: datetime | None


class MovementPage(Schema):
    """A page of movements, newest first. ``next``: give it as ``before`` to go on; null at the end."""

    movements: list[MovementOut]
    next: int | None


class EventOut(Schema):
    """Something that happened. ``applied``: false for what the neighbour told and our state did not allow."""

    id: int
    step: str
    message: str
    state: str
    at: datetime
    recorded_at: datetime
    actor: str
    side: str
    office: str
    detail: dict[str, Any]
    applied: bool


class AlarmOut(Schema):
    """An alarm: what happened, when, when it could be known, and what people did about it."""

    id: int
    kind: str
    severity: str
    device_id: str
    time: datetime
    detected_at: datetime
    ended_at: datetime | None
    lat: float | None
    lon: float | None
    details: dict[str, Any]
    withdrawn_at: datetime | None
    source: str
    state: str
    assigned_to: str
    finding: str
    level: int


class SealUseOut(Schema):
    """A seal on the movement."""

    identifier: str
    kind: str
    iso17712: str
    state: str
    affixed_at: datetime
    removed_at: datetime | None


class MovementDetail(MovementOut):
    """A movement with its events, alarms, seals and journey."""

    events: list[EventOut]
    alarms: list[AlarmOut]
    seals: list[SealUseOut]
    journey: JourneyOut | None


class MovementStepIn(Schema):
    """One step. ``office`` is where; ``reason`` where one is asked; the rest is of incident, unload and recover."""

    step: Literal[
        "present", "control", "release", "refuse_release", "depart", "incident", "continue", "arrive",
        "permit_unloading", "unload", "note_discrepancies", "release_goods", "open_enquiry", "recover", "discharge",
        "ask_cancellation", "cancel", "reject",
    ]  # fmt: skip
    office: str = Field("", max_length=8)
    at: AwareDatetime | None = None
    reason: str = Field("", max_length=512)
    code: Literal["", "1", "2", "3", "4", "5", "6"] = ""
    text: str = Field("", max_length=512)
    place: str = Field("", max_length=120)
    new_seals: list[str] = Field([], max_length=99)
    vehicle: str = Field("", max_length=35)
    conforms: bool = True
    seals_good: bool | None = None
    remarks: str = Field("", max_length=512)
    amount: Decimal | None = None
    currency: str = Field("", max_length=3)


class SealIn(Schema):
    """A seal for the register."""

    identifier: str = Field(max_length=40)
    iso17712: Literal["I", "S", "H"] = "H"
    maker: str = Field("", max_length=60)
    model: str = Field("", max_length=40)
    serial: str = Field("", max_length=40)
    device_id: str = Field("", max_length=64)
    family: str = Field("", max_length=16)
    report_interval_s: int | None = Field(None, ge=5, le=86_400)
    custody: str = Field("", max_length=70)


class SealsIn(Schema):
    """Seals to register, all or none."""

    seals: list[SealIn] = Field(min_length=1, max_length=1000)


class SealActIn(Schema):
    """What is done to a seal on a movement. ``photo``: base64 of a JPEG, PNG or WebP file."""

    act: Literal["affix", "verify", "remove"]
    identifier: str = Field(max_length=40)
    office: str = Field("", max_length=8)
    place: str = Field("", max_length=120)
    lat: Lat | None = None
    lon: Lon | None = None
    at: AwareDatetime | None = None
    intact: bool = True
    remarks: str = Field("", max_length=300)
    reason: str = Field("", max_length=300)
    photo: str = Field("", max_length=16_000_000)


class SealActOut(Schema):
    """What came of it. For a verification ``good`` says whether the right seal was found whole."""

    identifier: str
    good: bool


class AlarmActIn(Schema):
    """An act on alarms. ``assignee`` for assign, ``text`` for action, close and reopen, ``finding`` for close."""

    alarms: list[RowId] = Field(min_length=1, max_length=500)
    act: Literal["acknowledge", "assign", "action", "close", "reopen"]
    text: str = Field("", max_length=500)
    assignee: str = Field("", max_length=70)
    finding: Literal["", "offence", "incident", "explained", "false"] = ""


class SuppressIn(Schema):
    """Alarms of a movement that do not ring until a moment; ``kind`` empty means all."""

    kind: str = Field("", max_length=16)
    reason: str = Field(max_length=300)
    until: AwareDatetime


class OfficeOut(Schema):
    """A customs office."""

    code: str
    country: str
    name: str
    lat: float
    lon: float
    port: str
