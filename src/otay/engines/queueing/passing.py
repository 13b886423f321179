"""The compiled side of tallies: count from arrays, and play a whole class of traffic without keeping any."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import kernel
from otay.engines.queueing.drawing import State, cell, exponential, share
from otay.engines.queueing.fifo import Levels, Times, book, restaff
from otay.engines.queueing.tallying import (
    ARRIVED,
    AT_ONCE,
    BUSY,
    CAME_OVER,
    CELLS,
    DELAYED,
    DONE,
    GRID,
    HOUR_ARRIVED,
    HOUR_BUSY,
    HOUR_DELAYED,
    HOUR_LINE,
    HOUR_OVER,
    HOUR_SERVED,
    HOUR_WAITED,
    HOUR_WITHIN,
    HOURS,
    LONGEST,
    QUEUE,
    SHIFT,
    STARTED,
    WAITED,
    WAITS,
    WITHIN,
    ZERO_EXPONENT,
    Frame,
    Tally,
)

Ints = NDArray[np.int64]
Framed = tuple[float, float, float, int]
"""Since, horizon, limit, shift."""
PER_MINUTE = 1 / 60


@kernel
def stand(row: Times, place: int, frame: Framed, begin: float, end: float) -> float:
    """Add the minutes from ``begin`` to ``end`` to the hours of the week in which they fall; how many they are."""
    begin, end = max(begin, 0.0), min(end, frame[1])
    if not begin < end:
        return 0.0
    whole, until = end - begin, np.floor(begin * PER_MINUTE) * 60.0 + 60.0
    hour: Any = (np.int64(until * PER_MINUTE + 0.5) - 1 + frame[3]) % HOURS
    while until < end:
        row[place + hour] += until - begin
        begin = until
        until += 60.0
        hour = hour + 1 if hour < HOURS - 1 else 0
    row[place + hour] += end - begin
    return whole


@kernel
def note(row: Times, frame: Framed, arrival: float, at: float, start: float, end: float) -> None:
    """Count one vehicle in ``row``; NaN for what never came."""
    served = start >= at
    stand(row, HOUR_LINE, frame, at, start if served else frame[1])
    if served:
        row[BUSY] += stand(row, HOUR_BUSY, frame, start, end)
    if arrival < frame[0]:
        return
    row[ARRIVED] += 1
    if not at >= arrival:
        return
    hour = (np.int64(np.floor(at * PER_MINUTE)) + frame[3]) % HOURS
    row[DELAYED] += at - arrival
    row[CAME_OVER] += 1
    row[HOUR_ARRIVED + hour] += 1
    row[HOUR_DELAYED + hour] += at - arrival
    row[HOUR_OVER + hour] += 1
    if not served:
        return
    wait = start - at
    row[STARTED] += 1
    row[WAITED] += wait
    row[HOUR_SERVED + hour] += 1
    row[HOUR_WAITED + hour] += wait
    row[LONGEST] = max(row[LONGEST], wait)
    if wait <= frame[2]:
        row[WITHIN] += 1
        row[HOUR_WITHIN + hour] += 1
    if wait > 0:
        place: Any = (np.float64(wait + 1.0).view(np.int64) >> SHIFT) - ZERO_EXPONENT
        row[WAITS + min(place, CELLS - 1)] += 1
    else:
        row[AT_ONCE] += 1
    last = row.size - 1
    came: Any = QUEUE + np.int64(np.ceil(at * (1 / GRID)))
    went: Any = QUEUE + np.int64(np.ceil(start * (1 / GRID)))
    row[min(max(came, QUEUE), last)] += 1
    row[min(max(went, QUEUE), last)] -= 1


@kernel
def tally_kernel(
    frame: Framed,
    tally: Tally,
    rows: NDArray[np.int8],
    arrival: Times,
    at: Times,
    start: Times,
    end: Times,
    status: NDArray[np.int8],
) -> None:
    """Count vehicles from arrays."""
    for index in range(arrival.size):
        row = tally[rows[index]]
        if status[index] > 0 and arrival[index] >= frame[0]:
            row[status[index]] += 1
        note(row, frame, arrival[index], at[index], start[index], end[index])


def framed(frame: Frame) -> Framed:
    """The frame as kernels take it."""
    return float(frame.since), float(frame.horizon), float(frame.limit), int(frame.shift)


@kernel
def pass_kernel(  # noqa: C901 one pass, for speed
    frame: Framed,
    row: Times,
    gaps: State,
    cells: State,
    shares: State,
    passed: Times,
    first: float,
    table: Times,
    edges: Times,
    step_times: Times,
    step_levels: Levels,
    sent_at: Times,
    sent_to: Ints,
    sent_arrival: Times,
) -> int:
    """Draw, serve and count a class that has a lane to itself; how many are sent on, -1 if they are more than fit.

    ``passed``: expected arrivals before each hour from minute ``first``. ``edges``: cumulated shares of referral. Of
    who is sent on: when (NaN where never served), the number of the referral, the arrival.
    """
    most = 1
    for level in step_levels:
        most = max(most, level)
    free, closing = np.empty(most), np.empty(most)
    size, count, step, sent, hour = 0, 0, 0, 0, 0
    next_step = step_times[0] if step_times.size else np.inf
    drawn, whole = 0.0, passed[-1]
    slope = 60.0 / (passed[1] - passed[0]) if passed[1] > passed[0] else 0.0
    while True:
        drawn += exponential(gaps)
        if drawn >= whole:
            return sent
        while passed[hour + 1] <= drawn:
            hour += 1
            slope = 60.0 / (passed[hour + 1] - passed[hour]) if passed[hour + 1] > passed[hour] else 0.0
        arrival = slope * (drawn - passed[hour]) + (first + 60.0 * hour)
        service = table[cell(cells)]
        start = np.inf if size == 0 else max(arrival, free[0])
        while next_step <= start and next_step < np.inf:
            count = restaff(free, size, closing, count, step_levels[step], next_step)
            size = step_levels[step]
            step += 1
            next_step = step_times[step] if step < step_times.size else np.inf
            start = np.inf if size == 0 else max(arrival, free[0])
        if start == np.inf:
            start = np.nan
        end = start + service
        if start == start:
            book(free, size, end)
            if arrival >= frame[0]:
                row[DONE] += 1
        note(row, frame, arrival, arrival, start, end)
        if edges.size == 0:
            continue
        drawn_share, referral = share(shares), 0
        while referral < edges.size and edges[referral] <= drawn_share:
            referral += 1
        if referral < edges.size:
            if sent == sent_at.size:
                return -1
            sent_at[sent] = end
            sent_to[sent] = referral
            sent_arrival[sent] = arrival
            sent += 1
