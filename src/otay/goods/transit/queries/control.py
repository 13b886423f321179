"""What the control room looks at: movements under way, the alarm queue, and whether anything changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, Max, QuerySet, Value, When

from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.goods.transit.domain.steps import ARRIVED, WATCHED
from otay.goods.transit.models import Alarm, AlarmEvent, Journey, Movement, MovementEvent, Suppression
from otay.goods.transit.queries import access
from otay.node import clock
from otay.node.actors import Actor

SHOWN = (*WATCHED, *ARRIVED)
MOST = 2000
RISKS = ("high", "medium", "low", "")
_WEIGHT = Case(
    When(severity="high", then=Value(0)), When(severity="medium", then=Value(1)), default=Value(2),
    output_field=IntegerField(),
)  # fmt: skip


def under_way(actor: Actor) -> QuerySet[Movement]:
    """Movements on their way or at an office, those in time trouble first."""
    rows = access.visible(actor).filter(state__in=SHOWN)
    return rows.select_related("journey", "route").order_by("time_limit", "pk")


def counts(rows: Sequence[Movement]) -> tuple[Counter[str], Counter[str]]:
    """How many movements stand in each state, and how many carry each risk."""
    states = Counter(str(row.state) for row in rows)
    return states, Counter(risk_of(row) for row in rows)


def risk_of(row: Movement) -> str:
    """The gravest open alarm of a movement; empty where there is none."""
    journey = getattr(row, "journey", None)
    return journey.risk if journey else ""


def open_alarms(actor: Actor, *, severity: str = "", limit: int = 200) -> list[Alarm]:
    """Alarms that wait for somebody: gravest first, passed-on ones before others, then the newest. ``quiet`` is true on
    those that are suppressed; they stand at the end."""
    rows = (
        Alarm.objects.filter(withdrawn_at__isnull=True, movement__in=access.visible(actor))
        .exclude(state="closed")
        .select_related("movement")
        .annotate(weight=_WEIGHT)
        .order_by("weight", "-level", "-time", "-pk")
    )
    if severity:
        rows = rows.filter(severity=severity)
    found = list(rows[:limit])
    quiet = suppressed([row.movement_id for row in found])
    for row in found:
        row.quiet = bool({(row.movement_id, row.kind), (row.movement_id, "")} & quiet)  # type: ignore[attr-defined]
    return sorted(found, key=lambda row: row.quiet)  # type: ignore[attr-defined]


def suppressed(movements: Sequence[int]) -> set[tuple[int, str]]:
    """Movement and kind (empty: all kinds) of every suppression in force."""
    rows = Suppression.objects.filter(movement__in=movements, lifted_at__isnull=True, until__gt=clock.now())
    return set(rows.values_list("movement_id", "kind"))


def alarm(actor: Actor, number: int) -> Alarm:
    """One alarm.

    Raises:
        NotFound: when there is none for ``actor``.
    """
    rows = Alarm.objects.filter(pk=number, movement__in=access.visible(actor)).select_related("movement")
    found = rows.first()
    if found is None:
        raise NotFound(N_("There is no such alarm here, or none that you may see."))
    return found


@dataclass(frozen=True, slots=True)
class Pulse:
    """Numbers that change when there is something new to show."""

    events: int
    alarms: int
    heard: str

    @property
    def tag(self) -> str:
        """The pulse as one text."""
        return f"{self.events}.{self.alarms}.{self.heard}"


def pulse() -> Pulse:
    """Three small queries: the last event, the last act on an alarm, the last judgement."""
    events = MovementEvent.objects.aggregate(last=Max("pk"))["last"] or 0
    alarms = AlarmEvent.objects.aggregate(last=Max("pk"))["last"] or 0
    heard = Journey.objects.aggregate(last=Max("heard_at"))["last"]
    return Pulse(events, alarms, heard.isoformat() if heard else "")


def feed(actor: Actor) -> dict[str, Any]:
    """Positions, states and risks of all movements under way, for the map."""
    rows = list(under_way(actor)[:MOST])
    return {
        "at": clock.now().isoformat(),
        "movements": [_mark(row) for row in rows],
        "ringing": [row.pk for row in open_alarms(actor, severity="high") if _rings(row)],
    }


def _rings(row: Alarm) -> bool:
    return row.state == "raised" and not row.quiet  # type: ignore[attr-defined]


def _mark(row: Movement) -> dict[str, Any]:
    journey: Journey | None = getattr(row, "journey", None)
    return {
        "mrn": row.mrn,
        "vehicle": row.vehicle,
        "state": row.state,
        "risk": journey.risk if journey else "",
        "lat": journey.lat if journey else None,
        "lon": journey.lon if journey else None,
        "course": journey.course if journey else None,
        "seen": journey.seen_at.isoformat() if journey and journey.seen_at else None,
    }


def progress(row: Movement) -> float | None:
    """How much of its route a movement has done, between 0 and 1."""
    journey: Journey | None = getattr(row, "journey", None)
    if journey is None or journey.progress_m is None or row.route is None or not row.route.length_m:
        return None
    return min(1.0, max(0.0, journey.progress_m / row.route.length_m))
