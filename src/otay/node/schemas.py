"""Shapes of the node's API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field

RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
"""The number of a row as callers name it: no larger than a database can hold."""


class Health(Schema):
    """How the node is. ``status``: up, degraded (a loop does not run) or down (no database)."""

    status: str
    database: bool
    loops: dict[str, bool] = Field(description="Background loops, and whether some process runs them now")
    version: str


class Ready(Schema):
    """Whether the node can take requests."""

    ready: bool


class Caller(Schema):
    """Who the caller is and what it may do: permission -> ports (``*`` is everywhere)."""

    key: str
    kind: str
    name: str
    party: str
    permissions: dict[str, list[str]]


class AuditRecord(Schema):
    """One event of the audit log."""

    sequence: int
    at: datetime
    actor: str
    actor_name: str
    action: str
    subject: str
    reason: str
    detail: dict[str, Any]


class AuditPage(Schema):
    """Events, newest first; ``next_before`` asks for the next page."""

    events: list[AuditRecord]
    next_before: int | None


class AuditQuery(Schema):
    """A text that ends in ``*`` is a beginning."""

    actor: str = Field("", max_length=64)
    subject: str = Field("", max_length=120)
    action: str = Field("", max_length=64)
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = Field(None, ge=1, le=2**63 - 1)
    limit: int = Field(50, ge=1, le=500)
