"""Observed waits: record, import, and compare with the model."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from otay.core.errors import OtayError
from otay.infrastructure.planning import observed, presenting, queries, services
from otay.infrastructure.planning.domain import Method, Origin, Quality
from otay.infrastructure.planning.forms import ObservationFileForm, ObservationForm
from otay.infrastructure.planning.importing import rows_of_file
from otay.infrastructure.planning.models import SimulationRun, WaitObservation
from otay.infrastructure.planning.services import Observed
from otay.infrastructure.planning.views import actor_of, language, page, tell
from otay.node.guarding import needs
from otay.places import queries as places

SHOWN = 60


def _lanes(code: str) -> list[str]:
    """Names of lane groups that plans of a port know, and that were observed."""
    from otay.infrastructure.planning.building import default_scenario

    known = list(WaitObservation.objects.filter(port=code).values_list("lane", flat=True).distinct()[:50])
    with suppress(OtayError):
        known += [lane.name for lane in default_scenario(code).lanes]
    return list(dict.fromkeys(known))


def _context(request: HttpRequest, code: str, **more: Any) -> dict[str, Any]:
    actor = actor_of(request)
    port = places.port(code)
    return {
        "port": port,
        "rows": list(WaitObservation.objects.filter(port=code).order_by("-at")[:SHOWN]),
        "summary": queries.observation_summary(code),
        "form": ObservationForm(),
        "file_form": ObservationFileForm(),
        "lane_names": _lanes(code),
        "may_observe": actor.may(services.OBSERVE, port=code),
        "may_view": actor.may(queries.VIEW, port=code),
        "findings": [],
        "problem": "",
    } | more


def _require(request: HttpRequest, code: str) -> None:
    actor = actor_of(request)
    if not actor.may(queries.VIEW, port=code):
        actor.require(services.OBSERVE, port=code)


@require_http_methods(["GET", "POST"])
@needs("planning.observe", changing=True)
def observations(request: HttpRequest, code: str) -> HttpResponse:
    """Waits seen at a port; one more by hand."""
    _require(request, code)
    if request.method != "POST":
        return page(request, "observations.html", _context(request, code))
    form = ObservationForm(request.POST)
    if not form.is_valid():
        return page(request, "observations.html", _context(request, code, form=form), status=422)
    given = form.cleaned_data
    zone = ZoneInfo(places.port(code).time_zone)
    one = Observed(
        code, given["lane"].strip(), given["at"].replace(tzinfo=zone), given["minutes"], Method(given["method"]),
        Quality(given["quality"]), lanes_open=given["lanes_open"],
    )  # fmt: skip
    try:
        added = services.record_observations(actor=actor_of(request), observed=[one])
    except OtayError as problem:
        form.add_error(None, problem.text(language()))
        return page(request, "observations.html", _context(request, code, form=form), status=problem.status)
    messages.success(request, _("The wait is recorded.") if added else _("This wait was recorded before."))
    return redirect("planning:observations", code)


@require_POST
def import_file(request: HttpRequest, code: str) -> HttpResponse:
    """Waits from a file: those that can be used are recorded, what is wrong is listed by line."""
    actor = actor_of(request)
    actor.require(services.OBSERVE, port=code)
    file = request.FILES.get("file")
    if file is None:
        messages.error(request, _("Choose a file first."))
        return redirect("planning:observations", code)
    port = places.port(code)
    rows, findings = rows_of_file(file.read(), port, file.name or "")
    try:
        added = services.record_observations(actor=actor, observed=rows)
    except OtayError as problem:
        tell(request, problem)
        return redirect("planning:observations", code)
    told = ngettext("%(count)s wait is recorded.", "%(count)s waits are recorded.", added) % {"count": added}
    if not findings:
        messages.success(request, told)
        return redirect("planning:observations", code)
    shown = [finding.as_dict(language()) for finding in findings[:200]]
    context = _context(request, code, findings=shown, problem=told)
    return page(request, "observations.html", context, status=200 if rows else 422)


@require_GET
def calibration(request: HttpRequest, code: str) -> HttpResponse:
    """The model beside what was observed: by lane group and hour, and what the observations cannot tell."""
    actor = actor_of(request)
    actor.require(queries.VIEW, port=code)
    port = places.port(code)
    runs = queries.finished_runs(actor, code)
    wanted = request.GET.get("run", "")
    chosen = next((one for one in runs if str(one.pk) == wanted), runs[0] if runs else None)
    run = SimulationRun.objects.defer("tallies").get(pk=chosen.pk) if chosen else None
    fits = observed.agreement(run, code, port.zone)
    charts = [(one, _chart(run, one)) for one in fits]
    return page(request, "calibration.html", {
        "port": port, "runs": runs, "run": run, "fits": fits, "charts": charts,
        "summary": queries.observation_summary(code), "may_edit": actor.may(services.EDIT, port=code),
        "searches": queries.fits(code),
    })  # fmt: skip


def _chart(run: SimulationRun | None, one: observed.LaneFit) -> dict[str, Any]:
    lines: list[tuple[str, list[float | None]]] = [(_("Observed"), one.hours)]
    curve = ((run.result or {}).get("curves", {}) if run else {}).get(one.lane)
    if curve:
        lines.append((_("Model"), [row["mean"] for row in curve["wait"]]))
        lines += [
            (label, [row.get(key) for row in curve["wait"]])
            for label, key in ((_("band, from"), "band_low"), (_("band, to"), "band_high"))
            if any(row.get(key) is not None for row in curve["wait"])
        ]
    return presenting.chart(presenting.HOURS, lines)


@require_POST
def fit(request: HttpRequest, code: str) -> HttpResponse:
    """Fit a lane group of the version that a run played to what was observed."""
    actor = actor_of(request)
    actor.require(services.EDIT, port=code)
    wanted = request.POST.get("run", "")
    chosen = next((one for one in queries.finished_runs(actor, code) if str(one.pk) == wanted), None)
    if chosen is None:
        messages.error(request, _("Choose a run first."))
        return redirect("planning:calibration", code)
    version = queries.version(actor, chosen.version.scenario.number, chosen.version.number)
    lane = request.POST.get("lane", "")[:60]
    try:
        row = services.start_search(actor=actor, version=version, kind=Origin.CALIBRATED, arguments={"lane": lane})
    except OtayError as problem:
        tell(request, problem)
        return redirect("planning:calibration", code)
    return redirect("planning:search", row.pk)
