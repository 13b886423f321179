"""Quick answers beside simulation, each an approximation and named so.

They take the arrivals of each period (per minute), the booths open in it and the service time, and give mean waits in
minutes by period. Where demand exceeds booths for a while only :func:`fluid` means anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

from otay.engines.queueing.closed_forms import mean_wait, share_within

Numbers = NDArray[np.float64]


def sipp(rates: Sequence[float], booths: Sequence[int], mean_service: float, cv: float = 1.0) -> Numbers:
    """Stationary independent period by period: each period as if it lasted for ever (Green, Kolesar and Soares 2001).

    Infinite where demand is not below capacity.
    """
    return np.array(
        [
            0.0 if rate == 0 else mean_wait(servers, rate, mean_service, cv) if servers else np.inf
            for rate, servers in zip(rates, booths, strict=True)
        ]
    )


def psa(rates: Sequence[float], booths: Sequence[int], mean_service: float, cv: float = 1.0) -> float:
    """Pointwise stationary: the mean over arrivals of the waits of :func:`sipp` (Green and Kolesar 1991)."""
    weights = np.asarray(rates, float)
    return float(np.average(sipp(rates, booths, mean_service, cv), weights=weights)) if weights.sum() else 0.0


def fluid(
    rates: Sequence[float], booths: Sequence[int], mean_service: float, minutes: float
) -> tuple[Numbers, Numbers]:
    """Traffic as water: backlog at the end of each period (``minutes`` long) and the mean wait that the backlog makes.

    Leaves out chance: waits below capacity are zero.
    """
    backlog, ends, waits = 0.0, [], []
    for rate, servers in zip(rates, booths, strict=True):
        capacity = servers / mean_service
        change = (rate - capacity) * minutes
        end = max(0.0, backlog + change)
        # Falls to zero within the period, or runs straight to its end.
        busy = minutes if end > 0 or change >= 0 else backlog / (capacity - rate)
        standing = (backlog + end) / 2 * busy
        waits.append(standing / (rate * minutes) if rate else 0.0)
        ends.append(end)
        backlog = end
    return np.array(ends), np.array(waits)


def fewest_booths(
    rate: float, mean_service: float, share: float, limit: float, most_mean: float | None, cv: float = 1.0
) -> int:
    """Least booths for a steady ``rate``: ``share`` of waits within ``limit`` and a mean of at most ``most_mean``."""
    if rate <= 0:
        return 0
    booths = max(1, ceil(rate * mean_service))
    while True:
        served = share_within(booths, rate, mean_service, limit) >= share
        mean = mean_wait(booths, rate, mean_service, cv)
        if served and (most_mean is None or mean <= most_mean):
            return booths
        booths += 1
