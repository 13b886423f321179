"""The yearly pattern of a series and what is left without it, on logarithms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Panel = NDArray[np.float64]
YEAR = 12
YEARS = 8
"""How far back the pattern is looked for."""
REACH = 0.3
"""A month counts at most this far (in logarithms) from the median of its namesakes."""
CAUTION = 1.0
"""Years' worth of belief in no pattern at all."""


def trend(logs: Panel) -> Panel:
    """Centred mean over twelve months (half weight at the ends); NaN where more than a fifth of it is unknown."""
    weights = np.r_[0.5, np.ones(11), 0.5] / YEAR
    known = np.isfinite(logs)
    count = logs.shape[1]
    padded = np.pad(np.where(known, logs, 0.0), ((0, 0), (6, 6)))
    present = np.pad(known.astype(float), ((0, 0), (6, 6)))
    total = sum(weight * padded[:, lag : lag + count] for lag, weight in enumerate(weights))
    weight_known = sum(weight * present[:, lag : lag + count] for lag, weight in enumerate(weights))
    enough = np.asarray(weight_known) > 0.79
    return np.where(enough, total / np.where(enough, weight_known, 1.0), np.nan)


def yearly_pattern(logs: Panel, usual: NDArray[np.bool_]) -> Panel:
    """Additive pattern of each series by column modulo 12, mean zero, from its last years.

    ``usual`` marks the months that may be learnt from: a closed border has no season.
    """
    count = logs.shape[1]
    beside = logs - trend(logs)
    beside[:, ~usual] = np.nan
    beside[:, : max(0, count - YEAR * YEARS)] = np.nan
    pattern = np.zeros((logs.shape[0], YEAR))
    for month in range(min(YEAR, count)):
        namesakes = beside[:, month::YEAR]
        known = np.isfinite(namesakes)
        years = known.sum(axis=1)
        middle = _median(namesakes)[:, None]
        near = np.where(known, np.clip(namesakes, middle - REACH, middle + REACH), 0.0).sum(axis=1)
        typical = (middle[:, 0] + near / np.maximum(years, 1)) / 2
        pattern[:, month] = np.where(years > 0, typical * years / (years + CAUTION), 0.0)
    return np.asarray(pattern - pattern.mean(axis=1, keepdims=True))


def _median(rows: Panel) -> NDArray[np.float64]:
    """Median of each row's known values; 0 where none is known."""
    known = np.isfinite(rows)
    medians = np.zeros(rows.shape[0])
    some = known.any(axis=1)
    medians[some] = np.nanmedian(rows[some], axis=1)
    return medians
