"""Monthly demand with intervals: what is expected, and how wrong such forecasts have been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from otay.engines.forecasting.ensemble import log_forecast
from otay.engines.forecasting.history import History, Key, month_number, month_text

Panel = NDArray[np.float64]
CLOSURE = (month_number("2020-03"), month_number("2021-11"))
"""First and last month in which the border was closed to travel that was not essential."""
COVERED = (0.88, 0.97)
"""Share of past errors inside the 80 and the 95 % interval. More than the level, as years differ from one another more
than their months do: seven years are few, and an interval that held 80 % of them holds less of
the next (decision 0143)."""
BANDS = ((0, 1), (1, 3), (3, 6), (6, 12), (12, 24))
"""Months ahead that are looked at together."""
ORIGINS, EVERY = 24, 3
"""Past forecasts that intervals are learnt from, and the months between them."""
BORROWED = 0.25
"""How far a series' wideness is drawn to that of the others."""
STILL = 0.005
"""Standard error one month ahead below which a series does not move."""
USUAL_MULTIPLES = (1.6, 3.2)
PRIOR = (0.10, 0.03)
"""Standard error one month ahead and its growth with the square root of the months, where nothing else is known:
about the median over the border's series."""


class Condition(StrEnum):
    """What a series is, and so how it is forecast."""

    REGULAR = "regular"
    SPARSE = "sparse"
    """Months of zero are common."""
    CLOSED = "closed"
    """Nothing for a year or more."""
    NEW = "new"
    """Known for less than two years."""


@dataclass(frozen=True, slots=True)
class MonthForecast:
    """One month: the expected count and the bounds of the 80 and 95 % intervals."""

    month: str
    point: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float


@dataclass(frozen=True, slots=True)
class SeriesForecast:
    """One port and measure."""

    port_code: str
    measure: str
    condition: Condition
    months: Sequence[MonthForecast]


def usual_months(first: int, count: int) -> NDArray[np.bool_]:
    """Months outside the closure of 2020 and 2021."""
    month = first + np.arange(count)
    return (month < CLOSURE[0]) | (month > CLOSURE[1])


def complete(values: Panel) -> Panel:
    """Gaps between the first known month and the end: zero in series where zeros or gaps are common, else unknown.

    The statistics leave months of zero out since 2016, and now and then lose a month of a busy port.
    """
    filled = values.copy()
    for row in filled:
        known = np.flatnonzero(np.isfinite(row))
        if not known.size:
            continue
        inside = np.arange(row.size) >= known[0]
        gap = inside & ~np.isfinite(row)
        for start, end in _stretches(gap):
            around = row[max(known[0], start - 12) : start]
            small = np.nanmean(around > 5) < 0.7 if around.size and np.isfinite(around).any() else False
            if end - start >= 6 or small:
                row[start:end] = 0.0
    return filled


def _stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False].astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def conditions(values: Panel) -> list[Condition]:
    """What each completed series is at its end."""
    found = []
    for row in values:
        known = row[np.isfinite(row)]
        recent = row[-24:][np.isfinite(row[-24:])]
        if not known.size or not np.nan_to_num(row[-12:]).any():
            found.append(Condition.CLOSED)
        elif (recent == 0).mean() > 0.25:
            found.append(Condition.SPARSE)
        else:
            found.append(Condition.NEW if known.size < 24 else Condition.REGULAR)
    return found


def point_forecast(values: Panel, usual: NDArray[np.bool_], horizon: int) -> Panel:
    """Expected logarithms for completed series of any condition."""
    logs = log_forecast(values, usual, horizon)
    for index, condition in enumerate(conditions(values)):
        if condition is Condition.CLOSED:
            logs[index] = 0.0
        elif condition is Condition.SPARSE:
            recent = values[index, -12:]
            logs[index] = np.log1p(recent[np.isfinite(recent)]).mean()
    return logs


def past_errors(
    values: Panel, first: int, horizon: int, origins: int = ORIGINS, every: int = EVERY
) -> NDArray[np.float64]:
    """What forecasts made in the past would have missed by, in logarithms: series by origin by months ahead.

    Origins go back from the end; none is taken within the closure or the year after it, when levels still came back,
    and months of the closure are not counted.
    """
    count = values.shape[1]
    usual = usual_months(first, count)
    errors: list[Panel] = []
    origin = count - 1
    while len(errors) < origins and origin >= 36:
        if CLOSURE[0] <= first + origin <= CLOSURE[1] + 3:
            origin -= every
            continue
        known = values[:, :origin]
        some = np.isfinite(known).sum(axis=1) >= 24
        missed = np.full((values.shape[0], horizon), np.nan)
        if some.any():
            ahead = min(horizon, count - origin)
            coming = np.where(usual[origin : origin + ahead], np.log1p(values[some, origin : origin + ahead]), np.nan)
            missed[some, :ahead] = coming - point_forecast(known[some], usual[:origin], horizon)[:, :ahead]
        errors.append(missed)
        origin -= every
    return np.stack(errors, axis=1) if errors else np.empty((values.shape[0], 0, horizon))


@dataclass(frozen=True, slots=True)
class Wideness:
    """Standard error of each series by months ahead, and how many of them hold 80 and 95 % of the errors seen."""

    scale: Panel
    multiples: tuple[float, float]


