"""The history of traders, declarants and goods, and the reference prices, advanced day by day and kept.

A day is taken in once, when it is over: first the outcomes that were recorded on it, then its declarations, which do
not see one another. Rebuilt from nothing the stores come to the same values, because both ask only for what was
recorded on which day.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Min

from otay.goods.declarations.domain import Kind, Result
from otay.goods.declarations.models import Declaration, DeclarationEvent
from otay.goods.investigations.domain.outcomes import Kind as OutcomeKind
from otay.goods.investigations.models import HistoryStore, OutcomeEvent, Score
from otay.node import clock

if TYPE_CHECKING:
    from otay.engines.fraud import history, prices

KINDS = ("trader", "declarant", "goods")
PRICES = "prices"
PRICE_DAYS = 180
PRICE_ROWS = 400_000
DAYS_A_RUN = 31


def keys_of(row: Any) -> dict[str, str]:
    """What the history of a declaration is kept under: its trader, its declarant, its goods at four digits."""
    return {
        "trader": (row.importer if row.type == "import" else row.exporter) or row.importer or row.exporter,
        "declarant": row.declarant,
        "goods": row.hs6[:4],
    }


def _bounds(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)


def advance(*, until: date | None = None) -> int:
    """Take in every day that is over (to ``until``), at most a month a run; how many days."""
    last = until or clock.now().date() - timedelta(days=1)
    done = 0
    while done < DAYS_A_RUN:
        with transaction.atomic():
            rows = _locked()
            through = rows[KINDS[0]].through
            day = through + timedelta(days=1) if through else _first_day()
            if day is None or day > last:
                break
            _take_in(rows, day)
        done += 1
    if done or not HistoryStore.objects.filter(name=PRICES, through__isnull=False).exists():
        learn_prices(last)
    return done


def _locked() -> dict[str, HistoryStore]:
    for kind in KINDS:
        HistoryStore.objects.get_or_create(name=kind)
    return {row.name: row for row in HistoryStore.objects.select_for_update().filter(name__in=KINDS).order_by("name")}


def _first_day() -> date | None:
    first = Declaration.objects.aggregate(first=Min("lodged_at"))["first"]
    return first.date() if first else None


def _take_in(rows: dict[str, HistoryStore], day: date) -> None:
    import numpy as np

    start, end = _bounds(day)
    number = (day - date(1970, 1, 1)).days
    lodged = list(
        Declaration.objects.filter(lodged_at__gte=start, lodged_at__lt=end)
        .only("type", "importer", "exporter", "declarant", "hs6")
        .order_by("pk")
    )
    outcomes = _recorded(start, end)
    for kind, row in rows.items():
        store = store_of(row)
        known = [(keys_of(one)[kind], found) for one, found in outcomes if keys_of(one)[kind]]
        store.learn(
            [key for key, _found in known],
            np.full(len(known), number, np.int64),
            np.array([found for _key, found in known], np.int8),
        )
        store.advance(number, [key for one in lodged if (key := keys_of(one)[kind])])
        row.document, row.through, row.changed_at = store.as_record(), day, clock.now()
        row.rows += len(lodged)
        row.save()


def _recorded(start: datetime, end: datetime) -> list[tuple[Declaration, int]]:
    """Inspections, and findings of later audits, that became known in this time: declaration, whether anything was
    found."""
    inspected = DeclarationEvent.objects.filter(kind=Kind.INSPECTED, recorded_at__gte=start, recorded_at__lt=end)
    found = [
        (event.declaration, int(event.detail.get("result") != Result.CONFORMS))
        for event in inspected.select_related("declaration").order_by("pk")
    ]
    audited = OutcomeEvent.objects.filter(kind=OutcomeKind.FINDING, recorded_at__gte=start, recorded_at__lt=end)
    seen = {row.pk for row, _found in found}
    found += [
        (event.declaration, 1)
        for event in audited.select_related("declaration").order_by("pk")
        if event.declaration_id not in seen
    ]
    return found


def store_of(row: HistoryStore | None) -> history.HistoryStore:
    """The engine's store as it was kept; an empty one where nothing was."""
    from otay.engines.fraud.history import HistoryStore as Store

    return Store.from_record(row.document) if row is not None and row.document else Store()


