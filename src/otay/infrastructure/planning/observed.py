"""Observed waits beside a run: by lane group and hour of the day, weighted by how far each is to be trusted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any
from zoneinfo import ZoneInfo

from otay.infrastructure.planning.domain import Quality
from otay.infrastructure.planning.models import SimulationRun, WaitObservation
from otay.places import queries as places

WEIGHTS = {Quality.MEASURED: 1.0, Quality.ESTIMATED: 0.5, Quality.DOUBTFUL: 0.25}
MOST, MOST_FITTED = 50_000, 5_000


@dataclass(frozen=True, slots=True)
class LaneFit:
    """How a run and what was observed agree in one lane group. ``bias``: model less observed, minutes, weighted;
    ``error``: root mean square over hours; ``inside``: share of hours whose observed mean lies in the band."""

    lane: str
    count: int
    hours: list[float | None]
    bias: float | None
    error: float | None
    inside: float | None


def by_hour(port: str, zone: ZoneInfo) -> dict[str, list[tuple[float, float]]]:
    """By lane group: (weight, weighted sum of minutes) for each hour of the day in local time."""
    found: dict[str, list[tuple[float, float]]] = {}
    rows = (
        WaitObservation.objects.filter(port=port).order_by("-at").values_list("lane", "at", "minutes", "quality")[:MOST]
    )
    sums: dict[str, list[list[float]]] = defaultdict(lambda: [[0.0, 0.0] for _hour in range(24)])
    for lane, at, minutes, quality in rows:
        cell = sums[lane][at.astimezone(zone).hour]
        weight = WEIGHTS[Quality(quality)]
        cell[0] += weight
        cell[1] += weight * minutes
    for lane, cells in sums.items():
        found[lane] = [(weight, total) for weight, total in cells]
    return found


def agreement(run: SimulationRun | None, port: str, zone: ZoneInfo) -> list[LaneFit]:
    """Every observed lane group, beside the run's curve where it has one."""
    counts: dict[str, int] = defaultdict(int)
    for lane in WaitObservation.objects.filter(port=port).values_list("lane", flat=True):
        counts[lane] += 1
    curves: Mapping[str, Any] = (run.result or {}).get("curves", {}) if run else {}
    return [_fit(lane, counts[lane], cells, curves.get(lane)) for lane, cells in sorted(by_hour(port, zone).items())]


def _fit(lane: str, count: int, cells: list[tuple[float, float]], curve: Mapping[str, Any] | None) -> LaneFit:
    hours = [round(total / weight, 2) if weight else None for weight, total in cells]
    if curve is None:
        return LaneFit(lane, count, hours, None, None, None)
    weights = differences = squares = inside = known = 0.0
    for (weight, _total), seen, row in zip(cells, hours, curve["wait"], strict=True):
        if seen is None or row["mean"] is None:
            continue
        difference = row["mean"] - seen
        weights += weight
        differences += weight * difference
        squares += weight * difference**2
        low, high = row.get("band_low"), row.get("band_high")
        known += 1
        if low is not None and high is not None and low <= seen <= high:
            inside += 1
    if not weights:
        return LaneFit(lane, count, hours, None, None, None)
    return LaneFit(lane, count, hours, differences / weights, sqrt(squares / weights), inside / known)


def for_fit(port: str, lane: str) -> list[tuple[float, float, float, int | None]]:
    """The newest observations of a lane group as a fit takes them: hour of the week in local time, minutes, weight,
    lanes open."""
    zone = places.port(port).zone
    rows = WaitObservation.objects.filter(port=port, lane=lane).order_by("-at")[:MOST_FITTED]
    found = []
    for row in rows:
        at = row.at.astimezone(zone)
        hour = at.weekday() * 24 + at.hour + at.minute / 60
        found.append((hour, row.minutes, WEIGHTS[Quality(row.quality)], row.lanes_open))
    return found
