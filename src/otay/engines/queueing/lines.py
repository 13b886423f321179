"""Lines of customers on arrays: the kernels behind one call each, compiled where numba is installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from otay.engines.compiling import COMPILED
from otay.engines.queueing.plain import fifo_plain

Times = NDArray[np.float64]
Steps = Sequence[tuple[float, int]]
"""Staffing: from each time on, so many servers. Before the first step nobody serves."""


@dataclass(frozen=True, slots=True)
class Served:
    """When each customer's service started and ended; NaN where there was none."""

    arrivals: Times
    starts: Times
    ends: Times

    @property
    def waits(self) -> Times:
        """Time in line, NaN for who was not served."""
        return self.starts - self.arrivals


def _split(steps: Steps | int) -> tuple[Times, NDArray[np.int64]]:
    if isinstance(steps, int):
        steps = [(-np.inf, steps)]
    times = np.array([at for at, _ in steps], float)
    levels = np.array([level for _, level in steps], np.int64)
    if (levels < 0).any() or (np.diff(times) < 0).any():
        raise ValueError("staffing steps need times in order and levels of zero or more")
    return times, levels


ORDER = "arrivals must be in order"


def _pairs(arrivals: ArrayLike, services: ArrayLike) -> tuple[Times, Times]:
    arrived, service = np.asarray(arrivals, float), np.asarray(services, float)
    if arrived.shape != service.shape or arrived.ndim != 1:
        raise ValueError("arrivals and services are two lists of one length")
    return arrived, service


def fifo(arrivals: ArrayLike, services: ArrayLike, staffing: Steps | int, patience: ArrayLike = ()) -> Served:
    """First come, first served, before ``staffing`` servers; who would wait longer than ``patience`` is not served."""
    arrived, service = _pairs(arrivals, services)
    times, levels = _split(staffing)
    patient = np.asarray(patience, float)
    if COMPILED:
        from otay.engines.queueing.fifo import fifo_kernel

        starts, ends = np.empty_like(arrived), np.empty_like(arrived)
        if fifo_kernel(arrived, service, patient, times, levels, starts, ends) < 0:
            raise ValueError(ORDER)
        return Served(arrived, starts, ends)
    if (np.diff(arrived) < 0).any():
        raise ValueError(ORDER)
    found = fifo_plain(
        arrived.tolist(), service.tolist(), patient.tolist(), list(zip(times.tolist(), levels.tolist(), strict=True))
    )
    return Served(arrived, np.array(found[0], float), np.array(found[1], float))


def priority(arrivals: ArrayLike, ranks: ArrayLike, services: ArrayLike, staffing: Steps | int) -> Served:
    """Lowest rank first (0, 1, ...), first come first served within a rank; a service is never interrupted."""
    from otay.engines.queueing.priority import priority_kernel

    arrived, service = _pairs(arrivals, services)
    if (np.diff(arrived) < 0).any():
        raise ValueError(ORDER)
    times, levels = _split(staffing)
    starts, ends = np.empty_like(arrived), np.empty_like(arrived)
    priority_kernel(arrived, np.asarray(ranks, np.int64), service, times, levels, starts, ends)
    return Served(arrived, starts, ends)
