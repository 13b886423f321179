"""Hours: open now, next change, both sides, and the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otay.places.domain import (
    Change,
    Hours,
    Status,
    common_windows,
    is_old,
    local_moment,
    minutes_of,
    next_change,
    open_windows,
    status_at,
    weekdays_of,
)

TIJUANA = ZoneInfo("America/Tijuana")
PHOENIX = ZoneInfo("America/Phoenix")
HERMOSILLO = ZoneInfo("America/Hermosillo")
CHICAGO = ZoneInfo("America/Chicago")


def every_day(opens: int, closes: int, **validity: date) -> list[Hours]:
    return [Hours(weekday, opens, closes, **validity) for weekday in range(7)]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", [0, 1, 2, 3, 4]),
        ("fri-mon", [4, 5, 6, 0]),
        ("sat", [5]),
        ("mon-sun", [0, 1, 2, 3, 4, 5, 6]),
        ("sat-sat", [5]),
    ],
)
def test_weekdays(text: str, days: list[int]) -> None:
    assert weekdays_of(text) == days


@pytest.mark.parametrize("text", ["", "monday", "mon-xyz"])
def test_what_is_no_weekday_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        weekdays_of(text)


@pytest.mark.parametrize(("text", "minutes"), [("00:00", 0), ("06:30", 390), ("24:00", 1440)])
def test_minutes(text: str, minutes: int) -> None:
    assert minutes_of(text) == minutes


@pytest.mark.parametrize("text", ["24:01", "12:60", "noon", "6"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words differ by fault
        minutes_of(text)


@pytest.mark.parametrize("wrong", [(7, 0, 10), (0, 10, 10), (0, -1, 10), (0, 0, 1441)])
def test_impossible_hours_are_refused(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="weekday"):
        Hours(*wrong)


@pytest.mark.parametrize(
    ("local", "status"),
    [("06:00", Status.OPEN), ("05:59", Status.CLOSED), ("21:59", Status.OPEN), ("22:00", Status.CLOSED)],
)
def test_open_from_the_first_minute_to_before_the_last(local: str, status: Status) -> None:
    at = datetime.fromisoformat(f"2026-11-24T{local}:00").replace(tzinfo=TIJUANA)
    assert status_at(every_day(360, 1320), TIJUANA, at) is status


def test_without_hours_nobody_knows() -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    assert status_at([], TIJUANA, at) is Status.UNKNOWN
    assert next_change([], TIJUANA, at) is None


def test_hours_out_of_their_validity_are_unknown_not_closed() -> None:
    old = every_day(360, 1320, valid_to=date(2020, 12, 31))
    assert status_at(old, TIJUANA, datetime(2026, 11, 24, 18, tzinfo=UTC)) is Status.UNKNOWN


def test_the_next_change_of_an_open_and_of_a_closed_gate() -> None:
    hours = every_day(360, 1320)
    noon = datetime(2026, 11, 24, 12, tzinfo=TIJUANA)
    assert next_change(hours, TIJUANA, noon) == Change(datetime(2026, 11, 24, 22, tzinfo=TIJUANA), Status.CLOSED)
    late = datetime(2026, 11, 24, 23, tzinfo=TIJUANA)
    assert next_change(hours, TIJUANA, late) == Change(datetime(2026, 11, 25, 6, tzinfo=TIJUANA), Status.OPEN)


def test_a_gate_that_never_closes_has_no_change() -> None:
    assert next_change(every_day(0, 1440), CHICAGO, datetime(2026, 3, 7, 12, tzinfo=UTC)) is None


def test_closing_at_midnight_and_opening_at_midnight_is_one_window() -> None:
    hours = [Hours(0, 1200, 1440), Hours(1, 0, 60)]
    monday = datetime(2026, 11, 23, 21, tzinfo=CHICAGO)
    change = next_change(hours, CHICAGO, monday)
    assert change == Change(datetime(2026, 11, 24, 1, tzinfo=CHICAGO), Status.CLOSED)


def test_a_weekend_gap_is_found() -> None:
    hours = [Hours(day, 360, 840) for day in range(5)]
    friday_evening = datetime(2026, 11, 27, 15, tzinfo=CHICAGO)
    assert next_change(hours, CHICAGO, friday_evening) == Change(datetime(2026, 11, 30, 6, tzinfo=CHICAGO), Status.OPEN)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 7, 1), 24)])
def test_a_whole_day_is_as_long_as_the_clocks_make_it(day: date, hours: int) -> None:
    start, end = local_moment(day, 0, CHICAGO), local_moment(day, 1440, CHICAGO)
    assert end - start == timedelta(hours=hours)
    assert open_windows(every_day(0, 1440), CHICAGO, start, end) == [(start, end)]


def test_opening_in_the_hour_that_clocks_skip_is_the_moment_after_the_gap() -> None:
    """02:30 on 8 March 2026 does not exist in Chicago; clocks go from 02:00 CST to 03:00 CDT at 08:00 UTC."""
    assert local_moment(date(2026, 3, 8), 150, CHICAGO) == datetime(2026, 3, 8, 8, 30, tzinfo=UTC)


def test_the_hour_that_comes_twice_is_open_both_times() -> None:
    """Open 00:00-02:00 on 1 November 2026: 01:30 comes at 06:30 and again at 07:30 UTC."""
    hours = [Hours(6, 0, 120)]
    assert status_at(hours, CHICAGO, datetime(2026, 11, 1, 6, 30, tzinfo=UTC)) is Status.OPEN
    assert status_at(hours, CHICAGO, datetime(2026, 11, 1, 7, 30, tzinfo=UTC)) is Status.OPEN
    assert status_at(hours, CHICAGO, datetime(2026, 11, 1, 8, 0, tzinfo=UTC)) is Status.CLOSED


@pytest.mark.parametrize(("month", "common"), [(1, 15), (7, 16)])
def test_both_sides_meet_in_fewer_hours_when_only_one_changes_its_clocks(month: int, common: int) -> None:
    """Andrade's side changes its clocks, Sonora's does not: in winter the two are an hour apart."""
    start, end = datetime(2026, month, 14, 6, tzinfo=UTC), datetime(2026, month, 15, 6, tzinfo=UTC)
    one = open_windows(every_day(360, 1320), TIJUANA, start, end)
    other = open_windows(every_day(360, 1320), HERMOSILLO, start, end)
    both = common_windows(one, other)
    assert sum((closes - opens for opens, closes in both), timedelta()) == timedelta(hours=common)


def test_arizona_and_sonora_agree_all_year() -> None:
    for month in range(1, 13):
        start = datetime(2026, month, 10, tzinfo=UTC)
        end = start + timedelta(days=3)
        one = open_windows(every_day(480, 1200), PHOENIX, start, end)
        assert one == open_windows(every_day(480, 1200), HERMOSILLO, start, end)
        assert common_windows(one, one) == one


entries = st.builds(
    lambda weekday, opens, length: Hours(weekday, opens, min(1440, opens + length)),
    st.integers(0, 6),
    st.integers(0, 1439),
    st.integers(1, 1440),
)


date_min, date_max = datetime(2025, 1, 1), datetime(2027, 1, 1)  # noqa: DTZ001 - hypothesis wants them naive


@given(st.lists(entries, min_size=1, max_size=10), st.datetimes(date_min, date_max))
def test_at_a_change_the_status_does_change(hours: list[Hours], moment: datetime) -> None:
    at = moment.replace(tzinfo=UTC)
    change = next_change(hours, CHICAGO, at)
    before = status_at(hours, CHICAGO, at)
    if change is None:
        assert before is Status.OPEN
        return
    assert change.at > at
    assert change.status is not before
    assert status_at(hours, CHICAGO, change.at) is change.status
    assert status_at(hours, CHICAGO, change.at - timedelta(seconds=1)) is before


def test_old_is_more_than_ten_years() -> None:
    today = date(2026, 11, 24)
    assert is_old(date(2016, 11, 1), today)
    assert not is_old(date(2017, 1, 1), today)
    assert not is_old(None, today)
