"""The index finds exactly what a full scan finds, and scores as a comparison of two names does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otay.engines.names.index import NameIndex
from otay.engines.names.scoring import compare
from otay.engines.names.similarity import Vocabulary, likeness
from otay.engines.names.structure import Name, parse_name, parse_parts

pytestmark = pytest.mark.timeout(600)  # the first comparison compiles the kernels
WORDS = """
MARIA JOSE PEPE GARCIA LOPEZ LOPES GONZALES GONZALEZ HERNANDEZ ERNANDEZ HDEZ J M DE LA CRUZ DELACRUZ CRUZ JOSELUIS
LUIS LEON DELEON MARTIN MARIN MUNXXOZ MUNOZ XUNAXI TLATELPA SMITH SMYTH BOB ROBERT BANK SA 44 45 O
"""
texts = st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=6).map(" ".join)
parts = st.tuples(*[st.lists(st.sampled_from(WORDS.split()), max_size=2).map(" ".join)] * 3)
names = st.one_of(
    texts.map(parse_name),
    st.text(max_size=20).map(parse_name),
    parts.map(lambda three: parse_parts(*three)),
    st.tuples(texts, texts).map(lambda two: parse_name("/".join(two))),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(names, min_size=1, max_size=25),
    st.lists(names, min_size=1, max_size=8),
    st.sampled_from((0.3, 0.55, 0.7, 0.9)),
)
def test_index_loses_no_hit_of_a_full_scan(entries: list[Name], queries: list[Name], threshold: float) -> None:
    index = NameIndex(entries)
    found = index.search(queries, threshold=threshold)
    scanned = index.search(queries, threshold=threshold, full_scan=True)
    for column, other in zip(found, scanned, strict=True):
        np.testing.assert_array_equal(column, other)
    scores = {(query, entry): score for query, entry, score in zip(*(each.tolist() for each in found), strict=True)}
    for query, asked in enumerate(queries):
        for entry, listed in enumerate(entries):
            score = compare(asked, listed).score
            if abs(score - threshold) > 1e-4:
                assert ((query, entry) in scores) == (score >= threshold)
            if (query, entry) in scores:
                assert scores[query, entry] == pytest.approx(score, abs=1e-4)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("ABCEGHIJLMNOQRSUVXYZ", min_size=1, max_size=9), min_size=1, max_size=20))
def test_vocabulary_finds_every_like_word(words: list[str]) -> None:
    vocabulary = Vocabulary(words)
    for word, (numbers, values) in zip(words, vocabulary.alike(words), strict=True):
        expected = {number: likeness(word, other)[0] for number, other in enumerate(vocabulary.words)}
        assert dict(zip(numbers.tolist(), values.tolist(), strict=True)) == pytest.approx(
            {number: value for number, value in expected.items() if value > 0}, abs=1e-6
        )


def test_more_hits_than_one_call_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("otay.engines.names.index.ROOM", 1)
    same = parse_name("María García López")
    found = NameIndex([same] * 50).search([same] * 7)
    assert len(found.queries) == 350
    assert sorted(set(found.queries.tolist())) == list(range(7))


def test_nothing_listed_and_nothing_asked() -> None:
    name = parse_name("María García")
    assert len(NameIndex([]).search([name]).queries) == 0
    assert len(NameIndex([name]).search([]).queries) == 0
    assert len(NameIndex([name, parse_name("")]).search([parse_name(""), name]).queries) == 1
