"""The analyst's questions: a pivot over declarations, its trend, and the ones that lie far off. Its state is its
address: whoever gets the link sees the same table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, F, Q, QuerySet, Sum
from django.db.models.functions import Substr, TruncDate, TruncMonth, TruncWeek

from otay.core.errors import Forbidden, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.declarations.domain import Kind, Result
from otay.goods.declarations.models import Declaration
from otay.node import clock
from otay.node.actors import Actor

ANALYSE = "investigations.analyse"
ROWS = ("hs2", "hs4", "hs6", "origin", "port", "importer", "exporter", "type", "lane")
MEASURES = ("count", "amount", "mass", "price", "price_ratio", "mirror_ratio", "inspected", "found", "hit_rate")
STEPS = {"day": TruncDate, "week": TruncWeek, "month": TruncMonth}
MAX_ROWS = 200
MAX_POINTS = 1500
MAX_DAYS = 366
MAX_EXPORT = 200_000
_EXPRESSIONS: Mapping[str, Any] = {
    "hs2": Substr("hs6", 1, 2), "hs4": Substr("hs6", 1, 4), "hs6": F("hs6"), "origin": F("score__origin"),
    "port": F("port"), "importer": F("importer"), "exporter": F("exporter"), "type": F("type"), "lane": F("lane"),
}  # fmt: skip
_FILTERS = {
    "hs": "hs6__startswith", "origin": "score__origin", "port": "port", "type": "type", "lane": "lane",
    "currency": "currency",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the rows, the measure, the step of the trend, filters and time."""

    rows: str
    measure: str
    step: str
    since: date
    until: date
    filters: dict[str, str]
    trader: str


def read_question(given: Mapping[str, str]) -> Question:
    """The question that an address holds.

    Raises:
        Refused: with every finding.
    """
    today = clock.now().date()
    findings = []

    def chosen(name: str, known: Any, default: str) -> str:
        value = given.get(name) or default
        if value not in known:
            told = ", ".join(known)
            findings.append(error(f"/{name}", "workbench.choice", N_("Expected one of %(known)s"), value, known=told))
        return value

    def day(name: str, default: date) -> date:
        try:
            return date.fromisoformat(given[name]) if given.get(name) else default
        except ValueError:
            findings.append(error(f"/{name}", "workbench.day", N_("Expected a day such as 2026-01-31"), given[name]))
            return default

    since, until = day("since", today - timedelta(days=27)), day("until", today)
    if not findings and not 0 <= (until - since).days <= MAX_DAYS:
        findings.append(
            error("/until", "workbench.span", N_("The time runs from one day to a later one, at most a year"), until)
        )
    question = Question(
        chosen("rows", ROWS, "hs4"), chosen("measure", MEASURES, "count"), chosen("step", STEPS, "day"), since, until,
        {name: given[name].strip()[:35] for name in _FILTERS if given.get(name, "").strip()},
        given.get("trader", "").strip()[:35],
    )  # fmt: skip
    if findings:
        raise Refused(N_("The question cannot be read"), findings=findings)
    return question


def scope(actor: Actor, question: Question) -> QuerySet[Declaration]:
    """The declarations that the question is about, at the ports that ``actor`` analyses.

    Raises:
        Forbidden: unless ``actor`` is an officer who analyses.
    """
    if actor.party or not actor.may(ANALYSE):
        raise Forbidden(N_("The workbench is for officers."))
    begin = datetime.combine(question.since, time(), UTC)
    end = datetime.combine(question.until, time(), UTC) + timedelta(days=1)
    rows = Declaration.objects.filter(lodged_at__gte=begin, lodged_at__lt=end, empty=False)
    held = actor.ports(ANALYSE)
    if held is not None:
        rows = rows.filter(port__in=held)
    rows = rows.filter(**{_FILTERS[name]: value for name, value in question.filters.items()})
    if question.trader:
        rows = rows.filter(Q(importer=question.trader) | Q(exporter=question.trader))
    return rows


