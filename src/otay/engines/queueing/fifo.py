"""One first-come-first-served line before many servers whose number changes by schedule.

The recursion of Kiefer and Wolfowitz (1955) needs no list of events: keep the times at which servers fall free, give
each arrival the earliest. A change of staffing is applied when the next start would pass it. A service may start while
fewer servers are busy than are open; a server taken away while it serves finishes its customer first.

Times are in any one unit; arrivals must not decrease.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import kernel

Times = NDArray[np.float64]
Levels = NDArray[np.int64]
WIDE = 128
"""Servers up to which a plain pass over all of them is quicker than a heap (measured)."""


@kernel
def replace_first(heap: Times, size: int, value: float) -> None:
    """Take the least of a heap of ``size`` away and put ``value`` in."""
    at = 0
    child = 1
    while child < size:
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= value:
            break
        heap[at] = heap[child]
        at = child
        child = 2 * at + 1
    heap[at] = value


@kernel
def book(free: Times, size: int, value: float) -> None:
    """The server that falls free first is free again at ``value``.

    ``free`` is in order. Up to ``WIDE`` servers every place is written anew without a branch for the processor to guess
    wrong; beyond, the array is kept as a heap.
    """
    if size > WIDE:
        replace_first(free, size, value)
        return
    for at in range(size - 1):
        above = free[at + 1]
        free[at] = above if above < value else value
        value = value if above < value else above
    free[size - 1] = value


@kernel
def restaff(free: Times, size: int, closing: Times, count: int, level: int, now: float) -> int:
    """Have ``level`` servers from ``now``; fills ``free`` and ``closing``, returns how many are closing.

    ``closing`` are servers beyond ``level`` that still serve: those that fall free first. Servers added fall free now,
    after those still serving have been counted.
    """
    busy = np.empty(size + count)
    running = 0
    for index in range(size):
        if free[index] > now:
            busy[running] = free[index]
            running += 1
    for index in range(count):
        if closing[index] > now:
            busy[running] = closing[index]
            running += 1
    serving = np.sort(busy[:running])
    beyond = max(0, running - level)
    for index in range(beyond):
        closing[index] = serving[index]
    idle = level - (running - beyond)
    for index in range(idle):
        free[index] = now
    for index in range(running - beyond):
        free[idle + index] = serving[beyond + index]  # in order, hence a heap too
    return beyond


@kernel
def fifo_kernel(
    arrivals: Times,
    services: Times,
    patience: Times,
    step_times: Times,
    step_levels: Levels,
    starts: Times,
    ends: Times,
) -> int:
    """Fill ``starts`` and ``ends``; NaN for who left unserved. Returns how many were served; -1 if arrivals decrease.

    ``patience`` empty: nobody leaves. Else who would wait longer than that leaves on arrival; as the line is first come
    first served, waits and departures of those served equal those of customers who give up while waiting (Erlang-A).
    """
    most = 1
    for level in step_levels:
        most = max(most, level)
    free = np.empty(most)
    closing = np.empty(most)
    size, count, served, step = 0, 0, 0, 0
    next_step = step_times[0] if step_times.size else np.inf
    impatient = patience.size > 0
    previous = -np.inf
    for index in range(arrivals.size):
        arrival = arrivals[index]
        if arrival < previous:
            return -1
        previous = arrival
        begin = np.inf if size == 0 else max(arrival, free[0])
        while next_step <= begin and next_step < np.inf:
            count = restaff(free, size, closing, count, step_levels[step], next_step)
            size = step_levels[step]
            step += 1
            next_step = step_times[step] if step < step_times.size else np.inf
            begin = np.inf if size == 0 else max(arrival, free[0])
        if begin == np.inf or (impatient and begin - arrival > patience[index]):
            starts[index] = np.nan
            ends[index] = np.nan
            continue
        starts[index] = begin
        ends[index] = begin + services[index]
        book(free, size, ends[index])
        served += 1
    return served
