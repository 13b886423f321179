"""Boosters of LightGBM, predictions for rows that were not fitted, and probabilities calibrated on these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Least that log odds rise with each unit of the gap: few outcomes pool what the gap tells apart.
RISE = 2.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is fitted. ``threads``: of LightGBM; more than one only on a machine that does nothing else."""

    rounds: int = 300
    leaves: int = 7
    rate: float = 0.03
    features: float = 0.3
    rows: float = 0.8
    shrink: float = 20.0
    folds: int = 3
    seed: int = 7
    threads: int = 1


def folds_of(groups: Ints | None, size: int, recipe: Recipe) -> Ints:
    """Folds for calibration: by group, or by blocks of rows in their order of time."""
    if groups is not None:
        return np.random.default_rng(recipe.seed + 1).integers(0, recipe.folds, int(groups.max()) + 1)[groups]
    return np.arange(size) * recipe.folds // max(1, size)


def _settings(count: int, directions: list[int], recipe: Recipe) -> dict[str, Any]:
    return {
        "num_leaves": recipe.leaves,
        "learning_rate": recipe.rate,
        "feature_fraction": recipe.features,
        "bagging_fraction": recipe.rows,
        "bagging_freq": 1,
        "lambda_l2": recipe.shrink,
        "min_child_samples": int(np.clip(count / 200, 10, 200)),
        "monotone_constraints": directions,
        "seed": recipe.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": recipe.threads,
        "verbose": -1,
    }


def start_of(names: list[str], values: Floats, found: Any) -> tuple[list[float], list[float]]:
    """Log odds by the gap that the neighbour's record leaves: isotonic, never quite flat; nothing without a mirror.

    The trees start from there. A few dozen outcomes do not teach them the order that the gap gives by itself.
    """
    if "mirror_gap" not in names:
        return [], []
    gap = np.nan_to_num(values[:, names.index("mirror_gap")])
    knots, chance = calibrated(gap, found)
    odds = np.log(np.array(chance) / (1 - np.array(chance)))
    return knots, (odds + RISE * np.array(knots)).tolist()


def start_at(names: list[str], values: Floats, start: tuple[list[float], list[float]]) -> Floats:
    """Where :func:`start_of` starts each row; beyond the last knot it goes on rising."""
    if not start[0]:
        return np.zeros(len(values))
    gap = np.nan_to_num(values[:, names.index("mirror_gap")])
    return np.asarray(np.interp(gap, *start) + RISE * np.maximum(gap - start[0][-1], 0))


def fit(values: Floats, found: Any, first: Floats, directions: list[int], recipe: Recipe) -> Any:
    """A booster of the chance that something is found, which starts at ``first`` (log odds; all zero: at the mean)."""
    import lightgbm

    settings = {"objective": "binary", **_settings(len(found), directions, recipe)}
    begin = first if first.any() else None
    return lightgbm.train(settings, lightgbm.Dataset(values, found.astype(float), init_score=begin), recipe.rounds)


def outside(values: Floats, found: Any, first: Floats, directions: list[int], fold: Ints, recipe: Recipe) -> Floats:
    """Raw scores of rows by boosters that did not see them."""
    scores = np.zeros(len(found))
    for part in np.unique(fold):
        mine = fold == part
        if (found[~mine] == 1).sum() < 2 or (found[~mine] == 0).sum() < 2:
            continue
        booster = fit(values[~mine], found[~mine], first[~mine], directions, recipe)
        scores[mine] = booster.predict(values[mine], raw_score=True) + first[mine]
    return scores


def calibrated(raw: Floats, found: NDArray[np.int8]) -> tuple[list[float], list[float]]:
    """Knots from raw score to probability: isotonic regression (pool adjacent violators), drawn in from 0 and 1."""
    from scipy.optimize import isotonic_regression

    order = np.argsort(raw, kind="stable")
    x, y = raw[order], found[order].astype(float)
    fitted = isotonic_regression(y).x
    edges = np.concatenate([[True], np.diff(fitted) > 0])
    start = np.flatnonzero(edges)
    stop = np.append(start[1:], len(x))
    # a pool of a few rows is drawn towards the whole, so that no probability is 0 or 1
    size = stop - start
    level = (fitted[start] * size + y.mean()) / (size + 1)
    middle = np.array([x[one:other].mean() for one, other in zip(start, stop, strict=True)])
    return middle.tolist(), np.maximum.accumulate(level).tolist()


def fit_duty(values: Floats, found: Any, duty: Floats, recipe: Recipe) -> tuple[str, float]:
    """Booster of log duty among what was found, and the factor that makes its mean right; "" where there is little."""
    known = (found == 1) & np.isfinite(duty) & (duty > 0)
    if not known.any():
        return "", 0.0
    if known.sum() < 60:
        return "", float(duty[known].mean())
    import lightgbm

    settings = {"objective": "regression", **_settings(int(known.sum()), [0] * values.shape[1], recipe)}
    booster = lightgbm.train(
        settings, lightgbm.Dataset(values[known], np.log1p(duty[known])), max(50, recipe.rounds // 2)
    )
    guess = np.expm1(np.asarray(booster.predict(values[known])))
    return booster.model_to_string(), float(duty[known].sum() / max(1e-9, guess.sum()))
