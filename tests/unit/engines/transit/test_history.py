import math
import random
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otay.engines.transit.arrival import expected_arrival
from otay.engines.transit.history import FEWEST, SECTIONS, Advance, history_of, profile

LENGTH = 200_000.0
STEP = 2_000.0


def journey(chance: random.Random) -> list[tuple[float, float]]:
    """A truck of its own speed, slow in the mountains of the second half, that rests now and then."""
    driver = chance.lognormvariate(0, 0.1)
    seconds = [0.0]
    for step in range(round(LENGTH / STEP)):
        usual = 22.0 if step < 50 else 9.0
        seconds.append(STEP / usual * driver * chance.lognormvariate(0, 0.2))
        if chance.random() < 0.01:
            seconds[-1] += chance.uniform(600, 3000)
    return [(time, index * STEP) for index, time in enumerate(accumulate(seconds))]


def told(journeys: int, chance: random.Random) -> tuple[tuple[float, ...], ...]:
    found = []
    for _ in range(journeys):
        done = journey(chance)
        one = profile(Advance(done, LENGTH), done[-1][0])
        assert one is not None
        found.append(one)
    return tuple(found)


@pytest.mark.parametrize("journeys", [FEWEST, 23, 60])
def test_four_of_five_arrivals_fall_into_the_interval(journeys: int) -> None:
    chance = random.Random(journeys)
    cases, inside, below = 600, 0, 0
    for _ in range(cases):
        history = history_of(told(journeys, chance))
        assert history is not None
        done = journey(chance)
        now = chance.randrange(1, len(done) - 1)
        expected = history.expected(*done[now], Advance(done[: now + 1], LENGTH))
        assert expected.early <= expected.likely <= expected.late
        inside += expected.early <= done[-1][0] <= expected.late
        below += done[-1][0] < expected.likely
    # promised: the level, and at most two journeys in (n + 1) above it; three standard deviations of 600 cases
    noise = 3 * math.sqrt(0.8 * 0.2 / cases)
    assert 0.8 - noise <= inside / cases <= 0.8 + 2 / (journeys + 1) + noise
    assert 0.4 <= below / cases <= 0.6


def test_who_knows_the_mountains_ahead_is_nearer_the_truth_than_who_knows_the_pace_alone() -> None:
    chance = random.Random(5)
    history = history_of(told(30, chance))
    assert history is not None
    by_history, by_pace = 0.0, 0.0
    for _ in range(50):
        done = journey(chance)
        so_far = done[:40]
        by_history += abs(history.expected(*so_far[-1], Advance(so_far, LENGTH)).likely - done[-1][0])
        pace = expected_arrival(so_far, LENGTH)
        assert pace is not None
        by_pace += abs(pace.likely - done[-1][0])
    assert by_history < by_pace / 4


def test_a_slow_driver_is_expected_later_and_one_that_stands_later_with_each_minute() -> None:
    chance = random.Random(6)
    history = history_of(told(40, chance))
    assert history is not None
    usual = [(index * 100.0, index * STEP) for index in range(40)]
    slow = [(index * 110.0, index * STEP) for index in range(40)]
    here = usual[-1][1]
    at_usual = history.expected(usual[-1][0], here, Advance(usual, LENGTH)).likely - usual[-1][0]
    at_slow = history.expected(slow[-1][0], here, Advance(slow, LENGTH)).likely - slow[-1][0]
    assert at_slow > at_usual
    stands = [history.expected(usual[-1][0] + minute * 60, here, Advance(usual, LENGTH)) for minute in range(0, 300, 5)]
    assert all(after.likely >= before.likely + 299 for before, after in pairwise(stands))


def test_fewer_journeys_say_nothing_and_a_journey_without_its_beginning_is_none() -> None:
    chance = random.Random(7)
    assert history_of(told(FEWEST - 1, chance)) is None
    done = journey(chance)
    assert profile(Advance(done[30:], LENGTH), done[-1][0]) is None
    assert profile(Advance([], LENGTH), 5.0) is None
    assert profile(Advance(done[2:], LENGTH), done[-1][0]) is not None


def test_journeys_that_were_all_alike_leave_no_doubt() -> None:
    same = tuple(float(SECTIONS - section) * 600 for section in range(SECTIONS))
    history = history_of((same,) * FEWEST)
    assert history is not None
    here = Advance([(0.0, 0.0), (3000.0, LENGTH / 4)], LENGTH)
    assert history.expected(3000.0, LENGTH / 4, here) == pytest.approx((12_000.0,) * 3)
    assert history.expected(12_000.0, LENGTH, here) == pytest.approx((12_000.0,) * 3)


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(-100, LENGTH + 100)), min_size=1, max_size=40),
    st.floats(-100, LENGTH + 100),
)
def test_what_was_reached_was_reached_before_now_and_in_order(done: list[tuple[float, float]], metres: float) -> None:
    done.sort(key=lambda one: one[0])
    advance = Advance(done, LENGTH)
    first = next((time for time, far in done if far >= metres), None)
    reached = advance.reached(metres)
    if first is None:
        assert reached is None
    elif reached is not None:
        assert done[0][0] <= reached <= first
