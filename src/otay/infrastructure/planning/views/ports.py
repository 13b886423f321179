"""The list of ports with the map, and the planning page of one port."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from otay.core.errors import OtayError
from otay.infrastructure.planning import engine_client, port_facts, presenting, queries, services
from otay.infrastructure.planning.domain import Origin
from otay.infrastructure.planning.forms import UploadForm
from otay.infrastructure.planning.views import findings_of, language, page, reader, tell
from otay.node import clock
from otay.places import border_now
from otay.places import queries as places
from otay.places.naming import LANE_KINDS, MEASURES, MODES
from otay.places.profile import Measure

YEARLY = (Measure.CARS, Measure.PEDESTRIANS, Measure.TRUCKS)


@require_GET
def ports_page(request: HttpRequest) -> HttpResponse:
    """All ports with what is planned for them, and the map."""
    actor = reader(request)
    held = actor.ports(queries.VIEW)
    now = border_now.overview(actor, clock.now())
    counts = queries.scenario_counts(actor)
    totals = {measure: places.yearly_totals([measure]) for measure in YEARLY}
    approved = {one.scenario.port for one in queries.approved().values()}
    rows = [
        {
            "port": port,
            "volumes": [totals[measure].get(port.code) for measure in YEARLY],
            "scenarios": counts.get(port.code, 0),
            "approved": port.code in approved,
        }
        for port in places.ports()
        if held is None or port.code in held
    ]
    return page(request, "ports.html", {
        **border_now.map_context(now), "port_link": "planning:port", "linked_ports": held, "rows": rows,
        "measures": [MEASURES[measure] for measure in YEARLY],
        "waiting": queries.waiting_for_approval(actor) if actor.may(services.APPROVE) else [],
        "newest": list(queries.scenarios(actor)[:10]),
    })  # fmt: skip


@require_GET
def port(request: HttpRequest, code: str) -> HttpResponse:
    """One port: layout, hours on both sides, demand with its forecast, what is data and what is assumed, scenarios."""
    actor = reader(request)
    actor.require(queries.VIEW, port=code)
    if actor.may(services.RUN, port=code):
        engine_client.warm_up()  # on a new machine it compiles for seconds: while the planner reads this page
    return page(request, "port.html", _port_context(request, code))


def _port_context(request: HttpRequest, code: str) -> dict[str, Any]:
    from otay.infrastructure.planning.building import default_scenario

    actor = reader(request)
    found = places.port(code)
    measures = [one for one in port_facts.MEASURES if one in places.recent_volumes(code, 12)]
    measure = request.GET.get("measure", "")
    measure = measure if measure in measures else (measures[0] if measures else "")
    try:
        scenario = default_scenario(code)
    except OtayError:
        scenario = None
    may_edit = actor.may(services.EDIT, port=code)
    return {
        "port": found,
        "kinds": LANE_KINDS,
        "modes": MODES,
        "measure_names": MEASURES,
        "measures": measures,
        "measure": measure,
        "demand": _demand_chart(code, measure) if measure else None,
        "hours": port_facts.hours_on_both_sides(code),
        "default": scenario,
        "months": _months(code),
        "rows": list(queries.scenarios(actor, code)),
        "runs": queries.finished_runs(actor, code),
        "may_edit": may_edit,
        "may_observe": actor.may(services.OBSERVE, port=code),
        "upload": UploadForm() if may_edit else None,
        "findings": [],
    }


def _demand_chart(code: str, measure: str) -> dict[str, Any]:
    told = port_facts.demand(code, measure)
    lines = [
        (_("Counted"), told["counted"]),
        (_("Expected"), told["point"]),
        (_("80 % interval, from"), told["low_80"]),
        (_("80 %, to"), told["high_80"]),
        (_("95 % interval, from"), told["low_95"]),
        (_("95 %, to"), told["high_95"]),
    ]
    return presenting.chart(told["x"], [line for line in lines if any(value is not None for value in line[1])])


def _months(code: str) -> list[str]:
    """Months with counts, newest first, of the last five years."""
    months = {f"{row.month:%Y-%m}" for row in places.monthly_volumes(port=code) if row.value}
    return sorted(months, reverse=True)[:60]


@require_POST
def start(request: HttpRequest, code: str) -> HttpResponse:
    """A new scenario of a port: from its counts, or from a file."""
    from otay.infrastructure.planning.building import default_scenario

    actor = reader(request)
    actor.require(services.EDIT, port=code)
    title = request.POST.get("title", "").strip()
    try:
        if request.FILES.get("file"):
            body, origin = UploadForm.content(request.FILES["file"]), Origin.UPLOADED
        else:
            days = {"week": 7, "month": 31}.get(request.POST.get("length", ""), 7)
            month = request.POST.get("month", "") or None
            body = services.of_month(default_scenario(code, month, days), days)
            origin = Origin.DEFAULT
        made = services.create_scenario(actor=actor, port=code, title=title, body=body, origin=origin)
    except OtayError as problem:
        if not problem.findings:
            tell(request, problem)
            return redirect("planning:port", code)
        context = _port_context(request, code) | {
            "findings": findings_of(problem), "problem": problem.text(language()),
        }  # fmt: skip
        return page(request, "port.html", context, status=problem.status)
    messages.success(request, _("Scenario %(number)s is made.") % {"number": made.scenario.number})
    return redirect("planning:version", made.scenario.number, made.number)


@require_GET
def explained(request: HttpRequest) -> HttpResponse:
    """How everything that this room shows is computed."""
    reader(request)
    return page(request, "explained.html", {})
