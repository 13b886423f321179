"""Which part of one name stands for which part of the other, and what that leaves unexplained: compiled kernels."""

from __future__ import annotations

import numpy as np

from otay.engines.compiling import kernel
from otay.engines.names.packing import (
    COVERS,
    GIVEN,
    INITIAL,
    KIND_FROM,
    MATERNAL_ONLY,
    NUMBERS,
    PATERNAL_ONLY,
    ROLES_FROM,
    SHAPE,
    START,
    WORDS,
    Floats,
    Integers,
    Names,
)
from otay.engines.names.structure import GIVEN_NAME, MATERNAL, PATERNAL
from otay.engines.names.traits import Trait

MAX_PAIRS = 256  # likenesses between two names that are looked at; names are far from having so many
_UNLIKE, _UNLIKE_MOST, _SHORT_DOUBT = int(Trait.UNLIKE), int(Trait.UNLIKE_MOST), int(Trait.SHORT_DOUBT)
_CONFLICT_GIVEN, _CONFLICT_PATERNAL = int(Trait.CONFLICT_GIVEN), int(Trait.CONFLICT_PATERNAL)
_CONFLICT_MATERNAL, _CONFLICT_OPEN = int(Trait.CONFLICT_MATERNAL), int(Trait.CONFLICT_OPEN)
_CONFLICT_NUMBER, _NO_GIVEN, _INITIALS = int(Trait.CONFLICT_NUMBER), int(Trait.NO_GIVEN), int(Trait.INITIALS)
_DROPPED_GIVEN, _DROPPED_PATERNAL = int(Trait.DROPPED_GIVEN), int(Trait.DROPPED_PATERNAL)
_DROPPED_MATERNAL, _DROPPED_OPEN = int(Trait.DROPPED_MATERNAL), int(Trait.DROPPED_OPEN)
_CROSSED_SURNAMES, _CROSSED_GIVEN = int(Trait.CROSSED_SURNAMES), int(Trait.CROSSED_GIVEN)
_REORDERED = int(Trait.REORDERED)


@kernel
def bits_set(value: int) -> int:
    """How many bits of ``value`` are set."""
    count = 0
    while value:
        value &= value - 1
        count += 1
    return count


@kernel
def without_lowest(value: int, count: int) -> int:
    """``value`` with its ``count`` lowest set bits cleared."""
    for _ in range(count):
        value &= value - 1
    return value


@kernel
def least_cost(names: Names, which: int, left: int, least: Floats) -> float:
    """What the words ``left`` over cost at the very least; numbers, which cost least of all, are not counted."""
    left &= ~names.facts[which, NUMBERS]
    if not left:
        return 0.0
    given, paternal, maternal = (
        names.facts[which, GIVEN],
        names.facts[which, PATERNAL_ONLY],
        names.facts[which, MATERNAL_ONLY],
    )
    every = (1 << names.facts[which, WORDS]) - 1
    cost: float = bits_set(left & paternal) * least[1] + bits_set(left & maternal) * least[2]
    cost += bits_set(left & ~(given | paternal | maternal)) * least[3]
    if given and left & given == given and given | paternal | maternal == every:
        return float(cost + least[4])
    return float(cost + bits_set(left & given) * least[0])


@kernel
def align(first: Names, one: int, second: Names, two: int, like: Integers, values: Floats, size: int) -> int:
    """Choose pairs of parts, best first, no word twice; returns how many.

    ``like`` holds ``size`` rows (part of the first name, part of the second) and ``values`` how alike they are; the
    chosen pairs are moved to the front.
    """
    used_first, used_second, count = 0, 0, 0
    begin, other = first.facts[one, START], second.facts[two, START]
    while True:
        best = -1
        for index in range(count, size):
            if (
                first.parts[begin + like[index, 0], SHAPE] & COVERS & used_first
                or second.parts[other + like[index, 1], SHAPE] & COVERS & used_second
            ):
                continue
            if best < 0 or values[index] > values[best]:
                best = index
        if best < 0:
            return count
        used_first |= first.parts[begin + like[best, 0], SHAPE] & COVERS
        used_second |= second.parts[other + like[best, 1], SHAPE] & COVERS
        row, column, value = like[best, 0], like[best, 1], values[best]
        for index in range(best, count, -1):  # the others keep their order: ties go to the earlier words
            like[index, 0], like[index, 1] = like[index - 1, 0], like[index - 1, 1]
            values[index] = values[index - 1]
        like[count, 0], like[count, 1], values[count] = row, column, value
        count += 1


