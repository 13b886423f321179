"""Range digests and the judgement of differences: pure."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.exchange import Neighbour, parcel
from otay.core.canonical import digest
from otay.exchange.domain import envelope, keys, keysums, questions, ranges
from otay.exchange.domain.differences import Kind, compare
from otay.exchange.domain.questions import Line, Question
from otay.exchange.domain.ranges import BUCKET, FANOUT, Tree
from otay.exchange.domain.refusals import Rejected

GENESIS = envelope.genesis("MX>US")


def fake(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def found_by_descent(ours: Tree, theirs: Tree) -> tuple[list[int], int]:
    """The differing buckets, and how many questions it took."""
    if ours.root == theirs.root:
        return [], 1
    nodes, asked = [0], 1
    for level in range(ours.depth, 0, -1):
        nodes = [
            child for index in nodes
            for child in ranges.differing(ours.children(level, index), theirs.children(level, index), index)
        ]  # fmt: skip
        asked += 1
    return nodes, asked


@given(st.integers(1, 9000), st.data())
@settings(max_examples=60, deadline=None)
def test_descent_finds_exactly_the_buckets_that_differ(count, data):
    buckets = [fake(number) for number in range(count)]
    changed = data.draw(st.sets(st.integers(0, count - 1), max_size=5))
    other = [fake(-number - 1) if number in changed else one for number, one in enumerate(buckets)]
    assert found_by_descent(Tree(buckets), Tree(other))[0] == sorted(changed)


def test_ten_million_records_are_four_questions_away():
    buckets = [fake(number) for number in range(-(-10_000_000 // BUCKET))]
    other = [*buckets]
    other[31_337] = fake(-1)
    found, asked = found_by_descent(Tree(buckets), Tree(other))
    assert (found, asked) == ([31_337], 4)
    assert ranges.depth_of(len(buckets)) == Tree(buckets).depth == 3


def test_a_tree_over_nothing_and_over_one_bucket():
    assert Tree([]).root == bytes(32)
    assert (Tree([fake(1)]).root, Tree([fake(1)]).depth) == (fake(1), 0)
    assert list(Tree([fake(1)]).children(1, 0)) == []


def test_a_record_stands_for_no_range_and_for_no_other_number():
    one = ranges.leaf(1, fake(1), fake(2), fake(3))
    assert one != ranges.leaf(2, fake(1), fake(2), fake(3))
    assert ranges.bucket_digest([one]) != ranges.node_digest([one])
    assert ranges.bucket_digest([]) != bytes(32)


@given(st.integers(1, 10**9))
def test_every_number_lies_in_its_bucket(number):
    first, last = ranges.bucket_bounds(ranges.bucket_of(number))
    assert first <= number <= last
    assert last - first + 1 == BUCKET
    assert FANOUT > 1


def book(count: int = 6) -> list[Line]:
    neighbour = Neighbour()
    for number in range(count):
        neighbour.add(parcel(f"P-{number}"))
    entries = envelope.chained(neighbour.records, previous=GENESIS, last_sequence=0)
    return [
        Line(
            entry.sequence, record.record_type, record.business_key, record.version, entry.body_digest,
            record.body_digest, entry.link, "whole", record.body_digest,
        )
        for record, entry in zip(neighbour.records, entries, strict=True)
    ]  # fmt: skip


def judged(ours: list[Line], theirs: list[Line]) -> list[tuple[int, Kind]]:
    return [(one.sequence, one.kind) for one in compare(ours, theirs, before={0: GENESIS})]


CHANGES = {
    "body": (lambda line: dataclasses.replace(line, body="altered", found=fake(1)), "altered"),
    "header": (lambda line: dataclasses.replace(line, business_key="P-X", header_digest=fake(2)), "altered"),
    "link": (lambda line: dataclasses.replace(line, link=fake(3)), "altered"),
    "lost": (lambda line: dataclasses.replace(line, body="lost", found=b""), "body_lost"),
    "gone": (None, "missing"),
}


@pytest.mark.parametrize("change", CHANGES)
@given(st.integers(0, 5))
@settings(max_examples=6, deadline=None)
def test_the_side_whose_copy_is_not_the_signed_one_is_named(change, at):
    alter, kind = CHANGES[change]
    whole = book()
    touched = [*whole]
    touched[at : at + 1] = [alter(whole[at])] if alter else []
    assert judged(whole, whole) == []
    assert judged(touched, whole) == [(at + 1, Kind(f"{kind}_here"))]
    assert judged(whole, touched) == [(at + 1, Kind(f"{kind}_there"))]


def test_an_erased_body_is_no_difference_and_two_altered_copies_are_both_named():
    whole = book()
    erased = [dataclasses.replace(whole[0], body="erased", found=b""), *whole[1:]]
    assert judged(erased, whole) == []
    ours = [dataclasses.replace(whole[0], body="altered", found=fake(1)), *whole[1:]]
    theirs = [dataclasses.replace(whole[0], body="altered", found=fake(2)), *whole[1:]]
    assert judged(ours, theirs) == [(1, Kind.ALTERED_BOTH)]


def test_two_histories_are_told_from_an_alteration():
    whole, other = book(3), book(3)  # times differ: each is a history of its own
    assert {kind for _number, kind in judged(whole, other)} == {Kind.FORKED}


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.text("xyz", max_size=3), st.integers(1, 3)), max_size=30), st.data()
)
@settings(max_examples=60, deadline=None)
def test_sums_over_keys_forget_the_order_and_add_up(named, data):
    rows = [(kind, key, version, digest(key.encode())) for kind, key, version in named]
    cut = data.draw(st.integers(0, len(rows)))
    shuffled = data.draw(st.permutations(rows))
    whole = keysums.key_sums(rows)
    assert keysums.key_sums(shuffled) == whole
    assert keysums.added(keysums.key_sums(rows[:cut]), keysums.key_sums(rows[cut:])) == whole
    if rows:
        assert keysums.key_sums(rows[1:]) != whole


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_question_or_refused(raw):
    with contextlib.suppress(Rejected):
        assert questions.read_question(raw).body() == raw


@pytest.mark.parametrize(
    "asked",
    [
        {"upto": -1}, {"upto": True}, {"nodes": ((1, -1),)}, {"buckets": tuple(range(17))}, {"buckets": ("1",)},
        {"nodes": tuple((1, at) for at in range(65))}, {"key_buckets": tuple(range(65))}, {"keys": (1, 2**70)},
    ],
)  # fmt: skip
def test_a_question_out_of_bounds_is_refused(asked):
    with pytest.raises(Rejected):
        questions.read_question(dataclasses.replace(Question("MX>US", 5), **asked).body())


def test_an_answer_holds_for_its_question_and_its_signer_only():
    key = keys.SigningKey.generate()
    question = Question("MX>US", 6, ((1, 0),), (0,))
    lines = tuple(book())
    answer = questions.Answer(
        "MX>US", digest(question.body()), "MX", key.id, Neighbour().add().created_at, 6, fake(1), 6, fake(2),
        {(1, 0): (fake(3),)}, lines, (9,),
    )  # fmt: skip
    raw = answer.signed(key)
    assert questions.read_answer(raw) == answer
    assert questions.answer_verifies(raw, answer, question, key.public)
    assert not questions.answer_verifies(raw, answer, dataclasses.replace(question, upto=5), key.public)
    assert not questions.answer_verifies(raw, answer, question, keys.SigningKey.generate().public)
    for part in ("position", "root", "records", "stray", "nodes"):
        spoilt = {**raw, "answer": raw["answer"] | {part: [[1]] if part in ("records", "nodes") else "x"}}
        with pytest.raises(Rejected):
            questions.read_answer(spoilt)