def _measures(rows: QuerySet[Declaration], group: str) -> list[dict[str, Any]]:
    """Measures of each group, without those that need the inspections."""
    return list(
        rows.values(group)
        .annotate(
            count=Count("id"), amount=Sum("amount"), mass=Sum("score__mass"), price=Avg("score__unit_price"),
            price_ratio=Avg("score__price_ratio"), mirror_ratio=Avg("mirror__value_ratio"),
        )
        .order_by()
    )  # fmt: skip


def _inspections(rows: QuerySet[Declaration], group: str) -> dict[Any, tuple[int, int]]:
    inspected = Q(events__kind=Kind.INSPECTED)
    hit = inspected & Q(events__detail__result__in=[Result.DISCREPANCY, Result.OFFENCE])
    counted = (
        rows.filter(events__kind=Kind.INSPECTED)
        .values(group)
        .annotate(inspected=Count("id", filter=inspected, distinct=True), found=Count("id", filter=hit, distinct=True))
        .order_by()
    )
    return {row[group]: (row["inspected"], row["found"]) for row in counted}


def _joined(rows: QuerySet[Declaration], group: str) -> list[dict[str, Any]]:
    inspections = _inspections(rows, group)
    told = _measures(rows, group)
    for row in told:
        row["inspected"], row["found"] = inspections.get(row[group], (0, 0))
        row["hit_rate"] = Decimal(row["found"]) / row["inspected"] if row["inspected"] else None
    return told


def pivot(actor: Actor, question: Question, *, limit: int = MAX_ROWS) -> list[dict[str, Any]]:
    """One row for each value of the question's rows, the largest by its measure first."""
    rows = scope(actor, question).annotate(group=_EXPRESSIONS[question.rows])
    told = _joined(rows, "group")
    told.sort(key=lambda row: (row[question.measure] is None, -(row[question.measure] or 0), str(row["group"])))
    return told[:limit]


def trend(actor: Actor, question: Question) -> list[dict[str, Any]]:
    """The measures day by day, week by week or month by month, oldest first."""
    rows = scope(actor, question).annotate(group=STEPS[question.step]("lodged_at"))
    return sorted(_joined(rows, "group"), key=lambda row: str(row["group"]))


@dataclass(frozen=True, slots=True)
class Point:
    """A declaration on the plot: its price over the reference, its value over the neighbour's."""

    number: str
    hs6: str
    trader: str
    price_ratio: Decimal
    mirror_ratio: Decimal | None
    amount: Decimal | None
    probability: Decimal


def outliers(actor: Actor, question: Question, *, limit: int = MAX_POINTS) -> list[Point]:
    """The declarations of the question that have a reference price, those furthest below it first."""
    rows = (
        scope(actor, question)
        .filter(score__price_ratio__gt=0)
        .order_by("score__price_ratio")
        .values_list(
            "number", "hs6", "importer", "score__price_ratio", "mirror__value_ratio", "amount", "score__probability"
        )
    )
    return [
        Point(number, hs6, trader, price, mirror, amount, probability)
        for number, hs6, trader, price, mirror, amount, probability in rows[:limit]
        if price is not None
    ]


COLUMNS = (
    "number", "type", "port", "lane", "state", "lodged_at", "importer", "exporter", "hs6", "origin", "amount",
    "currency", "mass_kg", "unit_price", "price_ratio", "mirror_ratio", "probability",
)  # fmt: skip


def lines(actor: Actor, question: Question, *, limit: int = MAX_EXPORT) -> Iterator[tuple[Any, ...]]:
    """The declarations themselves, for an export; a row at a time."""
    rows = scope(actor, question).order_by("pk").values_list(
        "number", "type", "port", "lane", "state", "lodged_at", "importer", "exporter", "hs6", "score__origin",
        "amount", "currency", "score__mass", "score__unit_price", "score__price_ratio", "mirror__value_ratio",
        "score__probability",
    )  # fmt: skip
    return iter(rows[:limit].iterator(chunk_size=2000))


__all__ = ["Question", "lines", "outliers", "pivot", "read_question", "scope", "trend"]
