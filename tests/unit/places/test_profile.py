"""The spread of a month over hours and lanes: nothing is lost, closed hours are empty, the curve is the stated one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otay.places.domain import LaneKind, Mode
from otay.places.profile import (
    HOUR_WEIGHTS,
    MODE_OF,
    WEEKDAY_WEIGHTS,
    Measure,
    hours_of_month,
    lane_shares,
    month_weights,
    reference_month,
    spread,
)

CHICAGO = ZoneInfo("America/Chicago")
LAST = date(2023, 12, 1)


@given(st.integers(0, 10_000_000), st.lists(st.floats(0, 1e6), min_size=1, max_size=50).filter(any))
def test_spread_adds_up_exactly_and_is_off_by_less_than_one(total: int, weights: list[float]) -> None:
    shares = spread(total, weights)
    assert sum(shares) == total
    whole = sum(weights)
    assert all(
        abs(share - total * (weight / whole)) < 1 + 1e-6 * total for share, weight in zip(shares, weights, strict=True)
    )


@given(
    st.integers(0, 3_000_000),
    st.integers(2010, 2035),
    st.integers(1, 12),
    st.sampled_from(list(Mode)),
    st.sampled_from(["America/Tijuana", "America/Phoenix", "America/Chicago", "UTC"]),
)
def test_a_month_adds_up_exactly(total: int, year: int, month: int, mode: Mode, zone: str) -> None:
    counts = spread(total, month_weights(date(year, month, 1), ZoneInfo(zone), mode))
    assert sum(counts) == total
    assert min(counts) >= 0


@pytest.mark.parametrize(("total", "weights"), [(-1, [1.0]), (1, [-1.0, 2.0]), (1, [0.0, 0.0])])
def test_what_cannot_be_spread_is_refused(total: int, weights: list[float]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - two messages
        spread(total, weights)


def test_nothing_over_nothing_is_nothing() -> None:
    assert spread(0, [0.0, 0.0]) == [0, 0]


def test_the_largest_remainder_gets_the_odd_one() -> None:
    assert spread(10, [1, 1, 1]) == [4, 3, 3]
    assert spread(5, [0.5, 0.3, 0.2]) == [3, 1, 1]


@pytest.mark.parametrize(
    ("month", "zone", "hours"),
    [
        (date(2026, 3, 1), "America/Chicago", 743),
        (date(2026, 11, 1), "America/Chicago", 721),
        (date(2026, 11, 1), "America/Phoenix", 720),
        (date(2024, 2, 1), "UTC", 696),
        (date(2026, 12, 1), "UTC", 744),
    ],
)
def test_a_month_has_as_many_hours_as_its_clocks_make(month: date, zone: str, hours: int) -> None:
    assert len(hours_of_month(month, ZoneInfo(zone))) == hours


def test_hours_that_are_closed_get_nothing() -> None:
    closed_on = datetime(2026, 11, 9, tzinfo=CHICAGO).date()
    month = date(2026, 11, 1)
    weights = month_weights(month, CHICAGO, Mode.CARGO, lambda hour: hour.astimezone(CHICAGO).date() != closed_on)
    hours = hours_of_month(month, CHICAGO)
    assert all(
        weight == 0 for weight, hour in zip(weights, hours, strict=True) if hour.astimezone(CHICAGO).date() == closed_on
    )
    assert sum(weight > 0 for weight in weights) == len(hours) - 24


def test_a_port_that_is_always_closed_falls_back_on_the_curve() -> None:
    month = date(2026, 11, 1)
    assert month_weights(month, CHICAGO, Mode.CAR, lambda _hour: False) == month_weights(month, CHICAGO, Mode.CAR)


@pytest.mark.parametrize(
    ("at", "reference"),
    [
        (date(2026, 11, 24), date(2023, 11, 1)),
        (date(2023, 12, 31), date(2023, 12, 1)),
        (date(2024, 1, 1), date(2023, 1, 1)),
        (date(2015, 6, 7), date(2015, 6, 1)),
        (datetime(2030, 2, 28, 5, tzinfo=UTC), date(2023, 2, 1)),
    ],
)
def test_after_the_last_count_the_same_month_of_the_last_year_stands(at: date, reference: date) -> None:
    assert reference_month(at, LAST) == reference


def test_a_series_that_ends_in_mid_year_lends_its_newest_twelve_months() -> None:
    assert reference_month(date(2024, 9, 1), date(2024, 6, 1)) == date(2023, 9, 1)
    assert reference_month(date(2025, 5, 1), date(2024, 6, 1)) == date(2024, 5, 1)


def test_every_mode_has_a_day_and_a_week_and_every_measure_a_mode() -> None:
    assert set(MODE_OF) == set(Measure)
    for mode in Mode:
        assert len(HOUR_WEIGHTS[mode]) == 24
        assert len(WEEKDAY_WEIGHTS[mode]) == 7
        assert min(HOUR_WEIGHTS[mode] + WEEKDAY_WEIGHTS[mode]) > 0


def test_the_curves_peak_where_the_sources_say() -> None:
    cars = HOUR_WEIGHTS[Mode.CAR]
    assert {hour for hour in range(24) if cars[hour] >= 5.6} == {6, 7, 8, 16, 17, 18}
    trucks = HOUR_WEIGHTS[Mode.CARGO]
    assert trucks.index(max(trucks)) in {13, 14, 15}


@pytest.mark.parametrize("measure", list(Measure))
@pytest.mark.parametrize("empty", [0.0, 0.26, 1.0, 1.7])
def test_lane_shares_add_up_to_one(measure: Measure, empty: float) -> None:
    shares = lane_shares(measure, empty)
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares.values()) >= 0


def test_empty_trucks_are_taken_as_counted() -> None:
    assert lane_shares(Measure.TRUCKS, 0.25)[LaneKind.CARGO_EMPTY] == 0.25
