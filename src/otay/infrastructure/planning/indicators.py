"""What the room measures for the action plan, the map and the home page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Max
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from otay.infrastructure.planning import queries
from otay.infrastructure.planning.models import PlanVersion, SimulationRun
from otay.node.actors import Actor
from otay.node.registry import Alert, AlertSource, Indicator, Measure, Panel, PortFact
from otay.places.queries import ports


def _in_force() -> dict[str, PlanVersion]:
    """The newest approved version of each port."""
    found: dict[str, PlanVersion] = {}
    for version in queries.approved().values():
        port = version.scenario.port
        if port not in found or version.pk > found[port].pk:
            found[port] = version
    return found


def ports_planned() -> Measure:
    """Ports with an approved plan."""
    note = _("Ports whose newest plan a second person approved, of %(all)s.") % {"all": len(ports())}
    return Measure(len(_in_force()), note=note)


def within_target() -> Measure:
    """Share of all who cross within the service level, in the approved plans that were played."""
    newest = (
        SimulationRun.objects.filter(version__in=[one.pk for one in _in_force().values()], finished_at__isnull=False)
        .values("version")
        .annotate(last=Max("pk"))
    )
    results = SimulationRun.objects.filter(pk__in=[row["last"] for row in newest]).values_list("result", flat=True)
    crossing = within = 0.0
    for result in filter(None, results):
        total = result["groups"]["total"]
        if total["share_within"]["mean"] is not None:
            crossing += total["served"]["mean"]
            within += total["served"]["mean"] * total["share_within"]["mean"]
    share = Decimal(str(round(100 * within / crossing, 1))) if crossing else None
    return Measure(share, note=_("Simulated; assumptions are listed with each plan."))


INDICATORS = (
    Indicator(
        "planning.approved", (1,), _("Ports with an approved plan"), _("ports"),
        _("Ports of entry that have a scenario whose newest approved version two persons looked at."),
        ports_planned, 10,
    ),
    Indicator(
        "planning.within", (2,), _("Crossings within the service level, as planned"), "%",
        _("In the newest run of each port's approved plan: the share of all who cross whose simulated wait is within "
          "the plan's limit, weighted by how many cross."),
        within_target, 11,
    ),
)  # fmt: skip


def scenarios_by_port(actor: Actor) -> dict[str, Any]:
    """How many scenarios each port has."""
    return dict(queries.scenario_counts(actor))


PORT_FACT = PortFact("planning.scenarios", _("Scenarios"), scenarios_by_port, queries.VIEW, 50)


def to_approve(actor: Actor) -> list[Alert]:
    """Versions that wait for this actor's approval."""
    if not actor.may("planning.approve"):
        return []
    return [
        Alert(
            "info",
            _("Plan %(number)s waits for approval") % {"number": f"{one.scenario.number} v{one.number}"},
            reverse("planning:version", args=[one.scenario.number, one.number]),
            one.scenario.port,
        )
        for one in queries.waiting_for_approval(actor)[:5]
    ]


ALERTS = AlertSource("planning", to_approve, 60)


def panel(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """The newest scenarios, and what waits for approval."""
    rows = list(queries.scenarios(actor)[:5])
    names = {port.code: port.name for port in ports()}
    waiting = queries.waiting_for_approval(actor) if actor.may("planning.approve") else []
    return {"scenarios": rows, "port_names": names, "waiting": waiting[:5]}


PANELS = (Panel("planning", _("Plans of ports"), "planning/_panel.html", panel, queries.VIEW, 60),)
