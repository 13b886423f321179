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
HOURS = 168
ARRIVED, DONE, BALKED, TURNED_AWAY, STARTED, WITHIN, AT_ONCE, CAME_OVER = range(8)
"""Columns of counts; done, balked and turned away are the states of the network too."""
WAITED, LONGEST, BUSY, DELAYED = range(8, 12)
"""Columns of sums, minutes."""
HOUR_ARRIVED, HOUR_SERVED, HOUR_WAITED, HOUR_WITHIN, HOUR_DELAYED, HOUR_OVER, HOUR_LINE, HOUR_BUSY = range(
    12, 12 + 8 * HOURS, HOURS
)
"""Where stretches of 168 hours of the week begin: by hour of arrival on this side vehicles, those served, minutes
waited, waits within the limit, minutes at the neighbour's and vehicles that passed there; then minutes stood in line
and in a booth in each hour, by whoever stood there, warm-up and never served included."""
WAITS = 12 + 8 * HOURS
QUEUE = WAITS + CELLS

Tally = Floats
"""Rows of columns as above, then the histogram of waits, then changes of the line every five minutes."""


def new_tally(rows: int, horizon: float) -> Tally:
    """Nothing counted yet."""
    return np.zeros((rows, QUEUE + int(horizon) // GRID + 1))


def together(parts: Iterable[Tally], horizon: float) -> Floats:
    """All rows of all parts as one row."""
    whole: Floats = new_tally(1, horizon)[0]
    for part in parts:
        longest = max(whole[LONGEST], part[:, LONGEST].max(initial=0.0))
        whole += part.sum(axis=0)
        whole[LONGEST] = longest
    return whole


def by_hour(row: Floats, begin: int) -> Floats:
    """One stretch of hours of the week from Monday."""
    return np.asarray(row[begin : begin + HOURS])


def edge(cell: Ints | int) -> Floats:
    """Least wait of a cell."""
    within = np.asarray(cell) & ((1 << CELL_BITS) - 1)
    return np.asarray(np.ldexp(1.0 + within / (1 << CELL_BITS), np.asarray(cell) >> CELL_BITS) - 1.0)


def quantiles(row: Floats, shares: Iterable[float]) -> list[float]:
    """Waits that these shares of the vehicles do not exceed; NaN where nobody was served."""
    cells, at_once, served = row[WAITS:QUEUE], row[AT_ONCE], row[STARTED]
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
        found.append(min(wait, float(row[LONGEST])))
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
    for index in np.unique(rows).tolist():
        row, here = tally[index], np.flatnonzero(rows == index)
        begin = start[here]
        waiting = np.where(np.isnan(begin), frame.horizon, begin)
        by_hour(row, HOUR_LINE)[:] += _standing(frame, at[here], waiting)
        busy = _standing(frame, begin, end[here])
        by_hour(row, HOUR_BUSY)[:] += busy
        row[BUSY] += busy.sum()
        here = here[arrival[here] >= frame.since]
        _arrivals(frame, row, arrival[here], at[here], status[here])
        here = here[np.isfinite(start[here])]
        if here.size:
            _waits(frame, row, at[here], start[here])


def _arrivals(frame: Frame, row: Floats, arrival: Floats, at: Floats, status: NDArray[np.int8]) -> None:
    row[ARRIVED] += arrival.size
    for state in (DONE, BALKED, TURNED_AWAY):
        row[state] += (status == state).sum()
    came = np.isfinite(at)
    over, hour = (at - arrival)[came], _hour(frame, at[came])
    row[DELAYED] += over.sum()
    row[CAME_OVER] += over.size
    by_hour(row, HOUR_ARRIVED)[:] += np.bincount(hour, minlength=HOURS)
    by_hour(row, HOUR_DELAYED)[:] += np.bincount(hour, over, HOURS)
    by_hour(row, HOUR_OVER)[:] += np.bincount(hour, minlength=HOURS)


def _waits(frame: Frame, row: Floats, at: Floats, start: Floats) -> None:
    waits = start - at
    row[STARTED] += waits.size
    row[WITHIN] += (waits <= frame.limit).sum()
    row[WAITED] += waits.sum()
    row[LONGEST] = max(row[LONGEST], waits.max())
    late = waits[waits > 0]
    row[AT_ONCE] += waits.size - late.size
    cells = ((late + 1.0).view(np.int64) >> SHIFT) - ZERO_EXPONENT
    row[WAITS:QUEUE] += np.bincount(np.minimum(cells, CELLS - 1), minlength=CELLS)
    hour = _hour(frame, at)
    by_hour(row, HOUR_SERVED)[:] += np.bincount(hour, minlength=HOURS)
    by_hour(row, HOUR_WAITED)[:] += np.bincount(hour, waits, HOURS)
    by_hour(row, HOUR_WITHIN)[:] += np.bincount(hour[waits <= frame.limit], minlength=HOURS)
    looks = row.size - QUEUE - 1
    for times, sign in ((at, 1), (start, -1)):
        place = np.clip(np.ceil(times * (1 / GRID)), 0, looks).astype(np.int64)
        row[QUEUE:] += sign * np.bincount(place, minlength=looks + 1)


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
    return np.asarray(np.bincount(hour, np.diff(passed), 168), float)
