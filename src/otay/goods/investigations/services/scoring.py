"""What is expected of a declaration: criteria that fired, probability, duty; anew when a version or finding is new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q

from otay.goods.declarations.domain import OPEN
from otay.goods.declarations.models import Declaration, DeclarationVersion
from otay.goods.investigations.domain import scoring as rules
from otay.goods.investigations.domain.scoring import Criterion
from otay.goods.investigations.models import MirrorFinding, MirrorPair, Score
from otay.goods.investigations.services import learning, registry
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
    for row, one, quote in zip(rows, made, quotes, strict=True):
        _judge(row, one, cores[row.pk], quote, pairs.get(row.pk), findings[row.pk], past)
    registry.apply_champion(rows, made)
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


def _judge(
    row: Declaration, one: Score, core: Mapping[str, Any], quote: learning.Quote | None, pair: MirrorPair | None,
    findings: Sequence[MirrorFinding], past: Mapping[str, Mapping[str, learning.Past]],
) -> None:  # fmt: skip
    if quote is not None and one.unit_price is not None:
        one.price_ratio = min(one.unit_price / quote.middle, Decimal(10) ** 9).quantize(Decimal("0.0001"))
        one.price_basis = {
            "middle": str(quote.middle), "low": str(quote.low), "high": str(quote.high), "count": quote.count,
            "level": quote.level,
        }  # fmt: skip
    criteria = [Criterion(str(found.kind), found.weight, dict(found.facts)) for found in findings]
    if (price := rules.price_criterion(one.price_ratio, one.price_basis)) is not None:
        criteria.append(price)
    keys = learning.keys_of(row)
    known = {kind: past[kind].get(keys[kind], learning.Past()) for kind in learning.KINDS}
    trader = known["trader"]
    criteria += rules.trader_criteria(
        checked=trader.checked, found=trader.found, count=trader.count, known_days=0 if not trader.count else None
    )
    criteria.sort(key=lambda item: -item.weight)
    ratio = pair.value_ratio if pair else None
    value_ratio = ratio if ratio is not None and row.type == "import" else None
    one.criteria = [item.as_record() for item in criteria]
    one.probability = rules.combined(criteria)
    one.duty = rules.expected_duty(
        amount=row.amount, rate=rules.declared_rate(core), value_ratio=value_ratio, price_ratio=one.price_ratio
    )
    one.features = _features(row, one, pair, known)


def _features(
    row: Declaration, one: Score, pair: MirrorPair | None, known: Mapping[str, learning.Past]
) -> dict[str, float | None]:
    """What a model is given: numbers that were known when the declaration was scored, and nothing else."""
    told: dict[str, float | None] = {
        "import": float(row.type == "import"),
        "hour": float(row.lodged_at.hour),
        "weekday": float(row.lodged_at.weekday()),
        "log_amount": _log(row.amount),
        "log_mass": _log(one.mass),
        "log_price_ratio": _log(one.price_ratio),
        "price_sample": float(one.price_basis.get("count", 0)),
        "mirror_found": float(pair is not None and pair.state == MirrorPair.State.MATCHED),
        "mirror_differing": float(pair.differing) if pair else 0.0,
        "log_mirror_ratio": _log(pair.value_ratio) if pair else None,
    }
    for kind, past in known.items():
        told[f"{kind}_count"] = float(past.count)
        told[f"{kind}_checked"] = float(past.checked)
        told[f"{kind}_rate"] = (past.found + 0.05 * 5) / (past.checked + 5)
    return told


def _log(value: Decimal | None) -> float | None:
    import math

    return round(math.log(float(value)), 5) if value is not None and value > 0 else None


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
