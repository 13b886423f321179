"""How many positions a second stand to a route of 1,500 vertices, against a loop with shapely and brute force.

    .venv/bin/python benchmarks/bench_corridor.py [--positions 1000000]

The route is invented: a winding line of some 900 km. Of a hundred positions 80 lie within 100 m of it, as positions
of trucks do, 17 within two kilometres, and 3 anywhere in its box. One thread; each timing is the best of several, what
is compared is timed in the same run, in seconds of the processor, so that others on the machine disturb it less.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import shapely

from otay.core.geography import EARTH_RADIUS, distance_to_line
from otay.engines.corridor import Corridor

VERTICES = 1500
CORRIDOR = 500.0
LOOP = 20_000
BRUTE = 100_000


def route(random: np.random.Generator) -> list[tuple[float, float]]:
    """A line that winds from the north-west to the south-east."""
    heading = np.radians(135) + np.cumsum(random.normal(0, 0.12, VERTICES - 1)) * 0.6
    step = random.uniform(200, 1000, VERTICES - 1)
    east, north = np.cumsum(step * np.sin(heading)), np.cumsum(step * np.cos(heading))
    scale = math.radians(1) * EARTH_RADIUS
    lat = 32.5 + np.concatenate([[0], north]) / scale
    lon = -117.0 + np.concatenate([[0], east]) / (scale * math.cos(math.radians(30)))
    return list(zip(lon.tolist(), lat.tolist(), strict=True))


def positions(line: list[tuple[float, float]], count: int, random: np.random.Generator) -> tuple[Any, Any]:
    """Positions around the line."""
    xs, ys = np.array(line).T
    at = random.uniform(0, VERTICES - 1.001, count)
    index, share = at.astype(int), at % 1
    kind = random.random(count)
    spread = np.where(kind < 0.8, 100, 2000) / (math.radians(1) * EARTH_RADIUS)
    lon = xs[index] + share * (xs[index + 1] - xs[index]) + random.uniform(-1, 1, count) * spread
    lat = ys[index] + share * (ys[index + 1] - ys[index]) + random.uniform(-1, 1, count) * spread
    stray = kind > 0.97
    lon[stray] = random.uniform(xs.min(), xs.max(), stray.sum())
    lat[stray] = random.uniform(ys.min(), ys.max(), stray.sum())
    return lon, lat


def best_of(times: int, work: Any) -> tuple[float, Any]:
    """Processor seconds of the quickest of ``times`` runs, and its result."""
    seconds, result = math.inf, None
    for _ in range(times):
        begin = time.thread_time()
        result = work()
        seconds = min(seconds, time.thread_time() - begin)
    return seconds, result


def brute(line: list[tuple[float, float]], lons: Any, lats: Any) -> Any:
    """Every position against every piece, with numpy."""
    xs, ys = np.array(line).T
    scale = math.radians(1) * EARTH_RADIUS
    found = np.empty(len(lons))
    for begin in range(0, len(lons), 500):
        lon, lat = lons[begin : begin + 500, None], lats[begin : begin + 500, None]
        x, y = (xs - lon) * scale * np.cos(np.radians(lat)), (ys - lat) * scale
        ax, ay, dx, dy = x[:, :-1], y[:, :-1], np.diff(x), np.diff(y)
        along = np.clip(-(ax * dx + ay * dy) / (dx * dx + dy * dy), 0, 1)
        found[begin : begin + 500] = np.hypot(ax + along * dx, ay + along * dy).min(axis=1)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--positions", type=int, default=1_000_000)
    count = parser.parse_args().positions
    random = np.random.default_rng(5)
    line = route(random)
    lons, lats = positions(line, count, random)
    corridor = Corridor(line)
    begin = time.perf_counter()
    corridor.locate_all(lons[:10], lats[:10], compiled=True)
    print(
        f"route {corridor.length / 1000:.0f} km, {VERTICES} vertices; ready after {time.perf_counter() - begin:.2f} s"
    )

    seconds, (distances, _) = best_of(7, lambda: corridor.locate_all(lons, lats, compiled=True))
    kernel = count / seconds
    scale = math.radians(1) * EARTH_RADIUS
    squeeze = math.cos(math.radians(float(np.mean([lat for _, lat in line]))))
    shape = shapely.LineString([(lon * scale * squeeze, lat * scale) for lon, lat in line])
    flat = [
        (lon * scale * squeeze, lat * scale)
        for lon, lat in zip(lons[:LOOP].tolist(), lats[:LOOP].tolist(), strict=True)
    ]
    seconds, _ = best_of(5, lambda: [shape.distance(shapely.Point(x, y)) <= CORRIDOR for x, y in flat])
    loop = LOOP / seconds
    some = min(20_000, count)
    seconds, _ = best_of(1, lambda: corridor.locate_all(lons[:some].tolist(), lats[:some].tolist(), compiled=False))
    plain = some / seconds

    checked = min(BRUTE, count)
    seconds, expected = best_of(1, lambda: brute(line, lons[:checked], lats[:checked]))
    disagree = int(((expected <= CORRIDOR) != (distances[:checked] <= CORRIDOR)).sum())
    worst = float(np.abs(expected - distances[:checked]).max())
    by_hand = max(
        abs(distance_to_line((float(lons[index]), float(lats[index])), line) - distances[index]) for index in range(200)
    )
    print(f"compiled grid      {kernel / 1e6:8.3f} M positions/s   {kernel / loop:6.0f} x the loop")
    print(f"shapely, one by one{loop / 1e6:8.3f} M positions/s        1")
    print(
        f"numpy brute force  {checked / seconds / 1e6:8.3f} M positions/s   {checked / seconds / loop:6.1f} x the loop"
    )
    print(f"plain Python grid  {plain / 1e6:8.3f} M positions/s   {plain / loop:6.1f} x the loop")
    print(f"{checked} positions against brute force: {disagree} disagree, largest difference {worst:.2e} m")
    print(f"200 positions against core.geography: largest difference {by_hand:.2e} m")


if __name__ == "__main__":
    main()
