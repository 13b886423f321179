"""The rate of a day, the line of goods, duty, and what a file may say."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otay.goods.declarations.tariff import reading
from otay.goods.declarations.tariff.domain import Line, Rate, Rates, Tariff, duty_of, overlaps

TODAY = date(2026, 3, 2)
DAYS = st.dates(date(2020, 1, 1), date(2026, 12, 31))


def line(hs: str = "5209", origin: str = "", rate: str = "10", **changes: Any) -> Line:
    given = {"start": date(2020, 1, 1), "end": None, "specific": None, "unit": "", "currency": "", "source": "Test"}
    return Line(hs=hs, origin=origin, ad_valorem=Decimal(rate), **{**given, **changes})


def rates(*pairs: tuple[str, date, str], days: int = 95, base: str = "USD") -> Rates:
    return Rates(base, days, tuple(Rate(code, since, Decimal(rate), "Test") for code, since, rate in pairs))


@given(st.dictionaries(DAYS, st.decimals("0.0001", "9999", places=4), min_size=1, max_size=20), DAYS)
def test_the_rate_of_a_day_is_the_last_one_not_after_it(series: dict[date, Decimal], day: date) -> None:
    known = rates(*(("MXN", since, str(rate)) for since, rate in series.items()))
    quote = known.at("MXN", day)
    before = [since for since in series if since <= day]
    if not before:
        assert quote is None
        return
    assert quote is not None
    assert quote.rate.since == max(before)
    assert quote.rate.rate == series[max(before)]
    assert quote.stale == (day - max(before) > timedelta(days=95))


@given(
    st.decimals("0.01", "1000000", places=2),
    st.decimals("0.0001", "99", places=4),
    st.decimals("0.001", "99", places=4),
)
def test_across_the_base_and_back_is_the_same_amount(amount: Decimal, mxn: Decimal, cad: Decimal) -> None:
    known = rates(("MXN", TODAY, str(mxn)), ("CAD", TODAY, str(cad)))
    there = known.convert(amount, "MXN", "CAD", TODAY)
    assert there is not None
    back = known.convert(there.amount, "CAD", "MXN", TODAY)
    assert back is not None
    assert abs(back.amount - amount) <= amount * Decimal("1e-20")
    assert [quote.rate.currency for quote in there.quotes] == ["MXN", "CAD"]


def test_an_amount_at_published_figures() -> None:
    known = rates(("MXN", date(2026, 1, 1), "0.0586"))
    found = known.convert(Decimal(1_000_000), "MXN", "USD", TODAY)
    assert found is not None
    assert (found.amount, found.stale) == (Decimal("58600.0000"), False)
    assert known.convert(Decimal(5), "USD", "USD", TODAY).quotes == ()  # type: ignore[union-attr]
    assert known.convert(Decimal(5), "EUR", "USD", TODAY) is None
    assert known.convert(Decimal(5), "", "USD", TODAY) is None
    assert known.convert(Decimal(5), "MXN", "USD", date(2025, 12, 31)) is None, "no rate before the first"


def test_the_last_day_of_a_rate_and_the_day_after() -> None:
    known = rates(("MXN", date(2026, 1, 1), "0.05"), days=30)
    assert not known.at("MXN", date(2026, 1, 31)).stale  # type: ignore[union-attr]
    assert known.at("MXN", date(2026, 2, 1)).stale  # type: ignore[union-attr]


CODES = st.text("59", min_size=1, max_size=3).map(lambda half: "52" + half * 2)


@given(st.lists(st.tuples(CODES, st.sampled_from(["", "MX", "CN"])), max_size=12, unique=True), CODES)
def test_the_longest_code_and_then_the_named_origin_win(known: list[tuple[str, str]], hs: str) -> None:
    taken = Tariff(tuple(line(code, origin) for code, origin in known)).take(hs, "MX", TODAY)
    fitting = [(code, origin) for code, origin in known if hs.startswith(code) and origin in ("", "MX")]
    if fitting:
        best = max(fitting, key=lambda one: (len(one[0]), one[1]))
        assert taken is not None
        assert (taken.line.hs, taken.line.origin, taken.least) == (*best, False)
    elif taken is not None:
        assert taken.least
        assert taken.line.hs.startswith(hs)
        assert taken.line.origin != "CN"


def test_a_short_code_gets_the_lowest_of_the_lines_below_it() -> None:
    known = Tariff((line("52094201", rate="8"), line("52094202", rate="3"), line("52094203", "CN", "0")))
    taken = known.take("520942", "MX", TODAY)
    assert taken is not None
    assert (taken.line.hs, taken.least) == ("52094202", True)
    assert known.take("520943", "MX", TODAY) is None
    assert known.take("", "MX", TODAY) is None


def test_a_line_holds_on_its_first_and_last_day_and_on_no_other() -> None:
    known = Tariff((line(start=date(2026, 1, 2), end=date(2026, 1, 31)),))
    held = [known.take("520942", "", date(2026, 1, day)) is not None for day in (1, 2, 31)]
    assert held == [False, True, True]
    assert known.take("520942", "", date(2026, 2, 1)) is None


def test_duty_of_a_share_and_an_amount_for_a_unit() -> None:
    known = rates(("MXN", TODAY, "0.05"))
    asked = {"value": Decimal(1000), "currency": "USD", "day": TODAY, "rates": known}
    assert duty_of(line(rate="6.5"), **asked) == 65
    mixed = line(rate="5", specific=Decimal(2), unit="KGM", currency="MXN")
    assert duty_of(mixed, **asked, quantities={"TNE": Decimal("0.3")}) == 50 + 300 * 2 * Decimal("0.05")
    assert duty_of(mixed, **asked, quantities={"LTR": Decimal(3)}) is None, "litres are no kilograms"
    assert duty_of(mixed, **{**asked, "rates": rates()}, quantities={"KGM": Decimal(1)}) is None, "no rate"


def test_lines_that_hold_on_a_common_day() -> None:
    first, second = line(end=date(2025, 12, 31)), line(start=date(2026, 1, 1), rate="20")
    assert list(overlaps([second, first])) == []
    assert list(overlaps([line(), second])) == [(line(), second)]
    assert list(overlaps([line(origin="MX"), second])) == [], "of another origin"


def read_rates(text: str, source: str = "Test source") -> reading.Read[Rate]:
    rows, findings = reading.rows_of_csv(text.encode(), reading.COLUMNS["rates"], reading.NEEDED["rates"])
    assert not findings
    return reading.read_rates(rows, base="USD", source=source, today=TODAY)


def read_lines(text: str) -> reading.Read[Line]:
    rows, findings = reading.rows_of_csv(text.encode(), reading.COLUMNS["lines"], reading.NEEDED["lines"])
    assert not findings
    return reading.read_lines(rows, source="Test source", today=TODAY)


def test_a_file_in_spanish_with_semicolons_and_its_mark() -> None:
    read = read_rates("\ufeffMoneda;Fecha;Tipo de cambio;Fuente\nmxn;2026-01-31;0.0586;Diario oficial\n\n")
    assert [item for _row, item in read.items] == [Rate("MXN", date(2026, 1, 31), Decimal("0.0586"), "Diario oficial")]
    lines = read_lines("fraccion,origen,desde,hasta,arancel\n5209.42.01,*,2026-01-01,2026-12-31,6.5\n")
    assert lines.items[0][1] == line("52094201", rate="6.5", start=date(2026, 1, 1), end=date(2026, 12, 31),
                                     source="Test source")  # fmt: skip


@pytest.mark.parametrize(
    ("row", "place", "rule"),
    [
        ("QQQ,2026-01-01,1", "line 2, currency", "rates.currency"),
        ("USD,2026-01-01,1", "line 2, currency", "rates.base"),
        ("MXN,2026-02-30,1", "line 2, since", "table.date"),
        ("MXN,01/02/2026,1", "line 2, since", "table.date"),
        ("MXN,20260101,1", "line 2, since", "table.date"),
        ("MXN,9999-01-01,1", "line 2, since", "table.ahead"),
        ("MXN,2026-01-01,-1", "line 2, rate", "table.number"),
        ("MXN,2026-01-01,0", "line 2, rate", "table.number"),
        ('MXN,2026-01-01,"0,05"', "line 2, rate", "table.number"),
        ("MXN,2026-01-01,NaN", "line 2, rate", "table.number"),
        ("MXN,2026-01-01,1e5", "line 2, rate", "table.number"),
        ("MXN,2026-01-01,٣", "line 2, rate", "table.number"),
        ("MXN,2026-01-01", "line 2, rate", "table.number"),
    ],
)
def test_a_bad_rate_is_a_finding_that_names_its_row(row: str, place: str, rule: str) -> None:
    read = read_rates(f"currency,since,rate\n{row}\n")
    assert [(found.place, found.rule) for found in read.findings] == [(place, rule)]
    assert read.items == []


@pytest.mark.parametrize(
    ("row", "place", "rule"),
    [
        ("520,,2026-01-01,,1,,,", "line 2, hs", "tariff.hs"),
        ("52094x,,2026-01-01,,1,,,", "line 2, hs", "tariff.hs"),
        ("529999,,2026-01-01,,1,,,", "line 2, hs", "tariff.hs_known"),
        ("5209,QQ1,2026-01-01,,1,,,", "line 2, origin", "tariff.origin"),
        ("5209,,2026-01-02,2026-01-01,1,,,", "line 2, end", "tariff.period"),
        ("5209,,2026-01-01,soon,1,,,", "line 2, end", "table.date"),
        ("5209,,2026-01-01,,-1,,,", "line 2, ad_valorem", "table.number"),
        ("5209,,2026-01-01,,3000,,,", "line 2, ad_valorem", "table.number"),
        ("5209,,2026-01-01,,1.00001,,,", "line 2, ad_valorem", "table.number"),
        ("5209,,2026-01-01,,1,2,XYZ,USD", "line 2, unit", "tariff.unit"),
        ("5209,,2026-01-01,,1,2,KGM,", "line 2, currency", "tariff.currency"),
    ],
)
def test_a_bad_line_is_a_finding_that_names_its_row(row: str, place: str, rule: str) -> None:
    read = read_lines(f"hs,origin,start,end,ad_valorem,specific,unit,currency\n{row}\n")
    assert [(found.place, found.rule) for found in read.findings] == [(place, rule)]


def test_chapters_that_each_country_fills_itself_need_no_common_text() -> None:
    assert read_lines("hs,start,ad_valorem\n9802.00,2026-01-01,0\n").items[0][1].hs == "980200"


def test_the_same_row_twice_counts_once_and_a_contradiction_is_a_finding() -> None:
    twice = "currency,since,rate\nMXN,2026-01-01,0.05\nMXN,2026-01-01,0.05\n"
    assert len(read_rates(twice).items) == 1
    read = read_rates(twice + "MXN,2026-01-01,0.06\n")
    assert [(found.place, found.rule) for found in read.findings] == [("line 4, currency", "table.twice")]


def test_without_a_source_nothing_is_taken() -> None:
    read = read_rates("currency,since,rate\nMXN,2026-01-01,0.05\n", source=" ")
    assert [found.rule for found in read.findings] == ["table.source"]


def test_what_is_no_table_says_so() -> None:
    def rules(data: bytes) -> list[str]:
        return [one.rule for one in reading.rows_of_csv(data, reading.COLUMNS["rates"], reading.NEEDED["rates"])[1]]

    assert rules(b"") == ["table.column"] * 3
    assert rules(b"currency,since,rate\n") == ["table.empty"]
    assert rules(b'currency,since,rate\n"MXN,2026') == ["table.syntax"]
    assert rules(b"a\n" * (reading.MOST_BYTES // 2 + 1)) == ["table.size"]
    assert rules(b"currency,since,rate\n" + b"MXN,,\n" * (reading.MOST_ROWS + 1)) == ["table.rows"]


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fall(data: bytes) -> None:
    for table in ("rates", "lines"):
        rows, findings = reading.rows_of_csv(data, reading.COLUMNS[table], reading.NEEDED[table])
        assert rows or findings


@given(st.lists(st.fixed_dictionaries({name: st.text(max_size=12) for name in reading.COLUMNS["lines"]}), max_size=5))
def test_no_cells_make_a_line_that_cannot_be_kept(records: list[dict[str, str]]) -> None:
    read = reading.read_lines(reading.rows_of_json(records, "lines"), source="Test", today=TODAY)
    assert len(read.items) + len(read.findings) <= len(records)
    for _row, item in read.items:
        assert item.end is None or item.start <= item.end
