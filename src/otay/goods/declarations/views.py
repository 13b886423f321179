"""The pages: a list for whom it concerns, one declaration, the supervisor's queues, the officer's booth."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from otay.core.errors import Forbidden, OtayError
from otay.goods.declarations import domain, presenting, queries, services
from otay.goods.declarations.domain import Kind, Lane, State
from otay.goods.declarations.forms import LodgeForm
from otay.goods.declarations.models import Declaration, NeighbourDeclaration
from otay.goods.declarations.registry import related
from otay.goods.declarations.valuing import Valued, reckoning_day, valued
from otay.intake.incoming import Incoming
from otay.intake.services import receive
from otay.node import audit
from otay.node.actors import Actor
from otay.places.queries import ports
from otay.screening.queries import Explanation, explain, latest_of

PAGE = 50
WORDS = {
    "states": presenting.STATES,
    "state_kinds": presenting.STATE_KINDS,
    "steps": presenting.STEPS,
    "types": presenting.TYPES,
    "results": presenting.RESULTS,
    "elements": presenting.ELEMENTS,
    "verdicts": presenting.VERDICTS,
}


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, f"declarations/{template}", {**WORDS, **presenting.places(), **context}, status=status)


@login_required
@require_GET
def declarations(request: HttpRequest) -> HttpResponse:
    """Declarations that the reader may see, newest first, filtered by what the address says."""
    actor = _actor(request)
    wanted = {name: request.GET.get(name, "").strip() for name in ("state", "lane", "port")}
    text = request.GET.get("q", "").strip()
    rows = queries.search(queries.visible(actor), text).filter(
        **{name: value for name, value in wanted.items() if value}
    )
    before = request.GET.get("before", "")
    if before.isdecimal():
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-pk")[: PAGE + 1])
    address = request.GET.copy()
    if len(found) > PAGE:
        address["before"] = str(found[PAGE - 1].pk)
    context = {
        "rows": found[:PAGE],
        "wanted": {**wanted, "q": text},
        "ports": _ports(actor),
        "lanes": list(Lane),
        "next_url": f"?{address.urlencode()}" if len(found) > PAGE else "",
        "first_url": reverse("declarations:list") if before else "",
    }
    audit.record(actor=actor, action="declarations.listed", subject="declarations", count=len(found[:PAGE]))
    return _page(request, "list.html", context)


def _ports(actor: Actor) -> list[Any]:
    held = actor.ports(queries.VIEW)
    return [port for port in ports() if held is None or not queries.is_officer(actor) or port.code in held]


@login_required
@require_GET
def declaration(request: HttpRequest, number: str) -> HttpResponse:
    """One declaration: where it stands, why its lane, what the neighbour has, what happened. The look is audited."""
    actor = _actor(request)
    row = queries.declaration(actor, number)
    audit.record(actor=actor, action="declarations.viewed", subject=f"declaration:{number}")
    blocks = [(one.title, links) for one in related if (links := one.links(actor, row.number))]
    return _page(request, "declaration.html", _card(actor, row) | {"events": queries.events(row), "related": blocks})


def _card(actor: Actor, row: Declaration) -> dict[str, Any]:
    """What the declaration's page and the booth both show of it."""
    versions = queries.versions(row)
    mirror = queries.neighbour_records([row.ucr]).get(row.ucr)
    officer = queries.is_officer(actor)
    core = versions[-1].core
    worth = valued(row, core, mirror if officer else None)
    return {
        "row": row,
        "officer": officer,
        "core": core,
        "worth": worth,
        "versions": versions,
        "mirror": mirror if officer else None,
        "comparison": _comparison(row, core, mirror, worth) if mirror and officer else [],
        "crossings": queries.neighbour_crossings(row.ucr) if officer else [],
        "explanation": _explanation(row) if officer else None,
        "delivery": queries.delivery(row) if officer else [],
        "possible": _possible(actor, row),
        "overrides": domain.lacks_inspection(row.state, row.lane),
    }


def _comparison(
    row: Declaration, core: dict[str, Any], mirror: NeighbourDeclaration, worth: Valued
) -> list[domain.Comparison]:
    reckoning = domain.Reckoning(worth.rates, row.lodged_at.date(), reckoning_day(mirror))
    return domain.compare(core, mirror.body, reckoning)


def _explanation(row: Declaration) -> Explanation | None:
    """Why the row is in its lane, in the reader's language."""
    key = f"declaration:{row.number}"
    assessment = latest_of([key]).get(key)
    return explain(assessment) if assessment else None


def _possible(actor: Actor, row: Declaration) -> list[str]:
    """The steps that this actor may take now."""
    officer = queries.is_officer(actor)
    port = row.port if officer else None
    kinds = domain.BOOTH if officer else (Kind.WITHDRAWN,)
    return [
        kind
        for kind in kinds
        if (State(row.state), kind) in domain.TRANSITIONS
        and actor.may(services.PERMISSION[kind], port=port)
        and (kind is not Kind.RELEASED or _may_release(actor, row))
    ]


