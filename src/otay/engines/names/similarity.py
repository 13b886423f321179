"""How alike two words are: equal, sounding alike, short forms of one name, misspelled, or an initial.

A pure function of the two words. :class:`Vocabulary` finds, for a word, every word of a list that is alike, and gives
the same value: rapidfuzz counts edits of sound keys against the whole list, and only what is near is looked at closely.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from otay.engines.names.common_names import GIVEN, SURNAMES
from otay.engines.names.edits import EXCHANGE, OTHER_START, SKIP, SWAP, alike_letters, codes
from otay.engines.names.lexicon import SHORT_FORMS
from otay.engines.names.sounds import sound_key

FLOOR = 0.6  # words less alike than this are different words
SOUNDS_ALIKE = 0.96
SHORT_FORM = 0.93
INITIAL = 0.8
JOINED = 0.96
KNOWN_APART = 1.4  # how much further apart two well-known names are than their letters
MOST_EDITS = 3
LONGEST = 16  # from this many letters on, more letters allow no more edits
_BLOCK = 2_000_000  # cells of one block of distances
_KNOWN = GIVEN | SURNAMES | frozenset(SHORT_FORMS)
_NO_GROUPS: frozenset[int] = frozenset()


class Likeness(StrEnum):
    """Why two words are taken for one."""

    EQUAL = "equal"
    SOUND = "sound"
    SHORT_FORM = "short_form"
    SPELLING = "spelling"
    INITIAL = "initial"
    JOINED = "joined"


def edits_allowed(length: int) -> int:
    """How many edits a sound key may be from another whose shorter one has ``length`` letters, to be a misspelling."""
    if length < 3:
        return 0
    return 1 if length < 4 else 2 if length < 7 else MOST_EDITS


def spelling(key: str, other: str) -> float:
    """How alike two sound keys are by their letters; 0 where they are too many edits apart."""
    allowed = edits_allowed(min(len(key), len(other)))
    if key.isdigit() or other.isdigit() or OSA.distance(key, other, score_cutoff=allowed) > allowed:
        return 0.0
    start, which = np.array([0, len(other)], np.int64), np.zeros(1, np.int64)
    return float(alike_letters(codes(key), codes(other), start, which, SKIP, SWAP, EXCHANGE, OTHER_START)[0])


def likeness(first: str, second: str) -> tuple[float, Likeness | None]:
    """How alike two words are, 0 or between :data:`FLOOR` and 1, and why."""
    if first == second:
        return 1.0, Likeness.EQUAL
    if len(first) == 1 or len(second) == 1:
        alike = first[0] == second[0] and first[0].isalpha()
        return (INITIAL, Likeness.INITIAL) if alike else (0.0, None)
    key, other = sound_key(first), sound_key(second)
    if key == other:
        return SOUNDS_ALIKE, Likeness.SOUND
    value = _misspelled(spelling(key, other), first in _KNOWN and second in _KNOWN)
    if value < SHORT_FORM and SHORT_FORMS.get(first, _NO_GROUPS) & SHORT_FORMS.get(second, _NO_GROUPS):
        return SHORT_FORM, Likeness.SHORT_FORM
    return (value, Likeness.SPELLING) if value > 0 else (0.0, None)


def _misspelled(by_letters: float, known: bool) -> float:
    """How alike two words are by their letters, if both are well-known names or not: MARIO is no misspelled MARIA."""
    value = 1.0 - (1.0 - by_letters) * KNOWN_APART if known else by_letters
    return value if value >= FLOOR else 0.0


class Vocabulary:
    """The different words of a list, searchable by likeness."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words: tuple[str, ...] = tuple(dict.fromkeys(words))
        self.number = {word: number for number, word in enumerate(self.words)}
        self._by_key: dict[str, list[int]] = {}
        self._by_group: dict[int, list[int]] = {}
        self._by_initial: dict[str, list[int]] = {}
        for number, word in enumerate(self.words):
            self._by_key.setdefault(sound_key(word), []).append(number)
            self._by_initial.setdefault(word[0], []).append(number)
            for group in SHORT_FORMS.get(word, ()):
                self._by_group.setdefault(group, []).append(number)
        self._known = [word in _KNOWN for word in self.words]
        self._keys = tuple(key for key in self._by_key if len(key) >= 3 and not key.isdigit())
        self._lengths = np.fromiter(map(len, self._keys), np.int64, len(self._keys))
        self._start = np.concatenate(([0], np.cumsum(self._lengths))).astype(np.int64)
        self._edits = [self._allowed(length) for length in range(LONGEST + 1)]
        self._codes = codes("".join(self._keys))

    def _allowed(self, length: int) -> NDArray[np.uint8]:
        """Edits allowed between each key of the list and one of ``length`` letters."""
        table = np.array([edits_allowed(shorter) for shorter in range(length + 1)], np.uint8)
        return table[np.minimum(self._lengths, length)]

    def sounding(self, text: str) -> Sequence[int]:
        """Numbers of the words that have the sound key of ``text``."""
        return self._by_key.get(sound_key(text), ())

    def alike(self, words: Sequence[str]) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """For each of ``words``: the numbers of all words alike, and how alike, as :func:`likeness` has it."""
        near = self._near_keys({sound_key(word) for word in words if len(word) > 1})
        return [self._alike(word, near) for word in words]

    def _near_keys(self, keys: set[str]) -> dict[str, list[tuple[str, float]]]:
        """For each key, the list's keys that are few enough edits away, and how alike their letters are."""
        asked = [key for key in keys if len(key) >= 3 and not key.isdigit()]
        found: dict[str, list[tuple[str, float]]] = {}
        step = max(1, _BLOCK // max(1, len(self._keys)))
        for start in range(0, len(asked) if self._keys else 0, step):
            block = asked[start : start + step]
            edits = process.cdist(block, self._keys, scorer=OSA.distance, score_cutoff=MOST_EDITS, dtype=np.uint8)
            for key, row in zip(block, edits, strict=True):
                near = np.flatnonzero(row <= self._edits[min(len(key), LONGEST)])
                values = alike_letters(codes(key), self._codes, self._start, near, SKIP, SWAP, EXCHANGE, OTHER_START)
                kept = values >= FLOOR
                found[key] = [
                    (self._keys[number], value)
                    for number, value in zip(near[kept].tolist(), values[kept].tolist(), strict=True)
                ]
        return found

    def _alike(
        self, word: str, near: dict[str, list[tuple[str, float]]]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        if len(word) == 1:
            values = {number: likeness(word, self.words[number])[0] for number in self._by_initial.get(word, ())}
        else:
            key, known = sound_key(word), word in _KNOWN
            values = dict.fromkeys(self._by_key.get(key, ()), SOUNDS_ALIKE)
            for other, by_letters in near.get(key, ()):
                for number in self._by_key[other] if other != key else ():
                    values[number] = _misspelled(by_letters, known and self._known[number])
            for group in SHORT_FORMS.get(word, ()):
                for number in self._by_group.get(group, ()):
                    values[number] = max(values.get(number, 0.0), SHORT_FORM)
            for text in (word, word[0]):
                if text in self.number:
                    values[self.number[text]] = likeness(word, text)[0]
        kept = sorted(number for number, value in values.items() if value > 0)
        return np.array(kept, np.int64), np.array([values[number] for number in kept], np.float32)
