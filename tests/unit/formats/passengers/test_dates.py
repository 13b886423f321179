from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otay.formats.edifact.dates import FORMATS, Calendar, Problem, Read

CALENDAR = Calendar(date(2026, 3, 1))


@pytest.mark.parametrize(
    ("value", "code", "expected"),
    [
        ("2603011042", "201", "2026-03-01T10:42"),
        ("202603011042", "203", "2026-03-01T10:42"),
        ("20260301104255", "204", "2026-03-01T10:42:55"),
        ("260301104255", "202", "2026-03-01T10:42:55"),
        ("260301", "101", "2026-03-01"),
        ("20260301", "102", "2026-03-01"),
        ("010326", "2", "2026-03-01"),
        ("030126", "3", "2026-03-01"),
        ("01032026", "4", "2026-03-01"),
        ("202603011042-0700", "205", "2026-03-01T10:42"),
        ("202603011042UTC", "303", "2026-03-01T10:42"),
        (" 2603011042", "201", "2026-03-01T10:42"),
        ("2603012400", "201", "2026-03-02T00:00"),
        ("990301", "101", "1999-03-01"),
        ("750301", "101", "2075-03-01"),
        ("760301", "101", "1976-03-01"),
    ],
)
def test_each_by_its_format_code(value: str, code: str, expected: str) -> None:
    assert CALENDAR.event(value, code) == Read(expected)


@pytest.mark.parametrize(
    ("value", "code", "problem"),
    [
        ("2602301042", "201", Problem.CALENDAR),
        ("2603012500", "201", Problem.CALENDAR),
        ("2613011042", "201", Problem.CALENDAR),
        ("26030110", "201", Problem.CALENDAR),
        ("tomorrow", "", Problem.SHAPE),
        ("", "", Problem.SHAPE),
        ("٢٦٠٣٠١", "101", Problem.SHAPE),
        ("2603", "101", Problem.SHAPE),
    ],
)
def test_what_is_no_date_gives_none(value: str, code: str, problem: Problem) -> None:
    assert CALENDAR.event(value, code) == Read("", problem)


def test_a_form_that_is_not_the_code_s_is_read_but_said() -> None:
    assert CALENDAR.event("202603011042", "201") == Read("2026-03-01T10:42", Problem.FORMAT)
    assert CALENDAR.birth("19640217", "101") == Read("1964-02-17", Problem.FORMAT)


@pytest.mark.parametrize(
    ("value", "code", "expected"),
    [
        ("640217", "", "1964-02-17"),
        ("260301", "", "2026-03-01"),
        ("260302", "", "1926-03-02"),
        ("000229", "", "2000-02-29"),
        ("19250101", "102", "1925-01-01"),
        ("19640217", "", "1964-02-17"),
        ("6402170000", "201", "1964-02-17"),
    ],
)
def test_births_lie_in_the_past(value: str, code: str, expected: str) -> None:
    assert CALENDAR.birth(value, code) == Read(expected)


@pytest.mark.parametrize(
    ("value", "code", "problem"),
    [
        ("641399", "", Problem.CALENDAR),
        ("010229", "", Problem.CALENDAR),
        ("640000", "", Problem.UNKNOWN_DAY),
        ("19640200", "102", Problem.UNKNOWN_DAY),
        ("20260302", "102", Problem.FUTURE),
        ("26/3/1", "", Problem.SHAPE),
    ],
)
def test_births_that_are_none(value: str, code: str, problem: Problem) -> None:
    assert CALENDAR.birth(value, code) == Read("", problem)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("30MAY76", "1976-05-30"), ("3may1976", "1976-05-03"), ("29FEB01", ""), ("30ABC76", ""), ("", "")],
)
def test_months_in_letters(value: str, expected: str) -> None:
    assert CALENDAR.named(value, birth=True).value == expected


def test_day_first() -> None:
    assert CALENDAR.day_first("0103261042").value == "2026-03-01T10:42"
    assert CALENDAR.day_first("010326").value == "2026-03-01"
    assert CALENDAR.day_first("01032").problem is Problem.SHAPE


@settings(deadline=None)
@given(st.text(max_size=16) | st.from_regex(r"\d{6,14}", fullmatch=True), st.sampled_from(["", *FORMATS, "999"]))
def test_no_silent_date(value: str, code: str) -> None:
    """Whatever comes out is a day of the calendar, not after the message, and is said to be doubtful if it is."""
    for found in (CALENDAR.event(value, code), CALENDAR.birth(value, code)):
        if found.value:
            assert date.fromisoformat(found.value[:10]).isoformat() == found.value[:10]
            digits = "".join(mark for mark in value if mark.isdigit())
            assert found.value[8:10] in digits or "T00:00" in found.value
        else:
            assert found.problem is not None
    assert CALENDAR.birth(value, code).value <= "2026-03-01"


@settings(deadline=None)
@given(st.from_regex(r"\d{6}", fullmatch=True))
def test_the_fast_way_agrees_with_the_careful_one(value: str) -> None:
    fast = CALENDAR.plain_birth(value)
    assert fast is None or Read(fast) == CALENDAR.birth(value)
    event = CALENDAR.plain_event(value)
    assert event is None or Read(event) == CALENDAR.event(value)
