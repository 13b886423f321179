"""Records whose counterpart has been outstanding for too long: a finding, unless an innocent cause explains it.

An export of the neighbour without an import of ours may be a phantom, or goods that entered undeclared. A record of
ours without the neighbour's counts only where the neighbour tells us of that kind at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Min

from otay.goods.declarations.domain import State as DeclarationState
from otay.goods.declarations.models import Declaration, NeighbourDeclaration
from otay.goods.declarations.tariff.domain import Tables
from otay.goods.declarations.tariff.items import code_of, dutiable
from otay.goods.declarations.tariff.queries import tables_for
from otay.goods.investigations.domain import mirroring as rules
from otay.goods.investigations.domain.mirroring import Kind
from otay.goods.investigations.domain.worth import DOLLARS, currencies_of
from otay.goods.investigations.models import MirrorFinding, MirrorPair
from otay.goods.investigations.services import pairs
from otay.goods.investigations.services.pairs import OVERDUE
from otay.node import clock
from otay.node.bulk import update_many

BATCH = 2000
CROSSED = (DeclarationState.AT_PORT, DeclarationState.INSPECTED, DeclarationState.RELEASED)


@transaction.atomic
def overdue(limit: int = BATCH) -> int:
    """Findings about what stands alone for longer than its grace; how many were added."""
    today = clock.now().date()
    added = 0
    if NeighbourDeclaration.objects.exists():
        added += _judge(MirrorPair.State.OURS_ONLY, Kind.OURS_ONLY, today, limit)
    return added + _judge(MirrorPair.State.THEIRS_ONLY, Kind.THEIRS_ONLY, today, limit)


def _judge(state: str, kind: Kind, today: date, limit: int) -> int:
    before = today - timedelta(days=rules.GRACE_DAYS[kind])
    rows = MirrorPair.objects.filter(state=state, day__lt=before, method="").select_related("declaration")
    if kind is Kind.OURS_ONLY:
        rows = rows.filter(declaration__state__in=CROSSED)
    found = list(rows.order_by("pk")[:limit])
    if not found:
        return 0
    cores, began = (_our_cores(found), _their_first_day()) if kind is Kind.OURS_ONLY else (
        _their_bodies(found), _our_first_day()
    )  # fmt: skip
    by = _tables(found, cores)
    wanted = {}
    for pair in found:
        core = cores.get(pair.pk, {})
        exported = (pair.declaration.type if pair.declaration else str(core.get("type", "export"))) == "export"
        pair.method = OVERDUE
        pair.causes = list(rules.alone_causes(core, pair.day, exported=exported, other_book_from=began, rates=by.rates))
        if not pair.causes:
            finding = pairs.finding_of(kind, rules.WEIGHTS[kind], _facts(pair, core, today), pair)
            if kind is Kind.THEIRS_ONLY and exported:
                finding.duty = _undeclared(core, pair.day, by)
                finding.duty_currency = by.rates.base if finding.duty is not None else ""
            wanted[finding.key] = finding
    update_many(found, ["method", "causes"])
    held = set(MirrorFinding.objects.filter(key__in=list(wanted)).values_list("key", flat=True))
    return len(MirrorFinding.objects.bulk_create(one for key, one in wanted.items() if key not in held))


def _tables(found: list[MirrorPair], cores: Mapping[int, Mapping[str, Any]]) -> Tables:
    currencies = {currency for core in cores.values() for currency in currencies_of(core)}
    codes = {item["hs"] for core in cores.values() for item in _goods(core)}
    return tables_for({DOLLARS, *currencies}, codes, [pair.day for pair in found])


def _goods(core: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items, by the six digits that the neighbour's code and ours have in common."""
    return [{**item, "hs": code_of(item)[:6]} for item in core.get("items") or ()]


def _undeclared(core: Mapping[str, Any], day: date, by: Tables) -> Decimal | None:
    """The whole duty on goods that the neighbour exported to us and nobody declared; None unless all of it is known."""
    if str(core.get("destination_country") or "") != settings.OTAY.country:
        return None
    duties = [dutiable(item, day, by).duty for item in _goods(core)]
    known = [one for one in duties if one is not None]
    return sum(known, Decimal(0)).quantize(Decimal("0.01")) if known and len(known) == len(duties) else None


def _our_cores(found: list[MirrorPair]) -> dict[int, Mapping[str, Any]]:
    rows = {pair.declaration_id: pair.pk for pair in found}
    return {rows[row.pk]: core for row, core in pairs.ours_of([pair.declaration for pair in found if pair.declaration])}


def _their_bodies(found: list[MirrorPair]) -> dict[int, Mapping[str, Any]]:
    rows = {pairs.Key(pair.peer, pair.number): pair.pk for pair in found}
    return {rows[pairs.key_of(record)]: body for record, body in pairs.records_named(rows)}


def _their_first_day() -> date | None:
    first = NeighbourDeclaration.objects.order_by("pk").first()
    return (rules.day_of(first.body) or first.received_at.date()) if first else None


def _our_first_day() -> date | None:
    first = Declaration.objects.aggregate(first=Min("lodged_at"))["first"]
    return first.date() if first else None


def _facts(pair: MirrorPair, core: Mapping[str, Any], today: date) -> dict[str, str]:
    facts = {"days": str((today - pair.day).days)}
    if pair.state == MirrorPair.State.THEIRS_ONLY:
        amount = (core.get("invoice") or {}).get("amount") or {}
        items = core.get("items") or [{}]
        facts |= {
            "theirs": f"{amount.get('amount', '')} {amount.get('currency', '')}".strip(),
            "hs6": str(items[0].get("hs", ""))[:6],
        }
        if str(core.get("destination_country", settings.OTAY.country)) != settings.OTAY.country:
            facts["destination"] = str(core["destination_country"])
    return facts
