"""Patterns over the last months, sought every night and kept as findings; what no longer shows is gone.

Transshipment takes both nodes: the neighbour tells of its imports from third countries as of every declaration, and we
know what its traders then send us as goods of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from otay.goods.declarations.models import Declaration, NeighbourDeclaration
from otay.goods.declarations.tariff.domain import Rates
from otay.goods.declarations.tariff.queries import lines_around, rates_for
from otay.goods.declarations.valuing import reckoning_day
from otay.goods.investigations.domain import book_rows, patterns
from otay.goods.investigations.domain.patterns import WEIGHTS, Pattern, Seen
from otay.goods.investigations.domain.worth import DOLLARS, currencies_of, in_dollars
from otay.goods.investigations.models import MirrorFinding
from otay.goods.investigations.services.pairs import GONE, keep_findings
from otay.node import clock

if TYPE_CHECKING:
    import polars as pl

LOOK_BACK = timedelta(days=90)
MOST_ROWS = 400_000
MOST_FOUND = 500
_COLUMNS = ("id", "type", "exporter", "importer", "vehicle", "hs", "origin", "exporting_country", "value", "net_mass")


def seek() -> dict[str, int]:
    """Look for every pattern in the last three months; how many findings there are of each, new, renewed or held."""
    since = clock.now() - LOOK_BACK
    ours = _ours(since)
    found: list[Seen] = []
    for sought in (_transshipments(ours, since), patterns.circles(ours), patterns.parts(_imports(ours)),
                   patterns.digits(ours), _networks(ours), _surges()):  # fmt: skip
        found += islice(sought, MOST_FOUND)
    _keep(found)
    told = dict.fromkeys((str(kind) for kind in Pattern), 0)
    for one in found:
        told[str(one.kind)] += 1
    return told


def _ours(since: Any) -> pl.DataFrame:
    import polars as pl

    found = (
        Declaration.objects.filter(lodged_at__gt=since, empty=False)
        .exclude(state__in=GONE)
        .order_by("-lodged_at")
        .values_list(
            "number", "type", "exporter", "importer", "vehicle", "hs6", "score__origin", "score__features", "amount",
            "currency", "score__mass", "lodged_at",
        )[:MOST_ROWS]
    )  # fmt: skip
    rows = list(found)
    rates = rates_for({DOLLARS, *(row[9] for row in rows)}, {row[11].date() for row in rows})
    return pl.DataFrame(
        [
            {
                "id": number, "type": kind, "exporter": exporter or None, "importer": importer or None,
                "vehicle": vehicle or None, "hs": hs or None, "origin": origin or None,
                "exporting_country": (kept or {}).get("exporting_country"),
                "value": in_dollars(amount, currency, at.date(), rates),
                "net_mass": float(mass) if mass is not None else None, "date": at.date(),
            }
            for number, kind, exporter, importer, vehicle, hs, origin, kept, amount, currency, mass, at in rows
        ],
        schema=_schema(),
    )  # fmt: skip


def _schema() -> dict[str, Any]:
    import polars as pl

    numbers = ("value", "net_mass")
    return {**{name: pl.Float64 if name in numbers else pl.String for name in _COLUMNS}, "date": pl.Date}


def _imports(ours: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return ours.filter(pl.col("type") == "import")


def _transshipments(ours: pl.DataFrame, since: Any) -> Iterator[Seen]:
    """Both ways: what the neighbour's traders send us, and what ours send the neighbour."""
    import polars as pl

    theirs = _theirs(since)
    home = str(settings.OTAY.country)
    third = (pl.col("type") == "import") & (pl.col("exporting_country") != home)
    own = _imports(ours)
    if theirs.height:
        yield from patterns.transshipments(own, theirs.filter(third))
    exports = ours.filter(pl.col("type") == "export")
    told = {str(row["id"]): row for row in exports.iter_rows(named=True)}
    sources = own.filter(pl.col("origin") != home)
    for one in patterns.transshipments(exports, sources):
        yield Seen(one.kind, one.subject, str(told[one.subject]["exporter"]), one.facts, one.numbers, one.hs6)


