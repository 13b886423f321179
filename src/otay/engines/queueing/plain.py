"""The same line in plain Python: used where numba is not installed, and what the compiled kernel is tested against."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from math import inf, nan


def fifo_plain(
    arrivals: Sequence[float],
    services: Sequence[float],
    patience: Sequence[float],
    steps: Sequence[tuple[float, int]],
) -> tuple[list[float], list[float]]:
    """Starts and ends; see :func:`otay.engines.queueing.fifo.fifo_kernel`."""
    free: list[float] = []
    closing: list[float] = []
    starts, ends = [], []
    waiting_steps = iter([*steps, (inf, 0)])
    at, level = next(waiting_steps)
    for index, arrival in enumerate(arrivals):
        begin = max(arrival, free[0]) if free else inf
        while at <= begin and at < inf:
            busy = sorted(value for value in free + closing if value > at)
            beyond = max(0, len(busy) - level)
            closing, kept = busy[:beyond], busy[beyond:]
            free = [at] * (level - len(kept)) + kept
            at, level = next(waiting_steps)
            begin = max(arrival, free[0]) if free else inf
        if begin == inf or (len(patience) and begin - arrival > patience[index]):
            starts.append(nan)
            ends.append(nan)
            continue
        starts.append(begin)
        ends.append(begin + services[index])
        heapq.heapreplace(free, ends[-1])
    return starts, ends
