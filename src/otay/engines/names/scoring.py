"""Two names compared: a score between 0 and 1, and every reason for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.engines.names.alignment import TRAITS, Trait, align, count_traits
from otay.engines.names.penalties import penalties
from otay.engines.names.sounds import sound_key
from otay.engines.names.similarity import JOINED, Likeness, likeness
from otay.engines.names.structure import Name, parse_name

THRESHOLD = 0.7  # from here on two names may be one


@dataclass(frozen=True, slots=True)
class Pair:
    """Words of the first name that stand for words of the second, and why."""

    first: str
    second: str
    value: float
    why: Likeness


@dataclass(frozen=True, slots=True)
class Comparison:
    """A score, what was matched with what, and what was counted against it."""

    score: float
    pairs: tuple[Pair, ...] = ()
    traits: dict[Trait, float] = field(default_factory=dict)
    costs: dict[Trait, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A name as the kernel reads it: spans, roles and kinds of its words and joins."""

    spans: NDArray[np.int64]
    roles: NDArray[np.int64]
    kinds: NDArray[np.int64]


@lru_cache(maxsize=16_384)
def prepared(name: Name) -> Prepared:
    """The arrays of ``name``: its words first, then its joins."""
    spans = [(place, 1) for place in range(len(name.words))] + [(join.first, join.span) for join in name.joins]
    kinds = [kind_of(word) for word in name.words] + [0] * len(name.joins)
    roles = np.array([*name.roles, *[0] * len(name.joins)], np.int64)
    return Prepared(np.array(spans, np.int64).reshape(-1, 2), roles, np.array(kinds, np.int64))


def kind_of(word: str) -> int:
    """1 for an initial, 2 for a number, 0 for any other word."""
    return 2 if word.isdigit() else 1 if len(word) == 1 else 0


def compare_texts(first: str, second: str, organisation: bool | None = None) -> Comparison:
    """Compare two names written as one text each; what one of them shows to be an organisation, both are."""
    names = [parse_name(text, organisation) for text in (first, second)]
    if names[0].organisation != names[1].organisation:
        names = [parse_name(text, True) for text in (first, second)]
    return compare(names[0], names[1])


def compare(first: Name, second: Name) -> Comparison:
    """Compare two names. The value is that of the compiled search."""
    if not first.words or not second.words:
        return Comparison(0.0)
    table, reasons = _likenesses(first, second)
    one, two = prepared(first), prepared(second)
    words = np.array([len(first.words), len(second.words)], np.int64)
    pairs = np.zeros((32, 2), np.int64)
    traits = np.zeros(TRAITS, np.float32)
    count = align(table, one.spans, two.spans, words, pairs)
    enough = count_traits(
        table, one.spans, two.spans, words, one.roles, two.roles, one.kinds, two.kinds, pairs, count, traits
    )
    weights = penalties(organisation=first.organisation or second.organisation)
    texts_one = [*first.words, *[join.text for join in first.joins]]
    texts_two = [*second.words, *[join.text for join in second.joins]]
    matched = tuple(
        Pair(texts_one[row], texts_two[column], float(table[row, column]), reasons[row, column])
        for row, column in pairs[:count].tolist()
    )
    score = max(0.0, 1.0 - float(traits @ weights)) if enough else 0.0
    counted = {trait: float(traits[trait]) for trait in Trait if traits[trait]} if enough else {}
    return Comparison(score, matched, counted, {trait: counted[trait] * float(weights[trait]) for trait in counted})


def _likenesses(first: Name, second: Name) -> tuple[NDArray[np.float32], dict[Any, Likeness]]:
    rows, columns = len(first.words) + len(first.joins), len(second.words) + len(second.joins)
    table = np.zeros((rows, columns), np.float32)
    reasons: dict[Any, Likeness] = {}
    for row, word in enumerate(first.words):
        for column, other in enumerate(second.words):
            value, why = likeness(word, other)
            if why:
                table[row, column] = value
                reasons[row, column] = why
    for row, word in enumerate(first.words):
        for column, join in enumerate(second.joins, len(second.words)):
            if sound_key(word) == sound_key(join.text):
                table[row, column] = JOINED
                reasons[row, column] = Likeness.JOINED
    for row, join in enumerate(first.joins, len(first.words)):
        for column, other in enumerate(second.words):
            if sound_key(join.text) == sound_key(other):
                table[row, column] = JOINED
                reasons[row, column] = Likeness.JOINED
    return table, reasons
