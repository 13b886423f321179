"""The officer at the gate: type or scan the seal, verify it, photograph it, let the truck go."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from otay.core.errors import OtayError
from otay.goods.transit.domain.seals import clean_identifier
from otay.goods.transit.domain.steps import Step
from otay.goods.transit.forms import GateForm
from otay.goods.transit.models import Movement
from otay.goods.transit.queries import access, control
from otay.goods.transit.services import sealing
from otay.goods.transit.services.photos import MAX_BYTES
from otay.goods.transit.services.sealing import Where
from otay.goods.transit.views.shared import actor_of, own_offices, page, steps_here, tell
from otay.node import audit
from otay.node.actors import Actor

QUICK = (Step.DEPART, Step.ARRIVE, Step.PERMIT_UNLOADING, Step.UNLOAD, Step.RELEASE_GOODS, Step.CONTINUE)


@login_required
@require_GET
def gate(request: HttpRequest) -> HttpResponse:
    """Find by seal number, plate, container or reference; then do what is due."""
    actor = actor_of(request)
    actor.require(access.GATE)
    places = own_offices(actor, access.GATE)
    text = request.GET.get("q", "").strip()
    found = _found(actor, text)
    context: dict[str, Any] = {
        "q": text, "offices": places, "office": _office(request, [one.code for one in places]), "found": found,
        "row": found[0] if len(found) == 1 else None, "possible": [], "uses": [], "typed": clean_identifier(text),
        "alarms": [],
    }  # fmt: skip
    if len(found) == 1:
        row = found[0]
        codes = [one.code for one in places]
        if "office" not in request.GET:
            context["office"] = next((code for code in row.offices.split() if code in codes), context["office"])
        audit.record(actor=actor, action="transit.viewed", subject=f"movement:{row.mrn}", reason="gate")
        due = steps_here(row)
        context |= {
            "uses": list(row.seals.filter(removed_at__isnull=True).select_related("seal").order_by("pk")),
            "possible": [step for step in QUICK if step in due],
            "alarms": [one for one in control.open_alarms(actor) if one.movement_id == row.pk],
        }
    return page(request, "gate.html", context)


def _found(actor: Actor, text: str) -> list[Movement]:
    """Movements that are meant: those not ended, by seal first."""
    wanted = text.strip().upper()
    if not wanted:
        return []
    rows = access.visible(actor).filter(ended_at__isnull=True).select_related("journey", "route")
    by_seal = rows.filter(seals__seal__identifier=clean_identifier(text), seals__removed_at__isnull=True).distinct()
    if hits := list(by_seal[:5]):
        return hits
    return list(rows.filter(Q(mrn=wanted) | Q(vehicle=wanted) | Q(container=wanted) | Q(lrn=text)).order_by("-pk")[:10])


def _office(request: HttpRequest, known: list[str]) -> str:
    asked = request.GET.get("office") or request.COOKIES.get("otay_gate_office", "")
    return asked if asked in known else (known[0] if known else "")


@login_required
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Verify, affix or remove a seal, with a photograph if there is one."""
    actor = actor_of(request)
    actor.require(access.GATE)
    form = GateForm(request.POST, request.FILES)
    target = reverse("transit:gate")
    if not form.is_valid():
        messages.error(request, _("Something in the form is not as it must be: %(fields)s.") % {
            "fields": ", ".join(form.errors)
        })  # fmt: skip
        return redirect(target)
    given = form.cleaned_data
    row = access.movement(actor, given["mrn"])
    target = f"{target}?q={row.mrn}&office={given['office']}"
    photo = given["photo"]
    where = Where(given["office"], "", given["lat"], given["lon"], None, photo.read(MAX_BYTES + 1) if photo else b"")
    try:
        _done(request, actor, row, given, where)
    except OtayError as problem:
        if problem.status == 403:
            raise
        tell(request, problem)
    return redirect(target)


def _done(request: HttpRequest, actor: Actor, row: Movement, given: dict[str, Any], where: Where) -> None:
    identifier = given["identifier"]
    if given["act"] == "affix":
        sealing.affix_seal(actor=actor, mrn=row.mrn, identifier=identifier, where=where)
        messages.success(request, _("Seal %(seal)s is affixed.") % {"seal": clean_identifier(identifier)})
    elif given["act"] == "remove":
        sealing.remove_seal(actor=actor, mrn=row.mrn, identifier=identifier, reason=given["remarks"], where=where)
        messages.success(request, _("Seal %(seal)s is taken off.") % {"seal": clean_identifier(identifier)})
    else:
        verdict = sealing.verify_seal(
            actor=actor, mrn=row.mrn, identifier=identifier, intact=given["intact"] == "yes",
            remarks=given["remarks"], where=where,
        )  # fmt: skip
        if verdict.good:
            messages.success(request, _("Seal %(seal)s is the right one and intact.") % {"seal": verdict.identifier})
        elif verdict.belongs:
            messages.error(
                request, _("Seal %(seal)s is not intact: an alarm is raised.") % {"seal": verdict.identifier}
            )
        else:
            text = _("Seal %(seal)s does not belong to this movement: an alarm is raised.")
            messages.error(request, text % {"seal": verdict.identifier})
