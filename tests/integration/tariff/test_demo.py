"""What a demo node is seeded with: invented tables, and goods that show what they are for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings

from factories.node import make_person
from otay.exchange.registry import Received
from otay.goods.declarations import sharing
from otay.goods.declarations.tariff import demo, queries
from otay.goods.declarations.tariff.models import ExchangeRate, TariffLine
from otay.goods.investigations import demo as investigations
from otay.goods.investigations.models import MirrorFinding, MirrorPair
from otay.goods.investigations.services import matching, patterns, scoring
from otay.node import clock

pytestmark = pytest.mark.django_db


def test_the_tables_say_that_they_are_invented_and_are_seeded_once() -> None:
    demo.seed()
    counts = ExchangeRate.objects.count(), TariffLine.objects.count()
    demo.seed()
    assert (ExchangeRate.objects.count(), TariffLine.objects.count()) == counts
    assert all("(demo)" in row.source for row in (*ExchangeRate.objects.all(), *TariffLine.objects.all()))
    today = clock.now().date()
    (cad, mxn) = queries.rates_of_day(today)
    assert (cad.currency, mxn.currency) == ("CAD", "MXN")
    assert f"{1 / mxn.rate:.2f}" == "17.40"


def test_a_node_that_reckons_in_pesos_has_the_same_rates_the_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "OTAY", replace(settings.OTAY, currency="MXN"))
    demo.seed()
    assert {row.currency: f"{row.rate:.2f}" for row in queries.rates_of_day(clock.now().date())} == {
        "CAD": "12.79", "USD": "17.40"
    }  # fmt: skip


def test_the_demonstration_has_pesos_duty_at_stake_a_dearer_code_and_a_surge() -> None:
    demo.seed()
    make_person("investigations", username="investigator")
    investigations.seed()
    matching.match()
    now = clock.now()
    records = []
    for at, (key, hs, words, mass, usd, twist) in enumerate(investigations.PLANTED):
        start = now - timedelta(days=8)
        core = investigations._core(key, hs, words, Decimal(mass), Decimal(usd), "export", start)
        body = investigations._in_pesos(core, Decimal(usd)) if twist.startswith("pesos") else core
        body |= {"number": f"MX{at}", "port": investigations.PORT, "lodged_at": start.isoformat()}
        records.append(Received(0, "MX", at + 1, f"MX{at}", 1, body, now))
    sharing.keep_declarations(records)
    matching.match()
    scoring.score_new()
    verdicts = {
        pair.declaration.reference[-2:]: line["verdict"]
        for pair in MirrorPair.objects.filter(state="matched").select_related("declaration")
        for line in pair.lines
        if line["element"] == "value"
    }
    assert verdicts["09"] in ("agrees", "close", "explained")
    assert verdicts["10"] == "differs"
    found = {one.kind: one for one in MirrorFinding.objects.filter(duty__gt=0)}
    assert {"undervalued", "dearer_goods"} <= set(found)
    assert found["dearer_goods"].duty_currency == "USD"
    assert patterns.seek()["surge"] == 1
    assert MirrorFinding.objects.get(kind="surge").facts["origin"] == "VN"
