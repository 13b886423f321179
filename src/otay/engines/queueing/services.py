"""Service times as tables of quantiles: one random integer, one look-up, and the same draw in every scenario."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from otay.engines.queueing.scenario import ServiceTime

BITS = 14
CELLS = 1 << BITS


def mean_minutes(service: ServiceTime) -> float:
    """Mean in minutes."""
    seconds = np.mean(service.values_seconds) if service.kind == "empirical" else service.mean_seconds
    return float(seconds or 0.0) / 60


def variation(service: ServiceTime) -> float:
    """Standard deviation over mean."""
    if service.kind == "empirical":
        return float(np.std(service.values_seconds) / np.mean(service.values_seconds))
    return {"constant": 0.0, "exponential": 1.0, "erlang": 1 / sqrt(service.stages)}.get(service.kind, service.cv)


def quantiles(service: ServiceTime, cells: int = CELLS, mean: float | None = None) -> NDArray[np.float64]:
    """Service times in minutes at the middle of ``cells`` equal shares of all services; their mean is ``mean`` exactly.

    The rarest one in twice ``cells`` services is the longest that is drawn.
    """
    from scipy import special

    share = (np.arange(cells) + 0.5) / cells
    if service.kind == "constant":
        shape = np.ones(cells)
    elif service.kind == "empirical":
        shape = np.quantile(np.asarray(service.values_seconds, float), share, method="inverted_cdf")
    elif service.kind == "lognormal":
        shape = np.exp(special.ndtri(share) * sqrt(log(1 + service.cv**2)))
    elif service.kind == "exponential":
        shape = -np.log1p(-share)
    else:
        shape = special.gammaincinv(service.stages if service.kind == "erlang" else service.cv**-2, share)
    return np.asarray(shape / shape.mean() * (mean_minutes(service) if mean is None else mean), float)


def draw(table: NDArray[np.float64], count: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """``count`` service times from a table of :func:`quantiles` with 2**14 cells."""
    cells = generator.integers(0, CELLS, count, dtype=np.uint16)
    return table[cells]


def double_stack_factor(table: NDArray[np.float64]) -> float:
    """How much longer each of two booths behind one another takes: both vehicles of a lane leave when the slower is
    done.

    The mean of the greater of two services over the mean of one. With the usual variation (0.5) it makes 2 booths worth
    about 1.57, as observed when booths were stacked at San Ysidro: 50 to 60 % more from a lane.
    """
    share = (np.arange(table.size) + 0.5) / table.size
    return float(np.mean(2 * share * np.sort(table)) / table.mean())
