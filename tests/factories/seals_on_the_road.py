"""Thousands of movements under seal, put into a node's tables at once: what a benchmark of the judgement starts from.

``python -m factories.seals_on_the_road NODE COUNT [DAYS]``, a process of its own, for it sets Django up.
"""

from __future__ import annotations

import math
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
KMH = 72.0
ROADS, VERTICES, METRES_PER_DEGREE = 100, 1500, 111_195.0


def name(number: int) -> str:
    """The device of movement ``number``."""
    return f"70{number:08d}"


def place(number: int, at: datetime) -> tuple[float, float]:
    """(lat, lon) of movement ``number``: northwards along its meridian at 72 km/h; nobody stands near another."""
    road, turn = number % ROADS, number // ROADS
    km = turn * 3 + (at - EPOCH).total_seconds() % 86_400 / 3600 * KMH
    return -20 + km * 1000 / METRES_PER_DEGREE % 40, -115 + road * 0.25


def road(number: int) -> list[list[float]]:
    """The prescribed route of movement ``number``: its meridian, with a bend every few kilometres."""
    lon = -115 + number % ROADS * 0.25
    return [
        [round(lon + 0.001 * math.sin(step / 5), 6), round(-20 + 40 * step / (VERTICES - 1), 6)]
        for step in range(VERTICES)
    ]


def put(count: int, days: float = 30) -> None:
    """``count`` movements that departed an hour ago, one seal each, into the tables of the node that Django serves."""
    from otay.goods.transit.models import Journey, Movement, MovementSeal, Route, Seal
    from otay.node import clock

    now = clock.now()
    since = now - timedelta(hours=1)
    roads = Route.objects.bulk_create(
        Route(
            name=f"Road {number}", line=road(number), length_m=40 * METRES_PER_DEGREE, source="invented",
            in_library=False, made_by="benchmark", made_at=since,
        )
        for number in range(min(ROADS, count))
    )  # fmt: skip
    movements = Movement.objects.bulk_create(
        [
            Movement(
                mrn=f"26US{number:013d}0", procedure="T", type="T1", state="in_transit", holder="Invented", offices="",
                holder_id="INVENTED", vehicle=f"X-{number}", departure="", destination="", countries=["US"],
                route=roads[number % len(roads)], time_limit=now + timedelta(days=days), lodged_at=since,
                departed_at=since,
            )
            for number in range(count)
        ],
        batch_size=500,
    )  # fmt: skip
    seals = Seal.objects.bulk_create(
        [
            Seal(
                identifier=f"S{number:08d}", kind="electronic", iso17712="H", device_id=name(number), state="affixed",
                report_interval_s=30, sealed=True, registered_at=since,
            )
            for number in range(count)
        ],
        batch_size=500,
    )  # fmt: skip
    MovementSeal.objects.bulk_create(
        [MovementSeal(movement=row, seal=seal, affixed_at=since) for row, seal in zip(movements, seals, strict=True)],
        batch_size=500,
    )
    Journey.objects.bulk_create([Journey(movement=row) for row in movements], batch_size=500)


def main() -> None:
    """The command line."""
    from otay.node.commandline import setup

    setup(Path(sys.argv[1]))
    put(int(sys.argv[2]))


if __name__ == "__main__":
    main()
