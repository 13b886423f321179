"""No row sees its own outcome or a later one; the kept store equals the pass over all rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otay.engines.fraud.history import NEVER, HistoryStore, lodged_history, outcome_history

rows = st.lists(
    st.tuples(
        st.integers(0, 12),  # day
        st.integers(-1, 3),  # code
        st.one_of(st.just(float("nan")), st.floats(-5, 5)),  # value
        st.integers(-1, 1),  # outcome
        st.integers(0, 6),  # days until it is known
    ),
    max_size=40,
).map(sorted)


def arrays(table: list[tuple[int, int, float, int, int]]) -> tuple[np.ndarray, ...]:
    day, code, value, outcome, delay = (np.array(part) for part in zip(*table, strict=True))
    return (
        day.astype(np.int64), code.astype(np.int64), value.astype(float), outcome.astype(np.int8),
        (day + delay).astype(np.int64),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(rows)
def test_each_row_knows_what_the_definition_says(table: list[tuple[int, int, float, int, int]]) -> None:
    if not table:
        return
    day, code, value, outcome, known = arrays(table)
    lodged = lodged_history(code, day, value)
    outcomes = outcome_history(code, day, known, outcome)
    for row in range(len(table)):
        if code[row] < 0:
            assert (lodged.count[row], outcomes.checked[row], lodged.last[row]) == (0, 0, NEVER)
            continue
        past = [at for at in range(len(table)) if code[at] == code[row] and day[at] < day[row]]
        told = [at for at in range(len(table)) if code[at] == code[row] and outcome[at] >= 0 and known[at] < day[row]]
        priced = [float(value[at]) for at in past if not math.isnan(value[at])]
        assert lodged.count[row] == len(past)
        assert lodged.number[row] == len(priced)
        assert lodged.total[row] == pytest.approx(sum(priced), abs=1e-9)
        assert lodged.last[row] == max((day[at] for at in past), default=NEVER)
        assert outcomes.checked[row] == len(told)
        assert outcomes.found[row] == sum(outcome[at] for at in told)


@settings(max_examples=40, deadline=None)
@given(rows, st.integers(0, 12))
def test_the_store_advanced_by_day_equals_the_pass(table: list[tuple[int, int, float, int, int]], saved: int) -> None:
    table = [row for row in table if row[1] >= 0]
    if not table:
        return
    day, code, value, outcome, known = arrays(table)
    lodged = lodged_history(code, day, value)
    outcomes = outcome_history(code, day, known, outcome)
    store = HistoryStore()
    for today in range(13):
        now = np.flatnonzero(day == today)
        keys = [f"k{one}" for one in code[now]]
        seen, told = store.advance(today, keys, value[now])
        assert seen.count.tolist() == lodged.count[now].tolist()
        assert seen.total.tolist() == lodged.total[now].tolist()
        assert seen.last.tolist() == lodged.last[now].tolist()
        assert told.checked.tolist() == outcomes.checked[now].tolist()
        assert told.found.tolist() == outcomes.found[now].tolist()
        store.learn(keys, known[now], outcome[now])
        if today == saved:
            store = HistoryStore.from_record(store.as_record())


def test_a_day_is_taken_in_once_and_in_order() -> None:
    store = HistoryStore()
    store.advance(5, ["a"])
    with pytest.raises(ValueError, match="not after day 5"):
        store.advance(5, ["a"])


def test_an_outcome_that_should_have_been_known_is_refused() -> None:
    store = HistoryStore()
    store.advance(5, ["a"])
    with pytest.raises(ValueError, match="comes too late"):
        store.learn(["a"], np.array([4]), np.array([1], np.int8))


def test_unsorted_rows_and_impossible_outcomes_are_refused() -> None:
    day = np.array([2, 1])
    code = np.array([0, 0])
    with pytest.raises(ValueError, match="sorted"):
        lodged_history(code, day)
    with pytest.raises(ValueError, match="before the declaration"):
        outcome_history(code, np.array([1, 2]), np.array([0, 2]), np.array([1, 1], np.int8))


def test_the_rate_is_drawn_towards_the_prior() -> None:
    day = np.array([0, 0, 5])
    outcomes = outcome_history(np.zeros(3, np.int64), day, day + 1, np.array([1, 0, -1], np.int8))
    assert outcomes.rate(0.1, 8.0)[2] == pytest.approx((1 + 0.8) / (2 + 8))
