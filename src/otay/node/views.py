"""Pages of the node: own account, people and roles, programs, audit log, jobs."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from otay.core.errors import OtayError
from otay.node import jobs as long_jobs
from otay.node import queries, services
from otay.node.accounts import has_second_factor
from otay.node.actors import Actor
from otay.node.forms import ClientForm, LanguageForm, PersonForm, ReasonForm, RoleForm
from otay.node.models import ScheduledJob, User
from otay.node.registry import schedules
from otay.node.roles import ROLES


def _actor(request: HttpRequest, permission: str = "") -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if permission:
        actor.require(permission)
    return actor


def _tell(request: HttpRequest, problem: OtayError) -> None:
    language = get_language() or "en"
    for finding in problem.findings:
        messages.error(request, finding.text(language))
    if not problem.findings:
        messages.error(request, problem.text(language))


@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """One's own account: language, password, second factor, roles."""
    actor = _actor(request)
    reader = cast(User, request.user)
    form = LanguageForm(request.POST or None, initial={"language": reader.language})
    if request.method == "POST" and form.is_valid():
        services.set_language(actor=actor, person=reader, language=form.cleaned_data["language"])
        messages.success(request, _("Your language was saved."))
        return redirect("node:account")
    held = [(ROLES[item.role].title, item.port) for item in reader.role_assignments.all() if item.role in ROLES]
    context = {"form": form, "held": held, "has_factor": has_second_factor(reader), "person": reader}
    return render(request, "node/account.html", context)


@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """People by name; a form for a new one."""
    actor = _actor(request, services.MANAGE_PEOPLE)
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        held = [(data.pop("role"), data.pop("port"))]
        try:
            made = services.create_person(actor=actor, roles=held, **data)
        except OtayError as problem:
            _tell(request, problem)
        else:
            messages.success(request, _("%(name)s can sign in now.") % {"name": made.username})
            return redirect("node:person", made.pk)
    text = request.GET.get("q", "")
    found, after = queries.people(text, request.GET.get("after", ""))
    context = {
        "people": found,
        "form": form,
        "q": text,
        "roles": ROLES,
        "next_url": "?" + urlencode({"q": text, "after": after}) if after else "",
    }
    return render(request, "node/people.html", context)


@require_GET
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: roles, second factor, access."""
    _actor(request, services.MANAGE_PEOPLE)
    found = queries.person(pk)
    context = {
        "person": found,
        "form": RoleForm(),
        "reason_form": ReasonForm(),
        "roles": ROLES,
        "has_factor": has_second_factor(found),
    }
    return render(request, "node/person.html", context)


@require_POST
def change_person(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Give or take a role, close an account, forget a lost second factor."""
    actor = _actor(request, services.MANAGE_PEOPLE)
    found = queries.person(pk)
    form = RoleForm(request.POST) if verb in {"give", "take"} else ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Fill in the form completely."))
        return redirect("node:person", pk)
    verbs: dict[str, Any] = {
        "give": services.give_role,
        "take": services.take_role,
        "deactivate": services.deactivate,
        "reset-factor": services.reset_second_factor,
    }
    try:
        verbs[verb](actor=actor, person=found, **form.cleaned_data)
    except OtayError as problem:
        _tell(request, problem)
    else:
        messages.success(request, _("Done. Their sessions have ended: they sign in again."))
    return redirect("node:person", pk)


@require_http_methods(["GET", "POST"])
def clients(request: HttpRequest) -> HttpResponse:
    """Programs that may call the API. A new token is shown once."""
    actor = _actor(request, services.MANAGE_PEOPLE)
    form = ClientForm(request.POST or None)
    token = ""
    if request.method == "POST" and form.is_valid():
        try:
            token = services.create_client(actor=actor, **form.cleaned_data)
            form = ClientForm()
        except OtayError as problem:
            _tell(request, problem)
    return render(
        request, "node/clients.html", {"clients": queries.clients(), "form": form, "token": token, "roles": ROLES}
    )


@require_POST
def revoke_client(request: HttpRequest, key: str) -> HttpResponse:
    """Take a program's access away."""
    services.revoke_client(actor=_actor(request), key=key, reason=request.POST.get("reason", ""))
    messages.success(request, _("The program has no access any more."))
    return redirect("node:clients")


@require_GET
def jobs(request: HttpRequest) -> HttpResponse:
    """Long jobs with their progress, and the schedule."""
    actor = _actor(request, long_jobs.MANAGE_JOBS)
    runs = list(long_jobs.runs(actor)[: queries.PAGE])
    titles = {job.key: job.title for job in long_jobs.jobs}
    planned = {item.key: item for item in schedules}
    context = {
        "runs": runs,
        "titles": titles,
        "names": queries.names_of([run.started_by for run in runs]),
        "schedule": [
            (planned[row.key].title, row) for row in ScheduledJob.objects.order_by("key") if row.key in planned
        ],
    }
    page = "node/_runs.html" if request.headers.get("HX-Request") else "node/jobs.html"
    return render(request, page, context)


@require_POST
def change_job(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Cancel or resume a run."""
    actor = _actor(request, long_jobs.MANAGE_JOBS)
    verbs = {"cancel": long_jobs.cancel, "resume": long_jobs.resume}
    try:
        verbs[verb](actor=actor, run_id=pk)
    except OtayError as problem:
        _tell(request, problem)
    return redirect("node:jobs")
