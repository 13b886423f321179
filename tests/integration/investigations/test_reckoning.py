"""The node's rates and tariff in the mirror: two currencies, duty at stake, dearer codes, and what a change renews."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from factories import declarations, investigations, tariff
from factories.node import bearer, make_person, make_token, signed_in
from otay.goods.declarations.models import Declaration, NeighbourDeclaration
from otay.goods.declarations.tariff.queries import rates_for
from otay.goods.investigations import work
from otay.goods.investigations.domain import mirroring
from otay.goods.investigations.models import MirrorFinding, MirrorPair, OutcomeEvent
from otay.goods.investigations.services import assigning, lonely, matching, reckoning, scoring, training
from otay.goods.investigations.services import findings as finding_services
from otay.node import clock, roles
from otay.web.demo import life

pytestmark = pytest.mark.django_db
PORT = investigations.PORT


def since(days: int) -> str:
    return str(clock.now().date() - timedelta(days=days))


def money(amount: object, currency: str) -> dict[str, str]:
    return {"amount": str(amount), "currency": currency}


def told_in_pesos(truck: life.Truck, rate: Decimal = Decimal("0.05"), **changes: Any) -> NeighbourDeclaration:
    """The neighbour's export of the truck's goods, invoiced in pesos for the same value."""
    body = life.export_declaration(truck)
    price = money((truck.usd / rate).quantize(Decimal("0.01")), "MXN")
    items = [{**item, "price": price} for item in body["items"]]
    return investigations.told(truck, invoice={**body["invoice"], "amount": price}, items=items, **changes)


def imported(truck: life.Truck, share: str = "1", **changes: Any) -> Declaration:
    """Our import of the truck's goods in dollars, at a share of what they are worth."""
    core = life.import_declaration(truck)
    price = money((truck.usd * Decimal(share)).quantize(Decimal("0.01")), "USD")
    given = {"incoterm": life.export_declaration(truck).get("incoterm"), **changes}
    items = [{**item, "price": price} for item in core["items"]]
    return investigations.imported(truck, invoice={**core["invoice"], "amount": price}, items=items, **given)


def kinds(row: Declaration) -> set[str]:
    return set(MirrorFinding.objects.filter(declaration=row, state="open").values_list("kind", flat=True))


def value_line(row: Declaration) -> dict[str, Any]:
    (line,) = [line for line in MirrorPair.objects.get(declaration=row).lines if line["element"] == "value"]
    return dict(line)


def test_a_rate_that_comes_late_has_the_pairs_compared_anew() -> None:
    honest, low = (replace(one, planted="", mistaken=False) for one in declarations.trucks(2))
    rows = imported(honest), imported(low, "0.4")
    told_in_pesos(honest)
    told_in_pesos(low)
    matching.match()
    assert [value_line(row)["verdict"] for row in rows] == ["not_compared"] * 2
    assert kinds(rows[1]) == set()
    assert reckoning.reckon() == {"pairs": 0, "findings": 0}, "a first round, by the tables as they are"
    tariff.rates(f"MXN,{since(3)},0.05")
    assert reckoning.reckon()["pairs"] == 2
    assert (kinds(rows[0]), kinds(rows[1])) == (set(), {"undervalued"})
    assert value_line(rows[1])["rates"][0]["source"] == "Invented gazette"
    assert value_line(rows[1])["base"][0].endswith("USD")
    assert reckoning.reckon() == {"pairs": 0, "findings": 0}


def test_a_corrected_rate_takes_a_finding_back() -> None:
    truck = declarations.truck()
    row = imported(truck)
    told_in_pesos(truck)
    tariff.rates(f"MXN,{since(3)},0.5")
    matching.match()
    assert kinds(row) == {"undervalued"}
    tariff.rates(f"MXN,{since(3)},0.05")
    work.match()
    assert kinds(row) == set()
    assert MirrorFinding.objects.get(declaration=row).state == "gone"


def test_a_stale_rate_is_told_and_finds_nothing() -> None:
    truck = declarations.truck()
    row = imported(truck, "0.2")
    told_in_pesos(truck)
    tariff.rates(f"MXN,{since(200)},0.05")
    matching.match()
    assert kinds(row) == set()
    assert value_line(row)["rates"][0]["stale"] is True
    assert MirrorPair.objects.get(declaration=row).value_ratio is None


def test_the_duty_of_an_undervalued_consignment_is_shown_on_finding_page_and_api(client: Any) -> None:
    truck = replace(declarations.truck(), usd=Decimal(10_000))
    row = imported(truck, "0.4")
    told_in_pesos(truck)
    tariff.rates(f"MXN,{since(3)},0.05")
    tariff.lines(f"{row.hs6},,2020-01-01,,12", f"{row.hs6},MX,2020-01-01,,10")
    matching.match()
    finding = MirrorFinding.objects.get(declaration=row)
    assert (finding.duty, finding.duty_currency) == (Decimal("600.00"), "USD")
    pair = MirrorPair.objects.get(declaration=row)
    assert pair.duty["ours"]["hs"] == row.hs6
    assert (pair.duty["declared"], pair.duty["expected"]) == ("400.00", "1000.00")
    officer = signed_in(make_person(("supervisor", PORT)))
    page = officer.get(f"/investigations/declarations/{row.number}/").content.decode()
    assert f"400.00\u00a0USD by line {row.hs6} MX: 10 %" in page
    assert "1 MXN = 0.05 USD" in page
    assert "600.00\u00a0USD" in officer.get("/investigations/findings/").content.decode()
    answer = client.get("/api/v1/investigations/findings", **bearer(make_token("supervisor"))).json()
    assert Decimal(answer["findings"][0]["duty"]) == 600
    scoring.score_new()
    row.refresh_from_db()
    assert row.score.duty == (600 * row.score.probability).quantize(Decimal("0.01"))
    assert row.score.features["tax_rate"] == 10.0


