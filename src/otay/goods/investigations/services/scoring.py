"""What is expected of a declaration: criteria that fired, probability, duty; anew when a version or finding is new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q

from otay.core.money import finite
from otay.engines.fraud.mirror.comparing import Cause
from otay.goods.declarations.domain import OPEN
from otay.goods.declarations.models import Declaration, DeclarationVersion
from otay.goods.declarations.tariff.domain import Tables
from otay.goods.declarations.tariff.items import code_of
from otay.goods.investigations.domain import model_rows
from otay.goods.investigations.domain import scoring as rules
from otay.goods.investigations.domain.model_rows import Mirrored
from otay.goods.investigations.domain.scoring import Criterion
from otay.goods.investigations.domain.worth import DOLLARS, in_dollars
from otay.goods.investigations.models import MirrorFinding, MirrorPair, Score
from otay.goods.investigations.services import learning, registry
from otay.goods.investigations.services.pairs import OVERDUE, Key, named, tables_for
from otay.node import clock
from otay.node.bulk import update_many

BATCH = 1000
_KEPT = ("model", "hs6", "origin", "mass", "unit_price", "currency", "features", "probability", "duty", "price_ratio",
         "price_basis", "criteria", "version", "considered", "at")  # fmt: skip


def score_new(limit: int = 4 * BATCH) -> int:
    """Score what is open and unscored, amended since, or has a finding that is newer than its score; how many."""
    total = 0
    while total < limit:
        rows = list(_due()[: min(BATCH, limit - total)])
        if not rows:
            break
        score(rows)
        total += len(rows)
    return total


def _due() -> Any:
    newer = MirrorFinding.objects.filter(declaration=OuterRef("pk"), found_at__gt=OuterRef("score__at"))
    stale = Q(score=None) | ~Q(score__version=F("version")) | Exists(newer)
    return Declaration.objects.filter(stale, state__in=OPEN, empty=False).order_by("pk")


@transaction.atomic
def score(rows: Sequence[Declaration]) -> list[Score]:
    """Score ``rows`` with what is known now."""
    latest = DeclarationVersion.objects.filter(declaration__in=rows).values("declaration").annotate(last=Max("pk"))
    cores = dict(
        DeclarationVersion.objects.filter(pk__in=[one["last"] for one in latest]).values_list("declaration_id", "core")
    )
    pairs = {pair.declaration_id: pair for pair in MirrorPair.objects.filter(declaration__in=rows)}
    findings: dict[int, list[MirrorFinding]] = defaultdict(list)
    states = [MirrorFinding.State.OPEN, MirrorFinding.State.CONFIRMED]
    for finding in MirrorFinding.objects.filter(declaration__in=rows, state__in=states):
        findings[finding.declaration_id or 0].append(finding)
    past = {kind: learning.lookup(kind, [learning.keys_of(row)[kind] for row in rows]) for kind in learning.KINDS}
    made = [_measured(row, cores[row.pk]) for row in rows]
    quotes = learning.quotes(
        [(one.hs6, one.origin, row.lodged_at.date(), one.currency) for row, one in zip(rows, made, strict=True)]
    )
    by = tables_for([(row, cores[row.pk]) for row in rows], [])
    for row, one, quote in zip(rows, made, quotes, strict=True):
        _judge(row, one, _Known(cores[row.pk], quote, pairs.get(row.pk), findings[row.pk], by), past)
    _tell_model(rows, made, cores, pairs, past, by)
    registry.apply_champion(made)
    _keep(made)
    return made


def _measured(row: Declaration, core: Mapping[str, Any]) -> Score:
    items = core.get("items") or [{}]
    masses = [_decimal(item.get("net_mass_kg")) for item in items]
    mass = sum((one for one in masses if one is not None), Decimal(0)) if None not in masses else None
    price = row.amount / mass if row.amount is not None and mass else None
    usable = price is not None and Decimal("0.0001") <= price < Decimal(10) ** 10
    return Score(
        declaration=row, hs6=row.hs6, origin=str(items[0].get("origin") or "")[:2],
        mass=mass.quantize(Decimal("0.001")) if mass is not None else None, currency=row.currency,
        unit_price=price.quantize(Decimal("0.0001")) if price is not None and usable else None,
        version=row.version, at=clock.now(),
    )  # fmt: skip


def _decimal(value: object) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 <= found < Decimal(10) ** 12 else None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a declaration when it is scored."""

    core: Mapping[str, Any]
    quote: learning.Quote | None
    pair: MirrorPair | None
    findings: Sequence[MirrorFinding]
    by: Tables


def _judge(row: Declaration, one: Score, told: _Known, past: Mapping[str, Mapping[str, learning.Past]]) -> None:
    quote = told.quote
    if quote is not None and one.unit_price is not None:
        one.price_ratio = min(one.unit_price / quote.middle, Decimal(10) ** 9).quantize(Decimal("0.0001"))
        one.price_basis = {
            "middle": str(quote.middle), "low": str(quote.low), "high": str(quote.high), "count": quote.count,
            "level": quote.level,
        }  # fmt: skip
    criteria = [Criterion(str(found.kind), found.weight, dict(found.facts)) for found in told.findings]
    if (price := rules.price_criterion(one.price_ratio, one.price_basis)) is not None:
        criteria.append(price)
    keys = learning.keys_of(row)
    known = {kind: past[kind].get(keys[kind], learning.Past()) for kind in learning.KINDS}
    trader = known["trader"]
    criteria += rules.trader_criteria(
        checked=trader.checked, found=trader.found, count=trader.count, known_days=0 if not trader.count else None
    )
    criteria.sort(key=lambda item: -item.weight)
    one.criteria = [item.as_record() for item in criteria]
    one.probability = rules.combined(criteria)
    one.duty = (_missing(row, one, told) * one.probability).quantize(Decimal("0.01"))


