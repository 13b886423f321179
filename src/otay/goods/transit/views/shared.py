"""What the room's pages share."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language

from otay.core.errors import OtayError
from otay.goods.transit import map_picture, offices, presenting
from otay.goods.transit.domain.steps import AT_DEPARTURE, AT_DESTINATION, Step, possible_steps
from otay.goods.transit.models import Movement
from otay.goods.transit.offices import Office
from otay.goods.transit.queries import access
from otay.node.actors import Actor

WORDS = {
    name: getattr(presenting, name.upper())
    for name in (
        "states", "state_tags", "steps", "verbs", "kinds", "sentences", "severities", "severity_tags", "alarm_states",
        "alarm_acts", "alarm_findings", "seal_states", "seal_state_tags", "seal_kinds", "seal_acts", "seal_classes",
        "procedures", "situations",
    )
}  # fmt: skip


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page of the room with its words."""
    common = {"office_name": offices.name_of, "picture": picture(), "risks": ("high", "medium", "low")}
    return render(request, f"transit/{template}", {**WORDS, **common, **context}, status=status)


def picture() -> dict[str, Any]:
    """Size and scale of the map's picture."""
    return {"width": map_picture.WIDTH, "height": map_picture.HEIGHT, "scale": map_picture.scale(),
            "place": map_picture.place, "points": map_picture.points}  # fmt: skip


def steps_here(row: Movement) -> list[Step]:
    """The steps that are due and this country's to take: not those of the neighbour's office."""
    away = row.arrived_office and not row.arrived_office.startswith(settings.OTAY.country)
    elsewhere = AT_DEPARTURE if row.peer else AT_DESTINATION if away else ()
    return [step for step in possible_steps(row.procedure, row.state, row.incidents) if step not in elsewhere]


def tell(request: HttpRequest, problem: OtayError) -> None:
    """Say on the next page why something was not done, finding by finding."""
    language = get_language() or "en"
    lines = [finding.text(language) for finding in problem.findings[:5]]
    messages.error(request, " ".join([problem.text(language), *lines]))


def back(request: HttpRequest, fallback: str) -> HttpResponse:
    """To where the reader was, if that is here."""
    to = request.POST.get("next", "")
    return redirect(to if url_has_allowed_host_and_scheme(to, allowed_hosts={request.get_host()}) else fallback)


def own_offices(actor: Actor, permission: str) -> list[Office]:
    """The offices of this side at which ``actor`` may do what ``permission`` allows."""
    held = access.offices_of(actor, permission)
    return [
        one
        for one in offices.offices().values()
        if one.country == settings.OTAY.country and (held is None or one.code in held)
    ]