@kernel
def count_traits(
    first: Names, one: int, second: Names, two: int, like: Integers, values: Floats, count: int, traits: Floats
) -> bool:
    """Fill ``traits`` from the chosen pairs; False where too few words match for the names to be one."""
    traits[:] = 0
    begin, other = first.facts[one, START], second.facts[two, START]
    used_first, used_second, full, given_pairs = 0, 0, 0, 0
    for index in range(count):
        row, column = begin + like[index, 0], other + like[index, 1]
        used_first |= first.parts[row, SHAPE] & COVERS
        used_second |= second.parts[column, SHAPE] & COVERS
        mine, theirs = first.parts[row, SHAPE] >> ROLES_FROM & 7, second.parts[column, SHAPE] >> ROLES_FROM & 7
        if not mine & theirs:
            traits[_CROSSED_GIVEN if (mine | theirs) & GIVEN_NAME else _CROSSED_SURNAMES] = 1
        elif mine & theirs & GIVEN_NAME:
            given_pairs += 1
        if first.parts[row, SHAPE] >> KIND_FROM == INITIAL or second.parts[column, SHAPE] >> KIND_FROM == INITIAL:
            traits[_INITIALS] += values[index] < 1
            continue
        full += 1
        traits[_UNLIKE] += 1 - values[index]
        traits[_UNLIKE_MOST] = max(traits[_UNLIKE_MOST], 1 - values[index])
    longest = max(first.facts[one, WORDS], second.facts[two, WORDS])
    if full == 0 or max(bits_set(used_first), bits_set(used_second)) < min(2, longest):
        return False
    if longest <= 2:
        traits[_SHORT_DOUBT] = traits[_UNLIKE]
    if count > 2 and _reordered(first, one, second, two, like, count):
        traits[_REORDERED] = 1
    left_first = ((1 << first.facts[one, WORDS]) - 1) & ~used_first
    left_second = ((1 << second.facts[two, WORDS]) - 1) & ~used_second
    if left_first and left_second:
        left_first, left_second = _conflicts(first, one, second, two, left_first, left_second, traits)
    _dropped(first, one, left_first, given_pairs, traits)
    _dropped(second, two, left_second, given_pairs, traits)
    return True


@kernel
def _conflicts(
    first: Names, one: int, second: Names, two: int, left_first: int, left_second: int, traits: Floats
) -> tuple[int, int]:
    """Words left over on both sides, first those that can only play the same role; returns what remains."""
    for step in range(4):
        if step == 0:
            mine, theirs, trait = first.facts[one, NUMBERS], second.facts[two, NUMBERS], _CONFLICT_NUMBER
        elif step == 1:
            mine, theirs, trait = first.facts[one, GIVEN], second.facts[two, GIVEN], _CONFLICT_GIVEN
        elif step == 2:
            mine, theirs, trait = first.facts[one, PATERNAL_ONLY], second.facts[two, PATERNAL_ONLY], _CONFLICT_PATERNAL
        else:
            mine, theirs, trait = first.facts[one, MATERNAL_ONLY], second.facts[two, MATERNAL_ONLY], _CONFLICT_MATERNAL
        mine &= left_first
        theirs &= left_second
        both = min(bits_set(mine), bits_set(theirs))
        if both:
            traits[trait] += both
            left_first &= ~mine | without_lowest(mine, both)
            left_second &= ~theirs | without_lowest(theirs, both)
    begin, other = first.facts[one, START], second.facts[two, START]
    for row in range(first.facts[one, WORDS]):
        for column in range(second.facts[two, WORDS]):
            if (
                left_first >> row & 1
                and left_second >> column & 1
                and first.parts[begin + row, SHAPE] >> ROLES_FROM
                & 7
                & second.parts[other + column, SHAPE] >> ROLES_FROM
                & 7
            ):
                traits[_CONFLICT_OPEN] += 1
                left_first &= ~(1 << row)
                left_second &= ~(1 << column)
    return left_first, left_second


@kernel
def _dropped(names: Names, which: int, left: int, given_pairs: int, traits: Floats) -> None:
    """Words that one side has and the other lacks."""
    if not left:
        return
    given = bits_set(left & names.facts[which, GIVEN])
    paternal = bits_set(left & names.facts[which, PATERNAL_ONLY])
    maternal = bits_set(left & names.facts[which, MATERNAL_ONLY])
    if given and not given_pairs:
        traits[_NO_GIVEN] = 1
    else:
        traits[_DROPPED_GIVEN] += given
    traits[_DROPPED_PATERNAL] += paternal
    traits[_DROPPED_MATERNAL] += maternal
    traits[_DROPPED_OPEN] += bits_set(left) - given - paternal - maternal


@kernel
def _reordered(first: Names, one: int, second: Names, two: int, like: Integers, count: int) -> bool:
    """True if the chosen words of the second name, in the order of the first's, go round it more than once."""
    columns = np.full(32, -1, np.int64)
    for index in range(count):
        row, column = like[index, 0], like[index, 1]
        if row >= first.facts[one, WORDS] or column >= second.facts[two, WORDS]:
            return False
        if _single(first.parts[first.facts[one, START] + row, SHAPE] >> ROLES_FROM & 7) and _single(
            second.parts[second.facts[two, START] + column, SHAPE] >> ROLES_FROM & 7
        ):
            return False
        columns[row] = column
    before, begin, descents = -1, -1, 0
    for row in range(32):
        if columns[row] < 0:
            continue
        if begin < 0:
            begin = columns[row]
        elif columns[row] < before:
            descents += 1
        before = columns[row]
    return descents > 1 or (descents == 1 and before > begin)


@kernel
def _single(role: int) -> bool:
    return role in (GIVEN_NAME, PATERNAL, MATERNAL)
