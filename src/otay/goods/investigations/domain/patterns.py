"""Patterns over many records, as findings: relabelled origins, circles of trade, consignments in parts, digits,
surges after a rise of duty.

Each is a reason to look at a trader or a consignment and no proof; the engine's modules tell their sources.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from otay.goods.declarations.tariff.domain import Line, Tariff

if TYPE_CHECKING:
    import polars as pl


class Pattern(StrEnum):
    """What was seen."""

    TRANSSHIPMENT = "transshipment"
    CAROUSEL = "carousel"
    NETWORK = "network"
    SPLIT = "split_consignments"
    DIGITS = "digits"
    SURGE = "surge"


WEIGHTS = {
    Pattern.TRANSSHIPMENT: 50,
    Pattern.CAROUSEL: 40,
    Pattern.NETWORK: 15,
    Pattern.SPLIT: 45,
    Pattern.DIGITS: 15,
    Pattern.SURGE: 30,
}
#: USD below which the exporting country need not record a consignment and some duties are not levied.
LOW_VALUE = 2500.0
#: Share of the exported mass that imports of the same heading in the two months before cover, from which on it tells.
COVER = 0.8
#: More value than this added to the imported goods is work done on them.
MARGIN = 0.25
CIRCLE_VALUE, CIRCLE_SHARE = 50_000.0, 0.2
#: Chance and mean deviation from Benford's law (Nigrini's limit for non-conformity of first digits).
CHANCE, DEVIATION = 0.001, 0.015
SHOWN = 8
#: Days before and after a rise of duty that are compared: at least, at most; records and times the mass it takes.
SPAN_LEAST, SPAN_MOST = 14, 180
SURGE_RECORDS, SURGE_FACTOR = 20, 3.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One pattern. ``subject``: what makes it the same one the next day; ``numbers``: our declarations in it."""

    kind: Pattern
    subject: str
    trader: str
    facts: dict[str, str]
    numbers: tuple[str, ...] = ()
    hs6: str = ""

    @property
    def key(self) -> str:
        """Its name among findings."""
        subject = self.subject if len(self.subject) <= 80 else hashlib.sha256(self.subject.encode()).hexdigest()[:32]
        return f"pattern:{self.kind}:{subject}"


def transshipments(imports: pl.DataFrame, sources: pl.DataFrame) -> Iterator[Seen]:
    """Imports declared as of the exporting country, whose exporter imported such goods from a third country shortly
    before and added little value. ``sources``: what the exporting country's node told of imports from third ones."""
    import polars as pl

    from otay.engines.fraud.patterns.relabelling import source_columns

    if not imports.height or not sources.height:
        return
    told = imports.hstack(source_columns(imports, sources))
    suspect = told.filter((pl.col("source_cover") >= COVER) & (pl.col("source_margin") < MARGIN))
    for row in suspect.iter_rows(named=True):
        facts = {"cover": f"{row['source_cover']:.2f}", "margin": f"{row['source_margin']:.2f}",
                 "exporter": str(row["exporter"])}  # fmt: skip
        yield Seen(
            Pattern.TRANSSHIPMENT, str(row["id"]), str(row["importer"] or row["exporter"]), facts, (str(row["id"]),),
            str(row["hs"])[:6],
        )  # fmt: skip


def circles(trade: pl.DataFrame) -> Iterator[Seen]:
    """Groups of traders among whom goods run round: every one of them can be reached from every other."""
    from otay.engines.fraud.patterns.networks import circles as found_in

    for one in found_in(trade, least_value=CIRCLE_VALUE):
        if one.share < CIRCLE_SHARE:
            continue
        facts = {"parties": ", ".join(one.parties[:SHOWN]), "count": str(len(one.parties)),
                 "records": str(one.records), "value": f"{one.value:.0f}", "length": str(one.length)}  # fmt: skip
        yield Seen(Pattern.CAROUSEL, "|".join(one.parties), one.parties[0], facts)


def networks(ties: Iterable[tuple[str, str]], known: set[str]) -> Iterator[Seen]:
    """Traders that something was found of, tied by a shared mark (a vehicle, a declarant's reference) to others.

    ``known``: traders with a finding that was confirmed or an inspection that found something.
    """
    from otay.engines.fraud.patterns.networks import groups

    for one in groups(list(ties), most=10):
        bad = [party for party in one.parties if party in known]
        if not bad or len(one.parties) < 3:
            continue
        facts = {"parties": ", ".join(one.parties[:SHOWN]), "count": str(len(one.parties)),
                 "marks": ", ".join(one.marks[:SHOWN]), "known": ", ".join(bad[:SHOWN])}  # fmt: skip
        yield Seen(Pattern.NETWORK, "|".join(one.parties), bad[0], facts)


