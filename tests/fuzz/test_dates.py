"""No date vanishes or is invented: what is sent as a date is that day in the record, or a finding says why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.targets import SEEDS
from otay.formats.registry import read

Pick = Callable[[dict[str, Any]], str | None]


def birth(record: dict[str, Any]) -> str | None:
    return record["travellers"][0]["birth_date"]


def expiry(record: dict[str, Any]) -> str | None:
    return record["travellers"][0]["documents"][0]["expiry"]


def departure(record: dict[str, Any]) -> str | None:
    return record["flights"][0]["departure"]


def arrival(record: dict[str, Any]) -> str | None:
    return record["flights"][0]["arrival"]


# (format, what stands in the seed before the date, the date, what follows, where the date comes out)
PLACES: list[tuple[str, bytes, bytes, bytes, Pick]] = [
    ("paxlst", b"DTM+329:", b"800229", b"'", birth),
    ("paxlst", b"DTM+36:", b"310415", b"'", expiry),
    ("paxlst", b"DTM+189:", b"2603011042", b":201'", departure),
    ("paxlst", b"DTM+232:", b"2603011142", b":201'", arrival),
    ("paxlst-us", b"SIMON:P:", b"590429", b":M", birth),
    ("paxlst-us", b"182345345:", b"290909", b":US", expiry),
    ("paxlst-us", b"DTM+136+", b"260301", b"+1030", departure),
    ("pnrgov", b"/MEX/", b"29FEB80", b"/F/", birth),
    ("pnrgov", b"/F/", b"15APR31", b"/GARCIA", expiry),
    ("pnrgov", b"TVL+", b"010326", b":1042", departure),
    ("pnrgov", b"1042:", b"010326", b":1142", arrival),
    ("cusres", b"DTM+189:", b"2603011042", b":201'", departure),
]
values = (
    st.text("0123456789", min_size=1, max_size=14)
    | st.text("0123456789ABCFNJ", min_size=1, max_size=9)
    | st.builds(lambda y, m, d: f"{y:02}{m:02}{d:02}", st.integers(0, 99), st.integers(0, 13), st.integers(0, 32))
    | st.builds(
        lambda d, m, y: f"{d:02}{m}{y:02}", st.integers(0, 32), st.sampled_from(["FEB", "APR", "XXX"]),
        st.integers(0, 99),
    )
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0]}-{place[1].decode().strip(':/+')}")
@settings(max_examples=60)
@given(value=values)
def test_a_date_comes_out_as_sent_or_with_a_finding(place: tuple[str, bytes, bytes, bytes, Pick], value: str) -> None:
    format, before, date, after, pick = place
    seed = SEEDS[format][0]
    assert before + date + after in seed
    sent = seed.replace(before + date + after, before + value.encode() + after, 1)
    result = read(sent, format=format)
    found = pick(result.records[0])
    told = [finding for finding in result.findings if finding.rule.startswith("date.")]
    if found is None:
        assert told, (value, result.findings)
        assert any(value in finding.value for finding in told)
    else:
        year, month, day = found[2:4], found[5:7], found[8:10]
        digits = re.sub(r"\D", "", value)
        assert year in digits, (value, found)
        assert day in digits.zfill(len(digits) + 1), (value, found)
        assert month in digits or re.search("FEB|APR|JAN|NOV", value), (value, found)
