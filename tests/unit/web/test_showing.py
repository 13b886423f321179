from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from otay.node import clock
from otay.web import showing

AT = datetime(2023, 11, 24, 22, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ("1,234,567.5", "Nov 24, 2023", "Nov 24, 2023, 22:05")),
        ("es-mx", ("1,234,567.5", "24 nov 2023", "24 nov 2023, 22:05")),
    ],
)
def test_numbers_and_dates_read_as_in_the_country(language: str, expected: tuple[str, str, str]) -> None:
    with translation.override(language):
        shown = (showing.number(1234567.5, 1), showing.day(AT), showing.moment(AT))
        assert tuple(text.lower() for text in shown) == tuple(text.lower() for text in expected)


def test_a_moment_is_shown_in_the_zone_of_the_port_else_of_the_node() -> None:
    assert showing.moment(AT, "H:i", zone="America/Tijuana") == "14:05"
    with timezone.override("America/Chicago"):
        assert showing.moment(AT, "H:i") == "16:05"
    assert showing.moment(AT.replace(tzinfo=None), "H:i", zone="America/Chicago") == "16:05"  # stored without zone: UTC
    assert showing.day(date(2023, 2, 3)) == "Feb 3, 2023"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (60, "1 min"),
        (3900, "1 h 5 min"),
        (90061, "1 d 1 h"),
        (-61, "−1 min 1 s"),
        (86400, "1 d"),
    ],
)
def test_durations_name_their_two_largest_units(seconds: int, text: str) -> None:
    assert showing.duration(seconds) == text
    assert showing.duration(timedelta(seconds=seconds)) == text


@given(st.integers(min_value=0, max_value=10**9))
def test_a_duration_never_shows_more_than_passed_nor_loses_over_a_unit(seconds: int) -> None:
    sizes = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    words = showing.duration(seconds).replace(",", "").split()
    shown = sum(int(count) * sizes[unit] for count, unit in zip(words[::2], words[1::2], strict=True))
    assert shown <= seconds
    assert seconds - shown < 3600


def test_ago_follows_the_clock_of_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: AT)
    assert showing.ago(AT) == "just now"
    assert showing.ago(AT - timedelta(minutes=3, seconds=20)) == "3 min ago"
    assert showing.ago(AT - timedelta(hours=30)) == "1 d 6 h ago"
    assert showing.ago(AT - timedelta(days=12)) == "12 days ago"
    assert showing.ago(AT + timedelta(hours=2)) == "in 2 h"


def test_money_mass_and_shares_carry_their_unit() -> None:
    assert showing.money(Decimal("1250"), "USD") == "1,250.00\u00a0USD"
    assert showing.mass(Decimal("950.5")) == "950.5\u00a0kg"
    assert showing.mass(18_400) == "18.4\u00a0t"
    assert showing.percent(0.1234, 1) == "12.3\u00a0%"


@pytest.mark.parametrize(
    "show",
    [
        showing.number,
        showing.day,
        showing.moment,
        showing.duration,
        showing.ago,
        showing.mass,
        showing.percent,
        showing.epoch,
    ],
)
def test_nothing_is_shown_as_a_dash(show: object) -> None:
    assert show(None) == showing.DASH  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1234567.50", "1,234,567.50"), ("22572.00 USD", "22,572.00\u00a0USD"), ("12000 kg", "12,000\u00a0kg"),
        ("22572.00 USD, 3 MXN", "22572.00 USD, 3 MXN"), ("CN", "CN"), ("NaN USD", "NaN USD"), ("5 <b>", "5 <b>"),
        (None, ""),
    ],
)  # fmt: skip
def test_a_number_kept_as_text_is_shown_alone_or_before_its_unit(text: str | None, shown: str) -> None:
    assert showing.exact(text) == shown
