"""The pages: flights, one flight, one traveller, what is to decide, messages, status changes, carrier codes."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages as notes
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from otay.core.errors import OtayError
from otay.core.findings import Finding
from otay.intake.showing import parsed_view, raw_view
from otay.node.actors import Actor
from otay.people.passengers import presenting, queries, sharing
from otay.people.passengers.domain.answers import Kind
from otay.people.passengers.domain.roll import State
from otay.people.passengers.facts import key_of
from otay.people.passengers.forms import CarrierForm
from otay.people.passengers.models import CarrierCode, Flight, Hit, Traveller
from otay.people.passengers.services import carriers as carrier_services
from otay.people.passengers.services import deciding, viewing
from otay.screening.queries import assessment_of, explain_many, latest_of
from otay.screening.watchlists.domain import Reason
from otay.screening.watchlists.models import ListHit

PAGE = 50


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    officer = queries.is_officer(_actor(request))
    shown = {**presenting.WORDS, **presenting.places(), "officer": officer, **context}
    return render(request, f"passengers/{template}", shown)


def _paged(request: HttpRequest, rows: Any) -> tuple[Any, dict[str, str]]:
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    address = request.GET.copy()

    def url(number: int) -> str:
        address["page"] = str(number)
        return f"?{address.urlencode()}"

    return page, {
        "previous_url": url(page.previous_page_number()) if page.has_previous() else "",
        "next_url": url(page.next_page_number()) if page.has_next() else "",
    }


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


@login_required
@require_GET
def flights(request: HttpRequest) -> HttpResponse:
    """Flights that the reader may see, filtered by what the address says."""
    actor = _actor(request)
    wanted = {name: request.GET.get(name, "").strip()[:80] for name in ("q", "direction", "status")}
    wanted["day"] = _day(request.GET.get("day", ""))
    rows = queries.search_flights(
        queries.visible_flights(actor), text=wanted["q"], day=wanted["day"], direction=wanted["direction"],
        status=wanted["status"],
    )  # fmt: skip
    soonest = wanted["status"] == "coming"
    order = ("departs_at", "pk") if soonest else ("-departs_at", "-pk")
    page, pages = _paged(request, rows.distinct().order_by(*order))
    shown = list(page.object_list)
    sender = "" if queries.is_officer(actor) else queries.own_identifier(actor)
    viewing.searched(actor=actor, text=wanted["q"], count=len(shown))
    context = {
        "flights": shown,
        "counts": queries.counts(shown, sender=sender),
        "rolls": queries.rolls(shown),
        "wanted": wanted,
        **pages,
    }
    return _page(request, "flights.html", context)


@login_required
@require_GET
def flight(request: HttpRequest, pk: int) -> HttpResponse:
    """A flight: manifest, crew, who is missing, findings, matches, what the neighbour knows. The look is audited."""
    actor = _actor(request)
    row = viewing.look_at_flight(actor=actor, pk=pk)
    officer = queries.is_officer(actor)
    sender = "" if officer else queries.own_identifier(actor)
    people = queries.manifest(row, sender=sender)
    lists = list(queries.messages(actor, flight=row)[:50])
    rolls = [one for one in queries.rolls([row]).get(row.pk, []) if officer or one.sender == sender]
    language = get_language() or "en"
    found = [finding for one in lists for finding in _findings(one.findings, language)]
    context = {
        "flight": row,
        "passengers": [one for one in people if "crew" not in one.role and one.role != "gate pass"],
        "crew": [one for one in people if "crew" in one.role],
        "gate_passes": [one for one in people if one.role == "gate pass"],
        "missing": [one for one in people if one.state == State.MISSING],
        "cases": [one for one in people if queries.is_case(one)] if officer else [],
        "counts": queries.counts([row], sender=sender)[row.pk],
        "rolls": rolls,
        "closed": any(one.closed_stamp for one in rolls),
        "unlisted": [named for one in rolls for named in one.unlisted],
        "lists": lists,
        "findings": [one for one in found if one["severity"] != "info"],
        "neighbour": queries.neighbour_flight(sharing.flight_key(row)) if officer else None,
    }
    return _page(request, "flight.html", context)


def _findings(records: list[dict[str, Any]], language: str) -> list[dict[str, str]]:
    return [Finding.from_record(record).as_dict(language) for record in records]


@login_required
@require_GET
def traveller(request: HttpRequest, uid: str) -> HttpResponse:
    """A traveller: documents, seats, bags, company, journeys, matches beside the list entry, decisions. Audited."""
    actor = _actor(request)
    row = viewing.look_at_traveller(actor=actor, uid=uid)
    officer = queries.is_officer(actor)
    said = row.facts or row.booking or {}
    papers = [*(said.get("documents") or [])]
    known = {paper.get("number") for paper in papers}
    papers += [one for one in (row.booking or {}).get("documents") or [] if one.get("number") not in known]
    context = {
        "row": row,
        "said": said,
        "papers": papers,
        "booking": row.booking or {},
        "reservation": row.reservation.body if row.reservation else {},
        "bags": said.get("bags") or (row.booking or {}).get("bags") or {},
        "companions": queries.companions(row),
        "journeys": queries.journeys(actor, row) if officer else [],
        "hits": [_hit(hit) for hit in queries.hits_of(row)] if officer else [],
        "decisions": list(row.decisions.order_by("at")) if officer else [],
        "versions": list(row.versions.order_by("version")),
        "notices": list(row.notices.order_by("pk")),
        "findings": _findings(row.findings, get_language() or "en"),
        "neighbour": _neighbour(row) if officer else None,
        "assessment": assessment_of(key_of(row)) if officer else None,
        "may_decide": officer and actor.may(queries.DECIDE, port=row.flight.office) and row.erased_at is None,
        "may_confirm": officer and actor.may(queries.CONFIRM, port=row.flight.office),
        "actor_key": actor.key,
    }
    return _page(request, "traveller.html", context)


def _neighbour(row: Traveller) -> Any:
    return queries.neighbour_traveller(sharing.flight_key(row.flight), row.name_key)


def _hit(hit: Hit) -> dict[str, Any]:
    """A match with its reasons in the reader's language, the entry it is with, and what was said of it."""
    language = get_language() or "en"
    reasons = [Reason.from_record(record) for record in hit.reasons]
    return {
        "hit": hit,
        "reasons": [(reason.about, reason.stance, reason.text(language)) for reason in reasons],
        "entry": queries.entry_of(hit),
        "review": ListHit.objects.filter(pk=hit.review).first(),
    }


