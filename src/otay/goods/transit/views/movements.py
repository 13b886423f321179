"""Movements: the list, one movement's dossier, its replay, its messages and evidence; a new one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from otay.core.errors import OtayError, Refused
from otay.engines.transit.procedure import State
from otay.exchange.queries import delivery_state
from otay.goods.transit import linking, offices, presenting
from otay.goods.transit.domain import steps
from otay.goods.transit.domain.steps import Step
from otay.goods.transit.forms import LINES, MovementForm, StepForm, SuppressForm
from otay.goods.transit.models import Movement, Route
from otay.goods.transit.queries import access, control, ncts_out, timeline, tracks
from otay.goods.transit.services import alarming, evidence, lodging, recording
from otay.goods.transit.stepping import take
from otay.goods.transit.views.shared import actor_of, back, own_offices, page, steps_here, tell
from otay.node import audit, clock
from otay.node.actors import Actor
from otay.node.guarding import needs

PAGE = 50
TRACK_POINTS = 1500


@login_required
@require_GET
def movements(request: HttpRequest) -> HttpResponse:
    """Movements that the reader may see, newest first, filtered by what the address says."""
    actor = actor_of(request)
    wanted = {name: request.GET.get(name, "").strip() for name in ("state", "risk", "office", "q")}
    rows = access.visible(actor).select_related("journey", "route")
    if wanted["state"] in set(State):
        rows = rows.filter(state=wanted["state"])
    if wanted["risk"] in ("high", "medium", "low"):
        rows = rows.filter(journey__risk=wanted["risk"])
    if wanted["office"]:
        rows = rows.filter(offices__contains=wanted["office"][:8])
    if text := wanted["q"].upper():
        rows = rows.filter(
            Q(mrn=text) | Q(lrn=wanted["q"]) | Q(vehicle=text) | Q(container=text) | Q(seals__seal__identifier=text)
            | Q(lines__declaration=text)
        ).distinct()  # fmt: skip
    before = request.GET.get("before", "")
    if before.isdecimal():
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-pk")[: PAGE + 1])
    address = request.GET.copy()
    if len(found) > PAGE:
        address["before"] = str(found[PAGE - 1].pk)
    audit.record(actor=actor, action="transit.listed", subject="movements", count=len(found[:PAGE]))
    return page(request, "movements.html", {
        "rows": found[:PAGE], "wanted": wanted, "may_lodge": actor.may(access.LODGE),
        "offices": list(offices.offices().values()), "officer": access.is_officer(actor),
        "progress": {row.pk: control.progress(row) for row in found},
        "next_url": f"?{address.urlencode()}" if len(found) > PAGE else "",
        "first_url": reverse("transit:movements") if before else "",
    })  # fmt: skip


@login_required
@require_GET
def movement(request: HttpRequest, mrn: str) -> HttpResponse:
    """The dossier of one movement. The look is audited."""
    actor = actor_of(request)
    row = access.movement(actor, mrn)
    audit.record(actor=actor, action="transit.viewed", subject=f"movement:{row.mrn}")
    points = tracks.thinned(tracks.track(row), TRACK_POINTS)
    possible = _possible(actor, row)
    journey = getattr(row, "journey", None)
    lines = list(row.lines.order_by("number")[:200])
    return page(request, "movement.html", {
        "row": row, "journey": journey, "progress": control.progress(row),
        "expected_from": presenting.expected_from(journey),
        "officer": access.is_officer(actor), "possible": possible,
        "fits": {step.value: own_offices(actor, recording.permission_of(step, actor)) for step in possible},
        "entries": timeline.entries(row), "alarms": list(row.alarms.order_by("-time", "-pk")),
        "uses": list(row.seals.select_related("seal").order_by("affixed_at", "pk")),
        "incidents": list(row.incident_rows.order_by("number")),
        "guarantees": list(row.guarantees.order_by("pk")), "lines": lines,
        "declared_here": linking.declarations_here(actor, lines),
        "suppressions": alarming.suppressed_now([row]), "track": points,
        "messages_of": [event for event in row.events.order_by("at", "pk") if ncts_out.code_of(event)],
        "code_of": ncts_out.code_of,
        "delivery": delivery_state(record_type=steps.MOVEMENT, business_key=row.mrn) if not row.peer else [],
        "may": {name: actor.may(f"transit.{name}") for name in ("suppress", "evidence", "gate", "alarms")},
    })  # fmt: skip


def _possible(actor: Actor, row: Movement) -> list[Step]:
    """The steps that this actor may take now."""
    return [
        step for step in steps_here(row)
        if step in presenting.VERBS and actor.may(recording.permission_of(step, actor))
    ]  # fmt: skip


@login_required
@require_POST
@needs("transit.lodge", "transit.control", "transit.gate", "transit.tell")
def step(request: HttpRequest, mrn: str) -> HttpResponse:
    """Take one step and go back to where the reader was; a step that is not allowed says why."""
    actor = actor_of(request)
    form = StepForm(request.POST)
    try:
        if form.is_valid():
            take(actor=actor, mrn=mrn, asked=form.asked())
            row = access.movement(actor, mrn)
            messages.success(request, _("%(mrn)s: %(state)s") % {"mrn": mrn, "state": presenting.STATES[row.state]})
        else:
            access.movement(actor, mrn)
            messages.error(request, _("Something in the form is not as it must be: %(fields)s.") % {
                "fields": ", ".join(form.errors)
            })  # fmt: skip
    except OtayError as problem:
        if problem.status in (403, 404):
            raise
        tell(request, problem)
    return back(request, reverse("transit:movement", args=[mrn]))


@login_required
@require_POST
def suppress(request: HttpRequest, mrn: str) -> HttpResponse:
    """Alarms of the movement stop ringing for some hours, or ring again."""
    actor = actor_of(request)
    actor.require(access.SUPPRESS)
    row = access.movement(actor, mrn)
    try:
        if request.POST.get("lift", "").isdecimal():
            alarming.lift(actor=actor, suppression=int(request.POST["lift"]))
        else:
            form = SuppressForm(request.POST)
            if not form.is_valid():
                messages.error(request, _("Give a reason and for how many hours."))
                return back(request, reverse("transit:movement", args=[row.mrn]))
            until = clock.now() + timedelta(hours=form.cleaned_data["hours"])
            alarming.suppress(
                actor=actor, mrn=row.mrn, kind=form.cleaned_data["kind"], reason=form.cleaned_data["reason"],
                until=until,
            )  # fmt: skip
    except OtayError as problem:
        tell(request, problem)
    return back(request, reverse("transit:movement", args=[row.mrn]))


@login_required
@require_GET
def message(request: HttpRequest, mrn: str, event: int) -> HttpResponse:
    """The NCTS message that an event is."""
    actor = actor_of(request)
    row = access.movement(actor, mrn)
    found = row.events.filter(pk=event).first()
    if found is None:
        raise access.not_found(mrn)
    audit.record(actor=actor, action="transit.message_exported", subject=f"movement:{row.mrn}", event=event)
    answer = HttpResponse(ncts_out.xml_of(row, found), content_type="application/xml")
    name = f"{row.mrn}-{ncts_out.code_of(found)}-{found.pk}.xml"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@login_required
@require_GET
def evidence_file(request: HttpRequest, mrn: str) -> HttpResponse:
    """The signed evidence file."""
    document = evidence.export(actor=actor_of(request), mrn=mrn)
    answer = HttpResponse(json.dumps(document, ensure_ascii=False, indent=1), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{document["content"]["movement"]["mrn"]}-evidence.json"'
    return answer


@login_required
@require_GET
def replay(request: HttpRequest, mrn: str) -> HttpResponse:
    """The movement once more, with a slider over its time."""
    actor = actor_of(request)
    row = access.movement(actor, mrn)
    audit.record(actor=actor, action="transit.track_viewed", subject=f"movement:{row.mrn}")
    alarms = row.alarms.filter(withdrawn_at__isnull=True).order_by("time", "pk")
    return page(request, "replay.html", {"row": row, "alarms": list(alarms)})


@login_required
@require_GET
def track(request: HttpRequest, mrn: str) -> HttpResponse:
    """The track and the alarms as JSON, for the replay."""
    row = access.movement(actor_of(request), mrn)
    alarms = row.alarms.filter(withdrawn_at__isnull=True).order_by("time", "pk")
    return JsonResponse({
        "points": tracks.thinned(tracks.track(row), 4000),
        "alarms": [
            {"kind": str(presenting.KINDS[one.kind]), "severity": one.severity, "time": one.time.isoformat(),
             "heard": one.detected_at.isoformat(), "lat": one.lat, "lon": one.lon}
            for one in alarms
        ],
    })  # fmt: skip


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Lodge a transit declaration, and see every finding at once."""
    actor = actor_of(request)
    actor.require(access.LODGE)
    findings: list[dict[str, str]] = []
    form = MovementForm(request.POST or None, initial=_initial(actor))
    if request.method == "POST" and form.is_valid():
        departure = offices.offices().get(form.cleaned_data["departure"].upper())
        zone = departure.time_zone if departure else settings.TIME_ZONE
        try:
            row = lodging.lodge_one(actor=actor, declared=form.declared(zone))
        except Refused as problem:
            findings = [finding.as_dict(get_language() or "en") for finding in problem.findings]
        else:
            messages.success(request, _("%(mrn)s: %(state)s") % {"mrn": row.mrn, "state": presenting.STATES[row.state]})
            return redirect("transit:movement", row.mrn)
    own = settings.OTAY.country
    every = offices.offices().values()
    return page(request, "new.html", {
        "form": form, "findings": findings, "rows": form.rows() if form.is_bound else [{} for _row in range(LINES)],
        "own": [one for one in every if one.country == own], "every": list(every),
        "border": [one for one in every if one.port],
        "library": list(Route.objects.filter(in_library=True).order_by("name")[:500]),
    })  # fmt: skip


def _initial(actor: Actor) -> dict[str, Any]:
    party = "" if access.is_officer(actor) else access.own_identifier(actor)
    return {"holder_id": party, "carrier": party, "binding": True, "currency": "USD"}
