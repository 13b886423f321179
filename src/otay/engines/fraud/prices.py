"""Reference prices: what such goods usually cost a unit, robustly, with the size of the sample that says so.

The price of a unit of goods (log of value over quantity) is compared with the median and the spread of its cell: goods
by origin by unit by month. A thin cell falls back to the next in the hierarchy, and the answer names the cell and the
number of records behind it. Median and interquartile range withstand up to a quarter of wrong prices; means do not.

After the price filter of Zdanowicz (customs risk by abnormal unit prices) and the robust "fair prices" of the EU's
Joint Research Centre.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.core.i18n import N_

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: From the finest cell to the widest; each is tried in turn.
LEVELS: tuple[tuple[str, ...], ...] = (
    ("hs6", "origin", "unit", "month"),
    ("hs6", "origin", "unit"),
    ("hs6", "unit", "month"),
    ("hs6", "unit"),
    ("hs4", "unit"),
    ("hs2", "unit"),
)
LEVEL_TEXTS = (
    N_("goods, origin, unit and month"),
    N_("goods, origin and unit"),
    N_("goods, unit and month, any origin"),
    N_("goods and unit, any origin"),
    N_("heading (four digits) and unit"),
    N_("chapter (two digits) and unit"),
)
#: interquartile range of a normal distribution in standard deviations
_IQR = 1.3489795003921634
_LEAST_SPREAD = 0.05


@dataclass(frozen=True, slots=True)
class Keys:
    """What prices depend on, an array a column. ``hs``: six digits as a number; ``month``: months since 1970."""

    hs: Ints
    origin: Ints
    unit: Ints
    month: Ints

    def of(self, level: int) -> Ints:
        """One number for the cell of each record at ``level``; -1 where a part is missing."""
        parts = LEVELS[level]
        goods = self.hs if "hs6" in parts else self.hs // (100 if "hs4" in parts else 10_000)
        cell = goods
        missing = self.hs < 0
        for name, width in (("origin", 1 << 10), ("unit", 1 << 8), ("month", 1 << 12)):
            part = getattr(self, name) if name in parts else np.zeros(len(self.hs), np.int64)
            missing = missing | (part < 0)
            cell = cell * width + (part % width)
        return np.where(missing, -1, cell)


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one level, sorted by ``key``: how many records, quartiles of the log price."""

    key: Ints
    count: Ints
    low: Floats
    middle: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Quotes:
    """The reference of each record: log price, spread (robust standard deviation), sample size, level (-1: none)."""

    middle: Floats
    spread: Floats
    count: Ints
    level: Ints

    def deviation(self, log_price: Floats) -> Floats:
        """How many robust standard deviations each price lies off its reference; negative: below it; NaN: none."""
        return np.asarray((log_price - self.middle) / self.spread)


@dataclass(frozen=True, slots=True)
class ReferencePrices:
    """Reference prices learnt from past records. ``least`` is the smallest sample that is believed."""

    levels: tuple[Cells, ...]
    least: int = 20

    @classmethod
    def learn(cls, keys: Keys, log_price: Floats, *, least: int = 20) -> ReferencePrices:
        """From records whose prices are known; NaN and infinite ones are left out."""
        usable = np.isfinite(log_price)
        return cls(tuple(_cells(keys.of(level)[usable], log_price[usable]) for level in range(len(LEVELS))), least)

    def quote(self, keys: Keys) -> Quotes:
        """The finest cell with a sample of at least ``least``, for each record."""
        size = len(keys.hs)
        middle, spread = np.full(size, np.nan), np.full(size, np.nan)
        count, level = np.zeros(size, np.int64), np.full(size, -1, np.int64)
        for number, cells in enumerate(self.levels):
            if not len(cells.key):
                continue
            asked = keys.of(number)
            at = np.clip(np.searchsorted(cells.key, asked), 0, len(cells.key) - 1)
            found = (level < 0) & (asked >= 0) & (cells.key[at] == asked) & (cells.count[at] >= self.least)
            at = at[found]
            middle[found] = cells.middle[at]
            spread[found] = np.maximum((cells.high[at] - cells.low[at]) / _IQR, _LEAST_SPREAD)
            count[found] = cells.count[at]
            level[found] = number
        return Quotes(middle, spread, count, level)

    def as_record(self) -> dict[str, Any]:
        """Plain lists, for JSON."""
        return {
            "least": self.least,
            "levels": [
                {
                    "key": cells.key.tolist(),
                    "count": cells.count.tolist(),
                    "quartiles": [cells.low.tolist(), cells.middle.tolist(), cells.high.tolist()],
                }
                for cells in self.levels
            ],
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> ReferencePrices:
        """Read back what :meth:`as_record` gave."""
        levels = []
        for level in record["levels"]:
            quartiles = np.array(level["quartiles"], float).reshape(3, -1)
            levels.append(Cells(np.array(level["key"], np.int64), np.array(level["count"], np.int64), *quartiles))
        return cls(tuple(levels), record["least"])


def _cells(key: Ints, log_price: Floats) -> Cells:
    """Quartiles by cell with one sort: linear between order statistics, as numpy has it."""
    log_price, key = log_price[key >= 0], key[key >= 0]
    order = np.lexsort((log_price, key))
    key, log_price = key[order], log_price[order]
    cell, first, count = np.unique(key, return_index=True, return_counts=True)

    def at(share: float) -> Floats:
        place = first + share * (count - 1)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, first + count - 1)
        part = place - below
        return np.asarray(log_price[below] * (1 - part) + log_price[above] * part)

    if not len(cell):
        none = np.array([])
        return Cells(cell, count, none, none, none)
    return Cells(cell, count, at(0.25), at(0.5), at(0.75))
