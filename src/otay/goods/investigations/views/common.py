"""What every page of the room needs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from otay.core.errors import NotFound, OtayError, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.declarations import presenting as declarations
from otay.goods.declarations.tariff.queries import base
from otay.goods.investigations import presenting
from otay.node.actors import Actor

WORDS = {
    "finding_words": presenting.FINDINGS, "fact_words": presenting.FACTS, "causes": presenting.CAUSES,
    "elements": presenting.ELEMENTS, "verdicts": presenting.VERDICTS,
    "finding_states": presenting.FINDING_STATES, "by_words": presenting.BY,
    "lane_words": presenting.LANES, "do_words": presenting.DO, "case_kinds": presenting.CASE_KINDS,
    "case_states": presenting.CASE_STATES, "step_words": presenting.STEPS, "outcome_words": presenting.OUTCOMES,
    "ruling_words": presenting.RULINGS, "entry_words": presenting.ENTRIES, "link_words": presenting.LINKS,
    "frauds": presenting.FRAUDS, "outcome_kinds": presenting.OUTCOME_KINDS, "units": presenting.UNITS,
    "seizure_states": presenting.SEIZURE_STATES, "seizure_steps": presenting.SEIZURE_STEPS,
    "levels": presenting.LEVELS, "states": declarations.STATES, "state_kinds": declarations.STATE_KINDS,
    "types": declarations.TYPES, "results": declarations.RESULTS, "model_roles": presenting.ROLES,
    "duty_parts": presenting.DUTY_PARTS,
}  # fmt: skip


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A page of the room with its words and the names of places."""
    return render(request, f"investigations/{template}", {**WORDS, **declarations.places(), "base": base(), **context})


def done(request: HttpRequest, change: Callable[[], object], back: str, told: str = "") -> HttpResponse:
    """Make a change and go back; what the service refuses is shown there, with every finding. What does not exist for
    the actor, or is forbidden, is answered as such."""
    language = get_language() or "en"
    try:
        change()
    except NotFound:
        raise
    except OtayError as problem:
        if problem.status == 403:
            raise
        texts = [finding.advice(language) for finding in problem.findings]
        messages.error(request, " – ".join([problem.text(language), *texts]))
    else:
        messages.success(request, told or _("Recorded."))
    return redirect(back)


def decimal_of(request: HttpRequest, name: str) -> Decimal | None:
    """A number that a form sends, with a point or a comma; None when the field is empty.

    Raises:
        Refused: when it is none.
    """
    raw = request.POST.get(name, "").strip().replace(",", ".")
    if not raw:
        return None
    try:
        return Decimal(raw)
    except InvalidOperation:
        raise Refused(
            N_("A number is expected"), findings=[error(f"/{name}", "form.number", N_("This is not a number"), raw)]
        ) from None
