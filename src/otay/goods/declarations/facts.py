"""What screening is told about a declaration: only what was known when it was lodged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from otay.engines.conditions import FactType
from otay.goods.declarations import domain, queries
from otay.goods.declarations.domain import DECLARATION as KIND
from otay.goods.declarations.models import Declaration, DeclarationVersion
from otay.goods.declarations.parties import facts_of_parties
from otay.goods.declarations.tariff.domain import Rates, Tariff
from otay.goods.declarations.tariff.items import code_of
from otay.goods.declarations.tariff.queries import rates_for, tariff_for
from otay.goods.declarations.valuing import reckoning_day
from otay.screening.domain import Subject
from otay.screening.registry import Fact, FactSet

#: The currency in which screening's rules name values.
CURRENCY = "USD"
_CENT = Decimal("0.01")


def facts_of(rows: Sequence[Declaration], cores: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The facts of each declaration; the history of all importers is read in a constant number of queries."""
    importers = {row.importer for row in rows if row.importer}
    seen = queries.first_seen(importers)
    findings = queries.past_findings(importers)
    mirrors = queries.neighbour_records(row.ucr for row in rows)
    rates, tariff = _rates(rows, mirrors.values()), _tariff(rows, cores)
    return [
        {
            **_declared(row, core, rates),
            **_dutiable(row, core, tariff),
            "trader_known_days": (row.lodged_at - seen.get(row.importer, row.lodged_at)).days,
            "trader_past_findings": findings.get(row.importer, 0),
            **_mirrored(row, core, mirrors.get(row.ucr), rates),
            **watched,
        }
        for row, core, watched in zip(rows, cores, facts_of_parties(cores), strict=True)
    ]


def _rates(rows: Sequence[Declaration], mirrors: Collection[Any]) -> Rates:
    """The rates that these declarations need; none is read where all values are in the currency of the rules."""
    theirs = {str(((one.body.get("invoice") or {}).get("amount") or {}).get("currency") or "") for one in mirrors}
    currencies = {CURRENCY, *(row.currency for row in rows), *theirs} - {""}
    days = [*(row.lodged_at.date() for row in rows), *map(reckoning_day, mirrors)]
    return rates_for(currencies if len(currencies) > 1 else (), days)


def _tariff(rows: Sequence[Declaration], cores: Sequence[dict[str, Any]]) -> Tariff:
    imports = [one for one in zip(rows, cores, strict=True) if one[0].type == "import"]
    codes = {code_of((core.get("items") or [{}])[0]) for _row, core in imports}
    return tariff_for(codes, [row.lodged_at.date() for row, _core in imports])


def _dutiable(row: Declaration, core: dict[str, Any], tariff: Tariff) -> dict[str, Any]:
    item = (core.get("items") or [{}])[0]
    taken = tariff.take(code_of(item), str(item.get("origin") or ""), row.lodged_at.date())
    return {"duty_rate": taken.line.ad_valorem} if taken and row.type == "import" else {}


def _declared(row: Declaration, core: dict[str, Any], rates: Rates) -> dict[str, Any]:
    items = core.get("items") or [{}]
    mass = Decimal(core["gross_mass_kg"]) if core.get("gross_mass_kg") else None
    converted = None if row.amount is None else rates.convert(row.amount, row.currency, CURRENCY, row.lodged_at.date())
    value = converted.amount.quantize(_CENT) if converted and not converted.stale else None
    return {
        "type": row.type,
        "port": row.port,
        "hour": row.lodged_at.hour,
        "hs6": row.hs6,
        "hs_chapter": row.hs6[:2],
        "origin": items[0].get("origin", ""),
        "export_country": core.get("export_country", ""),
        "declarant_id": row.declarant,
        "trader_id": row.importer,
        "trusted": False,
        "transport_mode": (core.get("transport") or {}).get("mode", ""),
        "empty": row.empty,
        "seal_missing": bool(core.get("containers")) and not core.get("seals") and not row.empty,
        **({"gross_mass_kg": mass} if mass is not None else {}),
        **({"value_usd": value} if value is not None else {}),
        **({"value_per_kg": value / mass} if value is not None and mass else {}),
    }


