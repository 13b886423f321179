"""Names end to end in arrays, as the compiled kernels read them; the words a part covers and their roles are bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from otay.engines.names.structure import GIVEN_NAME, MATERNAL, PATERNAL, Name

Integers = NDArray[Any]  # narrow where they are many: the search is bound by memory
Floats = NDArray[np.float32]
WORD, INITIAL, NUMBER = 0, 1, 2

# Columns of ``facts``. A set of words is bits, the first word the lowest.
START, PARTS, WORDS, GIVEN, PATERNAL_ONLY, MATERNAL_ONLY, NUMBERS, ORGANISATION = range(8)
# Columns of ``parts``, and what the second holds: words covered (24 bits), roles (from bit 24), kind (from bit 28).
TERM, SHAPE = 0, 1
COVERS, ROLES_FROM, KIND_FROM = (1 << 24) - 1, 24, 28


class Names(NamedTuple):
    """Many names. A name has parts: its words first, then the joins of its words; one row of memory is one name's."""

    facts: Integers
    parts: Integers


def kind_of(word: str) -> int:
    """Whether a word is an initial, a number or neither."""
    return NUMBER if word.isdigit() else INITIAL if len(word) == 1 else WORD


def _bits(name: Name, role: int) -> int:
    return sum(1 << place for place, found in enumerate(name.roles) if found == role)


def _shapes(name: Name) -> list[int]:
    shapes = [
        1 << place | role << ROLES_FROM | kind_of(word) << KIND_FROM
        for place, (word, role) in enumerate(zip(name.words, name.roles, strict=True))
    ]
    for join in name.joins:
        roles = 0
        for role in name.roles[join.first : join.first + join.span]:
            roles |= role
        shapes.append(((1 << join.span) - 1) << join.first | roles << ROLES_FROM)
    return shapes


def pack(names: Sequence[Name], terms: Sequence[int]) -> Names:
    """Pack ``names``; ``terms`` has one number for each part of each name."""
    facts = np.zeros((len(names), 8), np.int32)
    shapes: list[int] = []
    for number, name in enumerate(names):
        numbers = sum(1 << place for place, word in enumerate(name.words) if word.isdigit())
        facts[number] = (
            len(shapes),
            len(name.words) + len(name.joins),
            len(name.words),
            _bits(name, GIVEN_NAME),
            _bits(name, PATERNAL),
            _bits(name, MATERNAL),
            numbers,
            name.organisation,
        )
        shapes += _shapes(name)
    return Names(facts, np.array([terms, shapes], np.int32).T.copy())
