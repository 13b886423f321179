"""Pages: the plan, one point, the printable statement of progress and its JSON export."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from otay.node.actors import Actor
from otay.partnership.plan import domain, queries


def _reader(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    actor.require("plan.view")
    return actor


@require_GET
def plan(request: HttpRequest) -> HttpResponse:
    """The 22 points with what is measured so far."""
    _reader(request)
    found = queries.points_now()
    context = {
        "pillars": queries.by_pillar(found),
        "total": len(found),
        "measured": sum(item.measured for item in found),
        "built": sum(item.built for item in found),
        "groups": queries.groups_now(),
    }
    return render(request, "plan/plan.html", context)


@require_GET
def point(request: HttpRequest, number: int) -> HttpResponse:
    """One point: what it asks for, which room answers, each indicator with its history."""
    _reader(request)
    item = queries.point_now(number)
    numbers = list(domain.points())
    context = {
        "item": item,
        "groups": queries.groups_now(number),
        "before": number - 1 if number - 1 in numbers else None,
        "after": number + 1 if number + 1 in numbers else None,
    }
    return render(request, "plan/point.html", context)


@require_GET
def statement(request: HttpRequest) -> HttpResponse:
    """The statement of progress, to be printed."""
    made = queries.statement(_reader(request))
    return render(request, "plan/statement.html", {"made": made, "pillars": queries.by_pillar(made.measured)})


@require_GET
def statement_json(request: HttpRequest) -> HttpResponse:
    """The statement of progress as a file."""
    made = queries.statement(_reader(request))
    answer = JsonResponse(queries.statement_record(made), json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="otay-progress-{made.country}-{made.made_at:%Y-%m-%d}.json"'
    return answer