@login_required
@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """The few travellers that matter: a match to decide, soonest departure first; and decisions that want a second."""
    actor = _actor(request)
    actor.require(queries.DECIDE)
    page, pages = _paged(request, queries.open_cases(actor))
    shown = list(page.object_list)
    hits: dict[int, list[Hit]] = {}
    for hit in Hit.objects.filter(traveller__in=shown, state=Hit.State.OPEN).order_by("-score"):
        hits.setdefault(hit.traveller_id, []).append(hit)
    viewing.searched(actor=actor, text="", count=len(shown))
    context = {
        "cases": shown,
        "explained": {
            one.row.subject: one for one in explain_many(list(latest_of([key_of(row) for row in shown]).values()))
        },
        "key_of": key_of,
        "hits": hits,
        "waiting": list(queries.undecided(actor)),
        "may_confirm": actor.may(queries.CONFIRM),
        "actor_key": actor.key,
        **pages,
    }
    template = "_cases.html" if request.headers.get("HX-Request") else "cases.html"
    return _page(request, template, context)


def _done(request: HttpRequest, uid: str, act: Any, told: str) -> HttpResponse:
    try:
        act()
        notes.success(request, told)
    except OtayError as problem:
        language = get_language() or "en"
        for text in [finding.text(language) for finding in problem.findings] or [problem.text(language)]:
            notes.error(request, text)
    return redirect(reverse("passengers:traveller", args=[uid]))


