"""M/M/c: customers drawn and served in one pass, nothing kept but their waits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import COMPILED, kernel
from otay.engines.queueing.drawing import INSIDE, WIDTH, State, beyond, state_of, turn
from otay.engines.queueing.fifo import Times, book
from otay.engines.queueing.lines import fifo


@kernel
def steady_kernel(state: State, gap: float, service: float, free: Times, servers: int, waits: Times) -> None:
    """Fill ``waits``; two numbers a customer, the gap before and the service."""
    now, begin = 0.0, 0.0
    first, second, third, count = state[0], state[1], state[2], state[3]
    for number in range(2 * waits.size):
        drawn, first, second, third, count = turn(first, second, third, count)
        layer, bits = (drawn >> np.uint64(3)) & np.uint64(255), drawn >> np.uint64(11)
        value = np.float64(np.int64(bits)) * WIDTH[layer]
        if bits >= INSIDE[layer]:
            state[0], state[1], state[2], state[3] = first, second, third, count
            value = beyond(state, layer, value)
            first, second, third, count = state[0], state[1], state[2], state[3]
        if number & 1:
            book(free, servers, begin + value * service)
            continue
        now += value * gap
        begin = max(now, free[0])
        waits[number >> 1] = begin - now


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