def parts(imports: pl.DataFrame) -> Iterator[Seen]:
    """Runs of imports of the same goods between the same parties within a week, each below the threshold."""
    from otay.engines.fraud.patterns.splitting import split_consignments

    for row in split_consignments(imports, threshold=LOW_VALUE).iter_rows(named=True):
        facts = {"records": str(row["records"]), "value": f"{row['value']:.0f}", "nearness": f"{row['nearness']:.2f}",
                 "first": str(row["first"]), "last": str(row["last"])}  # fmt: skip
        subject = f"{row['importer']}|{row['exporter']}|{row['goods']}|{row['first']}"
        numbers = tuple(str(one) for one in row["id"])
        yield Seen(Pattern.SPLIT, subject, str(row["importer"]), facts, numbers, str(row["goods"]))


def digits(trade: pl.DataFrame) -> Iterator[Seen]:
    """Traders to whom Benford's law applies and whose values break it. Says nothing of a declaration."""
    from otay.engines.fraud.patterns.digits import benford

    for one in benford(trade):
        if one.chance < CHANCE and one.deviation > DEVIATION:
            facts = {"records": str(one.values), "goods": str(one.goods), "deviation": f"{one.deviation:.3f}"}
            yield Seen(Pattern.DIGITS, one.trader, one.trader, facts)


@dataclass(frozen=True, slots=True)
class Rise:
    """From ``day`` on the duty on goods whose code begins with ``hs``, of ``origin`` (empty: of any), is higher."""

    hs: str
    origin: str
    day: date
    before: Decimal
    after: Decimal


def rises(lines: Iterable[Line], since: date, until: date) -> list[Rise]:
    """The rises of duty that began after ``since`` and not after ``until``: a line that follows one of the same code
    and origin the day after its end, or one for all origins where there was none for its own, with a higher rate."""
    known = list(lines)
    tariff = Tariff(tuple(known))
    found = []
    for line in known:
        if not since < line.start <= until:
            continue
        before = tariff.take(line.hs, line.origin, line.start - timedelta(days=1))
        if before and not before.least and before.line.ad_valorem < line.ad_valorem:
            found.append(Rise(line.hs, line.origin, line.start, before.line.ad_valorem, line.ad_valorem))
    return sorted(found, key=lambda one: (one.day, one.hs, one.origin))


def surges(imports: pl.DataFrame, rise: Rise, today: date) -> Iterator[Seen]:
    """Imports of the goods of ``rise`` of another origin that jumped after it: what was of one origin may be declared
    as of another. As many days after the change as there are so far, beside as many before.

    Nothing for a rise on all origins: there is no other one to move to.
    """
    import polars as pl

    from otay.engines.fraud.patterns.relabelling import surges as found_in

    days = min((today - rise.day).days + 1, SPAN_MOST)
    if not rise.origin or days < SPAN_LEAST:
        return
    goods = imports.filter(pl.col("hs").str.starts_with(rise.hs[:6]) & (pl.col("origin") != rise.origin))
    change = (rise.day - date(1970, 1, 1)).days
    for row in found_in(goods, change, days=days, least=SURGE_RECORDS, factor=SURGE_FACTOR).iter_rows(named=True):
        own = goods.filter(
            (pl.col("hs").str.head(6) == row["hs"]) & (pl.col("origin") == row["origin"]) & (pl.col("date") >= rise.day)
        )
        most = own.group_by("importer").agg(pl.col("net_mass").sum()).drop_nulls("importer")
        most = most.sort(["net_mass", "importer"], descending=[True, False])
        traders = [str(one) for one in most["importer"].head(SHOWN)]
        facts = {
            "origin": str(row["origin"]), "change": f"{rise.hs} {rise.origin}: {rise.before} % > {rise.after} %",
            "first": rise.day.isoformat(), "span": str(days), "before": f"{row['before']:.0f}",
            "after": f"{row['after']:.0f}", "records": str(row["records"]), "parties": ", ".join(traders),
        }  # fmt: skip
        subject = f"{row['hs']}|{row['origin']}|{rise.hs}|{rise.origin}|{rise.day}"
        yield Seen(Pattern.SURGE, subject, traders[0] if traders else "", facts, (), str(row["hs"]))
