"""What the room measures for the action plan, the map and the home page."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from otay.goods.declarations import presenting, queries
from otay.goods.declarations.domain import Kind, Lane, Result, State
from otay.goods.declarations.models import Declaration, DeclarationEvent, NeighbourDeclaration
from otay.node import clock
from otay.node.actors import Actor
from otay.node.registry import Alert, AlertSource, Indicator, Measure, Panel, PortFact
from otay.places.queries import ports

DAY = timedelta(days=1)


def _last_day() -> Any:
    return Declaration.objects.filter(lodged_at__gt=clock.now() - DAY)


def declared_ahead() -> Measure:
    """How long before arrival goods were declared."""
    lead = ExpressionWrapper(F("arrived_at") - F("lodged_at"), output_field=DurationField())
    rows = Declaration.objects.filter(arrived_at__gt=clock.now() - DAY)
    mean = rows.aggregate(mean=Avg(lead))["mean"]
    return Measure(
        None if mean is None else round(Decimal(mean.total_seconds()) / 60), note=_("Arrivals of the last 24 hours.")
    )


def time_at_port() -> Measure:
    """From arrival to release."""
    stay = ExpressionWrapper(F("released_at") - F("arrived_at"), output_field=DurationField())
    rows = Declaration.objects.filter(released_at__gt=clock.now() - DAY, arrived_at__isnull=False)
    mean = rows.aggregate(mean=Avg(stay))["mean"]
    minutes = None if mean is None else (Decimal(mean.total_seconds()) / 60).quantize(Decimal("0.1"))
    return Measure(minutes, note=_("Releases of the last 24 hours."))


def hit_rate() -> Measure:
    """Share of inspections that found something."""
    counts = DeclarationEvent.objects.filter(kind=Kind.INSPECTED, at__gt=clock.now() - 7 * DAY).aggregate(
        all=Count("id"), hits=Count("id", filter=~Q(detail__result=Result.CONFORMS))
    )
    share = Decimal(counts["hits"]) / counts["all"] if counts["all"] else None
    return Measure(None if share is None else round(share * 100, 1), note=_("Inspections of the last 7 days."))


def mirrored() -> Measure:
    """Share of the imports whose export record the neighbour has shared."""
    imports = _last_day().filter(type="import").exclude(ucr="")
    count = imports.count()
    matched = imports.filter(ucr__in=NeighbourDeclaration.objects.values("ucr")).count() if count else 0
    return Measure(round(Decimal(matched * 100) / count, 1) if count else None, note=_("Imports of the last 24 hours."))


INDICATORS = (
    Indicator(
        "declarations.ahead", (2, 17), _("Goods declared ahead of arrival"), _("minutes"),
        _("Mean time from lodging to arrival at the port, over the arrivals of the last 24 hours."), declared_ahead, 20,
    ),
    Indicator(
        "declarations.at_port", (2, 4), _("Time of a truck at the port"), _("minutes"),
        _("Mean time from arrival to release, over the releases of the last 24 hours."), time_at_port, 21,
    ),
    Indicator(
        "declarations.hit_rate", (21, 22), _("Inspections that found something"), "%",
        _("Inspections with a discrepancy or an offence, over all inspections of the last 7 days."), hit_rate, 22,
    ),
    Indicator(
        "declarations.mirrored", (14, 17), _("Imports with the neighbour's export record beside them"), "%",
        _("Imports of the last 24 hours whose consignment reference stands in a record that the neighbour has shared."),
        mirrored, 23,
    ),
)  # fmt: skip


def expected_by_port(actor: Actor) -> dict[str, Any]:
    """Conveyances that are declared and assessed but not here yet."""
    return {queue.port: queue.by_state.get(State.ASSESSED, 0) for queue in queries.queues(actor)}


def waiting_by_port(actor: Actor) -> dict[str, Any]:
    """Conveyances that stand at the port."""
    return {queue.port: queue.at_port for queue in queries.queues(actor)}


PORT_FACTS = (
    PortFact("declarations.expected", _("Trucks expected"), expected_by_port, queries.VIEW, 10),
    PortFact("declarations.waiting", _("Trucks at the port"), waiting_by_port, queries.VIEW, 11),
)


def _clock_at(row: Declaration, zones: dict[str, str]) -> str:
    """Hour and minute of the arrival, as the clocks at the port show them."""
    return f"{row.arrived_at.astimezone(ZoneInfo(zones.get(row.port) or 'UTC')):%H:%M}" if row.arrived_at else ""


def red_waiting(actor: Actor) -> list[Alert]:
    """Red-lane conveyances that have waited over an hour for their inspection."""
    if not queries.is_officer(actor) or not actor.may("declarations.process"):
        return []
    rows = queries.visible(actor).filter(
        state=State.AT_PORT, lane=Lane.RED, arrived_at__lt=clock.now() - timedelta(hours=1)
    )
    zones = {port.code: port.time_zone for port in ports()}
    return [
        Alert(
            "warning",
            _("Red lane: %(vehicle)s has waited for its inspection since %(since)s")
            % {"vehicle": row.vehicle, "since": _clock_at(row, zones)},
            reverse("declarations:declaration", args=[row.number]),
            row.port,
        )
        for row in rows.order_by("arrived_at")[:5]
    ]


ALERTS = AlertSource("declarations", red_waiting, 20)


def latest(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """The declarations that moved last."""
    rows = queries.visible(actor).filter(state__in=[State.AT_PORT, State.INSPECTED, State.RELEASED])
    return {
        "latest": list(rows.order_by("-pk")[:10]),
        "lanes": lanes_today(actor),
        "states": presenting.STATES,
        **presenting.places(),
    }


def lanes_today(actor: Actor) -> dict[str, int]:
    """How many declarations of the last 24 hours went to each lane."""
    rows = queries.visible(actor).filter(lodged_at__gt=clock.now() - DAY).values_list("lane")
    return dict(rows.annotate(count=Count("id")))


PANELS = (
    Panel("declarations", _("Goods now"), "declarations/_panel.html", latest, queries.VIEW, 30),
    Panel("own_declarations", _("Your goods now"), "declarations/_panel.html", latest, queries.VIEW_OWN, 30),
)
