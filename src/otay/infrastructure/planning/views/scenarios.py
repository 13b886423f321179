"""A scenario with its versions: where it stands, what changed, comments, runs and searches."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from otay.core.errors import OtayError
from otay.infrastructure.planning import (
    domain,
    editing,
    engine_client,
    port_facts,
    presenting,
    queries,
    services,
    starting,
)
from otay.infrastructure.planning.domain import SEARCHES, Origin, Step
from otay.infrastructure.planning.forms import RunForm, UploadForm
from otay.infrastructure.planning.models import PlanScenario, PlanVersion
from otay.infrastructure.planning.views import actor_of, findings_of, language, page, reader, tell
from otay.node import audit
from otay.node.actors import Actor
from otay.node.guarding import needs
from otay.node.queries import names_of, officers_holding

PATIENCE_SECONDS = 2.5
"""How long the page that starts a run waits for its figures before it shows a progress bar instead."""


@require_GET
def scenario(request: HttpRequest, number: str) -> HttpResponse:
    """The newest version of a scenario."""
    row = queries.scenario(reader(request), number)
    return redirect("planning:version", number, row.last_version)


@require_GET
def version(request: HttpRequest, number: str, which: int) -> HttpResponse:
    """One version: what it says, where it stands, what was done with it, its runs."""
    actor = reader(request)
    found = queries.version(actor, number, which)
    if actor.may(services.RUN, port=found.scenario.port):
        engine_client.warm_up()
    return page(request, "version.html", _context(request, found))


def _context(request: HttpRequest, found: PlanVersion, **more: Any) -> dict[str, Any]:
    actor = actor_of(request)
    port = found.scenario.port
    lines = queries.version_lines(found.scenario)
    steps = queries.steps_of([line.version for line in lines])
    standing = queries.standing(steps.get(found.pk, []))
    people = {line.version.author for line in lines} | {found.scenario.owner}
    people |= {one.actor for each in steps.values() for one in each}
    told = {
        "version": found,
        "row": found.scenario,
        "body": found.body,
        "standing": standing,
        "lines": lines,
        "steps": steps.get(found.pk, []),
        "others": [(line.version, steps.get(line.version.pk, [])) for line in lines if line.version.pk != found.pk],
        "people": names_of(sorted(people)),
        "sections": editing.sections(found.body),
        "changes": _changes(found),
        "possible": _possible(actor, found, standing, steps.get(found.pk, [])),
        "newest": found.number == found.scenario.last_version,
        "may_edit": actor.may(services.EDIT, port=port),
        "may_run": actor.may(services.RUN, port=port),
        "may_comment": actor.may("planning.comment", port=port),
        "heirs": _heirs(actor, found.scenario),
        "run_form": RunForm(initial={"replications": found.body["replications"]}),
        "runs": list(found.runs.defer("tallies", "result").select_related("job").order_by("-pk")[:10]),
        "searches": queries.searches(found.scenario),
        "kinds": SEARCHES,
        "years": _years(port),
        "upload": UploadForm(),
        "findings": [],
        "problem": "",
    }  # fmt: skip
    return told | more


def _heirs(actor: Actor, row: PlanScenario) -> dict[str, str]:
    """Officers to whom this actor may hand the scenario over: audit key and name."""
    needed = services.EDIT if row.owner == actor.key else services.APPROVE
    if not actor.may(needed, port=row.port):
        return {}
    return {key: name for key, name in officers_holding(services.EDIT, row.port).items() if key != row.owner}


def _years(port: str) -> list[int]:
    """Whole years that the forecast of a port covers."""
    months = {one["month"] for row in port_facts.forecast_of(port).values() for one in row.months}
    return sorted({int(month[:4]) for month in months if f"{month[:4]}-01" in months and f"{month[:4]}-12" in months})


def _possible(actor: Any, found: PlanVersion, standing: domain.Standing, steps: list[Any]) -> list[Step]:
    """Steps that this actor may take now."""
    port, allowed = found.scenario.port, []
    for step in domain.possible(standing):
        if step is Step.APPROVED and actor.key in {found.author, queries.submitter(steps)}:
            continue
        needed = {Step.SUBMITTED: services.EDIT, Step.WITHDRAWN: services.EDIT}.get(step, services.APPROVE)
        if actor.may(needed, port=port) or (step is Step.WITHDRAWN and actor.may(services.APPROVE, port=port)):
            allowed.append(step)
    return allowed


def _changes(found: PlanVersion) -> list[tuple[str, str, str]]:
    """What a version changed: (field, before, after), at most 40 lines."""
    before = found.scenario.versions.filter(number=found.number - 1).first()
    if before is None:
        return []
    old, new = dict(_flat(before.body)), dict(_flat(found.body))
    paths = [path for path in dict.fromkeys([*old, *new]) if old.get(path) != new.get(path)]
    return [(path, old.get(path, "–"), new.get(path, "–")) for path in paths[:40]]


def _flat(raw: Any, path: str = "") -> list[tuple[str, str]]:
    """Paths and values; tables of booths and hours as one value each."""
    if isinstance(raw, dict):
        return [pair for key, value in raw.items() for pair in _flat(value, f"{path}/{key}")]
    if isinstance(raw, list) and raw and isinstance(raw[0], dict) and "name" in raw[0]:
        return [pair for value in raw for pair in _flat(value, f"{path}/{value['name']}")]
    if isinstance(raw, list):
        text = json.dumps(raw)
        if len(text) > 80:
            values = {"count": len(raw), "mark": hashlib.sha256(text.encode()).hexdigest()[:6]}
            text = _("table of %(count)s entries (%(mark)s)") % values
        return [(path, text)]
    return [(path, editing.text_of(raw))]


@require_GET
def file(request: HttpRequest, number: str, which: int) -> HttpResponse:
    """The scenario file, as the commands read it."""
    actor = reader(request)
    found = queries.version(actor, number, which)
    audit.record(actor=actor, action="planning.exported", subject=f"scenario:{number}", version=which, format="json")
    answer = HttpResponse(json.dumps(found.body, indent=1, ensure_ascii=False) + "\n", content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="scenario-{number}-v{which}.json"'
    return answer


@require_POST
@needs("planning.edit")
def upload(request: HttpRequest, number: str, which: int) -> HttpResponse:
    """A new version from a file."""
    actor = reader(request)
    found = queries.version(actor, number, which)
    try:
        if not request.FILES.get("file"):
            messages.error(request, _("Choose a file first."))
            return redirect("planning:version", number, which)
        body = UploadForm.content(request.FILES["file"])
        note = request.POST.get("note", "")
        made = services.save_version(
            actor=actor, number=number, body=body, after=which, origin=Origin.UPLOADED, note=note
        )
    except OtayError as problem:
        context = _context(request, found, findings=findings_of(problem), problem=problem.text(language()))
        return page(request, "version.html", context, status=problem.status)
    messages.success(request, _("Version %(version)s is saved.") % {"version": made.number})
    return redirect("planning:version", number, made.number)


@require_POST
@needs("planning.edit", "planning.approve", "planning.comment")
def step(request: HttpRequest, number: str, which: int) -> HttpResponse:
    """Submit, approve, return, withdraw or comment."""
    actor = reader(request)
    kind = request.POST.get("kind", "")
    try:
        services.take_step(
            actor=actor, number=number, version=which, step=Step(kind), text=request.POST.get("text", "")
        )
        messages.success(request, str(presenting.STEPS[kind]))
    except ValueError:
        messages.error(request, _("There is no step %(kind)s.") % {"kind": kind[:40]})
    except OtayError as problem:
        tell(request, problem)
    return redirect("planning:version", number, which)


@require_POST
@needs("planning.edit", "planning.approve")
def hand_over(request: HttpRequest, number: str, which: int) -> HttpResponse:
    """Give the scenario to another owner."""
    owner = request.POST.get("owner", "")
    try:
        services.hand_over(actor=reader(request), number=number, owner=owner)
        messages.success(request, _("The scenario has a new owner: %(name)s.") % {"name": names_of([owner])[owner]})
    except OtayError as problem:
        tell(request, problem)
    return redirect("planning:version", number, which)


@require_POST
@needs("planning.run")
def run(request: HttpRequest, number: str, which: int) -> HttpResponse:
    """Play a version; the answer is the page of the run, with figures as soon as there are any."""
    actor = reader(request)
    found = queries.version(actor, number, which)
    form = RunForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(one) for errors in form.errors.values() for one in errors))
        return redirect("planning:version", number, which)
    try:
        row = services.start_run(actor=actor, version=found, replications=form.cleaned_data["replications"])
    except OtayError as problem:
        tell(request, problem)
        return redirect("planning:version", number, which)
    starting.wait_for_result(row, PATIENCE_SECONDS)
    return redirect("planning:run", row.pk)


@require_POST
@needs("planning.search")
def search(request: HttpRequest, number: str, which: int) -> HttpResponse:
    """Search for a better plan than this version."""
    actor = reader(request)
    found = queries.version(actor, number, which)
    kind = request.POST.get("kind", "")
    try:
        arguments: dict[str, Any] = {}
        if kind == Origin.INFRASTRUCTURE and request.POST.get("year", "").isdecimal():
            year = int(request.POST["year"])
            arguments = {"year": year}
        if kind not in {str(one) for one in SEARCHES}:
            messages.error(request, _("There is no search %(kind)s.") % {"kind": kind[:40]})
            return redirect("planning:version", number, which)
        row = services.start_search(actor=actor, version=found, kind=Origin(kind), arguments=arguments)
    except OtayError as problem:
        tell(request, problem)
        return redirect("planning:version", number, which)
    return redirect("planning:search", row.pk)


@require_POST
@needs("planning.edit")
def copy(request: HttpRequest, number: str, which: int) -> HttpResponse:
    """A new scenario of the same port from this version: another alternative, to be compared with it."""
    actor = reader(request)
    found = queries.version(actor, number, which)
    title = request.POST.get("title", "").strip() or _("%(title)s, alternative") % {"title": found.scenario.title}
    try:
        made = services.create_scenario(
            actor=actor, port=found.scenario.port, title=title, body=found.body, origin=Origin.COPIED,
            note=f"{number} v{which}",
        )  # fmt: skip
    except OtayError as problem:
        tell(request, problem)
        return redirect("planning:version", number, which)
    messages.success(request, _("Scenario %(number)s is made.") % {"number": made.scenario.number})
    return redirect("planning:version", made.scenario.number, made.number)
