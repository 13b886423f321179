"""Earlier journeys on the corridor of a movement, from the node's own records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

from otay.engines.corridor import Corridor
from otay.engines.transit.history import MOST, History, history_of
from otay.goods.transit.models import JourneyProfile, Movement, Route


@lru_cache(maxsize=256)
def corridor_of(route: int) -> Corridor:
    """The corridor of a stored route, which never changes; kept for the next judgement."""
    line = Route.objects.values_list("line", flat=True).get(pk=route)
    return Corridor([(lon, lat) for lon, lat in line])


@lru_cache(maxsize=4096)
def corridor_key(route: int) -> str:
    """The name of a route's line: two routes along the same positions have the same."""
    line = ";".join(f"{lon:.6f},{lat:.6f}" for lon, lat in corridor_of(route).line)
    return hashlib.sha256(line.encode()).hexdigest()[:32]


def histories(movements: Iterable[Movement]) -> dict[int, History]:
    """What earlier journeys tell of each of these movements, by its key; one is missing where too few are known.

    Earlier are the last :data:`MOST` that arrived before the day on which the movement departed: what is expected of it
    then hangs neither on when it is judged nor on what is judged with it, and a day's movements share one look-up.
    """
    known: dict[tuple[str, datetime], History | None] = {}
    found = {}
    for row in movements:
        if row.route_id is None or row.departed_at is None:
            continue
        day = row.departed_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        place = corridor_key(row.route_id), day
        if place not in known:
            known[place] = _history(*place)
        if (history := known[place]) is not None:
            found[row.pk] = history
    return found


def _history(corridor: str, before: datetime) -> History | None:
    earlier = JourneyProfile.objects.filter(corridor=corridor, arrived_at__lt=before).order_by("-arrived_at", "pk")
    return history_of(tuple(tuple(map(float, left)) for left in earlier.values_list("left", flat=True)[:MOST]))
