"""Levels and trends that follow a series: exponential smoothing for many series and many settings in one pass."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

Panel = NDArray[np.float64]
MEMORY = 0.98
"""Weight of an error against the month after it, when settings are compared."""
SHOCK = 1.5
"""No month moves a level by more than this (in logarithms) in one step."""
TREND_MONTHS = 48

_SETTINGS = np.array(
    [(level, 0.0, 0.8) for level in (0.1, 0.2, 0.35, 0.5, 0.7, 0.9)]
    + list(product((0.1, 0.2, 0.35, 0.5, 0.7, 0.9), (0.05, 0.15), (0.8, 0.92, 0.98)))
)
_LEVELS = np.array([(level, 0.0, 0.0) for level in (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)])


def _follow(series: Panel, settings: Panel) -> tuple[Panel, Panel, Panel]:
    """Last level and slope of damped exponential smoothing, and the one-step errors, by series and setting."""
    alpha, beta, damping = settings.T
    level = np.repeat(_beginning(series)[:, None], len(settings), axis=1)
    slope, missed = np.zeros_like(level), np.zeros_like(level)
    for month in range(series.shape[1]):
        value = series[:, month][:, None]
        expected = level + damping * slope
        surprise = np.clip(np.where(np.isfinite(value), value - expected, 0.0), -SHOCK, SHOCK)
        missed = missed * MEMORY + np.abs(surprise)
        level = expected + alpha * surprise
        slope = damping * slope + alpha * beta * surprise
    return level, slope, missed


def _beginning(series: Panel) -> NDArray[np.float64]:
    starts = [row[np.isfinite(row)][:6] for row in series]
    return np.array([start.mean() if start.size else 0.0 for start in starts])


def damped_trend(series: Panel, horizon: int) -> Panel:
    """Damped-trend smoothing (Gardner and McKenzie 1985), settings weighted by how well each did one month ahead."""
    level, slope, missed = _follow(series, _SETTINGS)
    best = np.maximum(missed.min(axis=1, keepdims=True), 1e-9)
    weights = np.exp(-20 * (missed / best - 1).clip(0, 30))
    weights /= weights.sum(axis=1, keepdims=True)
    damping = _SETTINGS[:, 2]
    reach = np.cumsum(damping[:, None] ** np.arange(1, horizon + 1), axis=1)
    return np.asarray(np.einsum("sg,sgh->sh", weights, level[:, :, None] + slope[:, :, None] * reach))


def steady_level(series: Panel) -> NDArray[np.float64]:
    """Simple smoothing with the best of a few settings."""
    level, _slope, missed = _follow(series, _LEVELS)
    return np.asarray(level[np.arange(len(level)), missed.argmin(axis=1)])


def theta(series: Panel, level: NDArray[np.float64], horizon: int) -> Panel:
    """The Theta method (Assimakopoulos and Nikolopoulos 2000): the level and half the slope of the last four years."""
    recent = series[:, -TREND_MONTHS:]
    known = np.isfinite(recent)
    months = np.where(known, np.arange(recent.shape[1], dtype=float), 0.0)
    count = known.sum(axis=1)
    safe = np.maximum(count, 1)[:, None]
    values = np.where(known, recent, 0.0)
    month_off = np.where(known, months - months.sum(axis=1, keepdims=True) / safe, 0.0)
    value_off = np.where(known, values - values.sum(axis=1, keepdims=True) / safe, 0.0)
    spread = (month_off**2).sum(axis=1)
    slope = np.where((count > 23) & (spread > 0), (month_off * value_off).sum(axis=1) / np.maximum(spread, 1e-9), 0.0)
    return np.asarray(level[:, None] + 0.5 * slope[:, None] * np.arange(1, horizon + 1))


def recent_mean(series: Panel, months: int, otherwise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the known values among the last ``months``."""
    recent = series[:, -months:]
    known = np.isfinite(recent)
    count = known.sum(axis=1)
    return np.where(count > 0, np.where(known, recent, 0.0).sum(axis=1) / np.maximum(count, 1), otherwise)
