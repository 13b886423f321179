"""The seal register, one seal with its log, photographs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from otay.core.errors import NotFound, OtayError, Refused
from otay.core.i18n import N_
from otay.goods.transit import reports
from otay.goods.transit.domain.seals import State, clean_identifier
from otay.goods.transit.forms import SealForm
from otay.goods.transit.models import Seal, SealLogEntry, SealPhoto
from otay.goods.transit.queries import access
from otay.goods.transit.services import sealing
from otay.goods.transit.services.sealing import NewSeal
from otay.goods.transit.views.shared import actor_of, page, tell
from otay.node import audit
from otay.node.guarding import needs

PAGE = 100


@login_required
@require_http_methods(["GET", "POST"])
def seals(request: HttpRequest) -> HttpResponse:
    """The register: searched, and added to by those who keep it."""
    actor = actor_of(request)
    actor.require(access.VIEW)
    form, findings = SealForm(request.POST or None), []
    if request.method == "POST":
        actor.require(access.SEALS)
        if form.is_valid():
            try:
                made = sealing.register_seals(actor=actor, seals=[NewSeal(**form.cleaned_data)])
            except Refused as problem:
                findings = [finding.as_dict(get_language() or "en") for finding in problem.findings]
            else:
                messages.success(request, _("Seal %(seal)s is in the register.") % {"seal": made[0].identifier})
                return redirect("transit:seals")
    rows = Seal.objects.order_by("-pk")
    wanted = {name: request.GET.get(name, "").strip() for name in ("state", "q")}
    if wanted["state"] in set(State):
        rows = rows.filter(state=wanted["state"])
    if wanted["q"]:
        rows = rows.filter(identifier__startswith=clean_identifier(wanted["q"]))
    return page(request, "seals.html", {
        "rows": list(rows[:PAGE]), "wanted": wanted, "form": form, "findings": findings,
        "may_keep": actor.may(access.SEALS),
    })  # fmt: skip


@login_required
@require_GET
def seal(request: HttpRequest, identifier: str) -> HttpResponse:
    """One seal: what it is, where it was, every act with its photograph, and whether its log holds."""
    actor = actor_of(request)
    actor.require(access.VIEW)
    row = _seal(identifier)
    audit.record(actor=actor, action="transit.seal_viewed", subject=f"seal:{row.identifier}")
    uses = row.uses.select_related("movement").order_by("affixed_at")
    shown = list(uses.filter(movement__in=access.visible(actor)))
    hidden = uses.count() - len(shown)
    # where a seal is now is where its movement is: for those only who may see that
    known = bool(row.device_id) and not uses.filter(removed_at=None).exclude(pk__in=[use.pk for use in shown]).exists()
    latest = reports.latest([row.device_id]).get(row.device_id) if known else None
    return page(request, "seal.html", {
        "seal": row, "log": list(row.log.order_by("sequence")), "latest": latest,
        "uses": shown, "hidden": hidden,
        "may_keep": actor.may(access.SEALS),
    })  # fmt: skip


def _seal(identifier: str) -> Seal:
    row = Seal.objects.filter(identifier=clean_identifier(identifier)).first()
    if row is None:
        raise NotFound(N_("Seal %(seal)s is not in the register."), seal=identifier[:20])
    return row


@login_required
@require_POST
def keep(request: HttpRequest, identifier: str) -> HttpResponse:
    """Hand a seal over, or retire it."""
    actor = actor_of(request)
    actor.require(access.SEALS)
    row = _seal(identifier)
    text = request.POST.get("to", "").strip()
    try:
        if request.POST.get("act") == "retire":
            sealing.retire(actor=actor, identifier=row.identifier, reason=text)
        else:
            sealing.hand_over(actor=actor, identifiers=[row.identifier], to=text)
    except OtayError as problem:
        tell(request, problem)
    return redirect(reverse("transit:seal", args=[row.identifier]))


@login_required
@require_POST
def log_check(request: HttpRequest) -> HttpResponse:
    """Check the whole chained log and say what was found."""
    actor = actor_of(request)
    actor.require(access.VIEW)
    found: Any = sealing.log_holds()
    audit.record(actor=actor, action="transit.seal_log_checked", subject="seals", whole=found is None)
    count = SealLogEntry.objects.count()
    if found is None:
        messages.success(request, _("The seal log is whole: %(count)s entries checked.") % {"count": count})
    else:
        messages.error(request, _("The seal log does not hold at entry %(number)s.") % {"number": found.sequence})
    return redirect("transit:seals")


@login_required
@require_GET
@cache_control(private=True, max_age=3600)
@needs("transit.view", "transit.view_own")
def photo(request: HttpRequest, digest: str) -> HttpResponse:
    """A photograph, as it was kept; shown only to who may see a movement that it was taken for."""
    actor = actor_of(request)
    entry = SealLogEntry.objects.filter(photo=digest).exclude(photo="").first()
    if entry is None:
        raise Http404
    if entry.movement:
        access.movement(actor, entry.movement)
    else:
        actor.require(access.VIEW)
    answer = HttpResponse(bytes(SealPhoto.objects.get(digest=digest).content), content_type="image/jpeg")
    answer["Content-Disposition"] = f'inline; filename="{digest[:16]}.jpg"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
