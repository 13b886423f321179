"""Patterns over many records on a node: found every night, kept, gone when they no longer show."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from factories import declarations, investigations, tariff
from otay.exchange.registry import Received
from otay.goods.declarations import sharing
from otay.goods.declarations.models import Declaration, NeighbourDeclaration
from otay.goods.investigations.models import MirrorFinding
from otay.goods.investigations.services import matching, patterns, scoring
from otay.node import clock
from otay.web.demo import life

pytestmark = pytest.mark.django_db


def found(kind: str) -> list[MirrorFinding]:
    return list(MirrorFinding.objects.filter(kind=kind).exclude(state="gone").order_by("pk"))


def source(truck: life.Truck, *, usd: Decimal, number: str = "MXSOURCE") -> None:
    """The neighbour's import of the same goods from a third country, by who then exports them."""
    body: dict[str, Any] = {
        **life.export_declaration(replace(truck, usd=usd)),
        "type": "import",
        "export_country": "CN",
    }
    moment = clock.now() - timedelta(days=10)
    body |= {"importer": body["exporter"], "number": number, "ucr": "", "lodged_at": moment.isoformat()}
    body["items"] = [{**item, "origin": "CN"} for item in body["items"]]
    sharing.keep_declarations([Received(0, "MX", 1, number, 1, body, moment)])


def honest(count: int) -> list[life.Truck]:
    return [replace(one, planted="", mistaken=False) for one in declarations.trucks(count)]


def test_goods_of_a_third_country_that_come_under_a_new_origin_are_found_with_both_nodes_records() -> None:
    relabelled, worked, own = honest(3)
    for truck in (relabelled, worked, own):
        investigations.imported(truck)
    source(relabelled, usd=relabelled.usd * Decimal("0.95"))
    source(worked, usd=worked.usd * Decimal("0.3"), number="MXSOURCE2")
    matching.match()
    scoring.score_new()
    assert patterns.seek()["transshipment"] == 1
    (one,) = found("transshipment")
    assert one.declaration.ucr == relabelled.ucr
    assert float(one.facts["cover"]) >= 0.8
    assert patterns.seek()["transshipment"] == 1
    assert len(found("transshipment")) == 1, "a second night finds the same"
    scoring.score_new()
    assert "transshipment" in {item["code"] for item in one.declaration.score.criteria}
    NeighbourDeclaration.objects.all().delete()
    patterns.seek()
    assert found("transshipment") == []


def test_parts_below_the_threshold_are_one_finding_and_honest_ones_none() -> None:
    first = honest(1)[0]
    for at in range(4):
        investigations.imported(replace(first, key=f"{first.key}{at}", usd=Decimal(2200)))
    other = honest(2)[1]
    investigations.imported(replace(other, usd=Decimal(1900)))
    scoring.score_new()
    assert patterns.seek()["split_consignments"] == 1
    (one,) = found("split_consignments")
    assert one.facts["records"] == "4"
    assert one.trader == first.importer.id


def test_goods_that_run_round_and_who_shares_a_vehicle_with_a_known_trader() -> None:
    trucks = honest(4)
    names = ["A-TRADER", "B-TRADER", "C-TRADER"]
    for at in range(3):
        row = investigations.imported(replace(trucks[at], usd=Decimal(90_000)))
        Declaration.objects.filter(pk=row.pk).update(
            exporter=names[at], importer=names[(at + 1) % 3], vehicle="SHARED1"
        )
    investigations.imported(trucks[3])
    told = patterns.seek()
    assert (told["carousel"], told["network"]) == (1, 0)
    assert found("carousel")[0].facts["length"] == "3"
    MirrorFinding.objects.create(
        key="k", kind="mass", trader="B-TRADER", day=clock.now().date(), found_at=clock.now(), state="confirmed"
    )
    assert patterns.seek()["network"] == 1
    assert "B-TRADER" in found("network")[0].facts["known"]


def test_a_trader_with_few_values_is_not_judged_by_its_digits() -> None:
    for truck in honest(3):
        investigations.imported(truck)
    assert patterns.seek()["digits"] == 0


def test_a_surge_of_another_origin_after_the_tariff_raised_the_duty_on_the_first() -> None:
    today = clock.now().date()
    change = today - timedelta(days=20)
    first = honest(1)[0]
    for at in range(25):
        row = investigations.imported(replace(first, key=f"{first.key}{at}"))
        investigations.aged(row, at % 15)
    investigations.aged(investigations.imported(replace(first, key=f"{first.key}old")), 30)
    scoring.score_new()
    assert patterns.seek()["surge"] == 0, "without a tariff there is no rise"
    hs = first.good.hs6
    tariff.lines(f"{hs},CN,2020-01-01,{change - timedelta(days=1)},5", f"{hs},CN,{change},,25")
    assert patterns.seek()["surge"] == 1
    (one,) = found("surge")
    assert (one.hs6, one.facts["origin"], one.facts["records"]) == (hs, "MX", "25")
    assert one.trader == first.importer.id
    assert patterns.seek()["surge"] == 1
    assert len(found("surge")) == 1
    tariff.lines(f"{hs},CN,2020-01-01,{change - timedelta(days=1)},25")
    assert patterns.seek()["surge"] == 0
    assert found("surge") == [], "the correction says that nothing rose"
