"""Vehicles counted as they pass: sums, a histogram of waits and the length of the line, instead of every time kept.

One row of a :class:`Tally` for each lane that a class may use, and row 0 for who came to no lane. Tallies of classes
and lanes add up. Waits fall into 256 cells for every doubling of one minute and the wait (20 minutes: 5 s), so
quantiles are that exact; means, shares within the target and the longest wait are exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
GRID = 5
"""Minutes between looks at the length of queues."""
CELL_BITS = 8
CELLS = 18 << CELL_BITS
SHIFT = 52 - CELL_BITS
ZERO_EXPONENT = 1023 << CELL_BITS
ARRIVED, DONE, BALKED, TURNED_AWAY, STARTED, WITHIN, AT_ONCE, CAME_OVER = range(8)
"""Columns of ``counts``; done, balked and turned away are the states of the network too."""
WAITED, LONGEST, BUSY, DELAYED = range(4)
"""Columns of ``sums``, minutes."""
HOUR_ARRIVED, HOUR_SERVED, HOUR_WAITED, HOUR_WITHIN, HOUR_DELAYED, HOUR_OVER, HOUR_LINE, HOUR_BUSY = range(8)
"""Rows of ``hours``: by hour of arrival on this side vehicles, those served, minutes waited, waits within the limit,
minutes at the neighbour's and vehicles that passed there; then minutes stood in line and in a booth in each hour, by
whoever stood there, warm-up and never served included."""


@dataclass(slots=True)
class Tally:
    """Counts by row; ``hours`` (8 by 168 a row) by hour of the week from Monday; ``queue``: changes of the line."""

    counts: Ints
    sums: Floats
    waits: Ints
    hours: Floats
    queue: Ints

    def row(self, index: int) -> Tally:
        """One row alone."""
        part = slice(index, index + 1)
        return Tally(self.counts[part], self.sums[part], self.waits[part], self.hours[part], self.queue[part])


def new_tally(rows: int, horizon: float) -> Tally:
    """Nothing counted yet."""
    return Tally(
        np.zeros((rows, 8), np.int64),
        np.zeros((rows, 4)),
        np.zeros((rows, CELLS), np.int64),
        np.zeros((rows, 8, 168)),
        np.zeros((rows, int(horizon) // GRID + 1), np.int64),
    )


def together(parts: Iterable[Tally], horizon: float) -> Tally:
    """All rows of all parts as one."""
    whole = new_tally(1, horizon)
    for part in parts:
        whole.counts += part.counts.sum(axis=0)
        longest = max(float(whole.sums[0, LONGEST]), float(part.sums[:, LONGEST].max(initial=0.0)))
        whole.sums += part.sums.sum(axis=0)
        whole.sums[0, LONGEST] = longest
        whole.waits += part.waits.sum(axis=0)
        whole.hours += part.hours.sum(axis=0)
        whole.queue += part.queue.sum(axis=0)
    return whole


def edge(cell: Ints | int) -> Floats:
    """Least wait of a cell."""
    within = np.asarray(cell) & ((1 << CELL_BITS) - 1)
    return np.asarray(np.ldexp(1.0 + within / (1 << CELL_BITS), np.asarray(cell) >> CELL_BITS) - 1.0)


def quantiles(tally: Tally, shares: Iterable[float]) -> list[float]:
    """Waits of the first row that these shares of its vehicles do not exceed; NaN where nobody was served."""
    cells, at_once = tally.waits[0], int(tally.counts[0, AT_ONCE])
    served = int(tally.counts[0, STARTED])
    below = at_once + np.cumsum(cells)
    found = []
    for share in shares:
        rank = share * served
        if not served or rank <= at_once:
            found.append(0.0 if served else np.nan)
            continue
        cell = int(np.searchsorted(below, rank))
        low, high = edge(cell), edge(cell + 1)
        wait = float(low + (rank - (below[cell] - cells[cell])) / cells[cell] * (high - low))
        found.append(min(wait, float(tally.sums[0, LONGEST])))
    return found


@dataclass(frozen=True, slots=True)
class Frame:
    """What counts: vehicles from minute ``since`` on, over ``horizon`` minutes that begin at hour ``shift`` of the
    week."""

    since: float
    horizon: float
    limit: float
    shift: int


def tally_arrays(
    frame: Frame,
    tally: Tally,
    rows: NDArray[np.int8],
    arrival: Floats,
    at: Floats,
    start: Floats,
    end: Floats,
    status: NDArray[np.int8],
) -> None:
    """Count vehicles from whole arrays, by numpy: what the kernel is compared with, and used where none compiles."""
    for row in np.unique(rows).tolist():
        here = np.flatnonzero(rows == row)
        begin = start[here]
        waiting = np.where(np.isnan(begin), frame.horizon, begin)
        tally.hours[row, HOUR_LINE] += _standing(frame, at[here], waiting)
        busy = _standing(frame, begin, end[here])
        tally.hours[row, HOUR_BUSY] += busy
        tally.sums[row, BUSY] += busy.sum()
        here = here[arrival[here] >= frame.since]
        _arrivals(frame, tally, row, arrival[here], at[here], status[here])
        here = here[np.isfinite(start[here])]
        if here.size:
            _waits(frame, tally, row, at[here], start[here])


def _arrivals(frame: Frame, tally: Tally, row: int, arrival: Floats, at: Floats, status: NDArray[np.int8]) -> None:
    counts = tally.counts[row]
    counts[ARRIVED] += arrival.size
    for state in (DONE, BALKED, TURNED_AWAY):
        counts[state] += (status == state).sum()
    came = np.isfinite(at)
    over = (at - arrival)[came]
    hour = _hour(frame, at[came])
    tally.sums[row, DELAYED] += over.sum()
    counts[CAME_OVER] += over.size
    tally.hours[row, HOUR_ARRIVED] += np.bincount(hour, minlength=168)
    tally.hours[row, HOUR_DELAYED] += np.bincount(hour, over, 168)
    tally.hours[row, HOUR_OVER] += np.bincount(hour, minlength=168)


def _waits(frame: Frame, tally: Tally, row: int, at: Floats, start: Floats) -> None:
    counts, sums, waits = tally.counts[row], tally.sums[row], start - at
    counts[STARTED] += waits.size
    counts[WITHIN] += (waits <= frame.limit).sum()
    sums[WAITED] += waits.sum()
    sums[LONGEST] = max(float(sums[LONGEST]), float(waits.max()))
    late = waits[waits > 0]
    counts[AT_ONCE] += waits.size - late.size
    cells = ((late + 1.0).view(np.int64) >> SHIFT) - ZERO_EXPONENT
    tally.waits[row] += np.bincount(np.minimum(cells, CELLS - 1), minlength=CELLS)
    hour = _hour(frame, at)
    tally.hours[row, HOUR_SERVED] += np.bincount(hour, minlength=168)
    tally.hours[row, HOUR_WAITED] += np.bincount(hour, waits, 168)
    tally.hours[row, HOUR_WITHIN] += np.bincount(hour[waits <= frame.limit], minlength=168)
    looks = tally.queue.shape[1] - 1
    for times, sign in ((at, 1), (start, -1)):
        place = np.clip(np.ceil(times / GRID), 0, looks).astype(np.int64)
        tally.queue[row] += sign * np.bincount(place, minlength=looks + 1)


def _hour(frame: Frame, at: Floats) -> Ints:
    return np.asarray((np.floor(at * (1 / 60)).astype(np.int64) + frame.shift) % 168)


def _standing(frame: Frame, begin: Floats, end: Floats) -> Floats:
    """Minutes between ``begin`` and ``end`` that fall in each hour of the week, within the time counted."""
    known = (end > 0) & (begin < frame.horizon)
    edges = 60.0 * np.arange(int(frame.horizon) // 60 + 1)
    passed = np.zeros(edges.size)
    for times, sign in ((begin[known], -1.0), (end[known], 1.0)):
        inside = np.sort(np.clip(times, 0.0, frame.horizon))
        before = np.searchsorted(inside, edges)
        sums = np.concatenate([[0.0], np.cumsum(inside)])
        passed += sign * (sums[before] + edges * (inside.size - before))
    hour = (np.arange(edges.size - 1) + frame.shift) % 168
    return np.bincount(hour, np.diff(passed), 168)
