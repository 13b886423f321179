"""How selection did: hit rates by lane and criterion beside the random share, duty recovered, times of release."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Sum

from otay.core.errors import Forbidden
from otay.core.i18n import N_
from otay.engines.fraud.choosing import wilson
from otay.goods.declarations.domain import MUST_INSPECT, Kind, Result
from otay.goods.declarations.models import Declaration, DeclarationEvent
from otay.goods.investigations.domain.outcomes import Kind as OutcomeKind
from otay.goods.investigations.models import OutcomeEvent, Override, Selected
from otay.node import clock
from otay.node.actors import Actor
from otay.screening.queries import latest_of

VIEW = "investigations.view"
RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Rate:
    """Inspections of one group, how many found something, and the bounds of that rate (95 %, Wilson)."""

    group: str
    inspected: int
    found: int
    low: float
    high: float

    @property
    def rate(self) -> float | None:
        """Share that found something; None where nobody looked."""
        return self.found / self.inspected if self.inspected else None


@dataclass(frozen=True, slots=True)
class Times:
    """How long a lane's trucks stood at the port: minutes from arrival to release, and how many."""

    lane: str
    count: int
    minutes: Decimal | None


@dataclass(frozen=True, slots=True)
class Week:
    """One week's evaluation. ``yardstick`` is the random share; ``duty`` by currency."""

    start: date
    traffic: int
    inspected: int
    lanes: list[Rate]
    criteria: list[Rate]
    yardstick: Rate
    targeted: Rate
    duty: list[tuple[str, Decimal]]
    penalties: list[tuple[str, Decimal]]
    times: list[Times]
    overrides: int
    unreviewed: int
    rate: Decimal | None

    @property
    def lift(self) -> float | None:
        """How many times as often targeted inspections find something as random ones; None where unknown."""
        if not self.yardstick.rate or self.targeted.rate is None:
            return None
        return self.targeted.rate / self.yardstick.rate


def _rate(group: str, outcomes: list[bool]) -> Rate:
    low, high = wilson(sum(outcomes), len(outcomes))
    return Rate(group, len(outcomes), sum(outcomes), low, high)


def monday(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def week(actor: Actor, start: date, port: str = "") -> Week:
    """The week from ``start`` at the ports that ``actor`` may see, or at one of them.

    Raises:
        Forbidden: when ``actor`` sees no selections (at that port).
    """
    if actor.party:
        raise Forbidden(N_("Selections are for officers."))
    actor.require(VIEW, port=port or None)
    held = actor.ports(VIEW)
    begin = datetime.combine(start, time(), UTC)
    end = begin + timedelta(days=7)
    where: dict[str, Any] = {"port": port} if port else {} if held is None else {"port__in": held}
    inspections = _inspections(begin, end, where)
    return _week(start, begin, end, where, inspections)


def _inspections(begin: datetime, end: datetime, where: dict[str, Any]) -> list[tuple[Declaration, bool]]:
    """The first inspection of each declaration in this time, and whether anything was found by any of them."""
    events = DeclarationEvent.objects.filter(
        kind=Kind.INSPECTED,
        at__gte=begin,
        at__lt=end,
        **{f"declaration__{name}": value for name, value in where.items()},
    ).select_related("declaration")
    found: dict[int, tuple[Declaration, bool]] = {}
    for event in events.order_by("at", "pk"):
        hit = event.detail.get("result") != Result.CONFORMS
        before = found.get(event.declaration_id)
        found[event.declaration_id] = (event.declaration, hit or bool(before and before[1]))
    return list(found.values())


def _week(
    start: date, begin: datetime, end: datetime, where: dict[str, Any], inspections: list[tuple[Declaration, bool]]
) -> Week:
    lanes: dict[str, list[bool]] = defaultdict(list)
    criteria: dict[str, list[bool]] = defaultdict(list)
    split: dict[bool, list[bool]] = {True: [], False: []}
    rows = [row for row, _hit in inspections]
    chosen = {one.declaration_id: one for one in Selected.objects.filter(declaration__in=rows)}
    assessed = latest_of([f"declaration:{row.number}" for row in rows])
    for row, hit in inspections:
        lanes[row.lane].append(hit)
        assessment, selected = assessed.get(f"declaration:{row.number}"), chosen.get(row.pk)
        random = bool(assessment and assessment.random) or bool(selected and selected.by == RANDOM)
        split[random].append(hit)
        fired = {item["rule"] for item in assessment.fired} if assessment else set()
        fired |= {item["code"] for item in selected.criteria} if selected else set()
        for code in fired:
            criteria[code].append(hit)
    traffic = Declaration.objects.filter(lodged_at__gte=begin, lodged_at__lt=end, empty=False, **where).count()
    overrides = Override.objects.filter(at__gte=begin, at__lt=end, **where)
    return Week(
        start=start,
        traffic=traffic,
        inspected=len(rows),
        lanes=[_rate(lane, lanes[lane]) for lane in ("red", "yellow", "blue", "green") if lane in lanes],
        criteria=sorted((_rate(code, hits) for code, hits in criteria.items()), key=lambda one: -one.inspected),
        yardstick=_rate(RANDOM, split[True]),
        targeted=_rate("targeted", split[False]),
        duty=_amounts(OutcomeKind.DUTY, begin, end, where),
        penalties=_amounts(OutcomeKind.PENALTY, begin, end, where),
        times=_times(begin, end, where),
        overrides=overrides.count(),
        unreviewed=overrides.filter(verdict="").count(),
        rate=Decimal(len(rows)) / traffic if traffic else None,
    )


def _amounts(kind: OutcomeKind, begin: datetime, end: datetime, where: dict[str, Any]) -> list[tuple[str, Decimal]]:
    found = OutcomeEvent.objects.filter(
        kind=kind, recorded_at__gte=begin, recorded_at__lt=end, amount__isnull=False,
        **{f"declaration__{name}": value for name, value in where.items()},
    )  # fmt: skip
    return list(found.values_list("currency").annotate(total=Sum("amount")).order_by("currency"))


def _times(begin: datetime, end: datetime, where: dict[str, Any]) -> list[Times]:
    stay = ExpressionWrapper(F("released_at") - F("arrived_at"), output_field=DurationField())
    rows = (
        Declaration.objects.filter(released_at__gte=begin, released_at__lt=end, arrived_at__isnull=False, **where)
        .values_list("lane")
        .annotate(count=Count("id"), mean=Avg(stay))
    )
    by_lane = {lane: (count, mean) for lane, count, mean in rows}
    return [
        Times(lane, count, (Decimal(mean.total_seconds()) / 60).quantize(Decimal("0.1")) if mean else None)
        for lane in (*MUST_INSPECT, "blue", "green")
        if (found := by_lane.get(lane)) and (count := found[0]) is not None and ((mean := found[1]) or True)
    ]


def weeks_back(count: int = 12) -> list[date]:
    """The Mondays of the last weeks, newest first."""
    this = monday(clock.now().date())
    return [this - timedelta(weeks=number) for number in range(count)]


def open_overrides(actor: Actor) -> list[Override]:
    """Overrides that wait for a review at the ports where ``actor`` sees selections, oldest first."""
    actor.require(VIEW)
    held = actor.ports(VIEW)
    found = Override.objects.filter(verdict="").select_related("declaration")
    return list((found if held is None else found.filter(port__in=held)).order_by("at")[:100])
