"""First digits of a trader's values beside Benford's law: an indicator of a trader, never of a declaration.

It applies where a trader has many values of different goods over several orders of magnitude; elsewhere honest traders
break it as well (Cerioli, Barabesi, Cerasa, Menegatti, Perrotta, PNAS 2019). Where it does not apply, nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

LEAST_VALUES = 200
LEAST_GOODS = 10
LEAST_SPREAD = 2.0
EXPECTED = np.log10(1 + 1 / np.arange(1, 10))


@dataclass(frozen=True, slots=True)
class Digits:
    """A trader to whom the test applies: values, goods, chance of so large a difference, mean absolute deviation."""

    trader: str
    values: int
    goods: int
    chance: float
    deviation: float


def first_digits(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """First significant digit of positive numbers."""
    exponent = np.floor(np.log10(values))
    return np.asarray(np.clip((values / 10**exponent + 1e-12).astype(np.int64), 1, 9), dtype=np.int64)


def benford(frame: pl.DataFrame, trader: str = "importer") -> list[Digits]:
    """The traders to whom the law applies, the least likely first.

    ``frame``: ``trader``'s column, ``value``, ``hs``. Pearson's test with eight degrees of freedom; look at
    ``deviation`` too, for with many values a small one is significant as well.
    """
    from scipy.stats import chi2

    usable = frame.filter((pl.col("value") > 0) & pl.col(trader).is_not_null())
    result = []
    for (name,), rows in usable.group_by(trader, maintain_order=True):
        goods = rows["hs"].str.head(6).n_unique() if "hs" in rows.columns else LEAST_GOODS
        values = rows["value"].to_numpy()
        low, high = np.quantile(values, [0.01, 0.99])
        if len(values) < LEAST_VALUES or goods < LEAST_GOODS or np.log10(high / low) < LEAST_SPREAD:
            continue
        counts = np.bincount(first_digits(values), minlength=10)[1:]
        expected = EXPECTED * len(values)
        statistic = float(((counts - expected) ** 2 / expected).sum())
        deviation = float(np.abs(counts / len(values) - EXPECTED).mean())
        result.append(Digits(str(name), len(values), int(goods), float(chi2.sf(statistic, 8)), deviation))
    return sorted(result, key=lambda one: (one.chance, -one.deviation))
