"""Edits between the sounds of two words, weighed by how easily each is made: compiled."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import kernel

Codes = NDArray[np.uint8]
_CLOSE = ("MN", "BP", "DT", "GK", "JK", "BF", "BU", "SK", "S1", "IJ", "RL", "J1", "FP")


def _costs() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cost of leaving a letter out, and of writing one for another: vowels and neighbouring sounds come cheaper."""
    skip = np.full(128, 0.9, np.float32)
    swap = np.ones((128, 128), np.float32)
    np.fill_diagonal(swap, 0.0)
    vowels = [ord(letter) for letter in "AEIOU"]
    skip[vowels] = 0.7
    for one, two in (
        *((one, two) for one in vowels for two in vowels if one != two),
        *(map(ord, pair) for pair in _CLOSE),
    ):
        swap[one, two] = swap[two, one] = 0.5 if one in vowels and two in vowels else 0.7
    return skip, swap


SKIP, SWAP = _costs()
EXCHANGE = 0.55  # of two neighbouring letters
OTHER_START = 1.15  # the first letter is seldom wrong


@lru_cache(maxsize=1 << 17)
def codes(key: str) -> Codes:
    """A sound key as numbers."""
    return np.frombuffer(key.encode("ascii", "replace"), np.uint8)


@kernel
def alike_letters(
    key: Codes, others: Codes, start: NDArray[np.int64], which: NDArray[np.int64], skip: NDArray[np.float32],
    swap: NDArray[np.float32], exchange: float, other_start: float
) -> NDArray[np.float32]:  # fmt: skip
    """For each of ``which`` keys of ``others`` (end to end, from ``start``): how alike, 1 for equal, down to 0."""
    values = np.zeros(len(which), np.float32)
    rows = len(key)
    lines = np.zeros((rows + 1, 256), np.float32)
    for index in range(len(which)):
        begin = start[which[index]]
        columns = min(255, start[which[index] + 1] - begin)
        for column in range(1, columns + 1):
            lines[0, column] = lines[0, column - 1] + skip[others[begin + column - 1]]
        for row in range(1, rows + 1):
            one = key[row - 1]
            lines[row, 0] = lines[row - 1, 0] + skip[one]
            for column in range(1, columns + 1):
                two = others[begin + column - 1]
                value = min(
                    lines[row - 1, column] + skip[one],
                    lines[row, column - 1] + skip[two],
                    lines[row - 1, column - 1] + swap[one, two],
                )
                if row > 1 and column > 1 and one == others[begin + column - 2] and two == key[row - 2] and one != two:
                    value = min(value, lines[row - 2, column - 2] + exchange)
                lines[row, column] = value
        cost = lines[rows, columns] * (1.0 if key[0] == others[begin] else other_start)
        values[index] = max(0.0, 1.0 - cost / (max(rows, columns) + 0.5))
    return values