@login_required
@require_POST
def decide(request: HttpRequest, uid: str) -> HttpResponse:
    """Allow, refer or no board; a reason is required."""
    actor = _actor(request)
    actor.require(queries.DECIDE)
    queries.traveller(actor, uid)
    kind = request.POST.get("kind", "")
    if kind not in set(Kind):
        notes.error(request, _("Choose what to decide."))
        return redirect(reverse("passengers:traveller", args=[uid]))
    reason = request.POST.get("reason", "")
    return _done(
        request, uid, lambda: deciding.decide(actor=actor, uid=uid, kind=Kind(kind), reason=reason),
        _("The decision is recorded."),
    )  # fmt: skip


@login_required
@require_POST
def settle_match(request: HttpRequest, uid: str, hit: int) -> HttpResponse:
    """This person or not; a reason is required."""
    actor = _actor(request)
    actor.require(queries.DECIDE)
    queries.traveller(actor, uid)
    same = request.POST.get("same") == "yes"
    reason = request.POST.get("reason", "")
    return _done(
        request, uid, lambda: deciding.settle_match(actor=actor, uid=uid, hit=hit, same=same, reason=reason),
        _("The match is confirmed.") if same else _("The match is cleared."),
    )  # fmt: skip


@login_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """A second person agrees with a decision or refuses it."""
    actor = _actor(request)
    actor.require(queries.CONFIRM)
    agree = request.POST.get("agree") == "yes"
    try:
        row = deciding.confirm(actor=actor, decision=pk, agree=agree)
        notes.success(request, _("The decision takes effect.") if agree else _("The decision is refused."))
    except OtayError as problem:
        notes.error(request, problem.text(get_language() or "en"))
        return redirect(reverse("passengers:cases"))
    return redirect(reverse("passengers:traveller", args=[row.traveller.uid]))


@login_required
@require_GET
def messages_list(request: HttpRequest) -> HttpResponse:
    """The messages about flights, newest first."""
    rows = queries.messages(_actor(request))
    if text := request.GET.get("q", "").strip().upper()[:40]:
        rows = rows.filter(flight__in=queries.search_flights(Flight.objects.all(), text=text))
    page, pages = _paged(request, rows)
    return _page(request, "messages.html", {"lists": list(page.object_list), "q": text, **pages})


@login_required
@require_GET
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """A message as it came and as the reader sees it. The look is audited."""
    row, stored, raw = viewing.look_at_message(actor=_actor(request), pk=pk)
    context = {
        "row": row,
        "stored": stored,
        "raw": raw_view(raw),
        "parsed": parsed_view(raw, stored.format, stored.name) if raw else None,
        "reply": stored.answer.get("reply", ""),
        "findings": _findings(row.findings, get_language() or "en"),
    }
    return _page(request, "message.html", context)


@login_required
@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """Status changes: sent, fetched, acknowledged."""
    page, pages = _paged(request, queries.notices(_actor(request)).order_by("-pk"))
    return _page(request, "notices.html", {"notices": list(page.object_list), **pages})


@login_required
@require_http_methods(["GET", "POST"])
def carriers(request: HttpRequest) -> HttpResponse:
    """Which party sends for which carrier code."""
    actor = _actor(request)
    actor.require(carrier_services.REGISTER)
    form = CarrierForm(request.POST or None)
    if request.method == "POST":
        if code := request.POST.get("withdraw", ""):
            carrier_services.withdraw(actor=actor, code=code)
            return redirect(reverse("passengers:carriers"))
        if form.is_valid():
            try:
                carrier_services.register(actor=actor, **form.cleaned_data)
                return redirect(reverse("passengers:carriers"))
            except OtayError as problem:
                form.add_error(None, problem.findings[0].text(get_language() or "en"))
    return _page(request, "carriers.html", {"form": form, "codes": list(CarrierCode.objects.order_by("code"))})
