"""Pages: the lists, one list with its versions, an entry, an import, the review queue, cleared matches, redress."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from otay.core.errors import Conflict, NotFound, OtayError, Refused
from otay.core.i18n import N_
from otay.node import audit, clock
from otay.node.actors import Actor
from otay.node.guarding import needs
from otay.screening.watchlists import importing, queries, reviewing, services, wording
from otay.screening.watchlists.forms import (
    AnswerForm,
    DecisionForm,
    EntryForm,
    ImportForm,
    ListForm,
    RedressForm,
)
from otay.screening.watchlists.models import ListHit, ListVersion

PAGE = 50


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    actor = getattr(request, "actor", None)
    rights = {
        name: bool(actor and actor.may(permission))
        for name, permission in (
            ("proposes", services.PROPOSE), ("activates", services.ACTIVATE), ("reviews", reviewing.REVIEW),
            ("redresses", reviewing.REDRESS),
        )
    }  # fmt: skip
    words = {"words": wording.words(), "me": actor.key if actor else ""}
    return render(request, f"screening/watchlists/{template}", {**rights, **words, **context}, status=status)


def _sees(request: HttpRequest, permission: str = queries.VIEW) -> Actor:
    actor = _actor(request)
    actor.require(permission)
    return actor


def _findings(problem: OtayError) -> list[dict[str, str]]:
    return [finding.as_dict(get_language() or "en") for finding in problem.findings]


def _number(request: HttpRequest, name: str = "page") -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and 0 < len(text) < 7 else 1


def _more(request: HttpRequest, **changes: object) -> str:
    address = request.GET.copy()
    for name, value in changes.items():
        address[name] = str(value)
    return f"?{address.urlencode()}"


@require_GET
def lists(request: HttpRequest) -> HttpResponse:
    """All lists: what is on them, what waits, who answers for them."""
    actor = _sees(request)
    rows = queries.lists(actor)
    audit.record(actor=actor, action="screening.lists_viewed", subject="watchlists", count=len(rows))
    return _page(request, "lists.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
def open_list(request: HttpRequest) -> HttpResponse:
    """Make a list."""
    actor = _sees(request, services.PROPOSE)
    form = ListForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "findings": []}
    if request.method == "POST" and form.is_valid():
        try:
            made = services.open_list(actor=actor, **form.cleaned_data)
            return redirect("watchlists:list", made.key)
        except (Refused, Conflict) as problem:
            form.add_error(None, problem.text(get_language() or "en"))
            context["findings"] = _findings(problem)
    return _page(request, "open.html", context, 422 if form.errors else 200)


@require_GET
def watchlist(request: HttpRequest, key: str) -> HttpResponse:
    """One list: its entries, its versions, what waits for a second person."""
    actor = _sees(request)
    held = services.watchlist_of(key)
    if request.headers.get("HX-Request"):
        return _page(request, "_imports.html", {"held": held, "imports": importing.imports(held)})
    text, after = request.GET.get("q", "").strip(), request.GET.get("after", "")
    found = queries.entries(held, text, after, PAGE + 1)
    audit.record(actor=actor, action="screening.list_viewed", subject=f"watchlist:{key}", count=len(found[:PAGE]))
    context = {
        "held": held,
        "entries": found[:PAGE],
        "q": text,
        "next_url": _more(request, after=found[PAGE - 1].key) if len(found) > PAGE else "",
        "versions": queries.versions(held),
        "imports": importing.imports(held),
    }
    return _page(request, "list.html", context)


@require_http_methods(["GET", "POST"])
def import_file(request: HttpRequest, key: str) -> HttpResponse:
    """Take a file; a job reads it. What cannot be a list comes back at once."""
    actor = _sees(request, services.PROPOSE)
    held = services.watchlist_of(key)
    form = ImportForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"held": held, "form": form, "findings": [], "problem": ""}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            try:
                taken = importing.take_file(
                    actor=actor, watchlist=key, data=given["file"].read(), file_name=given["file"].name,
                    why=given["why"], mode=given["mode"], format=given["format"],
                )  # fmt: skip
                return redirect("watchlists:taken", key, taken.pk)
            except (Refused, Conflict) as problem:
                context |= {"problem": problem.text(get_language() or "en"), "findings": _findings(problem)}
    return _page(request, "import.html", context, status)


@require_GET
def taken(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """How far the reading of a file is, and what came of it; asked for by itself, the part that changes."""
    actor = _sees(request)
    row = importing.import_of(key, number)
    live = bool(request.headers.get("HX-Request"))
    if not live:
        audit.record(actor=actor, action="screening.list_import_viewed", subject=f"watchlist:{key}/import/{number}")
    context = {
        "row": row, "held": row.watchlist, "findings": queries.findings(row),
        "problem": importing.problem(row, get_language() or "en"),
    }  # fmt: skip
    return _page(request, "_taken.html" if live else "taken.html", context)


@require_POST
def change_import(request: HttpRequest, key: str, number: str, verb: str) -> HttpResponse:
    """Stop reading a file of one's own, or read it again."""
    {"cancel": importing.cancel, "resume": importing.resume}[verb](actor=_actor(request), key=key, pk=int(number))
    return redirect("watchlists:taken", key, int(number))


