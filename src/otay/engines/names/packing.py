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


class Names(NamedTuple):
    """Many names. A name has parts: its words first, then the joins of its words."""

    start: Integers  # first part of each name, and one more
    words: Integers  # per name: how many parts are words
    given: Integers  # per name: bits of the words that can only be given names
    paternal: Integers
    maternal: Integers
    numbers: Integers  # per name: bits of the words that are numbers
    organisation: Integers  # per name: 1 or 0
    terms: Integers  # per part: the number of its text
    covers: Integers  # per part: bits of the words it stands for
    roles: Integers  # per part: the roles of the words it stands for, together
    kinds: Integers  # per part: WORD, INITIAL or NUMBER


def kind_of(word: str) -> int:
    """Whether a word is an initial, a number or neither."""
    return NUMBER if word.isdigit() else INITIAL if len(word) == 1 else WORD


def _bits(name: Name, role: int) -> int:
    return sum(1 << place for place, found in enumerate(name.roles) if found == role)


def pack(names: Sequence[Name], terms: Sequence[int]) -> Names:
    """Pack ``names``; ``terms`` has one number for each part of each name."""
    covers: list[int] = []
    roles: list[int] = []
    kinds: list[int] = []
    for name in names:
        covers += [1 << place for place in range(len(name.words))]
        roles += name.roles
        kinds += map(kind_of, name.words)
        for join in name.joins:
            covers.append(((1 << join.span) - 1) << join.first)
            union = 0
            for role in name.roles[join.first : join.first + join.span]:
                union |= role
            roles.append(union)
            kinds.append(WORD)
    parts = np.fromiter((len(name.words) + len(name.joins) for name in names), np.int64, len(names))
    return Names(
        start=np.concatenate(([0], np.cumsum(parts))).astype(np.int64),
        words=np.fromiter((len(name.words) for name in names), np.int32, len(names)),
        given=np.fromiter((_bits(name, GIVEN_NAME) for name in names), np.int32, len(names)),
        paternal=np.fromiter((_bits(name, PATERNAL) for name in names), np.int32, len(names)),
        maternal=np.fromiter((_bits(name, MATERNAL) for name in names), np.int32, len(names)),
        numbers=np.fromiter(
            (sum(1 << place for place, word in enumerate(name.words) if word.isdigit()) for name in names),
            np.int32,
            len(names),
        ),
        organisation=np.fromiter((name.organisation for name in names), np.int32, len(names)),
        terms=np.array(terms, np.int32),
        covers=np.array(covers, np.int32),
        roles=np.array(roles, np.int8),
        kinds=np.array(kinds, np.int8),
    )
