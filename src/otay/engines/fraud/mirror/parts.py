"""One consignment on one side, several on the other: parts whose masses add up to the whole.

A whole is an export imported in parts, or an import of several exports. Its parts share documents, or both parties and
the goods, and lie near in time; among at most ten of them the set is sought whose mass is that of the whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import kernel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MOST = 10


@kernel
def find_parts(  # noqa: C901  one loop for numba

    order: Any, first: Any, part: Any, worth: Any, whole_mass: Any, part_mass: Any, free: Any, anchor: Any,
    tolerance: float, most: int, out: Any,
) -> None:  # fmt: skip
    """Set ``out[part]`` to the whole it belongs to.

    Candidates of whole ``w`` stand from ``first[w]`` to ``first[w + 1]``, the likeliest first. ``free``: parts not yet
    taken; ``anchor[w]``: a part the whole is paired with already (-1: none), which then belongs to the set.
    """
    rows = np.empty(most, np.int64)
    masses = np.empty(most)
    for whole in order:
        mass = whole_mass[whole]
        count = 0
        for at in range(first[whole], first[whole + 1]):
            one = part[at]
            if count < most and (free[one] or one == anchor[whole]) and part_mass[one] < mass * (1 - tolerance):
                rows[count] = one
                masses[count] = part_mass[one]
                count += 1
        if count < 2:
            continue
        best, best_value, best_size = 0, tolerance * mass, 0
        for chosen in range(3, 1 << count):
            total, size, has_anchor = 0.0, 0, anchor[whole] < 0
            for bit in range(count):
                if chosen >> bit & 1:
                    total += masses[bit]
                    size += 1
                    has_anchor = has_anchor or rows[bit] == anchor[whole]
            if size < 2 or not has_anchor:
                continue
            off = abs(total - mass)
            # near enough alike, the set with fewer parts is the simpler story
            if off < best_value - 0.002 * mass or (off <= best_value and (best_size == 0 or size < best_size)):
                best, best_value, best_size = chosen, off, size
        for bit in range(count):
            if best >> bit & 1:
                out[rows[bit]] = whole
                free[rows[bit]] = False


def parts_of(
    whole: Ints, part: Ints, worth: Floats, whole_mass: Floats, part_mass: Floats, free: NDArray[np.bool_],
    anchor: Ints, tolerance: float = 0.03,
) -> Ints:  # fmt: skip
    """For each part the whole it was found to belong to, -1 for none; ``free`` is updated.

    ``whole``, ``part``, ``worth``: candidate pairs in any order.
    """
    size = len(whole_mass)
    order = np.lexsort((-worth, whole))
    whole, part, worth = whole[order], part[order], worth[order]
    first = np.searchsorted(whole, np.arange(size + 1))
    out = np.full(len(part_mass), -1, np.int64)
    wholes = np.unique(whole)
    find_parts(wholes, first, part, worth, whole_mass, part_mass, free, anchor, tolerance, MOST, out)
    return out
