"""When vehicles come: Poisson streams with hourly rates, bunches, and traces."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from otay.engines.queueing.scenario import Bunched, Profile, Scenario, Trace

Times = NDArray[np.float64]


def week_weights(profile: Profile | Bunched) -> NDArray[np.float64]:
    """Weight of each hour of the week: 7 rows of 24."""
    rows = np.asarray(profile.hour, float)
    return np.asarray(np.asarray(profile.weekday, float)[:, None] * (rows if rows.ndim == 2 else rows[None, :]), float)


def hourly_rates(profile: Profile | Bunched, start: date, days: int) -> NDArray[np.float64]:
    """Expected arrivals in each hour from midnight of ``start``: a month's count, spread by its own weekdays.

    A day of a month without a count (warm-up before the first) takes the nearest month that has one.
    """
    weights = week_weights(profile)
    per_day = weights.sum(axis=1)
    known = sorted(profile.monthly)
    factors: dict[str, float] = {}
    rates = np.empty((days, 24))
    for index in range(days):
        day = start + timedelta(days=index)
        month = day.strftime("%Y-%m")
        if month not in factors:
            first = day.replace(day=1).weekday()
            whole = sum(per_day[(first + offset) % 7] for offset in range(monthrange(day.year, day.month)[1]))
            counted = (
                month if month in profile.monthly else min(known, key=lambda one: abs(_number(one) - _number(month)))
            )
            factors[month] = profile.monthly[counted] / whole
        rates[index] = weights[day.weekday()] * factors[month]
    return rates.ravel()


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:])


def expected(profile: Profile | Bunched, scenario: Scenario) -> NDArray[np.float64]:
    """Arrivals expected before each hour, and in all, from the first day of warm-up on."""
    first = scenario.start - timedelta(days=scenario.warm_up_days)
    rates = hourly_rates(profile, first, scenario.days + scenario.warm_up_days)
    return np.concatenate([[0.0], np.cumsum(rates)])


def poisson(rates: NDArray[np.float64], generator: np.random.Generator, first: float = 0.0) -> Times:
    """Arrival times in minutes of a Poisson stream with hourly ``rates``, by stretching a stream of rate one.

    More demand makes the same draws come closer together, so that scenarios stay comparable.
    """
    edges = first + 60.0 * np.arange(rates.size + 1)
    passed = np.concatenate([[0.0], np.cumsum(rates)])
    whole = passed[-1]
    if whole <= 0:
        return np.empty(0)
    total = np.cumsum(generator.standard_exponential(int(whole + 6 * np.sqrt(whole) + 20)))
    while total[-1] < whole:
        total = np.concatenate([total, total[-1] + np.cumsum(generator.standard_exponential(1000))])
    return np.asarray(np.interp(total[: np.searchsorted(total, whole)], passed, edges))


def bunched(rates: NDArray[np.float64], arrivals: Bunched, generator: np.random.Generator, first: float) -> Times:
    """Bunches that come as a Poisson stream, of geometric size, their vehicles an exponential headway apart."""
    leaders = poisson(rates / arrivals.size, generator, first)
    sizes = generator.geometric(1 / arrivals.size, leaders.size)
    gaps = generator.standard_exponential(int(sizes.sum())) * arrivals.headway_seconds / 60
    starts = np.cumsum(sizes) - sizes
    gaps[starts] = 0.0
    along = np.cumsum(gaps)
    return np.sort(np.repeat(leaders - along[starts], sizes) + along) if leaders.size else leaders


def times_of(
    arrivals: Profile | Trace | Bunched, start: date, days: int, warm_up: int, generator: np.random.Generator
) -> Times:
    """Arrival times in minutes after midnight of ``start``; those of the warm-up are negative."""
    if isinstance(arrivals, Trace):
        return np.sort(np.asarray(arrivals.minutes, float))
    rates = hourly_rates(arrivals, start - timedelta(days=warm_up), days + warm_up)
    first = -1440.0 * warm_up
    return (
        poisson(rates, generator, first)
        if isinstance(arrivals, Profile)
        else bunched(rates, arrivals, generator, first)
    )
