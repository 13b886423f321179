"""A list of names made searchable: many queries at once, with exactly the hits of comparing each with every entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from otay.engines.names.packing import PARTS, TERM, Names, pack
from otay.engines.names.penalties import LEAST, WEIGHTS
from otay.engines.names.scoring import THRESHOLD
from otay.engines.names.search import Found, Postings, Terms, search_kernel
from otay.engines.names.similarity import JOINED, Vocabulary
from otay.engines.names.sounds import sound_key
from otay.engines.names.structure import Name

ROOM = 1 << 18  # hits that one call of the kernel may return beyond one list's length
REMEMBERED = 200_000  # words of queries whose like words are kept

_Like = tuple[NDArray[np.int64], NDArray[np.float32]]
_Term = tuple[str, bool]  # a text, and whether it is a join


def _starts(lengths: Iterable[int]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(np.fromiter(lengths, np.int64)))).astype(np.int64)


class NameIndex:
    """The words of a list's names, each with the entries that hold it."""

    def __init__(self, names: Sequence[Name]) -> None:
        self.names = tuple(names)
        self._vocabulary = Vocabulary(word for name in names for word in name.words)
        self._joins: dict[str, int] = {}
        self._remembered: dict[_Term, _Like] = {}
        self._entries = pack(self.names, list(chain.from_iterable(map(self._numbers, self.names))))
        self._postings = self._posted()

    def __len__(self) -> int:
        return len(self.names)

    def search(self, queries: Sequence[Name], *, threshold: float = THRESHOLD, full_scan: bool = False) -> Found:
        """Every pair of query and entry whose score reaches ``threshold`` (above 0), by query, best first.

        ``full_scan`` compares with every entry instead of asking the index; the hits are the same.
        """
        if not queries or not self.names:
            return Found(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
        asked, terms = self._asked(queries)
        room = Found(
            np.empty(len(self.names) + ROOM, np.int64),
            np.empty(len(self.names) + ROOM, np.int64),
            np.empty(len(self.names) + ROOM, np.float32),
        )
        parts: list[Found] = []
        following = 0
        least = max(threshold, 1e-6)
        while following < len(queries):
            hits, following = search_kernel(
                following, asked, self._entries, terms, self._postings, WEIGHTS, LEAST, least, full_scan, room
            )
            parts.append(Found(*(column[:hits].copy() for column in room)))
        found = Found(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
        order = np.lexsort((found.entries, -found.scores, found.queries))
        return Found(*(column[order] for column in found))

    def _numbers(self, name: Name) -> list[int]:
        size = len(self._vocabulary.words)
        joined = (self._joins.setdefault(sound_key(join.text), size + len(self._joins)) for join in name.joins)
        return [*(self._vocabulary.number[word] for word in name.words), *joined]

    def _posted(self) -> Postings:
        terms = self._entries.parts[:, TERM]
        entries = np.repeat(np.arange(len(self.names)), self._entries.facts[:, PARTS])
        order = np.lexsort((entries, terms))
        size = len(self._vocabulary.words)
        counts = np.bincount(terms, minlength=size + len(self._joins))
        return Postings(_starts(counts.tolist()), entries[order].astype(np.int32), size)

    def _asked(self, queries: Sequence[Name]) -> tuple[Names, Terms]:
        numbers: dict[_Term, int] = {}
        rows = [
            numbers.setdefault(term, len(numbers))
            for name in queries
            for term in chain(((word, False) for word in name.words), ((join.text, True) for join in name.joins))
        ]
        likes = self._like(list(numbers))
        terms = Terms(
            _starts(len(like[0]) for like in likes),
            np.concatenate([like[0] for like in likes] or [np.zeros(0, np.int64)]),
            np.concatenate([like[1] for like in likes] or [np.zeros(0, np.float32)]),
        )
        return pack(queries, rows), terms

    def _like(self, terms: Sequence[_Term]) -> list[_Like]:
        if len(self._remembered) > REMEMBERED:
            self._remembered.clear()
        unknown = [term for term in terms if term not in self._remembered]
        words = [text for text, joined in unknown if not joined]
        for word, (numbers, values) in zip(words, self._vocabulary.alike(words), strict=True):
            joined = [self._joins[key] for key in (sound_key(word),) if key in self._joins]
            self._remembered[word, False] = (
                np.append(numbers, np.array(joined, np.int64)),
                np.append(values, np.full(len(joined), JOINED, np.float32)),
            )
        for text, is_join in unknown:
            if is_join:
                sounding = np.array(self._vocabulary.sounding(text), np.int64)
                self._remembered[text, True] = sounding, np.full(len(sounding), JOINED, np.float32)
        return [self._remembered[term] for term in terms]
