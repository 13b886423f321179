"""The compiled side of tallies: count from arrays, and play a whole class of traffic without keeping any."""

from __future__ import annotations

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
    LONGEST,
    SHIFT,
    STARTED,
    WAITED,
    WITHIN,
    ZERO_EXPONENT,
    Frame,
    Tally,
)

Ints = NDArray[np.int64]
PER_MINUTE = 1 / 60


@kernel
def stand(hours: Times, frame: Times, begin: float, end: float) -> float:
    """Add the minutes from ``begin`` to ``end`` to the hours of the week in which they fall; how many they are."""
    begin, end = max(begin, 0.0), min(end, frame[1])
    if not begin < end:
        return 0.0
    whole, hour = end - begin, np.int64(begin * PER_MINUTE)
    while begin < end:
        until = min(end, (hour + 1) * 60.0)
        hours[(hour + np.int64(frame[3])) % 168] += max(0.0, until - begin)
        begin = until
        hour += 1
    return whole


@kernel
def note(
    frame: Times,
    counts: Ints,
    sums: Times,
    waits: Ints,
    hours: Times,
    queue: Ints,
    arrival: float,
    at: float,
    start: float,
    end: float,
) -> None:
    """Count one vehicle in one row. ``frame``: since, horizon, limit, shift; NaN for what never came."""
    served = start >= at
    stand(hours[HOUR_LINE], frame, at, start if served else frame[1])
    if served:
        sums[BUSY] += stand(hours[HOUR_BUSY], frame, start, end)
    if arrival < frame[0]:
        return
    counts[ARRIVED] += 1
    if not at >= arrival:
        return
    hour = (np.int64(np.floor(at * PER_MINUTE)) + np.int64(frame[3])) % 168
    sums[DELAYED] += at - arrival
    counts[CAME_OVER] += 1
    hours[HOUR_ARRIVED, hour] += 1.0
    hours[HOUR_DELAYED, hour] += at - arrival
    hours[HOUR_OVER, hour] += 1.0
    if not served:
        return
    wait = start - at
    counts[STARTED] += 1
    sums[WAITED] += wait
    hours[HOUR_SERVED, hour] += 1.0
    hours[HOUR_WAITED, hour] += wait
    if wait > sums[LONGEST]:
        sums[LONGEST] = wait
    if wait <= frame[2]:
        counts[WITHIN] += 1
        hours[HOUR_WITHIN, hour] += 1.0
    if wait > 0:
        waits[min((np.float64(wait + 1.0).view(np.int64) >> SHIFT) - ZERO_EXPONENT, CELLS - 1)] += 1
    else:
        counts[AT_ONCE] += 1
    looks = queue.size - 1
    queue[min(max(np.int64(np.ceil(at / GRID)), 0), looks)] += 1
    queue[min(max(np.int64(np.ceil(start / GRID)), 0), looks)] -= 1


@kernel
def tally_kernel(
    frame: Times,
    counts: Ints,
    sums: Times,
    waits: Ints,
    hours: Times,
    queue: Ints,
    rows: NDArray[np.int8],
    arrival: Times,
    at: Times,
    start: Times,
    end: Times,
    status: NDArray[np.int8],
) -> None:
    """Count vehicles from arrays."""
    for index in range(arrival.size):
        row = rows[index]
        state = status[index]
        if state > 0 and arrival[index] >= frame[0]:
            counts[row, state] += 1
        note(
            frame,
            counts[row],
            sums[row],
            waits[row],
            hours[row],
            queue[row],
            arrival[index],
            at[index],
            start[index],
            end[index],
        )


def framed(frame: Frame) -> Times:
    """The frame as kernels take it."""
    return np.array([frame.since, frame.horizon, frame.limit, frame.shift])


def tally_compiled(
    frame: Frame,
    tally: Tally,
    rows: NDArray[np.int8],
    arrival: Times,
    at: Times,
    start: Times,
    end: Times,
    status: NDArray[np.int8],
) -> None:
    """:func:`otay.engines.queueing.tallying.tally_arrays`, compiled."""
    parts = (tally.counts, tally.sums, tally.waits, tally.hours, tally.queue)
    tally_kernel(framed(frame), *parts, rows, arrival, at, start, end, status)


@kernel
def pass_kernel(  # noqa: C901 one pass, for speed
    frame: Times,
    counts: Ints,
    sums: Times,
    waits: Ints,
    hours: Times,
    queue: Ints,
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
                counts[DONE] += 1
        note(frame, counts, sums, waits, hours, queue, arrival, arrival, start, end)
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
