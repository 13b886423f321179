"""Reads of rates and lines: what a reckoning needs, and what the pages show."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from django.conf import settings
from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left

from otay.goods.declarations.tariff.domain import Line, Rate, Rates, Tables, Tariff, plain
from otay.goods.declarations.tariff.models import CURRENT, ExchangeRate, TableState, TariffLine

VIEW = "tariff.view"


def base() -> str:
    """The currency in which the node reckons."""
    return str(settings.OTAY.currency)


def valid_days() -> int:
    """How many days after its date a rate may be used."""
    return int(settings.OTAY.rate_days)


def current_rates() -> QuerySet[ExchangeRate]:
    """The rates to the node's currency that stand."""
    return ExchangeRate.objects.filter(CURRENT, base=base())


def rates_for(currencies: Iterable[str], days: Iterable[date]) -> Rates:
    """The rates of ``currencies`` that may be asked for on ``days``; nothing is read where all are the node's own."""
    wanted, asked = {one for one in currencies if one} - {base()}, list(days)
    empty = Rates(base(), valid_days())
    if not wanted or not asked:
        return empty
    rows = current_rates().filter(currency__in=wanted, since__lte=max(asked))
    before = rows.filter(currency=OuterRef("currency"), since__lte=min(asked)).values("currency")
    first = Subquery(before.annotate(last=Max("since")).values("last"))
    rows = rows.annotate(first=first).filter(Q(first=None) | Q(since__gte=first))
    return Rates(empty.base, empty.valid_days, tuple(rate_of(row) for row in rows))


def tariff_for(codes: Iterable[str], days: Iterable[date]) -> Tariff:
    """The lines that goods of ``codes`` may fall under on ``days``."""
    wanted, asked = {code for code in codes if len(code) >= 2}, list(days)
    if not wanted or not asked:
        return Tariff()
    prefixes = {code[:length] for code in wanted for length in range(2, len(code) + 1, 2)}
    valid = TariffLine.objects.filter(CURRENT, start__lte=max(asked)).filter(Q(end=None) | Q(end__gte=min(asked)))
    found = [line_of(row) for row in valid.filter(hs__in=prefixes)]
    known = {line.hs for line in found}
    for length in (2, 4, 6, 8, 10):
        # codes that no line is a beginning of: the lines that they are the beginning of
        bare = {code for code in wanted if len(code) == length and not _begins(known, code)}
        if bare:
            below = valid.annotate(head=Left("hs", length)).filter(head__in=bare)
            found += [line_of(row) for row in below]
    return Tariff(tuple(found))


def _begins(known: set[str], code: str) -> bool:
    return any(code[:length] in known for length in range(2, len(code) + 1, 2))


def tables_for(currencies: Iterable[str], codes: Iterable[str], days: Collection[date]) -> Tables:
    """Rates and lines in one, with the rates that specific duties of those lines need."""
    tariff = tariff_for(codes, days)
    return Tables(rates_for({*currencies, *(line.currency for line in tariff.lines)}, days), tariff)


def lines_around(since: date, until: date) -> list[Line]:
    """The lines that begin after ``since`` and not after ``until``, with all that their goods may have fallen under."""
    codes = TariffLine.objects.filter(CURRENT, start__gt=since, start__lte=until).values_list("hs", flat=True)
    prefixes = {code[:length] for code in codes for length in range(2, len(code) + 1, 2)}
    return [line_of(row) for row in TariffLine.objects.filter(CURRENT, hs__in=prefixes, start__lte=until)]


def rate_of(row: ExchangeRate) -> Rate:
    """A kept rate as it is reckoned with."""
    return Rate(row.currency, row.since, plain(row.rate), row.source)


def line_of(row: TariffLine) -> Line:
    """A kept line as it is reckoned with."""
    specific = None if row.specific is None else plain(row.specific)
    return Line(
        row.hs, row.origin, row.start, row.end, plain(row.ad_valorem), specific, row.unit, row.currency, row.source
    )


def version_of(table: str) -> int:
    """How often ``table`` was changed."""
    return TableState.objects.filter(key=table).values_list("version", flat=True).first() or 0


def rates_of_day(day: date) -> list[ExchangeRate]:
    """For each currency the rate that holds on ``day``."""
    rows = current_rates().filter(since__lte=day)
    latest = rows.filter(currency=OuterRef("currency")).order_by("-since").values("pk")[:1]
    return list(rows.filter(pk=Subquery(latest)).order_by("currency"))


def history(currency: str, most: int = 200) -> list[ExchangeRate]:
    """All rates of a currency, newest first, with those that were corrected."""
    rows = list(ExchangeRate.objects.filter(base=base(), currency=currency).order_by("-since", "-pk")[:most])
    for row in rows:
        row.rate = plain(row.rate)
    return rows


def lines_of_day(day: date, hs: str = "", origin: str = "") -> QuerySet[TariffLine]:
    """Lines that hold on ``day``, by code; those below or above ``hs`` where it is given, and for ``origin``."""
    rows = TariffLine.objects.filter(CURRENT, start__lte=day).filter(Q(end=None) | Q(end__gte=day))
    if hs:
        rows = rows.filter(Q(hs__startswith=hs) | Q(hs__in=[hs[:length] for length in range(2, len(hs))]))
    if origin:
        rows = rows.filter(origin__in=["", origin])
    return rows.order_by("hs", "origin")


def line_history(hs: str, origin: str, most: int = 200) -> list[tuple[TariffLine, Line]]:
    """All lines of a code and origin, newest first, with those that were corrected: as kept, and as reckoned with."""
    rows = TariffLine.objects.filter(hs=hs, origin=origin).order_by("-start", "-pk")[:most]
    return [(row, line_of(row)) for row in rows]
