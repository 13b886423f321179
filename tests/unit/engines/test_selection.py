"""Lanes and the lot: thresholds, exact shares, monotonicity, and no way around either."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otay.core.errors import Refused
from otay.engines.selection import CHECKED, Lane, Policy, choose, draw, drawn_lane, strictest

SECRET = b"fixed for the tests"
THRESHOLDS = {Lane.RED: 100, Lane.YELLOW: 60, Lane.BLUE: 40}


@pytest.mark.parametrize(
    ("score", "lane"),
    [
        (-50, Lane.GREEN),
        (39, Lane.GREEN),
        (40, Lane.BLUE),
        (59, Lane.BLUE),
        (60, Lane.YELLOW),
        (99, Lane.YELLOW),
        (100, Lane.RED),
    ],
)
def test_the_score_decides_the_lane(score: int, lane: Lane) -> None:
    assert choose(Policy(THRESHOLDS), SECRET, key="x", score=score).lane is lane


def test_the_strictest_of_score_and_forced_lanes_wins() -> None:
    choice = choose(Policy(THRESHOLDS), SECRET, key="x", score=60, forced=[Lane.BLUE, Lane.RED])
    assert (choice.lane, choice.random) == (Lane.RED, False)
    assert choose(Policy(THRESHOLDS), SECRET, key="x", score=60, forced=[Lane.BLUE]).lane is Lane.YELLOW
    assert strictest([]) is Lane.GREEN


@pytest.mark.parametrize("secret", [b"one", b"two", b"three"])
@pytest.mark.parametrize(("red", "yellow"), [(Fraction(1, 200), Fraction(1, 200)), (Fraction(1, 20), Fraction(1, 10))])
def test_the_share_drawn_is_binomial(secret: bytes, red: Fraction, yellow: Fraction) -> None:
    count = 20_000
    lanes = [
        drawn_lane(draw(secret, f"declaration:{number}"), {Lane.RED: red, Lane.YELLOW: yellow})
        for number in range(count)
    ]
    for lane, share in ((Lane.RED, red), (Lane.YELLOW, yellow)):
        spread = sqrt(count * share * (1 - share))
        assert abs(lanes.count(lane) - count * share) < 4 * spread
    assert Lane.BLUE not in lanes


def test_lots_are_spread_evenly_and_differ_by_secret() -> None:
    tenths = [0] * 10
    for number in range(20_000):
        tenths[draw(SECRET, f"d:{number}") * 10 >> 256] += 1
    chi_squared = sum((seen - 2000) ** 2 / 2000 for seen in tenths)
    assert chi_squared < 27.9  # 9 degrees of freedom, p = 0.001
    assert draw(SECRET, "d:1") == draw(SECRET, "d:1") != draw(b"another", "d:1")


@given(st.integers(0, 2**256 - 1), st.lists(st.integers(0, 300), min_size=6, max_size=6))
def test_a_larger_share_keeps_everybody_who_was_drawn(lot: int, parts: list[int]) -> None:
    small = {lane: Fraction(part, 1000) for lane, part in zip(CHECKED, parts[:3], strict=True)}
    large = {lane: small[lane] + Fraction(part, 10_000) for lane, part in zip(CHECKED, parts[3:], strict=True)}
    before, after = drawn_lane(lot, small), drawn_lane(lot, large)
    if before is not None:
        assert after is not None
        assert strictest([before, after]) is after


def test_the_edges_are_exact() -> None:
    half = {Lane.RED: Fraction(1, 2)}
    assert drawn_lane(2**255 - 1, half) is Lane.RED
    assert drawn_lane(2**255, half) is None
    assert drawn_lane(2**256 - 1, {Lane.RED: Fraction(1)}) is Lane.RED
    assert drawn_lane(0, {Lane.RED: Fraction(0)}) is None


def test_a_drawn_subject_is_marked_even_where_rules_are_stricter() -> None:
    policy = Policy(THRESHOLDS, {Lane.YELLOW: Fraction(1)})
    choice = choose(policy, SECRET, key="x", score=500)
    assert (choice.lane, choice.rule_lane, choice.random) == (Lane.RED, Lane.RED, True)
    green = choose(policy, SECRET, key="x", score=0)
    assert (green.lane, green.rule_lane, green.random) == (Lane.YELLOW, Lane.GREEN, True)


def test_an_office_may_have_its_own_share() -> None:
    policy = Policy(THRESHOLDS, {}, {"2501": {Lane.RED: Fraction(1)}})
    assert choose(policy, SECRET, key="x", score=0, office="2501").random
    assert not choose(policy, SECRET, key="x", score=0, office="2502").random


@pytest.mark.parametrize(
    ("thresholds", "shares", "rule"),
    [
        ({Lane.RED: 1}, {}, "selection.thresholds"),
        ({Lane.RED: 10, Lane.YELLOW: 20, Lane.BLUE: 5}, {}, "selection.thresholds_order"),
        (THRESHOLDS, {Lane.GREEN: Fraction(1, 2)}, "selection.share"),
        (THRESHOLDS, {Lane.RED: Fraction(-1, 2)}, "selection.share"),
        (THRESHOLDS, {Lane.RED: Fraction(2, 3), Lane.BLUE: Fraction(2, 3)}, "selection.shares_sum"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(
    thresholds: dict[Lane, int], shares: dict[Lane, Fraction], rule: str
) -> None:
    with pytest.raises(Refused) as refused:
        Policy(thresholds, shares)
    assert [finding.rule for finding in refused.value.findings] == [rule]
