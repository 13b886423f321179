"""What the API takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema

from otay.infrastructure.planning.domain import MOST_REPLICATIONS, Method, Quality


class ScenarioIn(Schema):
    """A new scenario. ``body``: a scenario file; left out: the default of the port in ``month``."""

    port: str = Field(max_length=8)
    title: str = Field("", max_length=200)
    body: dict[str, Any] | None = None
    month: str | None = Field(None, pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    days: int = Field(7, ge=1, le=31)
    note: str = Field("", max_length=500)


class VersionIn(Schema):
    """A new version. ``after``: the version that the change was made on."""

    body: dict[str, Any]
    after: int
    note: str = Field("", max_length=500)


class PlanStepIn(Schema):
    """A step. A return or comment says why."""

    kind: Literal["submitted", "approved", "returned", "withdrawn", "commented"]
    text: str = Field("", max_length=2000)


class StepOut(Schema):
    """Something done with a version."""

    kind: str
    actor: str
    at: datetime
    text: str


class ScenarioVersionOut(Schema):
    """A version of a scenario, immutable."""

    number: int
    origin: str
    note: str
    author: str
    made_at: datetime
    digest: str
    standing: str


class ScenarioOut(Schema):
    """A scenario with its versions, newest first."""

    number: str
    port: str
    title: str
    owner: str
    created_at: datetime
    versions: list[ScenarioVersionOut]


class ScenarioPage(Schema):
    """Scenarios, newest first. ``next``: give it as ``before`` to go on; null at the end."""

    scenarios: list[ScenarioOut]
    next: int | None


class VersionDetail(ScenarioVersionOut):
    """A version with its scenario file and its steps."""

    scenario: str
    body: dict[str, Any]
    steps: list[StepOut]


class RunIn(Schema):
    """How often to play."""

    replications: int = Field(20, ge=2, le=MOST_REPLICATIONS)


class RunOut(Schema):
    """A run. ``state``: queued, running, done, failed, cancelled, interrupted. ``result``: figures as soon as there are
    any; before ``finished_at`` without the band of service times."""

    id: int
    scenario: str
    version: int
    engine: str
    replications: int
    state: str
    done: int
    total: int
    error: str
    asked_at: datetime
    finished_at: datetime | None
    milliseconds: int | None
    result: dict[str, Any] | None


class SearchIn(Schema):
    """A search for a better plan. ``year``: the forecast year of the smallest addition."""

    kind: Literal["staffing", "hours", "lanes", "infrastructure"]
    year: int | None = Field(None, ge=2000, le=2100)


class SearchOut(Schema):
    """A search: what it found, and the version that it made (null: nothing better)."""

    id: int
    scenario: str
    version: int
    kind: str
    state: str
    done: int
    total: int
    error: str
    figures: dict[str, Any] | None
    made: int | None


class ObservationIn(Schema):
    """A wait. ``at`` with its zone; ``lane`` as scenarios name it."""

    port: str = Field(max_length=8)
    lane: str = Field(max_length=60)
    at: datetime
    minutes: float = Field(ge=0, le=1440)
    method: Method
    quality: Quality = Quality.MEASURED
    crossing: str = Field("", max_length=40)
    lanes_open: int | None = Field(None, ge=0, le=500)
    source: str = Field("", max_length=120)


class ObservationsIn(Schema):
    """Waits, at most 5,000 in one request."""

    observations: list[ObservationIn] = Field(min_length=1, max_length=5000)


class AddedOut(Schema):
    """How many were new."""

    received: int
    added: int
