"""What the rest of the room hears of a device's reports. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from otay.engines.transit import seal_rules

OPEN_FLAGS = ("locked", "motor_locked", "sealed")
"""Flags of a seal that say by being false that it is open."""
URGENT = (
    seal_rules.CUT | seal_rules.OPENED | seal_rules.COVER | seal_rules.TAMPERED | seal_rules.WRONG_CODE
)  # fmt: skip
"""What a seal complains of that must not wait for the positions of others."""


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """One report. ``time`` is when it was so (event time), ``received_at`` when we heard of it.

    Degrees (WGS 84), km/h, per cent, volts. ``alarms`` are names of :data:`otay.formats.seals.record.ALARMS`,
    ``status`` named flags, ``more`` whatever else is said that few reports differ in (``type``, ``interval_s``).
    ``flags`` is a sum of ``Flag``; ``trusted`` is false where it names a reason not to judge by the report.
    """

    id: int
    frame_id: int
    device_id: str
    time: datetime
    received_at: datetime
    valid: bool
    trusted: bool
    flags: int = 0
    lat: float | None = None
    lon: float | None = None
    speed: float | None = None
    course: float | None = None
    battery: int | None = None
    battery_v: float | None = None
    number: int | None = None
    card: str = ""
    alarms: tuple[str, ...] = ()
    status: Mapping[str, bool] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Due:
    """Devices to judge, those that complain first: identifier -> from which event time on there is something new.

    ``marks`` are what :func:`otay.goods.transit.reports.judged` takes off, no matter what came meanwhile.
    """

    since: Mapping[str, datetime]
    marks: tuple[int, ...] = ()


def is_urgent(alarms: Iterable[str], status: Mapping[str, bool]) -> bool:
    """True for a report that a seal was cut, opened or tampered with."""
    return not URGENT.isdisjoint(alarms) or any(status.get(name) is False for name in OPEN_FLAGS)


@dataclass(frozen=True, slots=True)
class Kept:
    """A window of a device's reports, ``since <= time <= until``, that retention must not touch."""

    device_id: str
    since: datetime
    until: datetime
