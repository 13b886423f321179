"""The editor: a scenario as forms, section by section; every save is a version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from otay.core.errors import Conflict, OtayError
from otay.infrastructure.planning import editing, engine_client, queries, services
from otay.infrastructure.planning.models import PlanVersion
from otay.infrastructure.planning.views import findings_of, language, page, reader, tell
from otay.node.guarding import needs


@require_http_methods(["GET", "POST"])
@needs("planning.edit")
def edit(request: HttpRequest, number: str, which: int, section: str = "general") -> HttpResponse:
    """One section as a form."""
    actor = reader(request)
    found = queries.version(actor, number, which)
    actor.require(services.EDIT, port=found.scenario.port)
    engine_client.warm_up()
    shown = editing.fields(found.body, section)
    if request.method != "POST":
        return page(request, "edit.html", _context(found, section, shown))
    given = {name: str(value) for name, value in request.POST.items() if "." in name or name in shown}
    try:
        raw = editing.changed(found.body, section, given)
        made = services.save_version(
            actor=actor, number=number, body=raw, after=which, note=request.POST.get("note", "")
        )
    except Conflict as problem:
        tell(request, problem)
        context = _context(found, section, shown | given)
        return page(request, "edit.html", context | {"newer": found.scenario.last_version}, status=problem.status)
    except OtayError as problem:
        context = _context(found, section, shown | given, problem)
        return page(request, "edit.html", context, status=problem.status)
    if made.number == which:
        messages.info(request, _("Nothing was changed."))
    else:
        messages.success(request, _("Version %(version)s is saved.") % {"version": made.number})
    return redirect("planning:edit_section", number, made.number, section)


def _context(
    found: PlanVersion, section: str, fields: Mapping[str, str], problem: OtayError | None = None
) -> dict[str, Any]:
    part, _dash, index = section.partition("-")
    base = {"lane": "lanes"}.get(part, part) + (f".{index}" if index else "")
    body = found.body
    entry: Any = body if part == "general" else editing.get(body, base)
    booths = {"lane": "booths", "neighbour": "booths", "secondary": "docks"}.get(part, "")
    staffed = entry[booths] if booths and not (part == "lane" and entry.get("shared_with")) else None
    errors: dict[str, str] = {}
    for finding in problem.findings if problem else ():
        field = finding.place.lstrip("/").replace("/", ".")
        errors.setdefault(field, finding.advice(language()))
    elsewhere = [
        one
        for one in (findings_of(problem) if problem else [])
        if one["place"].lstrip("/").replace("/", ".") not in fields
    ]
    return {
        "version": found,
        "row": found.scenario,
        "body": body,
        "section": section,
        "part": part,
        "base": base,
        "entry": entry,
        "fields": dict(fields),
        "errors": errors,
        "findings": elsewhere,
        "problem": problem.text(language()) if problem else "",
        "sections": editing.sections(body),
        "booths": f"{base}.{booths}" if booths else "",
        "period": editing.grid_period(staffed) if staffed is not None else 0,
        "staffed": staffed is not None,
        "lanes": [one["name"] for one in body["lanes"]],
        "newer": 0,
    }


@require_POST
@needs("planning.edit")
def lanes(request: HttpRequest, number: str, which: int) -> HttpResponse:
    """Add a lane group, such as a dedicated one, or take one away."""
    actor = reader(request)
    found = queries.version(actor, number, which)
    actor.require(services.EDIT, port=found.scenario.port)
    try:
        if request.POST.get("remove", "").isdecimal():
            index = int(request.POST["remove"])
            raw = editing.without_lane(found.body, index) if index < len(found.body["lanes"]) else found.body
        else:
            booths = request.POST.get("booths", "1")
            raw = editing.with_lane(
                found.body, request.POST.get("name", ""), request.POST.getlist("users"),
                int(booths) if booths.isdecimal() and len(booths) < 4 else 1,
            )  # fmt: skip
        made = services.save_version(
            actor=actor, number=number, body=raw, after=which, note=request.POST.get("note", "")
        )
    except OtayError as problem:
        tell(request, problem)
        return redirect("planning:edit", number, which)
    messages.success(request, _("Version %(version)s is saved.") % {"version": made.number})
    return redirect("planning:edit", number, made.number)
