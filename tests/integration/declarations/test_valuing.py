"""Values of two currencies and duties, as officers see them and screening is told of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from factories import declarations, investigations, tariff
from factories.node import make_person, signed_in
from otay.goods.declarations.facts import facts_of
from otay.goods.declarations.models import Declaration
from otay.node import clock
from otay.web.demo import life

pytestmark = pytest.mark.django_db


def in_pesos(truck: life.Truck, amount: Decimal) -> dict[str, Any]:
    """Our import of the truck, priced in pesos."""
    core = life.import_declaration(truck)
    money = {"amount": str(amount), "currency": "MXN"}
    items = [{**item, "price": money} for item in core["items"]]
    return {**core, "invoice": {**core["invoice"], "amount": money}, "items": items}


def facts(row: Declaration) -> dict[str, Any]:
    return facts_of([row], [row.versions.get(version=1).core])[0]


def since(days: int) -> str:
    return str(clock.now().date() - timedelta(days=days))


def test_screening_is_told_of_dollars_whatever_the_currency() -> None:
    truck = replace(declarations.truck(), usd=Decimal(10_000))
    row = declarations.lodged(in_pesos(truck, Decimal(200_000)))
    assert "value_usd" not in facts(row), "without a rate nothing is said of its value"
    tariff.rates(f"MXN,{since(300)},0.04", f"MXN,{since(3)},0.05")
    told = facts(row)
    assert told["value_usd"] == Decimal("10000.00")
    assert told["value_per_kg"] == told["value_usd"] / told["gross_mass_kg"]


def test_a_stale_rate_says_nothing_to_screening() -> None:
    row = declarations.lodged(in_pesos(declarations.truck(), Decimal(200_000)))
    tariff.rates(f"MXN,{since(96)},0.05")
    assert "value_usd" not in facts(row)


def test_the_neighbours_value_is_compared_at_the_rates_of_both_days() -> None:
    truck = replace(declarations.truck(), usd=Decimal(10_000))
    investigations.told(truck)
    row = declarations.lodged(in_pesos(truck, Decimal(100_000)))
    assert "mirror_value_ratio" not in facts(row)
    before = facts(row)["mirror_differences"]
    tariff.rates(f"MXN,{since(3)},0.05")
    told = facts(row)
    assert round(told["mirror_value_ratio"], 3) == Decimal("0.5")
    assert told["mirror_differences"] == before + 1


def test_the_rate_of_duty_is_that_of_the_line_of_the_day() -> None:
    row = declarations.lodged(life.import_declaration(declarations.truck()))
    assert "duty_rate" not in facts(row)
    origin = row.versions.get(version=1).core["items"][0]["origin"]
    tariff.lines(f"{row.hs6},,2020-01-01,,12", f"{row.hs6},{origin},2020-01-01,{since(1)},3",
                 f"{row.hs6},{origin},{since(0)},,6.5")  # fmt: skip
    assert facts(row)["duty_rate"] == Decimal("6.5")
    exported = declarations.lodged(life.export_declaration(declarations.truck(key="out")))
    assert "duty_rate" not in facts(exported)


@pytest.mark.parametrize("language", ["en", "es-mx"])
def test_the_officer_sees_the_value_the_rate_and_the_line(language: str) -> None:
    truck = replace(declarations.truck(), usd=Decimal(10_000))
    investigations.told(truck)
    row = declarations.lodged(in_pesos(truck, Decimal(200_000)))
    client = signed_in(make_person(("port_officer", row.port)))
    client.cookies["otay_us_language"] = language

    def shown() -> str:
        return client.get(f"/declarations/{row.number}/").content.decode()

    bare = shown()
    assert ("the node has no rate of MXN" if language == "en" else "no tiene tipo de MXN") in bare
    assert ("Not compared" if language == "en" else "No se comparó") in bare
    tariff.rates(f"MXN,{since(3)},0.05")
    tariff.lines(f"{row.hs6},,2020-01-01,,6.5")
    full = shown()
    assert "10,000.00\u00a0USD" in full
    assert "1 MXN = 0.05 USD" in full
    assert "Invented gazette" in full
    assert "650.00\u00a0USD" in full
    assert f"/tariff/lines/?hs={row.hs6}" in full
    assert "/tariff/explained/#lines" in full


def test_a_trader_sees_the_value_of_its_own_and_nothing_of_the_neighbour() -> None:
    row = declarations.lodged(in_pesos(declarations.truck(), Decimal(200_000)))
    tariff.rates(f"MXN,{since(96)},0.05")
    broker = signed_in(make_person("trader", party="DEMO-BROKER"))
    shown = broker.get(f"/declarations/{row.number}/").content.decode()
    assert "10,000.00\u00a0USD" in shown
    assert "Stale" in shown
