"""Selection: the lot is reserved, capacity holds, order does not matter, and what cannot be used is named."""

from __future__ import annotations

import random
from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otay.core.errors import Refused
from otay.engines.fraud.choosing import (
    CHECKED,
    Candidate,
    Capacity,
    Lane,
    Shares,
    Why,
    choose_all,
    hit_rates,
    wilson,
)

candidates = st.lists(
    st.builds(
        Candidate,
        key=st.integers(0, 10_000).map(str),
        office=st.sampled_from(["A", "B"]),
        priority=st.floats(0, 1),
        uncertainty=st.floats(0, 1),
        forced=st.sampled_from([(), (), (), (Lane.RED,), (Lane.BLUE,)]),
        trusted=st.booleans(),
    ),
    max_size=60,
    unique_by=lambda one: one.key,
)
CAPACITY = Capacity({Lane.RED: Fraction(4), Lane.YELLOW: Fraction(1, 10), Lane.BLUE: Fraction(2)})


@settings(max_examples=60, deadline=None)
@given(candidates, st.integers(0, 5), st.integers(0, 1000))
def test_capacity_and_lot_hold_in_any_order(found: list[Candidate], tenths: int, seed: int) -> None:
    shares = Shares(Fraction(tenths, 10), Fraction(1, 10))
    chosen = choose_all(found, CAPACITY, b"secret", shares)
    assert [one.key for one in chosen] == [one.key for one in found]
    mixed = list(found)
    random.Random(seed).shuffle(mixed)
    again = {one.key: one for one in choose_all(mixed, CAPACITY, b"secret", shares)}
    assert all(again[one.key] == one for one in chosen)
    for office in ("A", "B"):
        mine = [one for one in chosen if one.office == office]
        places = CAPACITY.of(office, len(mine))
        for lane in CHECKED:
            within = [one for one in mine if one.lane is lane and not one.over]
            assert len(within) <= places.get(lane, 0)
        assert sum(one.drawn for one in mine) == min(ceil(shares.random * sum(places.values())), len(mine))
        assert all(one.lane is not Lane.GREEN for one in mine if one.drawn)


def test_the_lot_is_drawn_from_all_alike() -> None:
    found = [Candidate(str(at), "A", priority=float(at)) for at in range(400)]
    hits = np.zeros(400)
    for secret in range(150):
        for at, one in enumerate(
            choose_all(found, Capacity({Lane.RED: Fraction(40)}), bytes([secret]), Shares(Fraction(1, 2)))
        ):
            hits[at] += one.drawn
    assert hits.sum() == 150 * 20
    assert abs(hits[:200].sum() - hits[200:].sum()) < 5 * np.sqrt(150 * 20)


def test_a_criterion_beats_a_full_lane_and_says_so() -> None:
    found = [Candidate(str(at), "A", 0.5, forced=(Lane.RED,)) for at in range(3)]
    chosen = choose_all(found, Capacity({Lane.RED: Fraction(2)}), b"s", Shares(Fraction(0)))
    assert [one.lane for one in chosen] == [Lane.RED] * 3
    assert sum(one.over for one in chosen) == 1
    assert {one.why for one in chosen} == {Why.CRITERION}


def test_trusted_traders_fill_no_more_than_their_share() -> None:
    found = [Candidate(str(at), "A", 1.0 + at, trusted=True) for at in range(50)]
    found += [Candidate(f"u{at}", "A", 0.1) for at in range(50)]
    chosen = choose_all(found, Capacity({Lane.RED: Fraction(20)}), b"s", Shares(Fraction(0), trusted=Fraction(1, 10)))
    picked = {one.key for one in chosen if one.lane is Lane.RED}
    assert len(picked) == 20
    assert sum(not key.startswith("u") for key in picked) == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: Capacity({Lane.RED: Fraction(-1)}),
        lambda: Capacity({Lane.GREEN: Fraction(1)}),
        lambda: Capacity({Lane.RED: Fraction(3, 2)}),
        lambda: Shares(Fraction(2)),
        lambda: Shares(Fraction(3, 4), Fraction(1, 2)),
        lambda: choose_all([Candidate("a", "A", 1.0), Candidate("a", "A", 1.0)], CAPACITY, b""),
        lambda: choose_all([Candidate("a", "A", float("nan"))], CAPACITY, b""),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(make: object) -> None:
    with pytest.raises(Refused) as refused:
        make()  # type: ignore[operator]
    assert refused.value.findings[0].place


def test_hit_rates_have_their_intervals() -> None:
    rates = hit_rates(["red", "red", "random", "red"], np.array([1, 0, 0, 1]), np.array([10.0, 0, 0, 5]))
    assert (rates[0].group, rates[0].inspected, rates[0].found, rates[0].duty) == ("red", 3, 2, 15.0)
    assert rates[0].low < 2 / 3 < rates[0].high
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