@require_http_methods(["GET", "POST"])
def add_entry(request: HttpRequest, key: str) -> HttpResponse:
    """Type one entry; it is proposed like a file."""
    actor = _sees(request, services.PROPOSE)
    held = services.watchlist_of(key)
    form = EntryForm(request.POST or None, initial={"category": held.category})
    context: dict[str, Any] = {"held": held, "form": form, "findings": [], "problem": ""}
    if request.method == "POST" and form.is_valid():
        try:
            made = services.propose_entries(
                actor=actor, watchlist=key, entries=[form.entry()], why=form.cleaned_data["why"]
            )
            messages.success(request, _("Version %(number)s now waits for a second person.") % {"number": made.number})
            return redirect("watchlists:version", key, made.number)
        except (Refused, Conflict) as problem:
            context |= {"problem": problem.text(get_language() or "en"), "findings": _findings(problem)}
    return _page(request, "add.html", context, 422 if request.method == "POST" else 200)


@require_POST
def remove_entry(request: HttpRequest, key: str) -> HttpResponse:
    """Propose to take an entry off the list."""
    made = services.propose_removal(
        actor=_actor(request), watchlist=key, keys=[request.POST.get("entry", "")], why=request.POST.get("why", "")
    )
    messages.success(request, _("Version %(number)s now waits for a second person.") % {"number": made.number})
    return redirect("watchlists:version", key, made.number)


@require_GET
def entry(request: HttpRequest, key: str, entry: str) -> HttpResponse:
    """One entry and every version that there was of it; the look is audited."""
    actor = _sees(request)
    number = _number(request, "version") if "version" in request.GET else None
    page = queries.entry(key, entry, number)
    audit.record(actor=actor, action="screening.entry_viewed", subject=f"watchlist:{key}/{entry}")
    hits = [row for row in queries.hits(actor, state="", watchlist=key, count=200)[0] if row.entry.key == entry]
    context = {"page": page, "held": page.current.watchlist, "told": queries.flat(page.current), "hits": hits}
    return _page(request, "entry.html", context)


