"""Forecasts: what is read, what is found in invented series, and how good they are on the border's own."""

import contextlib
from functools import cache
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otay.core.errors import Refused
from otay.engines.forecasting import (
    Condition,
    History,
    forecast,
    judge,
    month_number,
    month_text,
    read_history,
    rolling,
)
from otay.engines.forecasting.decomposition import yearly_pattern
from otay.engines.forecasting.ensemble import seasonal_naive
from otay.engines.forecasting.forecast import complete, usual_months
from otay.engines.forecasting.smoothing import damped_trend, steady_level, theta

HEAD = "port_code,month,measure,value\n"


@cache
def border() -> History:
    return read_history(files("otay.places").joinpath("data", "bts_us_mexico_2010_2023.csv").read_bytes())


def invented(rows: list[list[float]], first: str = "2010-01") -> History:
    return History([("1", f"m{index}") for index in range(len(rows))], month_number(first), np.array(rows, float))


def seasonal(months: int, seed: int = 0, level: float = 10_000, growth: float = 0.0) -> list[float]:
    chance = np.random.default_rng(seed)
    month = np.arange(months)
    return (level * np.exp(growth * month + 0.2 * np.sin(month * np.pi / 6) + chance.normal(0, 0.03, months))).tolist()


def test_months_are_numbers_and_back() -> None:
    assert month_text(month_number("2023-12") + 1) == "2024-01"
    assert month_number("2023-07-01") == month_number("2023-07")
    for wrong in ("2023-13", "23-01", "", "2023/01", "0001-01"):
        with pytest.raises(ValueError, match=r".*"):
            month_number(wrong)


@pytest.mark.parametrize(
    ("content", "place", "rule"),
    [
        (b"port_code,month,value\n1,2023-01,5\n", "column measure", "history.column"),
        (HEAD.encode() + b"1,2023-13,Trucks,5\n", "line 2, column month", "history.month"),
        (HEAD.encode() + b"1,2023-01,Trucks,-5\n", "line 2, column value", "history.negative_demand"),
        (HEAD.encode() + b"1,2023-01,Trucks,many\n", "line 2, column value", "history.number"),
        (HEAD.encode() + b"1,2023-01,Trucks,inf\n", "line 2, column value", "history.number"),
        (HEAD.encode() + b",2023-01,Trucks,5\n", "line 2, column port_code", "history.missing"),
        (HEAD.encode() + b"1,2023-01\n", "line 2, column measure", "history.missing"),
        (HEAD.encode(), "line 2", "history.empty"),
        (b"\xff\xfe\x00", "byte 0", "history.encoding"),
        (HEAD.encode() + b'1,2023-01,Trucks,"' + b"9" * 200_000, "line 1", "history.csv"),
    ],
)
def test_what_cannot_be_used_is_named(content: bytes, place: str, rule: str) -> None:
    with pytest.raises(Refused) as refused:
        read_history(content)
    assert (place, rule) in {(finding.place, finding.rule) for finding in refused.value.findings}


@given(
    st.binary(max_size=60) | st.lists(st.text(max_size=8), max_size=12).map(lambda one: (HEAD + ",".join(one)).encode())
)
@settings(max_examples=80, deadline=None)
def test_nothing_else_than_refused_is_raised(content: bytes) -> None:
    with contextlib.suppress(Refused):
        assert read_history(content).values.size


def test_the_last_of_two_lines_for_a_month_counts_and_is_told() -> None:
    found = read_history(HEAD.encode() + b"1,2023-01,Trucks,5\n1,2023-03,Trucks,7\n1,2023-01,Trucks,6\n")
    assert found.values[0, 0] == 6
    assert np.isnan(found.values[0, 1])
    assert [finding.rule for finding in found.findings] == ["history.twice"]


def test_the_yearly_pattern_is_found_and_a_closure_does_not_bend_it() -> None:
    logs = np.log([seasonal(120)])
    expected = 0.2 * np.sin(np.arange(12) * np.pi / 6)
    usual = np.ones(120, bool)
    clean = yearly_pattern(logs, usual)
    np.testing.assert_allclose(clean[0], expected, atol=0.05)
    logs[0, 90:100] -= 2.0
    usual[84:106] = False
    np.testing.assert_allclose(yearly_pattern(logs, usual)[0], expected, atol=0.06)