def _theirs(since: Any) -> pl.DataFrame:
    """The neighbour's records of goods from third countries, by the exporting trader's number where it tells it."""
    import polars as pl

    found = NeighbourDeclaration.objects.filter(received_at__gt=since, body__type="import").order_by("-pk")
    records = list(found[:MOST_ROWS])
    currencies = {currency for record in records for currency in currencies_of(record.body)}
    rates = rates_for({DOLLARS, *currencies}, {reckoning_day(record) for record in records})
    return pl.DataFrame([_their_row(record, rates) for record in records], schema=_schema())


def _their_row(record: NeighbourDeclaration, rates: Rates) -> dict[str, Any]:
    body, day = record.body, reckoning_day(record)
    row = book_rows.row_of(body, day, known_ids=book_rows.party_ids([body]))
    told = {name: row.get(name) for name in _COLUMNS} | {"id": record.number, "type": str(body.get("type", ""))}
    value = in_dollars(row["value"], row["currency"] or "", day, rates)
    return {**told, "value": value, "date": day}


def _surges() -> Iterator[Seen]:
    """Imports that jumped after the tariff raised the duty on the same goods of another origin."""
    today = clock.now().date()
    since = today - timedelta(days=patterns.SPAN_MOST)
    for rise in patterns.rises(lines_around(since, today), since, today):
        days = timedelta(days=min((today - rise.day).days + 1, patterns.SPAN_MOST))
        yield from patterns.surges(_imports_of(rise.hs[:6], rise.day - days), rise, today)


def _imports_of(hs: str, since: date) -> pl.DataFrame:
    """Our imports of goods whose code begins with ``hs``, by origin and mass."""
    import polars as pl

    begin = datetime.combine(since, time(), UTC)
    rows = (
        Declaration.objects.filter(type="import", hs6__startswith=hs, lodged_at__gte=begin, empty=False)
        .exclude(state__in=GONE)
        .order_by("-lodged_at")
        .values_list("importer", "hs6", "score__origin", "score__mass", "lodged_at")[:MOST_ROWS]
    )
    return pl.DataFrame(
        [(importer or None, hs6, origin or None, None if mass is None else float(mass), at.date())
         for importer, hs6, origin, mass, at in rows],
        schema={"importer": pl.String, "hs": pl.String, "origin": pl.String, "net_mass": pl.Float64, "date": pl.Date},
        orient="row",
    )  # fmt: skip


def _networks(ours: pl.DataFrame) -> Iterator[Seen]:
    """Traders that share a vehicle with one of whom something was confirmed."""
    confirmed = MirrorFinding.objects.filter(state=MirrorFinding.State.CONFIRMED).exclude(trader="")
    known = set(confirmed.values_list("trader", flat=True))
    if not known:
        return iter(())
    ties = ours.select("importer", "vehicle").drop_nulls().unique().sort("importer", "vehicle").rows()
    return patterns.networks([(str(party), str(mark)) for party, mark in ties], known)


@transaction.atomic
def _keep(found: list[Seen]) -> int:
    now = clock.now()
    numbers = {number for one in found for number in one.numbers}
    rows = {row.number: row for row in Declaration.objects.filter(number__in=numbers)}
    wanted: dict[str, MirrorFinding] = {}
    for one in found:
        row = rows.get(one.numbers[-1]) if one.numbers else None
        wanted[one.key] = MirrorFinding(
            key=one.key, kind=one.kind, declaration=row, port=row.port if row else "", trader=one.trader[:35],
            hs6=one.hs6, weight=WEIGHTS[one.kind], facts=one.facts, day=row.lodged_at.date() if row else now.date(),
            found_at=now,
        )  # fmt: skip
    held = {row.key: row for row in MirrorFinding.objects.filter(key__startswith="pattern:")}
    return keep_findings(wanted, held)
