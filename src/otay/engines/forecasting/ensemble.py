"""The point forecast: the median of simple forecasts, each on logarithms without the yearly pattern.

No single method won on rolling origins over the border's series; their median beat each of them (decision 0143).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from otay.engines.forecasting.decomposition import YEAR, yearly_pattern
from otay.engines.forecasting.smoothing import damped_trend, recent_mean, steady_level, theta

Panel = NDArray[np.float64]
CARRIED, MOST = 0.5, 0.7
"""Share of last year's change that is expected again, and the most (in logarithms) that it is taken for."""


def seasonal_naive(values: Panel, horizon: int) -> Panel:
    """The same month a year before; the latest known one of that name where it is unknown, else 0."""
    count = values.shape[1]
    answers = np.zeros((values.shape[0], horizon))
    for ahead in range(horizon):
        column = count - YEAR + ahead % YEAR
        found = np.full(values.shape[0], np.nan)
        while column >= 0 and np.isnan(found).any():
            found = np.where(np.isnan(found), values[:, column], found)
            column -= YEAR
        answers[:, ahead] = np.nan_to_num(found)
    return answers


def carried_on(values: Panel, logs: Panel, horizon: int) -> Panel:
    """Logarithms of seasonal-naive moved by half of how the last twelve months changed from the twelve before."""
    change = logs[:, -YEAR:] - logs[:, -2 * YEAR : -YEAR]
    known = np.isfinite(change)
    mean = np.where(known, change, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(np.log1p(seasonal_naive(values, horizon)) + CARRIED * np.clip(mean, -MOST, MOST)[:, None])


def log_forecast(values: Panel, usual: NDArray[np.bool_], horizon: int) -> Panel:
    """Forecast of ``log(1 + count)`` for the ``horizon`` months after ``values`` (series by month, NaN unknown).

    ``usual`` marks the months whose season may be learnt from.
    """
    logs = np.log1p(values)
    count = logs.shape[1]
    pattern = yearly_pattern(logs, usual)
    series = logs - pattern[:, np.arange(count) % YEAR]
    level = steady_level(series)
    ahead = pattern[:, (count + np.arange(horizon)) % YEAR]
    flat = [recent_mean(series, months, level) for months in (3, 6)]
    members = [
        damped_trend(series, horizon) + ahead,
        theta(series, level, horizon) + ahead,
        *(one[:, None] + ahead for one in flat),
        np.log1p(seasonal_naive(values, horizon)) if count >= YEAR else level[:, None] + ahead,
    ]
    if count >= 2 * YEAR:
        members.append(carried_on(values, logs, horizon))
    return np.asarray(np.median(members, axis=0))
