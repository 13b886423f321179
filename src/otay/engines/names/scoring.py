"""Two names compared: a score between 0 and 1, and every reason for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from otay.engines.names.alignment import MAX_PAIRS, align, count_traits
from otay.engines.names.packing import Names, pack
from otay.engines.names.penalties import penalties
from otay.engines.names.similarity import JOINED, Likeness, likeness
from otay.engines.names.sounds import sound_key
from otay.engines.names.structure import Name, parse_name
from otay.engines.names.traits import TRAITS, Trait

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
    """A score, what was matched with what, and what each trait took from the score."""

    score: float
    pairs: tuple[Pair, ...] = ()
    traits: dict[Trait, float] = field(default_factory=dict)
    costs: dict[Trait, float] = field(default_factory=dict)


@lru_cache(maxsize=16_384)
def _packed(name: Name) -> Names:
    return pack([name], [0] * (len(name.words) + len(name.joins)))


def compare_texts(first: str, second: str, organisation: bool | None = None) -> Comparison:
    """Compare two names written as one text each; what one of them shows to be an organisation, both are."""
    names = [parse_name(text, organisation) for text in (first, second)]
    if names[0].organisation != names[1].organisation:
        names = [parse_name(text, True) for text in (first, second)]
    return compare(names[0], names[1])


def compare(first: Name, second: Name) -> Comparison:
    """Compare two names. The score is that of the compiled search."""
    found = _likenesses(first, second)[:MAX_PAIRS]
    if not found:
        return Comparison(0.0)
    like = np.array([(row, column) for row, column, _, _ in found], np.int64)
    values = np.array([value for _, _, value, _ in found], np.float32)
    traits = np.zeros(TRAITS, np.float32)
    one, two = _packed(first), _packed(second)
    count = align(one, 0, two, 0, like, values, len(found))
    enough = count_traits(one, 0, two, 0, like, values, count, traits)
    weights = penalties(organisation=first.organisation or second.organisation)
    why = {(row, column): reason for row, column, _, reason in found}
    texts = [[*name.words, *(join.text for join in name.joins)] for name in (first, second)]
    pairs = tuple(
        Pair(texts[0][row], texts[1][column], value, why[row, column])
        for (row, column), value in zip(like[:count].tolist(), values[:count].tolist(), strict=True)
    )
    if not enough:
        return Comparison(0.0, pairs)
    counted = {trait: float(traits[trait]) for trait in Trait if traits[trait]}
    costs = {trait: value * float(weights[trait]) for trait, value in counted.items()}
    return Comparison(max(0.0, 1.0 - sum(costs.values())), pairs, counted, costs)


def _likenesses(first: Name, second: Name) -> list[tuple[int, int, float, Likeness]]:
    """All like parts of two names, by part of the second, then of the first."""
    ones = [*((word, False) for word in first.words), *((join.text, True) for join in first.joins)]
    twos = [*((word, False) for word in second.words), *((join.text, True) for join in second.joins)]
    found: list[tuple[int, int, float, Likeness]] = []
    for column, (text, joined) in enumerate(twos):
        for row, (other, join) in enumerate(ones):
            if joined or join:
                value, why = (JOINED, Likeness.JOINED) if _one_word(text, joined, other, join) else (0.0, None)
            else:
                value, why = likeness(other, text)
            if why:
                found.append((row, column, value, why))
    return found


def _one_word(text: str, joined: bool, other: str, join: bool) -> bool:
    return joined != join and sound_key(text) == sound_key(other)
