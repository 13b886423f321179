"""What the room measures for the action plan, the map and the home page."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from otay.goods.transit import presenting
from otay.goods.transit.domain.steps import ARRIVED, DONE, WATCHED
from otay.goods.transit.models import Alarm, AlarmEvent, Movement
from otay.goods.transit.offices import offices
from otay.goods.transit.queries import access
from otay.goods.transit.queries.control import open_alarms
from otay.node import clock
from otay.node.actors import Actor
from otay.node.registry import Alert, AlertSource, Indicator, Measure, Panel, PortFact

WEEK = timedelta(days=7)


def arrived_in_time() -> Measure:
    """Share of the arrivals of the last week that kept their time limit."""
    rows = Movement.objects.filter(arrived_at__gt=clock.now() - WEEK)
    count = rows.count()
    kept = rows.filter(arrived_at__lte=F("time_limit")).count()
    return Measure(_share(kept, count), note=_("Arrivals of the last 7 days."))


def seals_intact() -> Measure:
    """Share of the arrivals of the last week without an alarm of high severity that stands."""
    rows = Movement.objects.filter(arrived_at__gt=clock.now() - WEEK)
    count = rows.count()
    spoiled = Alarm.objects.filter(movement__in=rows, severity="high", withdrawn_at__isnull=True).exclude(
        finding__in=("explained", "false")
    )
    return Measure(
        _share(count - spoiled.values("movement").distinct().count(), count), note=_("Arrivals of the last 7 days.")
    )


def time_to_act() -> Measure:
    """Mean time from raising an alarm of high severity to the first act of a person."""
    rows = AlarmEvent.objects.filter(
        alarm__severity="high", act__in=("acknowledge", "assign", "action", "close"), at__gt=clock.now() - WEEK
    ).order_by("alarm", "at")
    first: dict[int, timedelta] = {}
    for alarm, at, raised in rows.values_list("alarm", "at", "alarm__raised_at"):
        first.setdefault(alarm, at - raised)
    if not first:
        return Measure(None, note=_("Alarms of the last 7 days."))
    mean = sum(one.total_seconds() for one in first.values()) / len(first) / 60
    return Measure(round(Decimal(mean), 1), note=_("Alarms of the last 7 days."))


def _share(part: int, whole: int) -> Decimal | None:
    return round(Decimal(part * 100) / whole, 1) if whole else None


INDICATORS = (
    Indicator(
        "transit.in_time", (18,), _("Movements in transit that arrived in time"), "%",
        _("Arrivals of the last 7 days within their time limit, over all arrivals of these days."), arrived_in_time, 40,
    ),
    Indicator(
        "transit.intact", (18,), _("Movements that arrived without a standing alarm"), "%",
        _("Arrivals of the last 7 days against which no alarm of high severity stands, over all of them; alarms found "
          "explained or false do not count."), seals_intact, 41,
    ),
    Indicator(
        "transit.response", (18,), _("Time until somebody acts on a high alarm"), _("minutes"),
        _("Mean time from raising an alarm of high severity to the first act of a person, over the last 7 days."),
        time_to_act, 42,
    ),
)  # fmt: skip


def under_way_by_port(actor: Actor) -> dict[str, Any]:
    """Movements under way whose itinerary touches the port."""
    if not access.is_officer(actor):
        return {}
    known = offices()
    counted: Counter[str] = Counter()
    for text in access.visible(actor).filter(state__in=WATCHED).values_list("offices", flat=True):
        counted.update({known[code].port for code in text.split() if code in known and known[code].port})
    return dict(counted)


PORT_FACTS = (PortFact("transit.under_way", _("Movements in transit"), under_way_by_port, access.VIEW, 30),)


def urgent(actor: Actor) -> list[Alert]:
    """Open alarms of high severity, and verdicts that late reports opened again."""
    if not access.is_officer(actor) or not actor.may(access.ALARMS):
        return []
    found = [
        Alert(
            "error",
            _now("Transit: %(alarm)s %(vehicle)s") % {
                "alarm": presenting.KINDS[row.kind], "vehicle": row.movement.vehicle
            },
            reverse("transit:alarm", args=[row.pk]),
        )
        for row in open_alarms(actor, severity="high")[:5]
    ]  # fmt: skip
    reopened = access.visible(actor).filter(reopened_at__isnull=False, state__in=(*ARRIVED, *DONE))
    found += [
        Alert(
            "warning",
            _now("Transit: late reports re-opened the verdict of %(mrn)s") % {"mrn": row.mrn},
            reverse("transit:movement", args=[row.mrn]),
        )
        for row in reopened.order_by("-reopened_at")[:3]
    ]
    return found


ALERTS = AlertSource("transit", urgent, 15)


def panel(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """Movements under way by state, and the gravest alarms."""
    states = Counter(access.visible(actor).filter(state__in=(*WATCHED, *ARRIVED)).values_list("state", flat=True))
    return {
        "counts": [(presenting.STATES[state], count) for state, count in states.most_common()],
        "alarms": open_alarms(actor)[:5],
        "kinds": presenting.KINDS,
        "severities": presenting.SEVERITIES,
    }


PANELS = (Panel("transit", _("Shipments in transit"), "transit/_panel.html", panel, access.ALARMS, 45),)
