"""What devices report, put in the one order that does not depend on how it arrived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from otay.core.geography import Position


@dataclass(frozen=True, slots=True)
class Observation:
    """One report: when it was so (``time``), and when we heard of it (``received_at``, by default at once).

    ``speed`` is in km/h, as seals tell it. ``events`` are names of alarms and acts, such as ``rope_cut`` or ``unlock``.
    """

    time: datetime
    device_id: str
    movement: str = ""
    lat: float | None = None
    lon: float | None = None
    valid: bool = True
    speed: float | None = None
    course: float | None = None
    battery: float | None = None
    battery_v: float | None = None
    events: frozenset[str] = field(default_factory=frozenset)
    received_at: datetime | None = None

    @property
    def heard(self) -> datetime:
        """When we heard of it; never before it was so."""
        return self.time if self.received_at is None else max(self.time, self.received_at)

    @property
    def position(self) -> Position | None:
        """Longitude and latitude, where they are from satellites."""
        if not self.valid or self.lat is None or self.lon is None:
            return None
        return self.lon, self.lat


def in_order(observations: Iterable[Observation]) -> list[Observation]:
    """Sorted by when they happened. What was told twice counts once, as first heard."""
    found: dict[tuple[Any, ...], Observation] = {}
    for item in observations:
        same = _order(item)
        if same not in found or _heard(item) < _heard(found[same]):
            found[same] = item
    return [found[key] for key in sorted(found)]


def _heard(item: Observation) -> tuple[datetime, bool]:
    """When it was heard; of two at the same moment the one that says so comes first."""
    return item.received_at or item.time, item.received_at is None


def _order(item: Observation) -> tuple[Any, ...]:
    """All that it says but when it was heard: what is equal in this was told twice."""
    values = (item.lat, item.lon, item.speed, item.course, item.battery, item.battery_v)
    known = tuple((value is not None, value or 0.0) for value in values)
    return item.time, item.movement, item.device_id, item.valid, known, tuple(sorted(item.events))
