"""Who consented that records about them are shared: recorded, looked up, withdrawn."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from otay.core.errors import OtayError
from otay.exchange import queries
from otay.exchange.forms import GiveConsent
from otay.exchange.models import Peer
from otay.exchange.services import consents as services
from otay.exchange.views.console import PAGE, actor_of


def _programmes() -> list[str]:
    return sorted({one for peer in Peer.objects.all() for one in queries.programmes(peer)})


@require_GET
def consents(request: HttpRequest) -> HttpResponse:
    """Consents, newest first, of one person or company where an identifier is given. The look is recorded."""
    actor = actor_of(request, services.VIEW)
    subject, before = request.GET.get("subject", "")[:80], request.GET.get("before", "")
    number = int(before) if before.isdecimal() and len(before) < 19 else None
    rows = services.looked_up(actor=actor, subject=subject, before=number, limit=PAGE + 1)
    older = request.GET.copy()
    older["before"] = str(rows[PAGE - 1].pk) if len(rows) > PAGE else ""
    programmes = _programmes()
    context = {
        "rows": rows[:PAGE],
        "subject": subject,
        "programmes": programmes,
        "form": GiveConsent(programmes=programmes),
        "may_manage": actor.may(services.MANAGE),
        "older": "?" + older.urlencode() if older["before"] else "",
        "newest": "?" if before else "",
    }
    return render(request, "exchange/consents.html", context)


@require_POST
def give(request: HttpRequest) -> HttpResponse:
    """Record a consent."""
    actor = actor_of(request, services.MANAGE)
    form = GiveConsent(request.POST, programmes=_programmes())
    if not form.is_valid():
        for field, problems in form.errors.items():
            messages.error(request, f"{form.fields[field].label}: {' '.join(map(str, problems))}")
        return redirect("exchange:consents")
    given = form.cleaned_data
    try:
        services.give(
            actor=actor, peer=queries.peer_named(given["peer"]), programme=given["programme"],
            subject=given["subject"], basis=given["basis"],
        )  # fmt: skip
        messages.success(request, _("Recorded. From now on records about them may leave as the agreement says."))
    except OtayError as problem:
        messages.error(request, problem.text(get_language() or "en"))
    return redirect("exchange:consents")


@require_POST
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Withdraw a consent."""
    actor = actor_of(request, services.MANAGE)
    try:
        services.withdraw(actor=actor, consent=number, reason=request.POST.get("reason", ""))
        messages.success(request, _("Withdrawn. The neighbour is told to erase what was shared on it."))
    except OtayError as problem:
        messages.error(request, problem.text(get_language() or "en"))
    return redirect("exchange:consents")