@require_GET
def version(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """What a version adds, changes and removes, what the import found, and the decision of the second person."""
    actor = _sees(request)
    row = queries.version(key, number)
    kind, after = request.GET.get("kind", ""), request.GET.get("after", "")
    kind = kind if kind in ("added", "changed", "removed") else ""
    found = queries.changes(row, kind, after, PAGE + 1)
    audit.record(actor=actor, action="screening.list_version_viewed", subject=f"watchlist:{key}/{number}")
    context = {
        "row": row, "held": row.watchlist, "changes": found[:PAGE], "kind": kind, "findings": queries.findings(row),
        "next_url": _more(request, after=found[PAGE - 1].row.key) if len(found) > PAGE else "",
        "outdated": row.state == ListVersion.State.PROPOSED and row.base_id != row.watchlist.active_id,
    }  # fmt: skip
    return _page(request, "version.html", context)


@require_POST
@needs("screening.activate_entries", "screening.propose_entries")
def decide(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Put a version in force, or refuse it."""
    actor = _actor(request)
    actor.require(queries.VIEW)
    row, note = queries.version(key, number), request.POST.get("note", "")
    if request.POST.get("decision") == "activate":
        services.activate(actor=actor, version=row.pk, note=note)
        messages.success(request, _("The version is in force. Everyone still expected is being screened again."))
    elif request.POST.get("decision") == "refuse":
        services.refuse(actor=actor, version=row.pk, note=note)
        messages.success(request, _("The version was refused."))
    else:
        raise Refused(N_("Say whether you approve or refuse the version"))
    return redirect("watchlists:list", key)


@require_GET
def hits(request: HttpRequest) -> HttpResponse:
    """The review queue: the strongest first."""
    actor = _sees(request)
    wanted = {name: request.GET.get(name, "").strip() for name in ("band", "watchlist", "q")}
    state = request.GET.get("state", ListHit.State.OPEN)
    page = _number(request)
    rows, total = queries.hits(
        actor, state=state, band=wanted["band"], watchlist=wanted["watchlist"], text=wanted["q"], page=page, count=PAGE
    )
    audit.record(actor=actor, action="screening.hits_viewed", subject="hits", count=len(rows))
    context = {
        "rows": rows, "total": total, "wanted": {**wanted, "state": state}, "states": ListHit.State.choices,
        "lists": [item.watchlist for item in queries.lists(actor)],
        "previous_url": _more(request, page=page - 1) if page > 1 else "",
        "next_url": _more(request, page=page + 1) if page * PAGE < total else "",
    }  # fmt: skip
    return _page(request, "hits.html", context)


@require_http_methods(["GET", "POST"])
@needs("screening.review_hits", changing=True)
def hit(request: HttpRequest, pk: int) -> HttpResponse:
    """A party beside the entry that it may be, every reason, and the officer's decision."""
    actor = _sees(request)
    row = queries.hit(actor, pk)
    if request.method == "POST":
        form = DecisionForm(request.POST)
        if not form.is_valid():
            raise Refused(N_("Say what you decide, and why"))
        given = form.cleaned_data
        reviewing.decisions()[given["decision"]](actor=actor, hits=[pk], reason=given["reason"])
        messages.success(request, wording.DECIDED[given["decision"]])
        return redirect("watchlists:hit", pk)
    audit.record(actor=actor, action="screening.hit_viewed", subject=row.party_key, hit=pk)
    context = {
        "row": row, "held": row.entry.watchlist, "reasons": queries.reasons(row), "sides": wording.side_by_side(row),
        "in_force": hasattr(row.entry, "listed"), "ports": actor.ports(reviewing.REVIEW),
    }  # fmt: skip
    return _page(request, "hit.html", context)


@require_GET
def cleared(request: HttpRequest) -> HttpResponse:
    """Who is not whom: cleared matches that hold, and those that ended."""
    actor = _sees(request)
    ended, text, page = request.GET.get("ended") == "1", request.GET.get("q", "").strip(), _number(request)
    rows, total = queries.clearances(text=text, ended=ended, page=page, count=PAGE)
    audit.record(actor=actor, action="screening.clearances_viewed", subject="clearances", count=len(rows))
    context = {
        "rows": rows, "total": total, "ended": ended, "q": text, "now": clock.now(),
        "previous_url": _more(request, page=page - 1) if page > 1 else "",
        "next_url": _more(request, page=page + 1) if page * PAGE < total else "",
    }  # fmt: skip
    return _page(request, "cleared.html", context)


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a cleared match."""
    reviewing.revoke_clearance(actor=_actor(request), clearance=pk, reason=request.POST.get("reason", ""))
    messages.success(request, _("The cleared match has ended; its hits wait for review again."))
    return redirect("watchlists:cleared")


@login_not_required
@require_GET
def correction(request: HttpRequest) -> HttpResponse:
    """For everybody: how to ask that what a list or a match says of one be corrected."""
    return _page(request, "correction.html", {"days": reviewing.ANSWER_WITHIN.days})


@require_GET
def redress(request: HttpRequest) -> HttpResponse:
    """Requests for correction that wait, and those answered."""
    actor = _sees(request)
    answered = request.GET.get("answered") == "1"
    rows = queries.redress_requests(answered=answered)
    audit.record(actor=actor, action="screening.redress_listed", subject="redress", count=len(rows))
    return _page(request, "redress.html", {"rows": rows, "answered": answered, "today": clock.now().date()})


@require_http_methods(["GET", "POST"])
def record_redress(request: HttpRequest) -> HttpResponse:
    """Write a request down."""
    actor = _sees(request, reviewing.REDRESS)
    start = {"received_on": clock.now().date().isoformat(), "hit": request.GET.get("hit", "")}
    form = RedressForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            made = reviewing.record_redress(actor=actor, **form.cleaned_data)
            return redirect("watchlists:redress_request", made.reference)
        except (Refused, NotFound) as problem:
            form.add_error(None, problem.text(get_language() or "en"))
    return _page(request, "record_redress.html", {"form": form}, 422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@needs("screening.record_redress", changing=True)
def redress_request(request: HttpRequest, reference: str) -> HttpResponse:
    """One request, and its answer."""
    actor = _sees(request)
    row = queries.redress_request(reference)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reviewing.answer_redress(actor=actor, reference=reference, **form.cleaned_data)
        return redirect("watchlists:redress_request", reference)
    if request.method == "GET":
        audit.record(actor=actor, action="screening.redress_viewed", subject=f"redress:{reference}")
    return _page(request, "redress_request.html", {"row": row, "form": form}, 422 if form.errors else 200)
