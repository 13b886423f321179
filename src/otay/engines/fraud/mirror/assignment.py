"""Each export to at most one import: the pairs that together have the most evidence.

The auction of Bertsekas (1988) on the sparse pairs: an export bids for the import that is worth most to it, prices rise
until nobody is outbid. The result is within ``count * step`` of the best assignment.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import kernel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@kernel
def auction(first: Any, right: Any, worth: Any, imports: int, step: float, out: Any) -> None:
    """Fill ``out`` with the pair of each export, -1 for none. Pairs of export ``e``: ``first[e]`` to ``first[e+1]``."""
    price = np.zeros(imports)
    owner = np.full(imports, -1, np.int64)
    exports = len(first) - 1
    waiting = np.empty(exports, np.int64)
    for export in range(exports):
        waiting[export] = exports - 1 - export
        out[export] = -1
    size = exports
    while size > 0:
        size -= 1
        export = waiting[size]
        best, second, chosen = 0.0, 0.0, -1
        for pair in range(first[export], first[export + 1]):
            net = worth[pair] - price[right[pair]]
            if net > best:
                second = best
                best = net
                chosen = pair
            elif net > second:
                second = net
        if chosen < 0:
            continue
        at = right[chosen]
        price[at] += best - second + step
        loser = owner[at]
        if loser >= 0:
            out[loser] = -1
            waiting[size] = loser
            size += 1
        owner[at] = export
        out[export] = chosen


@kernel
def runners_up(first: Any, right: Any, worth: Any, chosen: Any, taken: Any, best_other: Any) -> None:
    """For each export with a pair: the most evidence of another pair of its export or of its import."""
    for export in range(len(first) - 1):
        for pair in range(first[export], first[export + 1]):
            mine = chosen[export]
            if mine >= 0 and pair != mine and worth[pair] > best_other[export]:
                best_other[export] = worth[pair]
            other = taken[right[pair]]
            if other >= 0 and other != export and worth[pair] > best_other[other]:
                best_other[other] = worth[pair]


def assign(
    left: Ints, right: Ints, worth: Floats, exports: int, imports: int, step: float = 0.02
) -> tuple[Ints, Floats]:
    """Positions of the chosen pairs, and the worth of the best rival of each (0 where there is none).

    ``left`` is sorted. Pairs that are worth nothing (zero or less) are never chosen.
    """
    first = np.searchsorted(left, np.arange(exports + 1))
    chosen = np.empty(exports, np.int64)
    auction(first, right, worth, imports, step, chosen)
    taken = np.full(imports, -1, np.int64)
    with_pair = np.flatnonzero(chosen >= 0)
    taken[right[chosen[with_pair]]] = with_pair
    rival = np.zeros(exports)
    runners_up(first, right, worth, chosen, taken, rival)
    return chosen[with_pair], rival[with_pair]
