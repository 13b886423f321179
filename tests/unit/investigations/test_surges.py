"""Rises of duty in a tariff, and imports of other origins that jump after them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from otay.goods.declarations.tariff.domain import Line
from otay.goods.investigations.domain.patterns import Rise, rises, surges

DAY = date(2026, 1, 1)
RISE = Rise("520942", "CN", DAY, Decimal("7.5"), Decimal(25))


def line(hs: str, origin: str, start: date, end: date | None, rate: str) -> Line:
    return Line(hs, origin, start, end, Decimal(rate), None, "", "", "Test")


def test_a_rise_is_a_line_above_what_held_the_day_before() -> None:
    old, long_ago = DAY - timedelta(days=1), date(2020, 1, 1)
    lines = [
        line("5209", "", long_ago, None, "7.5"),
        line("520942", "CN", DAY, None, "25"),  # above the line for all origins
        line("8517", "", long_ago, old, "5"), line("8517", "", DAY, None, "3"),  # a fall
        line("8708", "MX", long_ago, old, "0"), line("8708", "MX", DAY, None, "10"),  # a rise of the same line
        line("9403", "", DAY, None, "4"),  # nothing was known before
    ]  # fmt: skip
    found = rises(lines, DAY - timedelta(days=30), DAY)
    assert found == [RISE, Rise("8708", "MX", DAY, Decimal(0), Decimal(10))]
    assert rises(lines, DAY, DAY + timedelta(days=30)) == []


def trade(origin: str, before: int, after: int, *, hs: str = "520942") -> list[tuple[str, str, str, float, date]]:
    """Consignments of a tonne in the 30 days before and from the change on."""
    return [
        (f"{origin}-TRADER", hs, origin, 1000.0, DAY + timedelta(days=at % 30 - (30 if at < before else 0)))
        for at in range(before + after)
    ]


def seen(rows: list[tuple[str, str, str, float, date]], rise: Rise = RISE, days: int = 29) -> list[dict[str, str]]:
    schema = {"importer": pl.String, "hs": pl.String, "origin": pl.String, "net_mass": pl.Float64, "date": pl.Date}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return [one.facts for one in surges(frame, rise, DAY + timedelta(days=days))]


def test_only_another_origin_of_the_same_goods_that_jumps_is_seen() -> None:
    rows = [*trade("VN", 5, 25), *trade("MX", 20, 30), *trade("CN", 2, 40), *trade("TH", 0, 25, hs="851762")]
    (found,) = seen(rows)
    assert (found["origin"], found["before"], found["after"], found["records"]) == ("VN", "5000", "25000", "25")
    assert (found["parties"], found["span"]) == ("VN-TRADER", "30")
    assert found["change"] == "520942 CN: 7.5 % > 25 %"


def test_few_days_few_records_and_a_rise_on_all_origins_say_nothing() -> None:
    rows = trade("VN", 5, 25)
    assert seen(rows, days=12) == []
    assert seen(trade("VN", 1, 19)) == []
    assert seen(rows, Rise("520942", "", DAY, Decimal(1), Decimal(9))) == []