def _mirrored(row: Declaration, core: dict[str, Any], mirror: Any, rates: Rates) -> dict[str, Any]:
    if mirror is None:
        return {"mirror_missing": True}
    reckoning = domain.Reckoning(rates, row.lodged_at.date(), reckoning_day(mirror))
    compared = domain.compare(core, mirror.body, reckoning)
    differing = {line.element for line in compared if line.verdict is domain.Verdict.DIFFERENT}
    theirs = (mirror.body.get("invoice") or {}).get("amount") or {}
    both = reckoning.both({"amount": row.amount, "currency": row.currency}, theirs)
    usable = both is not None and not any(one.stale for one in both)
    ratio = domain.value_ratio(both[0].amount, both[1].amount) if both and usable else None
    return {
        "mirror_missing": False,
        "mirror_differences": len(differing),
        "mirror_goods_differ": "hs6" in differing,
        "mirror_mass_differs": "gross_mass" in differing,
        **({"mirror_value_ratio": ratio} if ratio is not None else {}),
    }


def recent(count: int) -> list[Subject]:
    """The last declarations with the facts they would have today: what a change of rules is tried on."""
    versions = DeclarationVersion.objects.select_related("declaration").order_by("-id")[:count]
    rows = [version.declaration for version in versions]
    told = facts_of(rows, [version.core for version in versions])
    return [Subject(f"declaration:{row.number}", KIND, row.port, one) for row, one in zip(rows, told, strict=True)]


FACTS = FactSet(
    KIND,
    _("Goods declaration"),
    (
        Fact("type", FactType.TEXT, _("Declaration type (import, export, transit)")),
        Fact("port", FactType.TEXT, _("Port of entry")),
        Fact("hour", FactType.NUMBER, _("Hour of lodging, UTC")),
        Fact("hs6", FactType.TEXT, _("Goods code, six digits")),
        Fact("hs_chapter", FactType.TEXT, _("HS chapter")),
        Fact("origin", FactType.TEXT, _("Country of origin")),
        Fact("export_country", FactType.TEXT, _("Country of export")),
        Fact("declarant_id", FactType.TEXT, _("Declarant")),
        Fact("trader_id", FactType.TEXT, _("Importer")),
        Fact("trader_known_days", FactType.NUMBER, _("Days since the importer first declared here")),
        Fact("trader_past_findings", FactType.NUMBER, _("Inspections of the importer that found something")),
        Fact("trusted", FactType.FLAG, _("Trusted trader")),
        Fact("transport_mode", FactType.TEXT, _("Mode of transport")),
        Fact("empty", FactType.FLAG, _("Empty conveyance")),
        Fact("seal_missing", FactType.FLAG, _("A loaded container without a seal")),
        Fact("gross_mass_kg", FactType.NUMBER, _("Gross mass, kg")),
        Fact("value_usd", FactType.NUMBER, _("Invoice amount, USD")),
        Fact("duty_rate", FactType.NUMBER, _("Duty on the first goods at the tariff, per cent")),
        Fact("value_per_kg", FactType.NUMBER, _("Invoice amount for a kilogram, USD")),
        Fact("watchlist_hits", FactType.NUMBER, _("Matches of its parties with watchlists that wait for review")),
        Fact("watchlist_confirmed", FactType.FLAG, _("A party was confirmed to be on a watchlist")),
        Fact("mirror_missing", FactType.FLAG, _("The neighbour has told of no such goods")),
        Fact("mirror_differences", FactType.NUMBER, _("Elements that differ from the neighbour's record")),
        Fact("mirror_goods_differ", FactType.FLAG, _("Goods code differs from the neighbour's record")),
        Fact("mirror_mass_differs", FactType.FLAG, _("Mass differs from the neighbour's record")),
        Fact("mirror_value_ratio", FactType.NUMBER, _("Our value over the neighbour's")),
        Fact("selected_lane", FactType.TEXT, _("Lane that the selection of the day asks for")),
        Fact("selected_rank", FactType.NUMBER, _("Rank in the selection of the day")),
    ),
    recent,
)
