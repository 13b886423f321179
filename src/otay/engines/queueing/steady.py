"""M/M/c: customers drawn and served in one pass, nothing kept but their waits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import COMPILED, kernel
from otay.engines.queueing.drawing import State, exponential, state_of
from otay.engines.queueing.fifo import Times, book
from otay.engines.queueing.lines import fifo


@kernel
def steady_kernel(state: State, gap: float, service: float, free: Times, servers: int, waits: Times) -> None:
    """Fill ``waits``; two numbers a customer, the gap before and the service."""
    now = 0.0
    for index in range(waits.size):
        now += exponential(state) * gap
        begin = max(now, free[0])
        waits[index] = begin - now
        book(free, servers, begin + exponential(state) * service)


def steady(
    count: int, rate: float, mean_service: float, servers: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Waits of the first ``count`` customers of M/M/c that begins empty; what ``generator`` has drawn is not told back.

    ``rate`` per unit of time, ``mean_service`` and waits in that unit.
    """
    if not COMPILED:
        drawn = generator.standard_exponential(2 * count)
        return fifo(np.cumsum(drawn[::2] / rate), drawn[1::2] * mean_service, servers).waits
    waits, free = np.empty(count), np.zeros(servers)
    steady_kernel(state_of(generator), 1 / rate, mean_service, free, servers, waits)
    return waits
