"""What the room measures for the action plan, shows on the home page, and warns of."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from otay.intake.models import StoredMessage
from otay.node import clock
from otay.node.actors import Actor
from otay.node.registry import Alert, AlertSource, Indicator, Measure, Panel
from otay.people.passengers import queries, sharing
from otay.people.passengers.messages import FORMATS
from otay.people.passengers.models import Flight, NeighbourFlight, Part, Traveller

WEEK = timedelta(days=7)
#: A carrier that has not acknowledged a status change by then is called.
PATIENCE = timedelta(minutes=10)


def _percent(part: int, whole: int) -> Decimal | None:
    return round(Decimal(part * 100) / whole, 1) if whole else None


def known_ahead() -> Measure:
    """Flights that left in the last 7 days whose first list came before they left."""
    left = Flight.objects.filter(kind="flight", departs_at__gt=clock.now() - WEEK, departs_at__lte=clock.now())
    times = left.annotate(first=Min("messages__taken_at")).values_list("first", "departs_at")
    ahead = sum(first is not None and first <= departs for first, departs in times)
    return Measure(_percent(ahead, len(times)), note=_("Flights that left in the last 7 days."))


def closed_out() -> Measure:
    """Flights that left in the last 7 days and were closed out."""
    left = Flight.objects.filter(kind="flight", departs_at__gt=clock.now() - WEEK, departs_at__lte=clock.now())
    closed = left.exclude(rolls__closed_stamp="").filter(rolls__isnull=False).distinct().count()
    return Measure(_percent(closed, left.count()), note=_("Flights that left in the last 7 days."))


def answered_whole() -> Measure:
    """Travellers of the last 7 days who could be identified."""
    recent = Traveller.objects.filter(answered_at__gt=clock.now() - WEEK).exclude(answer="")
    counts = recent.aggregate(all=Count("id"), whole=Count("id", filter=~Q(answer="4Z")))
    return Measure(_percent(counts["whole"], counts["all"]), note=_("Travellers answered in the last 7 days."))


def answer_time() -> Measure:
    """From the message at the door to its answer, the median of the last 500."""
    rows = StoredMessage.objects.filter(format__in=FORMATS, settled_at__isnull=False).order_by("-pk")
    times = sorted(
        (settled - received).total_seconds() * 1000
        for received, settled in rows.values_list("received_at", "settled_at")[:500]
        if settled is not None
    )
    value = Decimal(str(round(times[len(times) // 2] / clock.speed(), 1))) if times else None
    return Measure(value, note=_("The last 500 messages of carriers."))


def mirrored() -> Measure:
    """Flights between the two countries of which the neighbour has a record too."""
    recent = Flight.objects.filter(kind="flight", seen_at__gt=clock.now() - WEEK)
    shared = [row for row in recent if sharing.between(row)]
    known = set(NeighbourFlight.objects.values_list("key", flat=True)) if shared else set()
    return Measure(
        _percent(sum(sharing.flight_key(row) in known for row in shared), len(shared)),
        note=_("Flights between the two countries first heard of in the last 7 days."),
    )


INDICATORS = (
    Indicator(
        "passengers.ahead", (9,), _("Flights known before they leave"), "%",
        _("Flights that left in the last 7 days whose first passenger list came before departure, over all of them."),
        known_ahead, 90,
    ),
    Indicator(
        "passengers.closed", (9,), _("Flights closed out"), "%",
        _("Flights that left in the last 7 days for which the carrier said who is on board, over all of them."),
        closed_out, 91,
    ),
    Indicator(
        "passengers.whole", (9,), _("Travellers with complete data"), "%",
        _("Travellers answered in the last 7 days with name, date of birth and document, over all answered."),
        answered_whole, 92,
    ),
    Indicator(
        "passengers.answer_time", (9,), _("Time to answer a carrier"), _("ms"),
        _("Median time from a carrier's message at the door to its stored answer, over the last 500 messages."),
        answer_time, 93,
    ),
    Indicator(
        "passengers.mirrored", (9, 14), _("Flights that both countries know"), "%",
        _("Flights between the two countries of which the neighbour has shared its record, over all such flights first "
          "heard of in the last 7 days."),
        mirrored, 94,
    ),
)  # fmt: skip


def open_alerts(actor: Actor) -> list[Alert]:
    """Travellers about to leave with something to decide, carriers that do not answer, parts that lack the rest."""
    if not queries.is_officer(actor):
        return []
    now = clock.now()
    alerts = []
    soon = queries.open_cases(actor).filter(
        flight__departs_at__gt=now - timedelta(hours=1), flight__departs_at__lt=now + timedelta(hours=3)
    )
    if count := soon.count():
        text = ngettext(
            "%(count)d traveller who leaves within three hours has a match to decide",
            "%(count)d travellers who leave within three hours have a match to decide",
            count,
        )
        alerts.append(Alert("warning", text % {"count": count}, reverse("passengers:cases")))
    late = queries.notices(actor).filter(kind="change", acknowledged_at=None, made_at__lt=now - PATIENCE)
    late = late.filter(flight__departs_at__gt=now - timedelta(hours=12))
    if count := late.count():
        text = ngettext(
            "%(count)d status change has not been acknowledged by the carrier",
            "%(count)d status changes have not been acknowledged by the carrier",
            count,
        )
        alerts.append(Alert("warning", text % {"count": count}, reverse("passengers:notices")))
    if count := Part.objects.filter(done_at=None, received_at__lt=now - timedelta(hours=1)).count():
        text = ngettext(
            "%(count)d part of a passenger list waits for the rest",
            "%(count)d parts of passenger lists wait for the rest",
            count,
        )
        alerts.append(Alert("info", text % {"count": count}, reverse("passengers:messages")))
    return alerts


ALERTS = AlertSource("passengers", open_alerts, 30)


def coming(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """The next flights, with how many travellers need an eye."""
    flights = list(
        queries.visible_flights(actor)
        .filter(departs_at__gt=clock.now() - timedelta(hours=2))
        .distinct()
        .order_by("departs_at")[:8]
    )
    sender = "" if queries.is_officer(actor) else queries.own_identifier(actor)
    return {
        "flights": flights,
        "counts": queries.counts(flights, sender=sender),
        "cases": queries.open_cases(actor).count() if queries.is_officer(actor) else None,
        "unacknowledged": queries.notices(actor).filter(kind="change", acknowledged_at=None).count(),
    }


PANELS = (
    Panel("passengers", _("Flights now"), "passengers/_panel.html", coming, queries.VIEW, 40),
    Panel("own_passengers", _("Your flights now"), "passengers/_panel.html", coming, queries.VIEW_OWN, 40),
)
