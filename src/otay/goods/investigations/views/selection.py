"""The morning list, a declaration's dossier, findings, plans, evaluation and models."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.goods.declarations import queries as declarations
from otay.goods.investigations import presenting
from otay.goods.investigations.domain.selecting import Terms
from otay.goods.investigations.models import ModelVersion, Plan, TrustedTrader
from otay.goods.investigations.queries import cases, evaluation, findings, morning
from otay.goods.investigations.services import findings as finding_services
from otay.goods.investigations.services import outcomes, overrides, registry, selecting, training
from otay.goods.investigations.views.common import actor_of, decimal_of, done, page
from otay.node import audit, clock
from otay.node.guarding import needs
from otay.places.queries import ports

PAGE = 60


def _day(raw: str, default: date) -> date:
    try:
        return date.fromisoformat(raw) if raw else default
    except ValueError:
        return default


@login_required
@require_GET
def morning_list(request: HttpRequest) -> HttpResponse:
    """Which declarations to look at today at an office, and why; most urgent first."""
    actor = actor_of(request)
    offices = morning.offices(actor)
    port = request.GET.get("port") or _busiest(offices)
    today = selecting.office_day(port)
    day = _day(request.GET.get("day", ""), today)
    lane = request.GET.get("lane", "")
    chosen = morning.selected(actor, port, day)
    counts = {code: chosen.filter(lane=code).count() for code in ("red", "yellow", "query", "blue")}
    shown = list((chosen.filter(lane=lane) if lane else chosen)[:PAGE])
    plan = selecting.plan_of(port)
    audit.record(actor=actor, action="investigations.list_viewed", subject=f"port:{port}", day=day)
    context = {
        "port": port, "offices": offices, "day": day, "today": today, "lane": lane, "counts": counts, "plan": plan,
        "terms": selecting.terms_of(plan), "rows": morning.rows(shown, get_language()),
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1), "may_waive": actor.may(overrides.WAIVE, port=port),
        "total": sum(counts.values()), "size": PAGE,
        "latest": None if shown or lane else morning.latest_day(actor, port, day),
    }  # fmt: skip
    return page(request, "morning.html", context)


def _busiest(offices: list[Any]) -> str:
    """The office with the most selections of late, else the first: where somebody who sees many starts."""
    from otay.goods.investigations.models import Selected

    codes = [office.code for office in offices]
    latest = Selected.objects.filter(port__in=codes).order_by("-pk").values_list("port", flat=True).first()
    return latest or (codes[0] if codes else "")


@login_required
@require_GET
def dossier(request: HttpRequest, number: str) -> HttpResponse:
    """All that is known about one declaration, the neighbour's record beside it. The look is audited."""
    actor = actor_of(request)
    found = morning.dossier(actor, number)
    audit.record(actor=actor, action="investigations.dossier_viewed", subject=f"declaration:{number}")
    moved = registry.moved([found.score])[0] if found.score else []
    context = {
        "found": found, "row": found.row,
        "reasons": presenting.reason_texts(moved, get_language() or "en"),
        "cases": cases.cases_of(actor, "declaration", number),
        "may_record": actor.may(outcomes.RECORD, port=found.row.port),
        "may_review": actor.may(finding_services.REVIEW, port=found.row.port),
        "may_waive": actor.may(overrides.WAIVE, port=found.row.port),
        "may_open": actor.may(cases.OPEN),
    }  # fmt: skip
    return page(request, "dossier.html", context)


@login_required
@require_POST
@needs("investigations.record_outcomes")
def record_outcome(request: HttpRequest, number: str) -> HttpResponse:
    """Record a finding, additional duty, a penalty or a clearance."""
    actor = actor_of(request)
    declarations.declaration(actor, number)
    back = reverse("investigations:dossier", args=[number])

    def change() -> None:
        found = outcomes.Found(
            number, request.POST.get("kind", ""), request.POST.get("fraud", ""), decimal_of(request, "amount"),
            request.POST.get("currency", "").strip().upper(), None, request.POST.get("remarks", ""),
        )  # fmt: skip
        outcomes.record(actor=actor, found=[found])

    return done(request, change, back)


@login_required
@require_POST
@needs("investigations.waive")
def waive(request: HttpRequest, number: str) -> HttpResponse:
    """Waive a selected check, with the reason."""
    actor = actor_of(request)
    back = reverse("investigations:dossier", args=[number])
    reason = request.POST.get("reason", "")
    return done(request, lambda: overrides.waive(actor=actor, number=number, reason=reason), back)


@login_required
@require_GET
def finding_list(request: HttpRequest) -> HttpResponse:
    """Findings at the reader's ports, heaviest first."""
    actor = actor_of(request)
    wanted = {name: request.GET.get(name, "").strip() for name in ("state", "kind", "port", "trader", "hs6")}
    if "state" not in request.GET:
        wanted["state"] = "open"
    rows = list(findings.search(actor, wanted)[: PAGE + 1])
    held = actor.ports(findings.VIEW)
    context = {
        "rows": rows[:PAGE], "more": len(rows) > PAGE, "wanted": wanted, "counts": findings.counts(actor),
        "ports": [one for one in ports() if held is None or one.code in held],
        "may_review": actor.may(finding_services.REVIEW),
    }  # fmt: skip
    return page(request, "findings.html", context)


