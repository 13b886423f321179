"""Cases: the list, one case with all its parts, and what its members do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.exchange.models import ErasureConfirmation
from otay.goods.declarations.models import Declaration
from otay.goods.investigations import plotting
from otay.goods.investigations.domain import cases as rules
from otay.goods.investigations.domain.cases import EntryKind
from otay.goods.investigations.models import Case
from otay.goods.investigations.queries import cases as queries
from otay.goods.investigations.services import cases as services
from otay.goods.investigations.services import evidence
from otay.goods.investigations.views.common import actor_of, done, page
from otay.node import audit
from otay.node.actors import Actor
from otay.node.guarding import needs
from otay.node.models import User
from otay.places.queries import ports


@login_required
@require_GET
def case_list(request: HttpRequest) -> HttpResponse:
    """The reader's cases, and those that the neighbour offers."""
    actor = actor_of(request)
    text, state = request.GET.get("q", ""), request.GET.get("state", "")
    rows = queries.search(queries.visible(actor), text)
    rows = rows.filter(state=state) if state else rows
    context = {
        "rows": rows.order_by("-opened_at")[:100], "offered": queries.offered(actor), "q": text, "state": state,
        "may_open": actor.may(queries.OPEN) and not actor.party, "all_cases": actor.may(queries.AUDIT),
    }  # fmt: skip
    return page(request, "cases.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new_case(request: HttpRequest) -> HttpResponse:
    """Open a case, perhaps about a declaration."""
    actor = actor_of(request)
    actor.require(queries.OPEN)
    number = request.POST.get("number", request.GET.get("number", "")).strip()
    if request.method == "POST":
        made: list[Case] = []

        def change() -> None:
            made.append(
                services.open_case(
                    actor=actor, kind=request.POST.get("kind", ""), title=request.POST.get("title", ""),
                    summary=request.POST.get("summary", ""), port=request.POST.get("port", ""),
                )
            )  # fmt: skip

        answer = done(request, change, f"{reverse('investigations:new_case')}?number={number}", _("Case opened."))
        if not made:
            return answer
        back = reverse("investigations:case", args=[made[0].reference])
        if not number:
            return redirect(back)
        link = services.Link("declaration", number)
        return done(request, lambda: services.link(actor=actor, reference=made[0].reference, links=[link]), back)
    return page(request, "new_case.html", {"number": number, "ports": ports()})


@login_required
@require_GET
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """One case. The look is audited."""
    actor = actor_of(request)
    row = queries.case(actor, reference)
    audit.record(actor=actor, action="investigations.case_viewed", subject=f"case:{reference}")
    lines = queries.timeline(row)
    links = queries.links(row)
    member = queries.is_member(actor, row)
    lead = row.members.filter(key=actor.key, until=None, lead=True).exists()
    own = settings.OTAY.country
    context = {
        "row": row, "own": own, "member": member, "lead": lead and row.origin == own, "leads_here": lead,
        "members": row.members.filter(until=None).order_by("country", "-lead", "name"),
        "tab": request.GET.get("tab", "timeline"), "lines": list(reversed(lines)), "links": links,
        "waiting": queries.open_requests(lines, of=own), "asked": queries.open_requests(lines),
        "tasks": row.tasks.order_by("done_at", "due", "pk"),
        "evidence": [(item, queries.evidence_whole(item)) for item in row.evidence.order_by("number")],
        "neighbour_evidence": [
            line for line in lines if line.kind == EntryKind.EVIDENCE and line.country != own
        ],
        "seizures": row.seizures.prefetch_related("items").order_by("pk"),
        "neighbour_seizures": queries.neighbour_seizures(row), "possible": rules.possible(row.state),
        "broken": services.first_break(row), "network": network_of(row, links),
        "linked_keys": {f"{one.type}:{one.identifier}" for one in links},
        "colleagues": _colleagues(row) if lead else [], "erasures": _erasures(row), "link_types": list(rules.LinkType),
    }  # fmt: skip
    return page(request, "case.html", context)


def _colleagues(row: Case) -> list[User]:
    held = set(row.members.filter(until=None).values_list("key", flat=True))
    people = User.objects.filter(
        is_active=True, party="", role_assignments__role__in=["investigations", "targeting", "supervisor"]
    ).distinct()
    return [person for person in people.order_by("last_name", "first_name")[:200] if f"officer:{person.pk}" not in held]


def _erasures(row: Case) -> list[ErasureConfirmation]:
    """Confirmations of the neighbour that came after a withdrawal of this case."""
    taken = row.entries.filter(kind=EntryKind.WITHDRAWN).order_by("-serial").first()
    if taken is None:
        return []
    return list(ErasureConfirmation.objects.filter(peer__country=taken.body.get("from", ""), at__gte=taken.at)[:5])


def network_of(row: Case, links: list[queries.Linked]) -> plotting.Network:
    """The case and what it is linked to; declarations are tied to their traders."""
    things = [plotting.Thing(f"{one.type}:{one.identifier}", one.type, one.identifier, _url(one)) for one in links]
    known = {thing.key for thing in things}
    ties = []
    numbers = [one.identifier for one in links if one.type == "declaration"]
    for declaration in Declaration.objects.filter(number__in=numbers):
        for trader in (declaration.importer, declaration.exporter):
            if trader and f"trader:{trader}" not in known and len(things) < 60:
                things.append(plotting.Thing(f"trader:{trader}", "trader", trader))
                known.add(f"trader:{trader}")
            if trader:
                ties.append((f"declaration:{declaration.number}", f"trader:{trader}"))
    return plotting.network(plotting.Thing(row.reference, "case", row.reference), things, ties)


def _url(one: queries.Linked) -> str:
    own = one.country == settings.OTAY.country
    if one.type == "declaration" and own:
        return reverse("investigations:dossier", args=[one.identifier])
    if one.type == "seizure" and own:
        return reverse("investigations:seizure", args=[one.identifier])
    return ""


@login_required
@require_POST
@needs("investigations.cases")
def act(request: HttpRequest, reference: str) -> HttpResponse:
    """One change of a case, named by ``act``."""
    actor = actor_of(request)
    name = request.POST.get("act", "")
    if name not in ACTS:
        raise NotFound(N_("There is no such act."))
    tab = TABS.get(name, "timeline")
    back = reverse("investigations:cases")
    if name != "leave":
        back = f"{reverse('investigations:case', args=[reference])}?tab={tab}"
    return done(request, lambda: ACTS[name](request, actor, reference), back)


def _given(request: HttpRequest, *names: str) -> dict[str, str]:
    return {name: request.POST.get(name, "").strip() for name in names}


def _shared(request: HttpRequest) -> bool:
    return request.POST.get("shared") == "yes"


def _note(request: HttpRequest, actor: Actor, reference: str) -> Any:
    return services.add_note(
        actor=actor, reference=reference, text=request.POST.get("text", ""), shared=_shared(request)
    )


def _ask(request: HttpRequest, actor: Actor, reference: str) -> Any:
    return services.ask_neighbour(actor=actor, reference=reference, **_given(request, "text", "purpose", "subject"))


def _answer(request: HttpRequest, actor: Actor, reference: str) -> Any:
    return services.answer(actor=actor, reference=reference, **_given(request, "request", "text", "basis"))


def _link(request: HttpRequest, actor: Actor, reference: str) -> Any:
    link = services.Link(**_given(request, "type", "identifier", "note"))
    return services.link(actor=actor, reference=reference, links=[link], shared=_shared(request))


def _unlink(request: HttpRequest, actor: Actor, reference: str) -> Any:
    return services.unlink(actor=actor, reference=reference, **_given(request, "type", "identifier", "why"))


def _task(request: HttpRequest, actor: Actor, reference: str) -> Any:
    given = _given(request, "title", "assignee", "due")
    try:
        due = date.fromisoformat(given["due"]) if given["due"] else None
    except ValueError:
        due = None
    return services.add_task(
        actor=actor, reference=reference, title=given["title"], assignee=given["assignee"], due=due
    )


def _finish(request: HttpRequest, actor: Actor, reference: str) -> Any:
    task = request.POST.get("task", "")
    return services.finish_task(actor=actor, reference=reference, task=int(task) if task.isdecimal() else 0)


def _member(request: HttpRequest, actor: Actor, reference: str) -> Any:
    return services.add_member(
        actor=actor, reference=reference, key=request.POST.get("key", ""), lead=request.POST.get("lead") == "yes"
    )


def _remove(request: HttpRequest, actor: Actor, reference: str) -> Any:
    return services.remove_member(actor=actor, reference=reference, key=request.POST.get("key", ""))


def _leave(request: HttpRequest, actor: Actor, reference: str) -> Any:
    return services.remove_member(actor=actor, reference=reference, key=actor.key)


def _step(request: HttpRequest, actor: Actor, reference: str) -> Any:
    names = ("reason", "outcome", "ruling", "penalty", "duty", "currency")
    detail = {name: value for name, value in _given(request, *names).items() if value}
    for name in ("penalty", "duty"):
        if name in detail:
            detail[name] = detail[name].replace(",", ".")
    if not ({"penalty", "duty"} & set(detail)):
        detail.pop("currency", None)
    return services.take_step(actor=actor, reference=reference, step=request.POST.get("step", ""), detail=detail)


def _share(request: HttpRequest, actor: Actor, reference: str) -> Any:
    return services.share(actor=actor, reference=reference, purpose=request.POST.get("purpose", ""))


def _withdraw(request: HttpRequest, actor: Actor, reference: str) -> Any:
    return services.withdraw(actor=actor, reference=reference, reason=request.POST.get("reason", ""))


def _join(request: HttpRequest, actor: Actor, reference: str) -> Any:
    return services.join(actor=actor, reference=reference)


def _evidence(request: HttpRequest, actor: Actor, reference: str) -> Any:
    file = request.FILES.get("file")
    return evidence.add(
        actor=actor, reference=reference, name=(file.name if file else "") or "",
        chunks=file.chunks() if file else [], shared=_shared(request), **_given(request, "note", "source"),
    )  # fmt: skip


ACTS: dict[str, Callable[[HttpRequest, Actor, str], Any]] = {
    "note": _note, "ask": _ask, "answer": _answer, "link": _link, "unlink": _unlink, "task": _task, "finish": _finish,
    "member": _member, "remove": _remove, "leave": _leave, "step": _step, "share": _share, "withdraw": _withdraw,
    "join": _join, "evidence": _evidence,
}  # fmt: skip
TABS = {
    "link": "links", "unlink": "links", "task": "tasks", "finish": "tasks", "member": "members", "remove": "members",
    "step": "decision", "evidence": "evidence", "share": "members", "withdraw": "members",
}  # fmt: skip


@login_required
@require_POST
def hand_out(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """A file of evidence, as a download that no browser runs. A purpose is asked for and kept."""
    item, content = evidence.hand_out(
        actor=actor_of(request), reference=reference, number=number, purpose=request.POST.get("purpose", "")
    )
    answer = HttpResponse(content, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{item.item.rsplit(":", 1)[1].replace("/", "-")}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


__all__ = ["act", "case", "case_list", "hand_out", "new_case"]