def test_a_dearer_code_is_misclassification_and_a_cheaper_one_weighs_little() -> None:
    truck = declarations.truck(planted="other_goods")
    row = investigations.imported(truck)
    record = investigations.told(truck)
    theirs = record.body["items"][0]["hs"][:6]
    matching.match()
    assert kinds(row) == {"other_goods"}
    first = MirrorFinding.objects.get(declaration=row)
    tariff.lines(f"{row.hs6},,2020-01-01,,2", f"{theirs}01,,2020-01-01,,20", f"{theirs}02,,2020-01-01,,15")
    reckoning.reckon()
    assert kinds(row) == {"dearer_goods"}
    found = MirrorFinding.objects.get(declaration=row, kind="dearer_goods")
    assert found.duty == (row.amount * Decimal("0.13")).quantize(Decimal("0.01"))
    assert MirrorPair.objects.get(declaration=row).duty["theirs"]["least"] is True
    assert found.weight > first.weight
    scoring.score_new()
    row.refresh_from_db()
    assert row.score.features["mirror_duty"] > 0
    tariff.lines(f"{row.hs6},,2020-01-01,,30")
    reckoning.reckon()
    assert kinds(row) == {"other_goods"}
    first.refresh_from_db()
    assert (first.weight, first.duty) == (mirroring.NO_DEARER, 0)


def test_what_was_reviewed_stays_reviewed_when_only_the_tariff_changes() -> None:
    truck = declarations.truck(planted="undervalued")
    row = investigations.imported(truck)
    investigations.told(truck)
    matching.match()
    found = MirrorFinding.objects.get(declaration=row)
    officer = investigations.officer(roles.SUPERVISOR, ports=(PORT,))
    finding_services.review(actor=officer, findings=[found.pk], state="explained", note="Discount, contract seen")
    tariff.lines(f"{row.hs6},,2020-01-01,,10")
    reckoning.reckon()
    found.refresh_from_db()
    assert found.duty > 0
    assert (found.state, found.reviewed_by) == ("explained", officer.key)


def test_goods_that_nobody_declared_are_worth_their_whole_duty() -> None:
    truck = replace(declarations.truck(), usd=Decimal(10_000))
    told_in_pesos(truck, at=clock.now() - timedelta(days=8))
    earlier = replace(declarations.trucks(2)[1], planted="", mistaken=False)
    investigations.aged(investigations.imported(earlier), 40)
    tariff.rates(f"MXN,{since(30)},0.05")
    tariff.lines(f"{truck.good.hs6},,2020-01-01,,10")
    matching.match()
    lonely.overdue()
    found = MirrorFinding.objects.get(kind="theirs_only")
    assert (found.duty, found.duty_currency) == (Decimal("1000.00"), "USD")


def test_evidence_counts_values_of_two_currencies() -> None:
    trucks = [replace(one, planted="", mistaken=False) for one in declarations.trucks(6)]
    tariff.rates(f"MXN,{since(30)},0.05")
    for truck in trucks:
        core = life.import_declaration(truck)
        del core["ucr"]
        declarations.lodged(core)
        told_in_pesos(truck, ucr="")
    matching.match()
    assert assigning.assign()["pairs"] == 6
    assert {pair.number for pair in MirrorPair.objects.all()} == {f"MX{truck.key}" for truck in trucks}
    assert {line["verdict"] for row in Declaration.objects.all() for line in [value_line(row)]} <= {
        "agrees", "close", "explained"
    }  # fmt: skip
    tariff.rates(f"MXN,{since(30)},0.5")
    assert reckoning.reckon()["pairs"] == 6, "pairs by evidence are compared anew too, and stay pairs"
    assert set(MirrorPair.objects.values_list("method", flat=True)) == {"scored"}


def test_a_low_value_in_pesos_is_an_innocent_cause() -> None:
    rates = rates_for({"MXN"}, [clock.now().date()])
    core = {"invoice": {"amount": money(40_000, "MXN")}, "export_country": "MX", "items": []}
    asked = {"exported": False, "other_book_from": clock.now().date() - timedelta(days=90)}
    assert mirroring.alone_causes(core, clock.now().date(), **asked, rates=rates) == ()
    tariff.rates(f"MXN,{since(3)},0.05")
    rates = rates_for({"MXN"}, [clock.now().date()])
    assert mirroring.alone_causes(core, clock.now().date(), **asked, rates=rates) == ("low_value",)


def test_a_model_learns_duty_in_dollars() -> None:
    row = investigations.imported(declarations.truck())
    tariff.rates(f"MXN,{since(3)},0.05")
    now = clock.now()
    for amount, currency in ((Decimal(1000), "MXN"), (Decimal(30), "USD"), (Decimal(7), "EUR")):
        OutcomeEvent.objects.create(
            declaration=row, kind="duty", at=now, recorded_at=now, actor="x", amount=amount, currency=currency
        )
    assert training.labels_of([row.pk], as_of=now)[row.pk].duty == 80


def test_many_pairs_are_compared_in_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reckoning, "BATCH", 2)
    trucks = [replace(one, planted="", mistaken=False) for one in declarations.trucks(5)]
    for truck in trucks:
        imported(truck)
        told_in_pesos(truck)
    matching.match()
    reckoning.reckon(limit=100)
    tariff.rates(f"MXN,{since(3)},0.05")
    assert [reckoning.reckon(limit=2)["pairs"] for _round in range(4)] == [2, 2, 1, 0]
