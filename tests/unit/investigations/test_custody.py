"""A custody chain shows every change, removal and insertion, and belongs to one thing alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from otay.core import custody
from otay.core.chain import Entry
from otay.core.custody import Holding

START = datetime(2026, 3, 1, tzinfo=UTC)
few = settings(max_examples=30)  # every place of a chain is like the others
names = st.text(min_size=1, max_size=12)
holdings = st.lists(
    st.builds(
        Holding,
        kind=st.sampled_from(["taken", "moved", "copied"]),
        at=st.integers(0, 10**6).map(lambda seconds: START + timedelta(seconds=seconds)),
        actor=names, holder=names, place=names, detail=st.dictionaries(names, names, max_size=2),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


def chain(item: str, ones: list[Holding]) -> list[tuple[Entry, Holding]]:
    entries = custody.extend(item, ones, previous=None, last_sequence=0)
    return list(zip(entries, ones, strict=True))


@few
@given(holdings)
def test_a_chain_that_nobody_touched_is_whole(ones: list[Holding]) -> None:
    verdict = custody.verify("lot", chain("lot", ones), expected=len(ones))
    assert verdict.whole
    assert verdict.entries == len(ones)


@few
@given(holdings, st.data())
def test_one_word_changed_anywhere_is_found(ones: list[Holding], data: st.DataObject) -> None:
    rows = chain("lot", ones)
    at = data.draw(st.integers(0, len(rows) - 1))
    entry, holding = rows[at]
    rows[at] = entry, replace(holding, holder=holding.holder + "x")
    verdict = custody.verify("lot", rows)
    assert (verdict.problem, verdict.sequence) == ("altered", at + 1)


@few
@given(holdings, st.data())
def test_an_entry_taken_out_is_found_also_the_last(ones: list[Holding], data: st.DataObject) -> None:
    rows = chain("lot", ones)
    at = data.draw(st.integers(0, len(rows) - 1))
    del rows[at]
    verdict = custody.verify("lot", rows, expected=len(ones))
    assert not verdict.whole
    assert verdict.sequence == at + 1


@few
@given(holdings)
def test_one_thing_s_history_is_not_another_s(ones: list[Holding]) -> None:
    assert not custody.verify("other lot", chain("lot", ones)).whole


@few
@given(holdings, holdings)
def test_a_chain_extended_in_two_goes_is_the_same(first: list[Holding], second: list[Holding]) -> None:
    whole = custody.extend("lot", [*first, *second], previous=None, last_sequence=0)
    begun = custody.extend("lot", first, previous=None, last_sequence=0)
    rest = custody.extend("lot", second, previous=begun[-1].link, last_sequence=begun[-1].sequence)
    assert [*begun, *rest] == whole