def _missing(row: Declaration, one: Score, told: _Known) -> Decimal:
    """Duty that is missing, in dollars: by tariff and neighbour's record where they tell, else by the usual price."""
    pair, day = told.pair, row.lodged_at.date()
    ratio = pair.value_ratio if pair and row.type == "import" else None
    if pair and pair.duty and (ratio is not None or Decimal(pair.duty["amount"])):
        found = _dollars(pair.duty["amount"], pair.duty["currency"], day, told.by)
        if found is not None:
            return found
    return rules.missing_duty(
        amount=_dollars(row.amount, row.currency, day, told.by), rate=_rate(row, told.core, told.by),
        value_ratio=ratio, price_ratio=one.price_ratio,
    )  # fmt: skip


def _dollars(amount: object, currency: str, day: date, by: Tables) -> Decimal | None:
    """An amount in dollars; None without one, or without a rate that may be used."""
    told = finite(amount)
    found = None if told is None else by.rates.convert(told, currency, DOLLARS, day)
    return None if found is None or found.stale else found.amount


def _rate(row: Declaration, core: Mapping[str, Any], by: Tables) -> Decimal:
    """The ad valorem rate on the first goods, as a share: of the tariff's line, else as declared, else assumed."""
    item = (core.get("items") or [{}])[0]
    taken = by.tariff.take(code_of(item), str(item.get("origin") or ""), row.lodged_at.date())
    return taken.line.ad_valorem / 100 if taken else rules.declared_rate(core)


def _tell_model(
    rows: Sequence[Declaration], made: Sequence[Score], cores: Mapping[int, Mapping[str, Any]],
    pairs: Mapping[int | None, MirrorPair], past: Mapping[str, Mapping[str, learning.Past]], by: Tables,
) -> None:  # fmt: skip
    """Keep what a model is given: what was known when the declaration was scored, and nothing else."""
    own = [_own_row(row, one, cores[row.pk], by) for row, one in zip(rows, made, strict=True)]
    parts = _parts(list(pairs.values()))
    mirrored = [_mirrored(pairs.get(row.pk), parts) for row in rows]
    for row, one, told, mirror in zip(rows, made, own, model_rows.mirror_rows(own, mirrored), strict=True):
        trader = past["trader"].get(learning.keys_of(row)["trader"], learning.Past())
        one.features = {**told, **mirror, "trader_checked": trader.checked}


def _parts(pairs: Sequence[MirrorPair]) -> dict[tuple[str, str], int]:
    """How many declarations of ours answer to each record of the neighbour, where there are several."""
    split = [pair for pair in pairs if Cause.SPLIT.codes[0] in pair.causes]
    if not split:
        return {}
    told = MirrorPair.objects.filter(named(Key(pair.peer, pair.number) for pair in split), declaration__isnull=False)
    return {(peer, number): count for peer, number, count in told.values_list("peer", "number").annotate(Count("pk"))}


def _own_row(row: Declaration, one: Score, core: Mapping[str, Any], by: Tables) -> dict[str, Any]:
    items = core.get("items") or [{}]
    return {
        "id": row.number, "date": row.lodged_at.date().isoformat(), "hs": row.hs6, "origin": one.origin or None,
        "exporter": row.exporter or None, "importer": row.importer or None, "declarant": row.declarant or None,
        "office": row.port, "exporting_country": core.get("export_country") or None, "unit": "KGM",
        "import_type": row.type, "import_use": str(items[0].get("procedure") or "-"),
        "net_mass": float(one.mass) if one.mass is not None else None,
        "value": in_dollars(row.amount, row.currency, row.lodged_at.date(), by.rates),
        "tax_rate": float(_rate(row, core, by) * 100),
    }  # fmt: skip


def _mirrored(pair: MirrorPair | None, parts: Mapping[tuple[str, str], int]) -> Mirrored:
    if pair is None:
        return Mirrored()
    if pair.state != MirrorPair.State.MATCHED:
        overdue = pair.method == OVERDUE
        return Mirrored(alone=0.0 if not overdue else 0.5 if pair.causes else 1.0)
    confidence = None if pair.score is None else float(pair.score)
    lines = [float(pair.duty[side]["ad_valorem"]) for side in ("theirs", "ours")] if pair.duty else None
    dearer = lines[0] - lines[1] if lines and not {"goods", "origin"} & set(pair.duty["unknown"]) else None
    return Mirrored(pair.lines, pair.causes, confidence, parts.get((pair.peer, pair.number), 1), dearer=dearer)


def _keep(made: Sequence[Score]) -> None:
    held = {
        row.declaration_id: row for row in Score.objects.filter(declaration__in=[one.declaration_id for one in made])
    }
    fresh, changed = [], []
    for one in made:
        before = held.get(one.declaration_id)
        if before is None:
            fresh.append(one)
            continue
        for name in _KEPT:
            setattr(before, name, getattr(one, name))
        changed.append(before)
    Score.objects.bulk_create(fresh)
    update_many(changed, _KEPT)
