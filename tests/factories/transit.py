"""Invented movements: a straight road of 187 km, a truck that drives it at a kilometre a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from otay.engines.corridor import Corridor
from otay.engines.transit.observations import Observation

START = datetime(2026, 1, 15, tzinfo=UTC)
LINE = [(-117 + 0.01 * index, 32.5) for index in range(200)]
ROAD = Corridor(LINE)


def minute(number: float) -> datetime:
    """So many minutes after the start."""
    return START + timedelta(minutes=number)


def seen(number: float, **change: Any) -> Observation:
    """Where the truck is after so many minutes, on the road unless told otherwise."""
    values: dict[str, Any] = {"device_id": "S1", "lat": 32.5, "lon": -117 + 0.01 * number} | change
    if "events" in values:
        values["events"] = frozenset(values["events"])
    return Observation(time=minute(number), **values)


def drive(start: int = 0, end: int = 199, step: int = 1, **change: Any) -> list[Observation]:
    """The truck on its way from one minute to another."""
    return [seen(number, **change) for number in range(start, end, step)]


def stand(at: float, start: int, end: int, **change: Any) -> list[Observation]:
    """The truck standing where it was at minute ``at``."""
    return [seen(number, lon=-117 + 0.01 * at, **change) for number in range(start, end)]
