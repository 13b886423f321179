"""A lane for months or years, only sums by hour kept: draws and queue in chunks that stay in the processor's cache.

For whole borders. Two random numbers a vehicle: one exponential (the next arrival, stretched by the hour's rate) and
one integer, which gives service and referral. Who is referred is served first come first served by the secondary
station, in the order in which primary services end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import kernel
from otay.engines.queueing.fifo import book, restaff
from otay.engines.queueing.lines import Steps, fifo

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CHUNK = 1 << 16
SERVICE_BITS = 12
REFERRAL_BITS = 20


@dataclass(frozen=True, slots=True)
class HourlyLane:
    """Sums by hour of arrival, and the secondary station's."""

    arrivals: Floats
    waited: Floats
    """Minutes."""
    within: Floats
    referred: int
    secondary_waited: float


@kernel
def chunk_kernel(
    gaps: Floats,
    integers: NDArray[np.uint32],
    rates: Floats,
    booths: Ints,
    table: Floats,
    referral: int,
    limit: float,
    clock: Floats,
    place: Ints,
    free: Floats,
    closing: Floats,
    sums: Floats,
    sent: Floats,
) -> int:
    """Play one chunk of vehicles; how many came before the last hour ended.

    ``clock``: time in minutes of the last arrival, kept from chunk to chunk. ``place``: hour, booths'
    hour, servers, booths closing, vehicles sent on. ``sums``: rows arrivals, waited, within. ``sent``: when each was
    sent on.
    """
    hours = rates.size
    now, hour, staffed = clock[0], place[0], place[1]
    size, count, referred = place[2], place[3], place[4]
    played = 0
    for index in range(gaps.size):
        gap = gaps[index]
        while hour < hours:
            left = (hour + 1) * 60.0 - now
            needed = gap / rates[hour] if rates[hour] > 0 else np.inf
            if needed < left:
                now += needed
                break
            gap -= left * rates[hour]
            hour += 1
            now = hour * 60.0
        if hour >= hours:
            break
        begin = np.inf if size == 0 else max(now, free[0])
        while staffed < booths.size and staffed * 60.0 <= begin:
            level = booths[staffed]
            if level != size:
                count = restaff(free, size, closing, count, level, staffed * 60.0)
                size = level
            staffed += 1
            begin = np.inf if size == 0 else max(now, free[0])
        if begin == np.inf:
            continue
        number = integers[index]
        end = begin + table[number >> (32 - SERVICE_BITS)]
        book(free, size, end)
        wait = begin - now
        sums[0, hour] += 1
        sums[1, hour] += wait
        if wait <= limit:
            sums[2, hour] += 1
        if (number & ((1 << REFERRAL_BITS) - 1)) < referral:
            sent[referred] = end
            referred += 1
        played += 1
    clock[0] = now
    place[0], place[1], place[2], place[3], place[4] = hour, staffed, size, count, referred
    return played


def lane_hours(
    rates: Floats,
    booths: Ints,
    table: Floats,
    generator: np.random.Generator,
    *,
    limit: float = 20.0,
    referral: float = 0.0,
    docks: Steps | int = 1,
    secondary: Floats | None = None,
) -> HourlyLane:
    """Play a lane: arrivals by hour ``rates`` (expected counts), ``booths`` by hour, ``table`` of 4,096 service
    quantiles.

    ``referral`` is the share sent to ``docks`` secondary docks with ``secondary`` service quantiles (4,096 too). After
    the last hour the last booths stay until the line is served.
    """
    if table.size != 1 << SERVICE_BITS:
        raise ValueError("a table has 4,096 quantiles")
    per_minute = np.asarray(rates, float) / 60
    most = max(1, int(booths.max(initial=1)))
    expected = float(rates.sum())
    sums = np.zeros((3, rates.size))
    sent = np.empty(int(referral * expected * 1.1 + 10 * np.sqrt(expected + 1) + 100) if referral else 1)
    clock, place = np.zeros(1), np.zeros(5, np.int64)
    free, closing = np.empty(most), np.empty(most)
    threshold = round(referral * (1 << REFERRAL_BITS))
    while place[0] < rates.size:
        left = expected - sums[0].sum() if expected < CHUNK else CHUNK
        count = int(min(CHUNK, max(256, left + 6 * np.sqrt(max(left, 1)))))
        gaps = generator.standard_exponential(count)
        integers = generator.integers(0, 1 << 32, count, dtype=np.uint32)
        chunk_kernel(
            gaps, integers, per_minute, booths, table, threshold, limit, clock, place, free, closing, sums, sent
        )
    waited = 0.0
    referred = int(place[4])
    if referred and secondary is not None:
        needs = secondary[generator.integers(0, secondary.size, referred)]
        waited = float(np.nansum(fifo(np.sort(sent[:referred]), needs, docks).waits))
    return HourlyLane(sums[0], sums[1], sums[2], referred, waited)
