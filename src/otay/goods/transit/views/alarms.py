"""One alarm: what happened, where, and what is done about it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from otay.core.errors import OtayError
from otay.goods.transit import presenting
from otay.goods.transit.domain.alarm_life import TRANSITIONS, Act, State
from otay.goods.transit.forms import AlarmActForm
from otay.goods.transit.queries import access, control, tracks
from otay.goods.transit.services import alarming
from otay.goods.transit.views.shared import actor_of, back, page, tell
from otay.node import audit


@login_required
@require_GET
def alarm(request: HttpRequest, number: int) -> HttpResponse:
    """One alarm with its map, its history and the acts that are possible now."""
    actor = actor_of(request)
    actor.require(access.ALARMS)
    row = control.alarm(actor, number)
    audit.record(actor=actor, action="transit.alarm_viewed", subject=f"alarm:{row.pk}")
    movement = access.movement(actor, row.movement.mrn)
    possible = {act for (state, act) in TRANSITIONS if state == State(row.state)} if not row.withdrawn_at else set()
    return page(request, "alarm.html", {
        "alarm": row, "row": movement, "possible": possible, "history": list(row.events.order_by("at", "pk")),
        "quiet": {(movement.pk, row.kind), (movement.pk, "")} & control.suppressed([movement.pk]),
        "track": tracks.thinned(tracks.track(movement), 500),
    })  # fmt: skip


@login_required
@require_POST
def act(request: HttpRequest, number: int) -> HttpResponse:
    """Do one thing about an alarm."""
    actor = actor_of(request)
    actor.require(access.ALARMS)
    row = control.alarm(actor, number)
    form = AlarmActForm(request.POST)
    try:
        if form.is_valid():
            given = {**form.cleaned_data, "act": Act(form.cleaned_data["act"])}
            alarming.act(actor=actor, alarms=[row.pk], **given)
            said = {"alarm": presenting.KINDS[row.kind], "act": presenting.ALARM_ACTS[given["act"]]}
            messages.success(request, _("%(alarm)s: %(act)s") % said)
        else:
            messages.error(request, _("There is no such act."))
    except OtayError as problem:
        tell(request, problem)
    return back(request, reverse("transit:alarm", args=[row.pk]))