def wideness(errors: NDArray[np.float64], horizon: int, every: int = EVERY) -> Wideness:
    """Scales from past errors, and multiples that held 80 and 95 % of errors that the scale had not seen.

    Each origin is measured with the scale from origins a year away, as the future will be: a scale fits the errors that
    it was made from better than those to come.
    """
    if not errors.size:
        reach = np.sqrt(np.arange(1, horizon + 1))
        return Wideness(np.tile(PRIOR[0] + PRIOR[1] * (reach - 1), (errors.shape[0], 1)), USUAL_MULTIPLES)
    ahead, origins = min(horizon, errors.shape[2]), np.arange(errors.shape[1])
    normal = []
    for origin in origins:
        apart = np.abs(origins - origin) * every >= 12
        if apart.sum() >= 4:
            scale = _scale(errors[:, apart], horizon)[:, :ahead]
            normal.append(np.abs(errors[:, origin, :ahead] / scale).ravel())
    seen = np.concatenate(normal) if normal else np.empty(0)
    seen = seen[np.isfinite(seen)]
    multiples = USUAL_MULTIPLES
    if seen.size >= 30:
        # With few series the multiples found are themselves uncertain: they are drawn to the usual ones.
        weight = seen.size / (seen.size + 1000)
        found = np.quantile(seen, COVERED)
        low, high = (weight * one + (1 - weight) * usual for one, usual in zip(found, USUAL_MULTIPLES, strict=True))
        multiples = (float(low), float(high))
    return Wideness(_scale(errors, horizon), multiples)


def _scale(errors: NDArray[np.float64], horizon: int) -> Panel:
    """Standard error by series and months ahead: each series' own size, the growth with time that all have in
    common."""
    reach = np.sqrt(np.arange(1, horizon + 1))
    series = errors.shape[0]
    bands = [(low, min(high, errors.shape[2])) for low, high in BANDS if low < errors.shape[2]]
    middles = np.array([np.sqrt((low + high + 1) / 2) for low, high in bands])
    spread = np.array([_spread(errors[:, :, low:high].reshape(series, -1)) for low, high in bands]).T
    # Series that never move (a port without trains) say nothing of how errors grow.
    moving = np.nan_to_num(spread[:, 0]) > STILL
    ratio = spread[moving] / spread[moving, :1]
    growth = np.array([np.nanmedian(one) if np.isfinite(one).any() else 1.0 for one in ratio.T])
    growth = np.maximum.accumulate(np.maximum(growth, 1.0))
    common = np.interp(reach, middles, growth)
    common = np.where(reach > middles[-1], growth[-1] * reach / middles[-1], common)
    known = np.isfinite(spread)
    own = np.where(known, spread / growth, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    some = known.any(axis=1)
    moved = some & (own > STILL)
    usual = np.median(own[moved]) if moved.any() else PRIOR[0]
    base = np.exp(
        (1 - BORROWED) * np.log(np.maximum(np.where(some, own, 1.5 * usual), 0.015)) + BORROWED * np.log(usual)
    )
    return np.asarray(base[:, None] * common)


def _spread(rows: Panel) -> NDArray[np.float64]:
    """Robust standard deviation about zero: mean absolute error times 1.25; NaN with fewer than four known."""
    known = np.isfinite(rows)
    count = known.sum(axis=1)
    mean = np.where(known, np.abs(rows), 0.0).sum(axis=1) / np.maximum(count, 1)
    return np.where(count >= 4, 1.25 * mean, np.nan)


def forecast(history: History, months: int) -> list[SeriesForecast]:
    """The next ``months`` of every series in ``history``."""
    values = complete(history.values)
    usual = usual_months(history.first, values.shape[1])
    logs = point_forecast(values, usual, months)
    wide = wideness(past_errors(values, history.first, min(months, 24)), months)
    return [
        _series(key, condition, values[index], logs[index], wide.scale[index], wide.multiples, history.after)
        for index, (key, condition) in enumerate(zip(history.keys, conditions(values), strict=True))
    ]


def _series(
    key: Key,
    condition: Condition,
    row: NDArray[np.float64],
    logs: NDArray[np.float64],
    scale: NDArray[np.float64],
    multiples: tuple[float, float],
    after: int,
) -> SeriesForecast:
    months = []
    bounds = _empirical(row) if condition in (Condition.SPARSE, Condition.CLOSED) else None
    for ahead, (value, error) in enumerate(zip(logs.tolist(), scale.tolist(), strict=True)):
        point = float(np.expm1(value))
        if bounds is not None:
            low_95, low_80, high_80, high_95 = bounds
            point = min(max(point, low_80), high_80)
        else:
            low_80, high_80 = (float(np.expm1(max(0.0, value + sign * multiples[0] * error))) for sign in (-1, 1))
            low_95, high_95 = (float(np.expm1(max(0.0, value + sign * multiples[1] * error))) for sign in (-1, 1))
        months.append(MonthForecast(month_text(after + ahead), point, low_80, high_80, low_95, high_95))
    return SeriesForecast(key[0], key[1], condition, months)


def _empirical(row: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Bounds of a sparse or closed series: quantiles of its last three years, which hold its own chance of zero."""
    recent = row[-36:][np.isfinite(row[-36:])]
    if not recent.size:
        return 0.0, 0.0, 0.0, 0.0
    found = np.quantile(recent, [0.025, 0.1, 0.9, 0.975], method="inverted_cdf")
    if not recent[-12:].any():
        return 0.0, 0.0, 0.0, float(recent[-24:].max())
    return float(found[0]), float(found[1]), float(found[2]), float(max(found[3], recent.max()))
