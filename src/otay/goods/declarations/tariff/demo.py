"""Invented rates and tariff lines for a demo node; every source says so. They follow no country's published tables."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from otay.goods.declarations.tariff import queries, services
from otay.goods.declarations.tariff.models import ExchangeRate, TariffLine
from otay.node import clock
from otay.node.actors import SYSTEM

SOURCE = "Invented for the demonstration (demo)"
#: Invented pesos and Canadian dollars for one US dollar, each month anew, oldest first.
PESOS = ("18.40", "18.10", "17.85", "17.60", "17.40")
CANADIAN = ("1.34", "1.35", "1.36", "1.35", "1.36")
MONTH = timedelta(days=30)
#: Days ago that the invented duty on footwear of China rose.
ROSE = 25
SURGING = "640399"
#: Goods of the demonstration's planted consignments: code, origin (empty: any), per cent.
LINES = (
    ("01", "", "2"), ("07", "", "4"), ("22", "", "3"), ("39", "", "5"), ("5209", "", "8.5"), ("520942", "MX", "8"),
    ("640399", "", "10"), ("64", "", "9"), ("8517", "", "0"), ("851762", "", "6"), ("87", "", "2.5"), ("94", "", "3"),
)  # fmt: skip


def seed() -> None:
    """This node's invented tables; a second call adds nothing."""
    if ExchangeRate.objects.exists() or TariffLine.objects.exists():
        return
    today = clock.now().date()
    rates = [one for at in range(len(PESOS)) for one in _rates(at, today - MONTH * (len(PESOS) - 1 - at))]
    services.put_records(actor=SYSTEM, table=services.RATES, records=rates, source=SOURCE)
    services.put_records(actor=SYSTEM, table=services.LINES, records=_lines(today), source=SOURCE)


def _rates(at: int, since: date) -> list[dict[str, object]]:
    """The rates of one month, as units of this node's currency."""
    dollars = {"MXN": PESOS[at], "CAD": CANADIAN[at], "USD": "1"}
    own = dollars.get(queries.base(), "1")
    return [
        {"currency": code, "since": since, "rate": f"{Decimal(own) / Decimal(many):.6f}"}
        for code, many in dollars.items()
        if code != queries.base()
    ]


def _lines(today: date) -> list[dict[str, object]]:
    began, rose = date(2015, 1, 1), today - timedelta(days=ROSE)
    lines: list[dict[str, object]] = [
        {"hs": hs, "origin": origin, "start": began, "ad_valorem": rate} for hs, origin, rate in LINES
    ]
    changed = {"hs": SURGING, "origin": "CN"}
    lines.append({**changed, "start": began, "end": rose - timedelta(days=1), "ad_valorem": "10"})
    lines.append({**changed, "start": rose, "ad_valorem": "35"})
    return lines
