"""Which word of one name stands for which word of the other, and what that leaves unexplained: a compiled kernel.

A comparison is a row of counts (:class:`Trait`), each with a penalty; the score is one minus what the penalties sum to.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from otay.engines.queueing.compiling import kernel

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


class Trait(IntEnum):
    """What a comparison of two names counts."""

    UNLIKE = 0  # how unlike the matched words are, summed
    UNLIKE_MOST = 1  # ... and of the worst pair
    CONFLICT_GIVEN = 2  # both have a given name left over: another person
    CONFLICT_PATERNAL = 3
    CONFLICT_MATERNAL = 4
    CONFLICT_OPEN = 5  # both have a word left over whose role is open
    DROPPED_GIVEN = 6
    DROPPED_PATERNAL = 7
    DROPPED_MATERNAL = 8
    DROPPED_OPEN = 9
    CROSSED_SURNAMES = 10  # a paternal surname stands where the other has a maternal one
    CROSSED_GIVEN = 11  # given name and surname exchanged
    INITIALS = 12
    CONFLICT_NUMBER = 13
    THIN = 14  # one word carries the match
    SHORT_DOUBT = 15  # unlike words in a name of two words or fewer
    DROPPED_ALL_GIVEN = 16  # no given name matched and one side has none
    REORDERED = 17  # words of open roles in another order than one that starts elsewhere


TRAITS = len(Trait)
GIVEN_NAME, PATERNAL, MATERNAL = 1, 2, 4
_SURNAME = PATERNAL | MATERNAL


@kernel
def align(likeness: Floats, first_span: Integers, second_span: Integers, words: Integers, pairs: Integers) -> int:
    """Pair rows with columns, best first. ``words`` is how many rows and columns are words; the others are joins.

    ``first_span`` and ``second_span`` hold (place, words covered) of each row and column. Writes (row, column) into ``pairs``;
    returns how many.
    """
    rows, columns = likeness.shape
    row_used = np.zeros(32, np.uint8)
    column_used = np.zeros(32, np.uint8)
    count = 0
    while True:
        best, row_best, column_best = np.float32(0.0), -1, -1
        for row in range(rows):
            free = True
            for place in range(first_span[row, 0], first_span[row, 0] + first_span[row, 1]):
                if row_used[place]:
                    free = False
            if not free:
                continue
            for column in range(columns):
                value = likeness[row, column]
                if value <= best or (row >= words[0] and column >= words[1]):
                    continue
                taken = False
                for place in range(second_span[column, 0], second_span[column, 0] + second_span[column, 1]):
                    if column_used[place]:
                        taken = True
                if not taken:
                    best, row_best, column_best = value, row, column
        if row_best < 0:
            return count
        for place in range(first_span[row_best, 0], first_span[row_best, 0] + first_span[row_best, 1]):
            row_used[place] = 1
        for place in range(second_span[column_best, 0], second_span[column_best, 0] + second_span[column_best, 1]):
            column_used[place] = 1
        pairs[count, 0] = row_best
        pairs[count, 1] = column_best
        count += 1


@kernel
def count_traits(
    likeness: Floats,
    first_span: Integers,
    second_span: Integers,
    words: Integers,
    first_roles: Integers,
    second_roles: Integers,
    first_kinds: Integers,
    second_kinds: Integers,
    pairs: Integers,
    count: int,
    traits: Floats,
) -> bool:
    """Fill ``traits`` from the ``count`` pairs; False where too little matches for the names to be one.

    Kinds of words: 0 a word, 1 an initial, 2 a number.
    """
    traits[:] = 0
    first_left = np.ones(32, np.uint8)
    second_left = np.ones(32, np.uint8)
    full = 0
    covered_first, covered_second = 0, 0
    crossed, given_pairs = 0, 0
    for index in range(count):
        row, column = pairs[index, 0], pairs[index, 1]
        unlike = 1.0 - likeness[row, column]
        initial = first_kinds[row] == 1 or second_kinds[column] == 1
        if initial and likeness[row, column] < 1.0:
            traits[12] += 1
        else:
            traits[0] += unlike
            traits[1] = max(traits[1], unlike)
        if not initial:
            full += 1
        mine, theirs = 0, 0
        for place in range(first_span[row, 0], first_span[row, 0] + first_span[row, 1]):
            first_left[place] = 0
            mine |= first_roles[place]
            covered_first += 1
        for place in range(second_span[column, 0], second_span[column, 0] + second_span[column, 1]):
            second_left[place] = 0
            theirs |= second_roles[place]
            covered_second += 1
        if mine & theirs & GIVEN_NAME:
            given_pairs += 1
        if not mine & theirs:
            if (mine | theirs) & GIVEN_NAME:
                crossed += 1
            else:
                traits[10] = 1
    if full == 0 or max(covered_first, covered_second) < min(2, max(words[0], words[1])):
        return False
    if crossed > 0:
        traits[11] = 1
    if full == 1 and max(words[0], words[1]) > 1:
        traits[14] = 1
    if count > 2 and _reordered(first_roles, second_roles, pairs, count):
        traits[17] = 1
    if max(words[0], words[1]) <= 2:
        traits[15] = traits[0]
    _count_left_over(
        words, first_roles, second_roles, first_kinds, second_kinds, first_left, second_left, given_pairs, traits
    )
    return True


@kernel
def _reordered(first_roles: Integers, second_roles: Integers, pairs: Integers, count: int) -> bool:
    """True if the pairs, in the order of the rows, do not go round the columns at most once."""
    columns = np.full(64, -1, np.int64)
    for index in range(count):
        row, column = pairs[index, 0], pairs[index, 1]
        if row >= 32 or column >= len(second_roles):
            return False
        mine, theirs = first_roles[row], second_roles[column]
        known = (mine == 1 or mine == 2 or mine == 4) and (theirs == 1 or theirs == 2 or theirs == 4)
        if known or mine == 0 or theirs == 0:
            return False
        columns[row] = column
    before, first, descents = -1, -1, 0
    for row in range(32):
        if columns[row] < 0:
            continue
        if first < 0:
            first = columns[row]
        elif columns[row] < before:
            descents += 1
        before = columns[row]
    return descents > 1 or (descents == 1 and before > first)


@kernel
def _count_left_over(
    words: Integers,
    first_roles: Integers,
    second_roles: Integers,
    first_kinds: Integers,
    second_kinds: Integers,
    first_left: NDArray[np.uint8],
    second_left: NDArray[np.uint8],
    given_pairs: int,
    traits: Floats,
) -> None:
    for step in range(
        4
    ):  # the same role on both sides first: numbers, given, paternal, maternal, then whatever is open
        for row in range(words[0]):
            if not first_left[row]:
                continue
            for column in range(words[1]):
                if not second_left[column]:
                    continue
                mine, theirs = first_roles[row], second_roles[column]
                if step == 0:
                    if first_kinds[row] != 2 or second_kinds[column] != 2:
                        continue
                    traits[13] += 1
                elif step == 1:
                    if mine != theirs or (mine != 1 and mine != 2 and mine != 4):
                        continue
                    traits[2 if mine == 1 else 3 if mine == 2 else 4] += 1
                elif step == 2:
                    if not mine & theirs:
                        continue
                    traits[5] += 1
                else:
                    continue
                first_left[row] = 0
                second_left[column] = 0
                break
    for side in range(2):
        roles = first_roles if side == 0 else second_roles
        left = first_left if side == 0 else second_left
        for place in range(words[side]):
            if not left[place]:
                continue
            role = roles[place]
            if role == 1 and given_pairs == 0:
                traits[16] = 1
            elif role == 1:
                traits[6] += 1
            elif role == 2:
                traits[7] += 1
            elif role == 4:
                traits[8] += 1
            else:
                traits[9] += 1
