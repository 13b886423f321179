"""The track of a movement as it was reported, for its page, its replay and its print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from otay.goods.transit import reports
from otay.goods.transit.models import Movement

MOST = 20_000


def track(movement: Movement) -> list[dict[str, Any]]:
    """Every trusted report of the movement's devices while they were on it, in order of event time."""
    found: list[dict[str, Any]] = []
    for use in movement.seals.select_related("seal").order_by("affixed_at", "pk"):
        if use.seal.device_id:
            told = reports.of_device(use.seal.device_id, use.affixed_at, use.removed_at)
            found += [_point(one) for one in told]
    return sorted(found, key=lambda point: str(point["time"]))[:MOST]


def _point(one: Any) -> dict[str, Any]:
    return {
        "time": one.time.isoformat(),
        "received": one.received_at.isoformat(),
        "device": one.device_id,
        "lat": one.lat if one.valid else None,
        "lon": one.lon if one.valid else None,
        "speed": one.speed,
        "battery": one.battery,
        "alarms": list(one.alarms),
    }


def thinned(points: Sequence[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """At most so many points, every one with an alarm among them as far as there is room."""
    if len(points) <= most:
        return list(points)
    step = len(points) / most
    kept = {int(index * step) for index in range(most)} | {len(points) - 1}
    return [point for index, point in enumerate(points) if index in kept or point["alarms"]]
