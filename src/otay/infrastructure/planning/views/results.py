"""Runs with their figures, comparisons, searches; the report and the files."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from otay.core.errors import OtayError
from otay.infrastructure.planning import comparing, exporting, presenting, queries, services
from otay.infrastructure.planning.models import SimulationRun
from otay.infrastructure.planning.views import actor_of, findings_of, language, page, reader, tell
from otay.node import audit
from otay.node.guarding import needs

_VERBS = {"cancel": services.cancel_job, "resume": services.resume_job}


@require_GET
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """The figures of a run, or how far it is."""
    actor = reader(request)
    row = queries.run(actor, pk)
    context = run_context(request, row)
    if request.headers.get("HX-Request"):
        answer = page(request, "_run_progress.html", context)
        if not context["busy"] or (row.result and request.GET.get("figures") != "yes"):
            answer["HX-Redirect"] = request.GET.get("back") or reverse("planning:run", args=[pk])
        return answer
    return page(request, "run.html", context)


def run_context(request: HttpRequest, row: SimulationRun) -> dict[str, Any]:
    """What the page of a run shows."""
    actor = actor_of(request)
    result = row.result or {}
    lanes = list(result.get("curves", {}))
    lane = request.GET.get("lane", "")
    lane = lane if lane in lanes else (_busiest(result) if lanes else "")
    return {
        "run": row,
        "job": row.job,
        "version": row.version,
        "row": row.version.scenario,
        "body": row.version.body,
        "result": result,
        "busy": queries.running(row.job) and not row.finished_at,
        "lanes": lanes,
        "lane": lane,
        "curve": result["curves"][lane] if lane else None,
        "heat": presenting.heat(result["curves"][lane]["week"]) if lane else [],
        "own_job": row.job is not None and row.job.started_by == actor.key,
        "others": [one for one in queries.finished_runs(actor, row.version.scenario.port) if one.pk != row.pk],
        "may_export": row.finished_at is not None,
    }


def _busiest(result: dict[str, Any]) -> str:
    """The lane group in which most minutes are waited."""
    delays: dict[str, float] = {
        name[5:]: found["delay_hours"]["mean"] or 0.0
        for name, found in result["groups"].items()
        if name.startswith("lane/")
    }
    return max(delays, key=lambda name: delays[name])


@require_POST
@needs("planning.run")
def change_run(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Cancel a run, or go on with it."""
    row = queries.run(reader(request), pk)
    _change(request, row.job, verb)
    return redirect("planning:run", pk)


def _change(request: HttpRequest, job: Any, verb: str) -> None:
    if verb not in _VERBS:
        raise Http404
    try:
        _VERBS[verb](actor=actor_of(request), job=job)
    except OtayError as problem:
        tell(request, problem)


@require_GET
def search(request: HttpRequest, pk: int) -> HttpResponse:
    """What a search found, or how far it is."""
    row = queries.search(reader(request), pk)
    context = {
        "search": row,
        "job": row.job,
        "row": row.version.scenario,
        "figures": (row.result or {}).get("figures", {}),
        "busy": queries.running(row.job),
        "own_job": row.job is not None and row.job.started_by == actor_of(request).key,
    }
    if request.headers.get("HX-Request"):
        answer = page(request, "_search_progress.html", context)
        if not context["busy"]:
            answer["HX-Redirect"] = reverse("planning:search", args=[pk])
        return answer
    return page(request, "search.html", context)


@require_POST
@needs("planning.search")
def change_search(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Cancel a search, or begin it again."""
    row = queries.search(reader(request), pk)
    _change(request, row.job, verb)
    return redirect("planning:search", pk)


@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Two runs beside each other, on the same random numbers."""
    actor = reader(request)
    wanted = [request.GET.get(name, "") for name in ("one", "other")]
    if not all(value.isdecimal() and len(value) < 12 for value in wanted):
        raise Http404
    one, other = (queries.run(actor, int(value)) for value in wanted)
    context: dict[str, Any] = {
        "one": one, "other": other, "row": one.version.scenario, "found": None, "problem": "", "findings": [],
        "runs": queries.finished_runs(actor, one.version.scenario.port),
    }  # fmt: skip
    try:
        context["found"] = comparing.compared(one, other)
    except OtayError as problem:
        context |= {"problem": problem.text(language()), "findings": findings_of(problem)}
        return page(request, "compare.html", context, status=problem.status)
    return page(request, "compare.html", context)


@require_GET
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """The printable report of a run, in the reader's language."""
    from otay.infrastructure.planning.reporting import write_report

    actor = reader(request)
    row = queries.run(actor, pk)
    if not row.finished_at:
        raise Http404
    audit.record(actor=actor, action="planning.exported", subject=f"run:{pk}", format="pdf")
    answer = HttpResponse(write_report(row), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="plan-{row.version.scenario.number}-run-{pk}.pdf"'
    return answer


@require_GET
def export(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The figures of a run as a table: CSV or Parquet."""
    actor = reader(request)
    row = queries.run(actor, pk)
    if not row.finished_at or kind not in exporting.WRITERS:
        raise Http404
    audit.record(actor=actor, action="planning.exported", subject=f"run:{pk}", format=kind)
    content, media_type = exporting.written(row, kind)
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="run-{pk}.{kind}"'
    return answer
