"""How good the forecast is: against the months that came, beside the seasonal-naive forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from otay.engines.forecasting.ensemble import seasonal_naive
from otay.engines.forecasting.forecast import Condition, complete, conditions, forecast
from otay.engines.forecasting.history import History, month_text


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Means over series of the mean absolute scaled error (scale: seasonal-naive within the history), and coverage."""

    origin: str
    """First month forecast."""
    series: int
    mase: float
    mase_seasonal_naive: float
    coverage_80: float
    coverage_95: float
    weighted_error: float
    """Sum of absolute errors over the sum of counts."""
    weighted_error_seasonal_naive: float


def judge(history: History, origin: int, months: int) -> Accuracy:
    """Forecast ``months`` from month number ``origin`` with what was known before, and compare."""
    known = history.until(origin)
    rows = [history.keys.index(key) for key in known.keys]
    column = origin - history.first
    coming = history.values[rows, column : column + months]
    months = coming.shape[1]
    answers = forecast(known, months)
    filled = complete(known.values)
    naive = seasonal_naive(filled, months)
    point = np.array([[month.point for month in one.months] for one in answers])
    scale = _scales(filled)
    active = [condition is not Condition.CLOSED for condition in conditions(filled)]
    used = np.array(active) & np.isfinite(coming).any(axis=1) & (scale > 0)
    inside = [
        np.array([[getattr(month, f"low_{level}") for month in one.months] for one in answers]) <= coming
        for level in (80, 95)
    ]
    below = [
        np.array([[getattr(month, f"high_{level}") for month in one.months] for one in answers]) >= coming
        for level in (80, 95)
    ]
    seen = np.isfinite(coming) & used[:, None]
    coverage = [float((low & high)[seen].mean()) for low, high in zip(inside, below, strict=True)]
    return Accuracy(
        month_text(origin),
        int(used.sum()),
        _mase(point, coming, scale, used),
        _mase(naive, coming, scale, used),
        coverage[0],
        coverage[1],
        _weighted(point, coming, seen),
        _weighted(naive, coming, seen),
    )


def rolling(history: History, origins: Sequence[int], months: int) -> list[Accuracy]:
    """:func:`judge` from each of ``origins``."""
    return [judge(history, origin, months) for origin in origins]


def _scales(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean absolute change from a year before, within the history; 0 where there is none."""
    if values.shape[1] <= 12:
        return np.zeros(values.shape[0])
    change = np.abs(values[:, 12:] - values[:, :-12])
    known = np.isfinite(change)
    return np.asarray(np.where(known, change, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))


def _mase(
    point: NDArray[np.float64], coming: NDArray[np.float64], scale: NDArray[np.float64], used: NDArray[np.bool_]
) -> float:
    missed = np.abs(point - coming)[used]
    known = np.isfinite(missed)
    each = np.where(known, missed, 0.0).sum(axis=1) / known.sum(axis=1) / scale[used]
    return float(each.mean())


def _weighted(point: NDArray[np.float64], coming: NDArray[np.float64], seen: NDArray[np.bool_]) -> float:
    return float(np.abs(point - coming)[seen].sum() / coming[seen].sum())
