"""Duty that an inspection would recover: what the neighbour's record tells is missing, else what the trees expect."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from otay.engines.fraud.ranking.features import number

Floats = NDArray[np.float64]
MONEY = (0.02, 5.0)


def told_duty(frame: pl.DataFrame) -> Floats | None:
    """Duty that is missing by the neighbour's record, zero where nothing unexplained differs; None without a mirror."""
    if not {"mirror_duty", "mirror_gap"} <= set(frame.columns):
        return None
    told = np.expm1(np.nan_to_num(number(frame, "mirror_duty")))
    return np.where(np.nan_to_num(number(frame, "mirror_gap")) > 0, told, 0.0)


def told_rate(frame: pl.DataFrame, found: NDArray[np.int8]) -> float:
    """Share of the rows with such a duty in which something was found."""
    told = told_duty(frame)
    if told is None or not (told > 0).any():
        return 0.0
    return float((found[told > 0] == 1).mean())


def money_scales(expected: Floats, told: Floats | None, recovered: Floats) -> tuple[float, float]:
    """Duty recovered over duty expected by scores of models that did not see the rows; (told, elsewhere).

    Where no inspection has recorded any duty, nothing is known to scale by.
    """
    if not (recovered > 0).any():
        return 1.0, 1.0
    has_told = np.zeros(len(expected), bool) if told is None else told > 0
    scales = [
        float(np.clip(recovered[mask].sum() / expected[mask].sum(), *MONEY)) if expected[mask].sum() > 0 else 1.0
        for mask in (has_told, ~has_told)
    ]
    return scales[0], scales[1]
