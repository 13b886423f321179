"""When a movement arrives, from how far it is along its route and how it got there, with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

EIGHTY_PER_CENT = 1.2816
"""Standard deviations on each side that hold eight of ten cases of a normal distribution."""
WINDOW_S = 900.0


class Arrival(NamedTuple):
    """Time stamps; four in five arrivals fall between ``early`` and ``late`` if the pace stays as varied as it was."""

    early: float
    likely: float
    late: float


def expected_arrival(done: Sequence[tuple[float, float]], length: float) -> Arrival | None:
    """The arrival from positions so far.

    Args:
        done: time stamp in seconds and metres along the route, in order of time.
        length: metres of the route.

    Returns:
        None with fewer than two moments; infinite times where there was no progress.

    The pace is that over all of ``done``, stops included. Its spread comes from windows of a quarter of an hour: the
    error of the mean, and the chance of the windows still to come.
    """
    if len(done) < 2 or done[-1][0] <= done[0][0]:
        return None
    now, here = done[-1]
    left = length - here
    if left <= 0:
        return Arrival(now, now, now)
    pace = (here - done[0][1]) / (now - done[0][0])
    if pace <= 0:
        return Arrival(math.inf, math.inf, math.inf)
    likely = left / pace
    paces = _windows(done)
    if len(paces) < 2:
        return Arrival(now + likely / 1.5, now + likely, now + likely * 2)
    mean = sum(paces) / len(paces)
    spread = math.sqrt(sum((value - mean) ** 2 for value in paces) / (len(paces) - 1))
    ahead = max(1.0, likely / WINDOW_S)
    off = EIGHTY_PER_CENT * spread * math.sqrt(1 / len(paces) + 1 / ahead)
    slow = pace - off
    return Arrival(now + left / (pace + off), now + likely, now + left / slow if slow > 0 else math.inf)


def _windows(done: Sequence[tuple[float, float]]) -> list[float]:
    """Pace in each whole window; what happens between two moments is spread evenly."""
    paces, edge = [], done[0][0] + WINDOW_S
    start = done[0][1]
    for (before, low), (after, high) in pairwise(done):
        while after >= edge and after > before:
            reached = low + (high - low) * (edge - before) / (after - before)
            paces.append((reached - start) / WINDOW_S)
            start, edge = reached, edge + WINDOW_S
    return paces