def _may_release(actor: Actor, row: Declaration) -> bool:
    return not domain.lacks_inspection(row.state, row.lane) or actor.may(services.OVERRIDE, port=row.port)


@login_required
@require_GET
def as_lodged(request: HttpRequest, number: str) -> HttpResponse:
    """The declaration as lodged, as a file."""
    actor = _actor(request)
    row = queries.declaration(actor, number)
    kind = "wco" if request.GET.get("format") == "wco" else "json"
    content, media_type = queries.written(row, 1, kind)
    audit.record(actor=actor, action="declarations.exported", subject=f"declaration:{number}", format=kind)
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="{row.number}.{"xml" if kind == "wco" else "json"}"'
    return answer


@login_required
@require_GET
def queues(request: HttpRequest) -> HttpResponse:
    """The supervisor's page: what waits at each port, by lane."""
    actor = _actor(request)
    waiting = queries.queues(actor)
    context = {"queues": waiting, "lanes": list(Lane)}
    template = "_queues.html" if request.headers.get("HX-Request") else "queues.html"
    return _page(request, template, context)


@login_required
@require_GET
def booth(request: HttpRequest) -> HttpResponse:
    """The officer's page: find by number or plate, see lane and reasons, decide. Works from the keyboard alone."""
    actor = _actor(request)
    actor.require(services.PROCESS)
    mine = _booth_ports(actor)
    port = request.GET.get("port") or (mine[0].code if mine else "")
    actor.require(services.PROCESS, port=port)
    text = request.GET.get("q", "").strip()
    found = queries.find_at_booth(actor, port, text)
    context: dict[str, Any] = {
        "port": port,
        "ports": mine,
        "q": text,
        "found": found,
        "waiting": queries.waiting(actor, port),
        "row": None,
        "chosen": "",
    }
    if _is_meant(found, text):
        context |= _card(actor, found[0]) | {"chosen": found[0].number}
        audit.record(
            actor=actor, action="declarations.viewed", subject=f"declaration:{found[0].number}", reason="booth"
        )
    return _page(request, "booth.html", context)


def _is_meant(found: list[Declaration], text: str) -> bool:
    """True where the first of ``found`` is the one: named by its number, or the only one still open."""
    open_ones = [row for row in found if row.state in domain.OPEN]
    return len(found) == 1 or len(open_ones) == 1 or bool(found and found[0].number == text.upper())


def _booth_ports(actor: Actor) -> list[Any]:
    held = actor.ports(services.PROCESS)
    return [port for port in ports() if held is None or port.code in held]


@login_required
@require_GET
def booth_waiting(request: HttpRequest) -> HttpResponse:
    """The conveyances that stand at a port, for the booth page to refresh."""
    actor = _actor(request)
    port = request.GET.get("port", "")
    actor.require(services.PROCESS, port=port)
    return _page(
        request,
        "_waiting.html",
        {
            "waiting": queries.waiting(actor, port),
            "port": port,
            "chosen": request.GET.get("chosen", ""),
        },
    )


@login_required
@require_POST
def step(request: HttpRequest, number: str) -> HttpResponse:
    """Take one step and go back to where the reader was; a step that is not allowed says why."""
    actor = _actor(request)
    kind = request.POST.get("kind", "")
    detail = {
        name: request.POST[name].strip()
        for name in ("result", "remarks", "reason", "override_reason")
        if request.POST.get(name, "").strip()
    }
    try:
        taken = services.take(actor=actor, step=services.Step(number, Kind(kind), None, detail))
        messages.success(
            request, _("%(number)s: %(state)s") % {"number": number, "state": presenting.STATES[taken.state]}
        )
    except ValueError:
        messages.error(request, _("There is no step %(kind)s.") % {"kind": kind[:40]})
    except Forbidden:
        raise
    except OtayError as problem:
        messages.error(request, problem.text(get_language() or "en"))
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = reverse("declarations:declaration", args=[number])
    return redirect(back)


@login_required
@require_http_methods(["GET", "POST"])
def lodge(request: HttpRequest) -> HttpResponse:
    """A trader's or broker's page: lodge a file, and see every finding at once."""
    actor = _actor(request)
    actor.require("declarations.lodge")
    form = LodgeForm(request.POST or None, request.FILES or None)
    receipt = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        receipt = receive(actor=actor, items=[Incoming(file.read(), name=file.name[:120])], channel="page")[0]
    language = get_language() or "en"
    findings = [finding.as_dict(language) for finding in receipt.findings] if receipt else []
    return _page(request, "lodge.html", {"form": form, "receipt": receipt, "findings": findings})
