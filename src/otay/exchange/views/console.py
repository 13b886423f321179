"""Console, agreements, what was sent and received, both sides' copy of a record."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from otay.core.errors import Conflict, NotFound, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain import differences
from otay.exchange.domain.agreement import State
from otay.exchange.domain.refusals import TITLES
from otay.exchange.forms import Browse, Change, Purpose
from otay.exchange.models import Direction, Peer, RefusedRequest
from otay.exchange.registry import record_types
from otay.exchange.services import agreements as agreement_services
from otay.exchange.services import identity, preview, reconciling, upkeep, viewing
from otay.node.actors import Actor

PAGE = 50
PURPOSE = "exchange.purpose"
"""Where a session keeps the purpose of the last search, so that it need not be typed again for what was found."""


def actor_of(request: HttpRequest, permission: str) -> Actor:
    """Who asks, if they hold ``permission``."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    actor.require(permission)
    return actor


@require_GET
def console(request: HttpRequest) -> HttpResponse:
    """How the exchange with each neighbour stands."""
    actor = actor_of(request, "exchange.view")
    own, new = identity.ensure_identity(), keystore.next_key()
    context = {
        "own": own,
        "statuses": queries.peer_statuses(),
        "keys": queries.keys_by_peer(),
        "next_key": new.id if new else "",
        "real_now": keystore.real_now(),
        "refused": RefusedRequest.objects.order_by("-pk")[:5],
        "titles": TITLES,
        "may_manage": actor.may("exchange.manage"),
        "may_see_records": actor.may("exchange.view_records"),
    }
    return render(request, "exchange/console.html", context)


@require_GET
def refused(request: HttpRequest) -> HttpResponse:
    """Requests and records that this node turned down, newest first."""
    actor_of(request, "exchange.view")
    rows = RefusedRequest.objects.select_related("peer").order_by("-pk")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    shown = list(rows[: PAGE + 1])
    older = f"?before={shown[PAGE - 1].pk}" if len(shown) > PAGE else ""
    context = {"rows": shown[:PAGE], "older": older, "newest": "?" if before else "", "titles": TITLES}
    return render(request, "exchange/refused.html", context)


@require_GET
def agreements(request: HttpRequest) -> HttpResponse:
    """All agreements with their versions."""
    actor_of(request, "exchange.view")
    found = queries.standings(list(Peer.objects.order_by("country")))
    return render(
        request, "exchange/agreements.html", {"standings": [one for several in found.values() for one in several]}
    )


def _standing(reference: str, version: int) -> queries.Standing:
    for several in queries.standings(list(Peer.objects.all())).values():
        for one in several:
            if (one.terms.reference, one.terms.version) == (reference, version):
                return one
    raise NotFound(N_("No agreement %(reference)s (version %(version)s) here"), reference=reference, version=version)


@require_GET
def agreement(request: HttpRequest, reference: str, version: int) -> HttpResponse:
    """One agreement: fields, purpose, retention, and both signatures checked now."""
    actor = actor_of(request, "exchange.view")
    standing = _standing(reference, version)
    personal = {kind.key: {field.name for field in kind.fields if field.personal} for kind in record_types}
    titles = {kind.key: kind.title for kind in record_types}
    context = {
        "one": standing,
        "personal": personal,
        "titles": titles,
        "own": keystore.own_country(),
        "change": Change(),
        "may_manage": actor.may("exchange.manage"),
    }
    return render(request, "exchange/agreement.html", context)


@require_http_methods(["GET", "POST"])
def dry_run(request: HttpRequest, reference: str, version: int) -> HttpResponse:
    """What an agreement would newly reveal: first why one looks, then counts and examples from past records."""
    actor = actor_of(request, "exchange.manage")
    terms = preview.terms_of(reference, version)
    form, found = Purpose(request.POST or None), None
    if form.is_valid():
        found = preview.dry_run(actor=actor, terms=terms, reason=form.cleaned_data["purpose"])
    context = {
        "terms": terms,
        "form": form,
        "found": found,
        "titles": {kind.key: kind.title for kind in record_types},
        "personal": {kind.key: {field.name for field in kind.fields if field.personal} for kind in record_types},
    }
    return render(request, "exchange/dry_run.html", context)


def _change(request: HttpRequest) -> tuple[str, str]:
    form = Change(request.POST)
    if not form.is_valid():
        raise Refused(
            N_("Say what to do and why"),
            findings=[
                error(
                    "/reason",
                    "exchange.reason",
                    N_("A reason of 3 to 300 characters is needed"),
                    request.POST.get("reason", ""),
                )
            ],
        )
    return form.cleaned_data["act"], form.cleaned_data["reason"]


@require_POST
def change_agreement(request: HttpRequest, reference: str, version: int) -> HttpResponse:
    """Sign, suspend, resume or end an agreement."""
    actor = actor_of(request, "exchange.manage")
    act, reason = _change(request)
    if act == "sign":
        agreement_services.sign(actor=actor, reference=reference, version=version)
    else:
        state = {"suspend": State.SUSPENDED, "resume": State.ACTIVE, "end": State.ENDED}.get(act)
        if state is None:
            raise Http404
        agreement_services.set_state(actor=actor, reference=reference, version=version, state=state, reason=reason)
    messages.success(request, _("Done and recorded."))
    return redirect("exchange:agreement", reference, version)


