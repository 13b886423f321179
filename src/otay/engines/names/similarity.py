"""How alike two words are: equal, sounding alike, short forms of one name, misspelled, or an initial.

A pure function of the two words. :class:`Vocabulary` finds, for a word, every word of a list that is alike, and gives
the same value: rapidfuzz counts edits of sound keys against the whole list, and only what is near is looked at closely.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from otay.engines.names.lexicon import GIVEN, SHORT_FORMS, SURNAMES
from otay.engines.names.sounds import sound_key

FLOOR = 0.6  # words less alike than this are different words
SOUNDS_ALIKE = 0.96
SHORT_FORM = 0.93
INITIAL = 0.8
JOINED = 0.96
KNOWN_APART = 1.4  # how much further apart two well-known names are than their letters
_BLOCK = 2_000_000  # cells of one block of distances
_VOWELS = frozenset("AEIOU")
_CLOSE = frozenset(
    frozenset(pair) for pair in ("MN", "BP", "DT", "GK", "JK", "BF", "BU", "SK", "S1", "IJ", "RL", "J1", "FP")
)


class Likeness(StrEnum):
    """Why two words are taken for one."""

    EQUAL = "equal"
    SOUND = "sound"
    SHORT_FORM = "short_form"
    SPELLING = "spelling"
    INITIAL = "initial"
    JOINED = "joined"


def edits_allowed(length: int) -> int:
    """How many edits a sound key of ``length`` letters may be away and still be a misspelling."""
    if length < 3:
        return 0
    return 1 if length < 4 else 2 if length < 7 else 3


def likeness(first: str, second: str) -> tuple[float, Likeness | None]:
    """How alike two words are, 0 or between :data:`FLOOR` and 1, and why."""
    if first == second:
        return 1.0, Likeness.EQUAL
    if len(first) == 1 or len(second) == 1:
        alike = first[0] == second[0] and first.isalpha() and second.isalpha()
        return (INITIAL, Likeness.INITIAL) if alike else (0.0, None)
    key, other = sound_key(first), sound_key(second)
    best: tuple[float, Likeness | None] = (0.0, None)
    if key == other:
        best = SOUNDS_ALIKE, Likeness.SOUND
    elif SHORT_FORMS.get(first, _NO_GROUPS) & SHORT_FORMS.get(second, _NO_GROUPS):
        best = SHORT_FORM, Likeness.SHORT_FORM
    else:
        value = spelling(key, other)
        if first in _KNOWN and second in _KNOWN:  # MARIO is a name, not a misspelled MARIA
            value = 1.0 - (1.0 - value) * KNOWN_APART
        if value >= FLOOR:
            best = value, Likeness.SPELLING
    return best


_NO_GROUPS: frozenset[int] = frozenset()
_KNOWN = GIVEN | SURNAMES | frozenset(SHORT_FORMS)


@lru_cache(maxsize=1 << 18)
def spelling(key: str, other: str) -> float:
    """How alike two sound keys are by their letters; 0 where they are too many edits apart."""
    longest = max(len(key), len(other))
    allowed = edits_allowed(min(len(key), len(other)))
    if key.isdigit() or other.isdigit() or OSA.distance(key, other, score_cutoff=allowed) > allowed:
        return 0.0
    return max(0.0, 1.0 - weighted_edits(key, other) * (1.0 if key[0] == other[0] else 1.15) / (longest + 0.5))


def weighted_edits(key: str, other: str) -> float:
    """Edits between two keys, with vowels and neighbouring sounds at half a letter and a letter skipped slightly less."""
    rows, columns = len(key), len(other)
    before: list[float] = []
    above = [_skip_cost(other[:column]) for column in range(columns + 1)]
    for row in range(1, rows + 1):
        line = [_skip_cost(key[:row])]
        for column in range(1, columns + 1):
            one, two = key[row - 1], other[column - 1]
            value = min(
                above[column] + _skip(one),
                line[column - 1] + _skip(two),
                above[column - 1] + _swap(one, two),
            )
            if row > 1 and column > 1 and one == other[column - 2] and two == key[row - 2]:
                value = min(value, before[column - 2] + 0.55)
            line.append(value)
        before, above = above, line
    return above[columns]


def _skip(letter: str) -> float:
    return 0.7 if letter in _VOWELS else 0.9


def _skip_cost(letters: str) -> float:
    return sum(map(_skip, letters))


def _swap(one: str, two: str) -> float:
    if one == two:
        return 0.0
    if one in _VOWELS and two in _VOWELS:
        return 0.5
    return 0.7 if frozenset((one, two)) in _CLOSE else 1.0


class Vocabulary:
    """The different words of a list, searchable by likeness."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words: tuple[str, ...] = tuple(dict.fromkeys(words))
        self.number = {word: number for number, word in enumerate(self.words)}
        self._by_key: dict[str, list[int]] = {}
        self._by_group: dict[int, list[int]] = {}
        self._initials: dict[str, list[int]] = {}
        for number, word in enumerate(self.words):
            self._by_key.setdefault(sound_key(word), []).append(number)
            self._initials.setdefault(word[0], []).append(number)
            for group in SHORT_FORMS.get(word, ()):
                self._by_group.setdefault(group, []).append(number)
        self._keys = tuple(key for key in self._by_key if len(key) >= 3)

    def sounding(self, text: str) -> Sequence[int]:
        """Numbers of the words that have the sound key of ``text``."""
        return self._by_key.get(sound_key(text), ())

    def alike(self, words: Sequence[str]) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """For each of ``words``: the numbers of all words alike, and how alike; equal to :func:`likeness` of each pair."""
        near = self._near_keys({sound_key(word) for word in words if len(word) > 1})
        return [self._one(word, near) for word in words]

    def _near_keys(self, keys: set[str]) -> dict[str, list[str]]:
        asked = [key for key in keys if len(key) >= 3]
        found: dict[str, list[str]] = {}
        step = max(1, _BLOCK // max(1, len(self._keys)))
        for start in range(0, len(asked), step):
            block = asked[start : start + step]
            distances = process.cdist(block, self._keys, scorer=OSA.distance, score_cutoff=3, dtype=np.uint8)
            for row, column in zip(*np.nonzero(distances <= 3), strict=True):
                found.setdefault(block[row], []).append(self._keys[column])
        return found

    def _one(self, word: str, near: dict[str, list[str]]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        if len(word) == 1:
            numbers: Iterable[int] = self._initials.get(word, ())
        else:
            key = sound_key(word)
            numbers = chain(
                self._by_key.get(key, ()) if len(key) < 3 else (),
                (number for other in near.get(key, ()) for number in self._by_key[other]),
                (number for group in SHORT_FORMS.get(word, ()) for number in self._by_group.get(group, ())),
                [self.number[word[0]]] if word[0] in self.number else [],
            )
        values = {number: likeness(word, self.words[number])[0] for number in set(numbers)}
        kept = sorted(number for number, value in values.items() if value > 0)
        return np.array(kept, np.int64), np.array([values[number] for number in kept], np.float32)
