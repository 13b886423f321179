"""Duty that is missing if the neighbour's record is right, and values of two currencies in the comparison of books."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otay.goods.declarations.tariff.domain import Line, Rate, Rates, Tables, Tariff
from otay.goods.investigations.domain import mirroring
from otay.goods.investigations.domain.mirroring import Kind
from otay.goods.investigations.domain.recovering import Difference, difference_of, recoverable
from otay.goods.investigations.domain.worth import in_dollars

DAY = date(2026, 3, 2)


def line(hs: str, rate: str, origin: str = "", **specific: Any) -> Line:
    given = {"specific": None, "unit": "", "currency": "", **specific}
    return Line(hs, origin, date(2020, 1, 1), None, Decimal(rate), source="Test", **given)


def tables(*lines: Line, mxn: str = "0.05") -> Tables:
    return Tables(Rates("USD", 95, (Rate("MXN", date(2026, 1, 1), Decimal(mxn), "Test"),)), Tariff(lines))


def item(hs: str = "520942", amount: str = "1000", currency: str = "USD", origin: str = "MX", mass: str = "100") -> Any:
    return {"hs": hs, "origin": origin, "net_mass_kg": mass, "price": {"amount": amount, "currency": currency}}


def missing(difference: Difference, *lines: Line, items: Any = None) -> Any:
    return recoverable([{"items": items or [item()]}], difference, day=DAY, tables=tables(*lines))


def test_a_value_twice_as_high_is_the_same_duty_again() -> None:
    found = missing(Difference(value=Decimal(2)), line("5209", "8"))
    assert (found.declared, found.expected, found.amount) == (80, 160, Decimal("80.00"))
    assert found.parts == {"value": 80}


def test_the_neighbours_code_at_its_own_line() -> None:
    found = missing(Difference(goods="851762"), line("5209", "8"), line("8517", "15"))
    assert (found.amount, found.ours.line.hs, found.theirs.line.hs) == (Decimal("70.00"), "5209", "8517")
    cheaper = missing(Difference(goods="851762"), line("5209", "8"), line("8517", "0"))
    assert (cheaper.amount, cheaper.parts["goods"]) == (Decimal("0.00"), -80)


def test_the_neighbours_origin_at_the_line_that_names_it() -> None:
    found = missing(Difference(origin="CN"), line("5209", "0", "MX"), line("5209", "25", "CN"))
    assert (found.amount, found.theirs.line.origin) == (Decimal("250.00"), "CN")


def test_only_the_dearest_item_takes_the_neighbours_code() -> None:
    items = [item("520942", "1000"), item("851762", "300")]
    found = missing(Difference(goods="870829"), line("5209", "8"), line("8517", "1"), line("8708", "10"), items=items)
    assert (found.declared, found.expected) == (83, 103)


def test_a_lower_mass_counts_by_the_kilogram() -> None:
    by_mass = line("5209", "8", specific=Decimal("0.5"), unit="KGM", currency="USD")
    found = missing(Difference(quantity=Decimal(2)), by_mass)
    assert (found.declared, found.expected) == (130, 180)


def test_what_the_tariff_does_not_tell_is_told_as_unknown_and_the_rest_counts() -> None:
    found = missing(Difference(value=Decimal(2), goods="999999"), line("5209", "8"))
    assert (found.amount, found.unknown) == (Decimal("80.00"), ("goods",))
    assert missing(Difference(value=Decimal(2))) is None, "no line for our own goods"
    assert missing(Difference(), line("5209", "8"), items=[item(currency="EUR")]) is None, "no rate"
    assert missing(Difference(), line("5209", "8"), items=[{"hs": "520942"}]) is None, "no price"


def test_pesos_are_reckoned_in_dollars() -> None:
    found = missing(Difference(value=Decimal(2)), line("5209", "8"), items=[item(amount="20000", currency="MXN")])
    assert (found.declared, found.amount, found.currency) == (80, Decimal("80.00"), "USD")


@given(st.decimals("1", "100", places=2), st.decimals("1", "100", places=2), st.decimals("0", "100", places=1))
def test_a_higher_value_never_means_less_duty(first: Decimal, second: Decimal, rate: Decimal) -> None:
    low, high = sorted((first, second))
    known = line("5209", str(rate))
    assert missing(Difference(value=low), known).amount <= missing(Difference(value=high), known).amount


def test_only_what_nothing_innocent_explains_is_a_difference() -> None:
    lines = (
        mirroring.Line("value", "500", "1000", "differs", Decimal("0.5")),
        mirroring.Line("goods", "520942", "851762", "explained"),
        mirroring.Line("mass", "100", "200", "differs", Decimal("0.5")),
        mirroring.Line("quantity", "100", "80", "differs", Decimal("1.25")),
    )
    assert difference_of(lines) == Difference(value=Decimal(2), quantity=Decimal(2))
    assert difference_of([mirroring.Line("value", "900", "300", "differs", Decimal(3))]) == Difference()


def core(amount: str, currency: str, **changes: Any) -> dict[str, Any]:
    money = {"amount": amount, "currency": currency}
    return {
        "type": "import", "export_country": "MX", "incoterm": "FCA", "invoice": {"number": "1", "amount": money},
        "items": [{**item(), "price": money}], **changes,
    }  # fmt: skip


def compared(ours: Any, theirs: Any, rates: Rates | None) -> mirroring.Compared:
    return mirroring.compare_books(
        [ours], [theirs], we_export=False, our_day=DAY, their_day=date(2026, 3, 1), rates=rates
    )


def value_line(found: mirroring.Compared) -> mirroring.Line:
    (one,) = [one for one in found.lines if one.element == "value"]
    return one


@pytest.mark.parametrize(
    ("pesos", "verdict", "ratio"),
    [("20000", "agrees", "1.0000"), ("20600", "close", "0.9709"), ("40000", "differs", "0.5000")],
)
def test_books_in_two_currencies_compare_at_the_rate(pesos: str, verdict: str, ratio: str) -> None:
    found = compared(core("1000", "USD"), core(pesos, "MXN"), tables().rates)
    one = value_line(found)
    assert (one.verdict, found.value_ratio, one.theirs) == (verdict, Decimal(ratio), f"{pesos} MXN")
    assert one.base == ("1000.00 USD", f"{Decimal(pesos) * Decimal('0.05'):.2f} USD")
    assert one.rates[0]["rate"] == "0.05"
    assert mirroring.Line.from_record(one.as_record()) == one


def test_no_rate_or_a_stale_one_is_no_difference() -> None:
    stale = Rates("USD", 10, (Rate("MXN", date(2026, 1, 1), Decimal("0.05"), "Test"),))
    for rates in (None, Rates("USD", 95), stale):
        found = compared(core("1000", "USD"), core("900000", "MXN"), rates)
        assert value_line(found).verdict == "not_compared"
        assert found.value_ratio is None
        assert not mirroring.suspicions(found)
    assert value_line(compared(core("1000", "USD"), core("900000", "MXN"), stale)).rates[0]["stale"] is True


def test_parts_in_two_currencies_are_summed_in_one() -> None:
    rates = tables().rates
    parts = [core("500", "USD"), core("10000", "MXN")]
    found = mirroring.compare_books(
        parts, [core("1000", "USD")], we_export=False, our_day=DAY, their_day=DAY, rates=rates
    )
    assert found.value_ratio == 1


def kinds(found: mirroring.Compared, **duties: str) -> list[tuple[Kind, int, Decimal | None]]:
    told = mirroring.suspicions(found, {name: Decimal(duty) for name, duty in duties.items()})
    return [(one.kind, one.weight, one.duty) for one in told]


def test_another_code_weighs_by_the_duty_that_it_bears() -> None:
    other = core("1000", "USD", items=[{**item("851762"), "price": {"amount": "1000", "currency": "USD"}}])
    found = compared(core("1000", "USD"), other, None)
    assert kinds(found) == [(Kind.OTHER_GOODS, 55, None)]
    assert kinds(found, goods="70") == [(Kind.DEARER_GOODS, 65, Decimal(70))]
    assert kinds(found, goods="-80") == [(Kind.OTHER_GOODS, mirroring.NO_DEARER, 0)]


def test_dollars_of_an_amount() -> None:
    rates = tables().rates
    assert in_dollars("20000", "MXN", DAY, rates) == 1000
    assert in_dollars("20000", "USD", None, None) == 20000
    assert in_dollars("20000", "EUR", DAY, rates) is None
    assert in_dollars("x", "MXN", DAY, rates) is None
    assert in_dollars("-1", "MXN", DAY, rates) is None