@require_POST
def change_peer(request: HttpRequest, country: str) -> HttpResponse:
    """Suspend or trust a neighbour, close an alarm, fetch what is missing."""
    actor = actor_of(request, "exchange.manage")
    act, reason = _change(request)
    match act:
        case "suspend_peer" | "trust_peer":
            state = Peer.State.SUSPENDED if act == "suspend_peer" else Peer.State.TRUSTED
            identity.set_peer_state(actor=actor, country=country, state=state.value, reason=reason)
        case "clear_alarm":
            identity.clear_alarm(actor=actor, country=country, reason=reason)
        case "replay":
            came = upkeep.replay(actor=actor, peer=queries.peer_named(country))
            messages.info(request, _("%(count)s records fetched.") % {"count": came})
        case _:
            raise Http404
    messages.success(request, _("Done and recorded."))
    return redirect("exchange:console")


@require_GET
def reconcile(request: HttpRequest) -> HttpResponse:
    """The latest comparison of each stream with the neighbour's book."""
    actor = actor_of(request, "exchange.view")
    context = {
        "compared": queries.latest_reconciliations(),
        "own": keystore.own_country(),
        "titles": differences.TITLES,
        "may_manage": actor.may("exchange.manage"),
        "may_see_records": actor.ports("exchange.view_records") is None,
    }
    return render(request, "exchange/reconcile.html", context)


@require_POST
def reconcile_now(request: HttpRequest, country: str) -> HttpResponse:
    """Compare both streams with a neighbour's book, and on demand repair what is lacking."""
    actor = actor_of(request, "exchange.manage")
    act, reason = _change(request)
    if act not in ("compare", "repair"):
        raise Http404
    found = reconciling.reconcile(
        actor=actor, peer=queries.peer_named(country), repairing=act == "repair", reason=reason
    )
    count = sum(len(one.differences) for one in found)
    messages.success(request, _("Compared and recorded: %(count)s records differ.") % {"count": count})
    return redirect("exchange:reconcile")


@require_GET
def records(request: HttpRequest, direction: str) -> HttpResponse:
    """What was sent or received, without bodies."""
    actor = actor_of(request, "exchange.view_records")
    form = Browse(request.GET, direction=direction)
    asked = form.cleaned_data if form.is_valid() else {}
    names = ("peer", "record_type", "state")
    rows = queries.records(
        direction, actor=actor, before=asked.get("before"), **{name: asked.get(name) or "" for name in names}
    )
    shown = list(rows[: PAGE + 1])
    query = request.GET.copy()
    query.pop("before", None)
    newest = "?" + query.urlencode() if asked.get("before") else ""
    query["before"] = str(shown[PAGE - 1].pk) if len(shown) > PAGE else ""
    context: dict[str, Any] = {
        "direction": direction,
        "form": form,
        "rows": shown[:PAGE],
        "newest": newest,
        "older": "?" + query.urlencode() if query["before"] else "",
    }
    return render(request, "exchange/records.html", context)


def _direction(direction: str) -> str:
    if direction not in Direction.values:
        raise Http404
    return direction


@require_http_methods(["GET", "POST"])
def record(request: HttpRequest, direction: str, country: str, sequence: int) -> HttpResponse:
    """A record: first why it is looked at, then both sides' copy side by side."""
    actor = actor_of(request, "exchange.view_records")
    peer = queries.peer_named(country)
    row = queries.record(_direction(direction), peer=peer, sequence=sequence)
    actor.require("exchange.view_records", port=row.port)
    form = Purpose(request.POST or None, initial={"purpose": request.session.get(PURPOSE, "")})
    both = None
    if form.is_valid():
        both = viewing.side_by_side(
            actor=actor, direction=direction, peer=peer, sequence=sequence, purpose=form.cleaned_data["purpose"]
        )
    context = {
        "direction": direction,
        "peer": peer,
        "row": row,
        "erasure": queries.erasure_of(peer, sequence) if direction == Direction.OUT else None,
        "form": form,
        "both": both,
        "own": keystore.own_country(),
    }
    return render(request, "exchange/record.html", context)


@require_POST
def evidence(request: HttpRequest, direction: str, country: str, sequence: int) -> HttpResponse:
    """The stand-alone evidence file of a record."""
    actor = actor_of(request, "exchange.view_records")
    form = Purpose(request.POST)
    if not form.is_valid():
        raise Refused(N_("Say why you need the evidence"))
    peer = queries.peer_named(country)
    try:
        proof = upkeep.evidence(
            actor=actor,
            direction=_direction(direction),
            peer=peer,
            sequence=sequence,
            purpose=form.cleaned_data["purpose"],
        )
    except Conflict as problem:
        messages.error(request, problem.text(get_language() or "en"))
        return redirect("exchange:record", direction, country, sequence)
    answer = HttpResponse(json.dumps(proof, ensure_ascii=False, indent=1), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="otay-record-{direction}-{country}-{sequence}.json"'
    return answer
