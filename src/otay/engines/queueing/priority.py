"""Classes of unequal rank before shared servers: the lowest rank waiting is served first, without interrupting
service."""

from __future__ import annotations

import numpy as np

from otay.engines.compiling import kernel
from otay.engines.queueing.fifo import Levels, Times, replace_first


@kernel
def push(heap: Times, size: int, value: float) -> None:
    """Add ``value`` to a heap of ``size``."""
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if heap[parent] <= value:
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = value


@kernel
def priority_kernel(
    arrivals: Times, ranks: Levels, services: Times, step_times: Times, step_levels: Levels, starts: Times, ends: Times
) -> int:
    """Fill ``starts`` and ``ends`` (NaN where no server ever came) of customers in order of arrival; how many were
    served.

    ``ranks`` are 0 (first) upward. At one moment staffing changes before services end, and those before arrivals.
    """
    total = arrivals.size
    classes = 1 + (ranks.max() if total > 0 else 0)
    most = step_levels.max() if step_levels.size > 0 else 0
    following = np.full(total, -1, np.int64)
    first = np.full(classes, -1, np.int64)
    last = np.full(classes, -1, np.int64)
    busy = np.empty(most + 1)
    running, level, step, index, waiting, served = 0, 0, 0, 0, 0, 0
    starts[:] = np.nan
    ends[:] = np.nan
    while index < total or waiting > 0:
        step_at = step_times[step] if step < step_times.size else np.inf
        end_at = busy[0] if running > 0 else np.inf
        arrive_at = arrivals[index] if index < total else np.inf
        now = min(step_at, end_at, arrive_at)
        if now == np.inf:
            break
        if step_at == now:
            level = step_levels[step]
            step += 1
        elif end_at == now:
            running -= 1
            if running > 0:
                replace_first(busy, running, busy[running])
        else:
            rank = ranks[index]
            if first[rank] < 0:
                first[rank] = index
            else:
                following[last[rank]] = index
            last[rank] = index
            waiting += 1
            index += 1
        rank = 0
        while waiting > 0 and running < level:
            while first[rank] < 0:
                rank += 1
            customer = first[rank]
            first[rank] = following[customer]
            starts[customer] = now
            ends[customer] = now + services[customer]
            push(busy, running, ends[customer])
            running += 1
            waiting -= 1
            served += 1
    return served
