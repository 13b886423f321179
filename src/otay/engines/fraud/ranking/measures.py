"""How good a ranking is: AUC, precision, recall and duty among the first of it, and how far a population has moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DEPTHS = (0.01, 0.02, 0.05, 0.10)


@dataclass(frozen=True, slots=True)
class Depth:
    """The first ``share`` of a ranking: how many, share found among them, share of all fraud, share of all duty."""

    share: float
    count: int
    precision: float
    recall: float
    duty: float | None


def auc(found: NDArray[np.int8], score: Floats) -> float:
    """Chance that a fraud ranks above an honest declaration, ties counted half (Mann and Whitney); NaN if one kind."""
    positives = int(found.sum())
    negatives = len(found) - positives
    if not positives or not negatives:
        return float("nan")
    _, back, counts = np.unique(score, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[back.reshape(-1)]
    return float((ranks[found == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def order_of(score: Floats, seed: int = 0) -> NDArray[np.int64]:
    """Rows from the highest score down; ties in an order that owes nothing to the file."""
    return np.lexsort((np.random.default_rng(seed).permutation(len(score)), -score))


def at_depths(
    found: NDArray[np.int8], score: Floats, duty: Floats | None = None, depths: Sequence[float] = DEPTHS
) -> list[Depth]:
    """Precision, recall and duty at each depth, a share of all; at least one declaration."""
    order = order_of(score)
    all_found = max(1, int(found.sum()))
    all_duty = 0.0 if duty is None else float(duty.sum())
    result = []
    for share in depths:
        count = max(1, int(share * len(score)))
        first = order[:count]
        hits = int(found[first].sum())
        money = float(duty[first].sum()) / all_duty if duty is not None and all_duty > 0 else None
        result.append(Depth(share, count, hits / count, hits / all_found, money))
    return result


def edges_of(values: Floats, parts: int = 10) -> Floats:
    """Inner edges that cut ``values`` into equal parts; NaN are left out."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.array([])
    return np.unique(np.quantile(known, np.linspace(0, 1, parts + 1)[1:-1]))


def shares_of(values: Floats, edges: Floats) -> Floats:
    """Share of ``values`` in each part between ``edges``, and last the share that is NaN."""
    known = np.isfinite(values)
    counts = np.bincount(np.searchsorted(edges, values[known], side="right"), minlength=len(edges) + 1)
    return np.asarray(np.append(counts, (~known).sum()) / max(1, len(values)))


def stability(expected: Floats, actual: Floats) -> float:
    """Population stability index of two lists of shares: below 0.1 like, from 0.25 on another population."""
    left, right = np.maximum(expected, 1e-4), np.maximum(actual, 1e-4)
    return float(((right - left) * np.log(right / left)).sum())


@dataclass(frozen=True, slots=True)
class Duel:
    """Challenger against champion at one depth: difference in precision, its 95 % interval, and the verdict."""

    depth: float
    champion: float
    challenger: float
    low: float
    high: float
    better: bool


def duel(
    found: NDArray[np.int8], champion: Floats, challenger: Floats, depth: float = 0.05, rounds: int = 500, seed: int = 1
) -> Duel:
    """Whether the challenger finds more among its first ``depth``: bootstrap over declarations.

    It is better only where the whole interval of the difference lies above zero.
    """
    random = np.random.default_rng(seed)
    count = max(1, int(depth * len(found)))
    top = [np.zeros(len(found), bool), np.zeros(len(found), bool)]
    for mask, score in zip(top, (champion, challenger), strict=True):
        mask[order_of(score)[:count]] = True
    gain = found * (top[1].astype(float) - top[0].astype(float)) / count
    sums = [gain[random.integers(0, len(gain), len(gain))].sum() for _ in range(rounds)]
    low, high = np.quantile(sums, [0.025, 0.975])
    rates = [float(found[mask].mean()) for mask in top]
    return Duel(depth, rates[0], rates[1], float(low), float(high), bool(low > 0))
