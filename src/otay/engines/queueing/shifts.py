"""Shifts that cover the booths: whole officers, breaks, at least cost, with the bound that shows how good the cover
is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from otay.core.errors import OtayError
from otay.core.i18n import N_

SLOT = 15
SLOTS = 7 * 24 * 60 // SLOT
LENGTHS = (8, 10, 12)
BREAKS = (0.4, 0.6)
"""Where in the shift a break of half an hour begins."""
BREAK_SLOTS = 2
STEP = 2.0
"""All shifts have an even number of hours, hence every cover."""
LITTLE = 0.3
"""Reduced cost in hours up to which a shift is tried."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Officers who work the same hours: minute of the week of the start, hours, break."""

    start: int
    hours: int
    break_start: int
    officers: int


@dataclass(frozen=True, slots=True)
class Cover:
    """Shifts for one week. ``gap``: how far above the bound, as a share."""

    shifts: Sequence[Shift]
    officer_hours: float
    bound: float
    gap: float
    needed_hours: float
    """Booth hours to cover, without breaks."""


def cover(need: NDArray[np.int64], *, seconds: float = 30.0, gap: float = 0.004) -> Cover:
    """The cheapest shifts of 8, 10 and 12 hours from each half hour, with a break, that give ``need`` officers a
    quarter-hour.

    ``need`` has 672 entries from Monday 00:00. Weeks follow one another: Sunday's night shift serves Monday. The linear
    relaxation gives the bound; whole officers are sought (HiGHS) among the shifts that cost it little, which comes
    within 1 % far sooner than a search among all.

    Raises:
        OtayError: when no cover was found in time.
    """
    if need.shape != (SLOTS,):
        raise ValueError(f"need has one entry for each of {SLOTS} quarter-hours")
    needed = float(need.sum()) * SLOT / 60
    if not need.any():
        return Cover([], 0.0, 0.0, 0.0, needed)
    began = time.monotonic()
    options, matrix = _options()
    cost = np.array([float(hours) for _, hours, _ in options])
    relaxed = optimize.linprog(cost, A_ub=-matrix, b_ub=-need, bounds=(0, None), method="highs-ds")
    bound = STEP * float(np.ceil(relaxed.fun / STEP - 1e-6))
    dear = relaxed.lower.marginals
    kept = np.flatnonzero(dear <= LITTLE)
    left = max(1.0, seconds - (time.monotonic() - began) - 1.0)
    solved = optimize.milp(
        cost[kept],
        constraints=optimize.LinearConstraint(matrix[:, kept], need, np.inf),
        integrality=np.ones(kept.size),
        bounds=optimize.Bounds(0, np.inf),
        options={"time_limit": left, "mip_rel_gap": gap},
    )
    if solved.x is None:
        raise OtayError(N_("No cover was found in %(seconds)s seconds: give more time"), seconds=f"{seconds:g}")
    officers = np.zeros(len(options), np.int64)
    officers[kept] = np.round(solved.x)
    total = float(cost @ officers)
    shifts = [
        Shift(start * SLOT, hours, (start + pause) % SLOTS * SLOT, int(count))
        for (start, hours, pause), count in zip(options, officers, strict=True)
        if count
    ]
    return Cover(shifts, total, bound, total / bound - 1, needed)


def _options() -> tuple[list[tuple[int, int, int]], sparse.csc_array]:
    """Every shift (first slot, hours, slots until the break), and which slots it serves."""
    options = [
        (start, hours, round(hours * 4 * at)) for start in range(0, SLOTS, 2) for hours in LENGTHS for at in BREAKS
    ]
    served = []
    for start, hours, pause in options:
        work = [slot for slot in range(hours * 4) if not pause <= slot < pause + BREAK_SLOTS]
        served.append((np.array(work) + start) % SLOTS)
    columns = np.repeat(np.arange(len(options)), [len(one) for one in served])
    ones = np.ones(columns.size)
    return options, sparse.csc_array((ones, (np.concatenate(served), columns)), shape=(SLOTS, len(options)))
