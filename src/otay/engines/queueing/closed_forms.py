"""Queues with a known answer: what simulations are checked against, and the seed of staffing.

Rates are per one unit of time and results in that unit. Servers are ``int``, loads in erlang.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, inf, log, sqrt


def erlang_b(servers: int, load: float) -> float:
    """Chance that all ``servers`` are busy when nobody waits (Erlang 1917), by the stable recursion."""
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked


def erlang_c(servers: int, load: float) -> float:
    """Chance of having to wait in M/M/c; 1 where the load is not below the servers."""
    if load >= servers:
        return 1.0
    blocked = erlang_b(servers, load)
    return servers * blocked / (servers - load * (1 - blocked))


def mean_wait(
    servers: int, arrival_rate: float, mean_service: float, cv: float = 1.0, arrival_cv: float = 1.0
) -> float:
    """Mean wait in M/M/c; for other variation the approximation of Allen and Cunneen (exact for M/G/1)."""
    load = arrival_rate * mean_service
    if load >= servers:
        return inf
    return erlang_c(servers, load) * mean_service / (servers - load) * (cv**2 + arrival_cv**2) / 2


def share_within(servers: int, arrival_rate: float, mean_service: float, limit: float) -> float:
    """Share of customers of M/M/c who wait no longer than ``limit``."""
    load = arrival_rate * mean_service
    if load >= servers:
        return 0.0
    return 1 - erlang_c(servers, load) * exp(-(servers - load) * limit / mean_service)


def pollaczek_khinchine(arrival_rate: float, mean_service: float, cv: float) -> float:
    """Mean wait in M/G/1."""
    load = arrival_rate * mean_service
    return inf if load >= 1 else load * mean_service * (1 + cv**2) / (2 * (1 - load))


def cobham(rates: Sequence[float], mean_service: float, servers: int) -> list[float]:
    """Mean wait by rank in M/M/c without interruption, one mean service for all ranks (Cobham 1954)."""
    total = sum(rates) * mean_service
    busy = erlang_c(servers, total) * mean_service / servers
    waits, before = [], 0.0
    for rate in rates:
        upto = before + rate * mean_service / servers
        waits.append(inf if upto >= 1 or before >= 1 else busy / ((1 - before) * (1 - upto)))
        before = upto
    return waits


@dataclass(frozen=True, slots=True)
class Abandonment:
    """Answers of M/M/c+M."""

    abandon: float
    """Share of customers who leave unserved."""
    mean_queue: float


def erlang_a(servers: int, arrival_rate: float, mean_service: float, mean_patience: float) -> Abandonment:
    """M/M/c+M (Palm 1946): exponential patience. Birth and death, in logarithms, summed until what is left is
    nothing."""
    logs, state = [0.0], 0
    peak = 0.0
    while True:
        state += 1
        death = min(state, servers) / mean_service + max(0, state - servers) / mean_patience
        logs.append(logs[-1] + log(arrival_rate / death))
        peak = max(peak, logs[-1])
        if state > servers and logs[-1] < peak - 45:
            break
    weights = [exp(value - peak) for value in logs]
    whole = sum(weights)
    queue = sum(weight * max(0, count - servers) for count, weight in enumerate(weights)) / whole
    return Abandonment(queue / mean_patience / arrival_rate, queue)


def square_root_staffing(load: float, beta: float) -> int:
    """Servers by the square-root rule: the load and ``beta`` of its square roots."""
    return max(1, ceil(load + beta * sqrt(load)))