def test_levels_and_trends_follow() -> None:
    line = np.arange(60.0)[None] * 0.01
    assert damped_trend(line, 3)[0, 0] == pytest.approx(0.6, abs=0.02)
    assert theta(line, np.array([0.59]), 2)[0] == pytest.approx([0.595, 0.6])
    step = np.r_[np.zeros(30), np.ones(30)][None]
    assert steady_level(step)[0] == pytest.approx(1.0, abs=0.01)


def test_seasonal_naive_takes_the_latest_known_namesake() -> None:
    values = np.arange(24.0)[None]
    values[0, 12] = np.nan
    assert seasonal_naive(values, 13)[0].tolist() == [0, *range(13, 24), 0]


def test_an_invented_season_is_forecast_within_its_noise() -> None:
    rows = [seasonal(121, seed, growth=0.002) for seed in range(5)]
    answers = forecast(invented([row[:108] for row in rows]), 12)
    for row, answer in zip(rows, answers, strict=True):
        assert answer.condition is Condition.REGULAR
        for month, came in zip(answer.months, row[108:120], strict=True):
            assert month.low_95 <= month.low_80 <= month.point <= month.high_80 <= month.high_95
            assert month.point == pytest.approx(came, rel=0.15)


def test_ports_that_closed_opened_or_count_little() -> None:
    closed = [*seasonal(80), *[0.0] * 40]
    new = [np.nan] * 108 + seasonal(12)
    sparse = [float(index % 3 == 0) * 4 for index in range(120)]
    missing = seasonal(120)
    missing[100] = np.nan
    shifted = [value * (1 if index < 108 else 3) for index, value in enumerate(seasonal(120))]
    answers = forecast(invented([closed, new, sparse, missing, shifted]), 6)
    assert [answer.condition for answer in answers] == [
        Condition.CLOSED,
        Condition.NEW,
        Condition.SPARSE,
        Condition.REGULAR,
        Condition.REGULAR,
    ]
    assert all(month.point == 0 for month in answers[0].months)
    assert answers[1].months[0].point == pytest.approx(10_000, rel=0.3)
    assert 0 <= answers[2].months[0].low_95 <= answers[2].months[0].point <= 4
    assert answers[4].months[0].point == pytest.approx(30_000, rel=0.15)


def test_a_month_that_a_busy_port_lost_is_unknown_and_not_zero() -> None:
    busy, idle = seasonal(60), [3.0, np.nan, np.nan] * 20
    busy[30] = np.nan
    filled = complete(np.array([busy, idle]))
    assert np.isnan(filled[0, 30])
    assert not np.isnan(filled[1]).any()


def test_one_short_series_still_has_an_answer() -> None:
    for months in (1, 5, 13, 30):
        answer = forecast(invented([seasonal(months)]), 3)[0]
        assert all(np.isfinite([month.point, month.low_95, month.high_95]).all() for month in answer.months)
        assert answer.months[-1].high_95 > answer.months[-1].point


def test_the_closure_is_not_usual() -> None:
    usual = usual_months(month_number("2020-01"), 24)
    assert usual[:2].all()
    assert not usual[2:23].any()
    assert usual[23]


def test_what_came_after_does_not_change_a_forecast() -> None:
    rows = [seasonal(120, seed) for seed in range(3)]
    known = invented(rows).until(month_number("2018-01"))
    other = invented([[*row[:96], *[1e6] * 24] for row in rows]).until(month_number("2018-01"))
    assert forecast(known, 6) == forecast(other, 6)


def test_beats_seasonal_naive_on_the_border_and_intervals_hold() -> None:
    """The year 2023 from what was known before."""
    found = judge(border(), month_number("2023-01"), 12)
    assert found.mase < 0.9 * found.mase_seasonal_naive
    assert found.weighted_error < 0.85 * found.weighted_error_seasonal_naive
    assert 0.74 < found.coverage_80 < 0.9
    assert 0.92 < found.coverage_95 <= 1


@pytest.mark.slow
def test_beats_seasonal_naive_on_rolling_origins() -> None:
    origins = [
        month_number(f"{year}-{month:02d}") for year in (2015, 2016, 2017, 2018, 2019, 2023) for month in (1, 7)
    ][:-1]
    found = rolling(border(), [*origins, month_number("2022-07")], 12)
    assert all(one.mase < one.mase_seasonal_naive for one in found)
    ratio = np.mean([one.mase for one in found]) / np.mean([one.mase_seasonal_naive for one in found])
    assert ratio < 0.88
    assert 0.76 < np.mean([one.coverage_80 for one in found]) < 0.88
    assert 0.92 < np.mean([one.coverage_95 for one in found]) < 0.98