@login_required
@require_POST
@needs("investigations.review")
def review_finding(request: HttpRequest, pk: int) -> HttpResponse:
    """Explain or confirm a finding."""
    actor = actor_of(request)
    row = findings.finding(actor, pk)
    back = reverse("investigations:findings")
    if row.declaration:
        back = reverse("investigations:dossier", args=[row.declaration.number])
    state, note = request.POST.get("state", ""), request.POST.get("note", "")
    return done(request, lambda: finding_services.review(actor=actor, findings=[pk], state=state, note=note), back)


@login_required
@require_GET
def weekly(request: HttpRequest) -> HttpResponse:
    """How selection did in a week, beside the random share."""
    actor = actor_of(request)
    weeks = evaluation.weeks_back()
    start = evaluation.monday(_day(request.GET.get("week", ""), weeks[0]))
    port = request.GET.get("port", "")
    held = actor.ports(evaluation.VIEW)
    context = {
        "week": evaluation.week(actor, start, port), "weeks": weeks, "start": start, "port": port,
        "ports": [one for one in ports() if held is None or one.code in held],
        "overrides": evaluation.open_overrides(actor), "may_review": actor.may(overrides.REVIEW),
    }  # fmt: skip
    return page(request, "evaluation.html", context)


@login_required
@require_POST
def review_override(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whether an override was justified."""
    actor = actor_of(request)
    verdict, note = request.POST.get("verdict", ""), request.POST.get("note", "")
    return done(
        request,
        lambda: overrides.review(actor=actor, override=pk, verdict=verdict, note=note),
        reverse("investigations:evaluation"),
    )


@login_required
@require_http_methods(["GET", "POST"])
@needs("investigations.plan", changing=True)
def plans(request: HttpRequest) -> HttpResponse:
    """Capacities and shares of each office, and the form that puts a new version in force."""
    actor = actor_of(request)
    actor.require(morning.VIEW)
    port = request.POST.get("port", request.GET.get("port", ""))
    if request.method == "POST":
        return done(
            request,
            lambda: selecting.set_plan(actor=actor, port=port, terms=_terms(request), why=request.POST.get("why", "")),
            f"{reverse('investigations:plans')}?port={port}",
        )
    plan = selecting.plan_of(port)
    context = {
        "port": port, "plan": plan, "terms": selecting.terms_of(plan),
        "history": Plan.objects.filter(port=port).order_by("-version")[:20], "offices": morning.offices(actor),
        "may_plan": actor.may(selecting.PLAN, port=port or None),
    }  # fmt: skip
    return page(request, "plans.html", context)


@login_required
@require_http_methods(["GET", "POST"])
@needs("investigations.trust", changing=True)
def trusted(request: HttpRequest) -> HttpResponse:
    """Traders that are looked at less often, until when, and by which programme; named by who runs the programme."""
    actor = actor_of(request)
    if not actor.may(selecting.TRUST):
        actor.require(morning.VIEW)
    if request.method == "POST":
        until = _day(request.POST.get("valid_until", ""), date.min)
        name, programme = request.POST.get("identifier", ""), request.POST.get("programme", "")
        return done(
            request,
            lambda: selecting.trust(actor=actor, identifier=name, programme=programme, valid_until=until),
            reverse("investigations:trusted"),
        )
    context = {
        "rows": TrustedTrader.objects.order_by("identifier")[:500], "today": clock.now().date(),
        "may_trust": actor.may(selecting.TRUST),
    }  # fmt: skip
    return page(request, "trusted.html", context)


def _terms(request: HttpRequest) -> Terms:
    def number(name: str) -> Decimal:
        found = decimal_of(request, name)
        if found is None:
            raise Refused(N_("Every field of a plan is needed."))
        return found

    red, yellow, query, blue = (int(number(name)) for name in ("red", "yellow", "query", "blue"))
    random, exploration, trusted, rate = (
        number(name) / 100 for name in ("random", "exploration", "trusted", "expected_rate")
    )
    return Terms(red, yellow, query, blue, random, exploration, trusted, rate)


@login_required
@require_http_methods(["GET", "POST"])
def models(request: HttpRequest) -> HttpResponse:
    """The registry of models: cards, drift; training is started here and done by a job."""
    actor = actor_of(request)
    actor.require(morning.VIEW)
    if request.method == "POST":
        back = reverse("investigations:models")
        if request.POST.get("act") == "promote":
            version, why = request.POST.get("version", "0"), request.POST.get("why", "")
            number = int(version) if version.isdecimal() and len(version) < 9 else 0
            return done(request, lambda: registry.promote(actor=actor, version=number, why=why), back)
        return done(
            request, lambda: training.start(actor=actor), back,
            _("The training is queued; its progress is on the page of jobs."),
        )  # fmt: skip
    context = {
        "rows": ModelVersion.objects.order_by("-version")[:30], "champion": registry.champion(),
        "limit": registry.DRIFT_ALARM, "may_train": actor.may(registry.MODELS), "outdated": registry.outdated,
    }  # fmt: skip
    return page(request, "models.html", context)


@login_required
@require_GET
def explained(request: HttpRequest) -> HttpResponse:
    """How the room computes what it shows."""
    actor = actor_of(request)
    if not any(actor.may(permission) for permission in (morning.VIEW, cases.WORK, cases.AUDIT)):
        actor.require(morning.VIEW)
    return page(request, "explained.html", {})
