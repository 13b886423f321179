"""Mean waits by hour of a week without simulation: a queue as a flow whose load follows the number present.

Pointwise stationary fluid flow (Wang, Tipper and Banerjee 1996): the number present changes by arrivals less
departures, and departures are those of the steady queue (Erlang-C, by Allen and Cunneen for other variation) that
holds as many. Unlike a steady formula it carries a line over from one hour to the next, also through hours of overload.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from otay.engines.queueing.closed_forms import erlang_c

Floats = NDArray[np.float64]
STEP = 5
"""Minutes."""
PER_HOUR = 60 // STEP
WARM_UP = 24
"""Hours of Sunday played before Monday."""
LOADS = np.concatenate([np.linspace(0, 0.9, 61), 1 - np.geomspace(0.099, 1e-7, 160)])


@lru_cache(maxsize=1024)
def present(servers: int, cv: float) -> Floats:
    """Mean number present in the steady queue for each of ``LOADS``."""
    waiting = [
        erlang_c(servers, load * servers) * load / (1 - load) * (1 + cv**2) / 2 if load else 0.0
        for load in LOADS.tolist()
    ]
    return np.asarray(servers * LOADS + np.array(waiting))


def waits(rates: Floats, service: Floats, booths: NDArray[np.int64], cv: float) -> Floats:
    """Mean wait in minutes by hour of the week for several cases at once.

    ``rates``: arrivals an hour, (cases, 168); ``service``: minutes, (cases,); ``booths``: by hour, (168,). NaN where
    closed.
    """
    cases = rates.shape[0]
    number = np.zeros(cases)
    found = np.full((cases, 168), np.nan)
    groups = [(float(minutes), np.flatnonzero(service == minutes)) for minutes in np.unique(service)]
    for hour in [*range(168 - WARM_UP, 168), *range(168)]:
        servers, arrived = int(booths[hour]), rates[:, hour] / PER_HOUR
        if not servers:
            number = number + arrived * PER_HOUR
            found[:, hour] = np.nan
            continue
        table, total = present(servers, cv), np.zeros(cases)
        for minutes, group in groups:
            # Departures by the number at the end of the step: stable for any step.
            after = table + STEP / minutes * servers * LOADS
            here, line = number[group], np.zeros(group.size)
            for _ in range(PER_HOUR):
                here = np.interp(here + arrived[group], after, table)
                load = np.maximum(np.interp(here, table, LOADS), 1e-9)
                line += here / load - servers  # over the rate at which it is served: Little
            number[group] = here
            total[group] = line * minutes / servers
        found[:, hour] = total / PER_HOUR
    return found
