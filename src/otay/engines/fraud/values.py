"""Values on one basis: which costs a price includes (Incoterms 2020), and one currency at the rate of its day.

An export value is free on board (FOB): goods up to the frontier of the exporting country. An import value may add
freight and insurance (CIF). Statistics of both sides differ by that alone; see the reconciliation studies of the
statistical offices (for instance Census Bureau CB-00-122).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Basis(IntEnum):
    """What a value includes."""

    UNKNOWN = 0
    FREE = 1  # without the main carriage: EXW, FCA, FAS, FOB
    LANDED = 2  # with freight (and insurance): CFR, CIF, CPT, CIP, DAP, DPU
    DUTY_PAID = 3  # with import duty: DDP


_TERMS = {
    **dict.fromkeys(("EXW", "FCA", "FAS", "FOB", "DAF"), Basis.FREE),
    **dict.fromkeys(("CFR", "CNF", "CIF", "CPT", "CIP", "DAP", "DPU", "DAT", "DDU"), Basis.LANDED),
    "DDP": Basis.DUTY_PAID,
}
#: Terms of delivery that are known.
TERMS = tuple(sorted(_TERMS))


def basis_of(term: str) -> Basis:
    """The basis of an Incoterm (``"FOB"``, ``"CIF Laredo"``); ``UNKNOWN`` for what is not one."""
    return _TERMS.get(term.strip().upper()[:3], Basis.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Rates:
    """Exchange rates: for each currency its days (ascending, days since 1970) and units of ``base`` for one of it."""

    base: str
    series: Mapping[str, tuple[NDArray[np.int64], Floats]]

    @classmethod
    def of(cls, base: str, quotes: Mapping[str, Sequence[tuple[int, float]]]) -> Rates:
        """Rates from ``{currency: [(day, rate), ...]}`` in any order."""
        series: dict[str, Any] = {}
        for currency, pairs in quotes.items():
            ordered = sorted(pairs)
            series[currency] = (
                np.array([day for day, _ in ordered], np.int64),
                np.array([rate for _, rate in ordered], float),
            )
        return cls(base, series)

    def convert(self, amounts: Floats, currency: str, days: NDArray[np.int64]) -> Floats:
        """``amounts`` in ``base``, at the last rate not after each of ``days`` (else the first there is).

        NaN where the currency has no rate.
        """
        if currency == self.base:
            return amounts
        if currency not in self.series:
            return np.full(len(amounts), np.nan)
        known, rates = self.series[currency]
        at = np.clip(np.searchsorted(known, days, side="right") - 1, 0, len(known) - 1)
        return np.asarray(amounts * rates[at], dtype=np.float64)
