from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otay.intake import domain
from otay.intake.domain import Known, Standing

A, B = b"a" * 32, b"b" * 32


@pytest.mark.parametrize(
    ("known", "expected", "other"),
    [
        ([], Standing.NEW, None),
        ([Known(1, A, True)], Standing.DUPLICATE, 1),
        ([Known(1, A, False)], Standing.DUPLICATE, 1),
        ([Known(1, B, False)], Standing.CORRECTION, 1),
        ([Known(1, B, True)], Standing.CONFLICT, 1),
        ([Known(1, B, False), Known(2, B, True)], Standing.CONFLICT, 2),
        ([Known(1, B, True), Known(2, B, False)], Standing.CONFLICT, 1),
        ([Known(1, B, False), Known(2, B, False)], Standing.CORRECTION, 2),
        ([Known(1, B, True), Known(2, A, False)], Standing.DUPLICATE, 2),
    ],
)
def test_standing(known: list[Known], expected: Standing, other: int | None) -> None:
    verdict = domain.standing(A, known)
    assert (verdict.standing, verdict.other) == (expected, other)


@given(st.lists(st.tuples(st.sampled_from([A, B, b"c" * 32]), st.booleans())))
def test_at_most_one_message_ever_stands_under_a_reference(arrivals: list[tuple[bytes, bool]]) -> None:
    """Whatever arrives in whatever order, and whatever the room says: one live message a reference, no digest twice."""
    known: list[Known] = []
    for number, (digest, accepted) in enumerate(arrivals):
        verdict = domain.standing(digest, known)
        if verdict.standing is Standing.DUPLICATE:
            continue
        live = accepted and verdict.standing is not Standing.CONFLICT
        known.append(Known(number, digest, live))
    assert sum(message.live for message in known) <= 1
    assert len({message.digest for message in known}) == len(known)


@given(st.lists(st.sampled_from("abc")))
def test_rounds_take_every_position_once_in_order_and_no_reference_twice(references: list[str]) -> None:
    split = list(domain.rounds(references))
    assert sorted(position for part in split for position in part) == list(range(len(references)))
    for part in split:
        names = [references[position] for position in part]
        assert len(set(names)) == len(names)
    for name in "abc":
        order = [position for part in split for position in part if references[position] == name]
        assert order == sorted(order)


@pytest.mark.parametrize("reference", ["", "A-1", "ñandú 17", "x" * 70])
def test_references_that_can_be_kept(reference: str) -> None:
    assert domain.reference_findings(reference) == []


@pytest.mark.parametrize("reference", ["x" * 71, "a\nb", "a\x00b", "\u202eabc"])
def test_references_that_cannot_be_kept(reference: str) -> None:
    assert [finding.rule for finding in domain.reference_findings(reference)] == ["intake.reference"]


def test_the_default_reference_follows_the_bytes() -> None:
    assert domain.default_reference(A) == domain.default_reference(A) != domain.default_reference(B)
    assert domain.reference_findings(domain.default_reference(A)) == []
