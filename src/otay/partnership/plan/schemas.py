"""Shapes of the plan's API."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema


class ValueOut(Schema):
    """One value of an indicator's history."""

    label: str
    value: str


class IndicatorOut(Schema):
    """An indicator and its measure; ``value`` is a decimal number as text, null where nothing is measured."""

    key: str
    title: str
    unit: str
    value: str | None
    note: str
    explanation: str
    broken: bool
    series: list[ValueOut]


class PointOut(Schema):
    """One of the 22 points. ``room``: the part of Otay that answers to it; ``built``: it stands on this node."""

    number: int
    pillar: str
    title: str
    text: str
    room: str
    built: bool
    measured: bool
    indicators: list[IndicatorOut]


class StatementOut(Schema):
    """A dated statement of progress."""

    node: str
    country: str
    made_at: datetime
    measured_points: list[int]
    unmeasured_points: list[int]
    points: list[PointOut]