def rebuild(*, until: date) -> int:
    """Forget the stores and take in every day again; how many days."""
    HistoryStore.objects.filter(name__in=KINDS).delete()
    total = 0
    while done := advance(until=until):
        total += done
    return total


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of one key: earlier declarations, known inspections and hits, days since the last declaration."""

    count: int = 0
    checked: int = 0
    found: int = 0
    days: int | None = None


def lookup(kind: str, keys: list[str]) -> dict[str, Past]:
    """What is known of ``keys`` at the end of the last day that was taken in. The store itself is not advanced."""
    row = HistoryStore.objects.filter(name=kind).first()
    store = store_of(row)
    wanted = sorted({key for key in keys if key in store.codes})
    if not wanted or store.day is None:
        return {}
    lodged, outcomes = store.advance(store.day + 1, wanted)
    return {
        key: Past(
            int(lodged.count[at]), int(outcomes.checked[at]), int(outcomes.found[at]),
            int(store.day - lodged.last[at]) if lodged.count[at] else None,
        )
        for at, key in enumerate(wanted)
    }  # fmt: skip


def learn_prices(day: date) -> int:
    """Reference prices from what was scored in the last months; how many prices they rest on."""
    import numpy as np

    from otay.engines.fraud.prices import ReferencePrices

    since = datetime.combine(day, time(), UTC) - timedelta(days=PRICE_DAYS)
    rows = list(
        Score.objects.filter(at__gte=since, unit_price__gt=0)
        .order_by("-at")
        .values_list("hs6", "origin", "currency", "at", "unit_price")[:PRICE_ROWS]
    )
    currencies: dict[str, int] = defaultdict(int)
    for row in rows:
        currencies[row[2]] += 1
    documents = {}
    for currency, count in currencies.items():
        if count < 20:
            continue
        chosen = [row for row in rows if row[2] == currency]
        keys = price_keys([(hs, origin, at.date()) for hs, origin, _currency, at, _price in chosen])
        logs = np.array([math.log(float(row[4] or 1)) for row in chosen])
        documents[currency] = ReferencePrices.learn(keys, logs).as_record()
    HistoryStore.objects.update_or_create(
        name=PRICES,
        defaults={"through": day, "rows": len(rows), "document": documents, "changed_at": clock.now()},
    )
    return len(rows)


def price_keys(rows: list[tuple[str, str, date]]) -> prices.Keys:
    """(goods code, origin, day) as the engine's keys; the unit is always a kilogram."""
    import numpy as np

    from otay.engines.fraud.mirror.comparing import hs_number
    from otay.engines.fraud.prices import Keys

    def country(code: str) -> int:
        return (ord(code[0]) - 65) * 26 + ord(code[1]) - 65 if len(code) == 2 and code.isalpha() else -1

    return Keys(
        np.array([hs_number(hs) for hs, _origin, _day in rows], np.int64),
        np.array([country(origin.upper()) for _hs, origin, _day in rows], np.int64),
        np.zeros(len(rows), np.int64),
        np.array([(day.year - 1970) * 12 + day.month - 1 for _hs, _origin, day in rows], np.int64),
    )


@dataclass(frozen=True, slots=True)
class Quote:
    """A reference price: the middle and the usual range of a kilogram's value, sample size, level of the hierarchy."""

    middle: Decimal
    low: Decimal
    high: Decimal
    count: int
    level: int


def quotes(rows: list[tuple[str, str, date, str]]) -> list[Quote | None]:
    """The reference of each (goods code, origin, day, currency); None where there is none."""
    from otay.engines.fraud.prices import ReferencePrices

    kept = HistoryStore.objects.filter(name=PRICES).first()
    found: list[Quote | None] = [None] * len(rows)
    for currency, record in (kept.document if kept else {}).items():
        places = [at for at, row in enumerate(rows) if row[3] == currency]
        if not places:
            continue
        told = ReferencePrices.from_record(record).quote(price_keys([rows[at][:3] for at in places]))
        for at, middle, spread, count, level in zip(
            places, told.middle, told.spread, told.count, told.level, strict=True
        ):
            if level >= 0:
                low, high = (math.exp(middle + sign * 0.6745 * spread) for sign in (-1, 1))
                found[at] = Quote(
                    Decimal(f"{math.exp(middle):.4f}"), Decimal(f"{low:.4f}"), Decimal(f"{high:.4f}"), int(count),
                    int(level),
                )  # fmt: skip
    return found
