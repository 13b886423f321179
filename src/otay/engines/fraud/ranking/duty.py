"""Duty that an inspection would recover: what the neighbour's record tells is missing, else what is estimated."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from otay.engines.fraud.ranking.features import number

Floats = NDArray[np.float64]
MONEY = (0.02, 5.0)
#: A price is believed to be told too low by this much at most (log): what is further off is another kind of goods.
LOWEST = 2.0
_OWN = ("importer_price", "relation_price")


def at_stake(frame: pl.DataFrame) -> Floats:
    """Duty on each declaration as lodged; NaN where its value or rate is unknown."""
    if not {"value", "tax_rate"} <= set(frame.columns):
        return np.full(frame.height, np.nan)
    return np.asarray(number(frame, "value") * number(frame, "tax_rate") / 100, dtype=np.float64)


def stake_share(stake: Floats, found: NDArray[np.int8], duty: Floats) -> float:
    """Duty recovered for each unit that was declared, among what was found; NaN where nothing tells."""
    known = (found == 1) & (duty > 0) & (stake > 0)
    return float(duty[known].sum() / stake[known].sum()) if known.any() else float("nan")


def estimated(trees: Floats, stake: Floats, share: float, features: list[str], values: Floats) -> Floats:
    """Duty missing where the neighbour tells nothing: mean of three estimates, each wrong in its own way.

    The trees know what kinds of cases bring, but have seen few large ones; the duty at stake grows with the
    declaration; the price that the trader paid before tells what is missing now. Where the stake or the share is
    unknown, the trees alone.
    """
    columns = [features.index(name) for name in _OWN if name in features]
    gaps = np.where(np.isnan(values[:, columns]), 0.0, values[:, columns])
    below = np.clip(-gaps.min(axis=1, initial=0.0), 0, LOWEST)
    told = (trees + stake * share + stake * np.expm1(below)) / 3
    return np.where(np.isfinite(told), told, trees)


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
