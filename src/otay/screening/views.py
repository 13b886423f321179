"""Pages: the rule table, one rule's history, a proposal and its trial, the explanation of one assessment."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from otay.core.errors import Conflict, NotFound, Refused
from otay.core.i18n import N_
from otay.engines.selection import Lane
from otay.node import audit
from otay.node.actors import Actor
from otay.node.guarding import needs
from otay.screening import policies, queries, services
from otay.screening.forms import DecisionForm, PolicyForm, ProposalForm
from otay.screening.registry import FactSet, fact_sets

LANES = [str(lane) for lane in Lane]


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _fact_set(kind: str) -> FactSet:
    if kind not in fact_sets:
        raise NotFound(N_("There are no facts for subjects of the kind %(kind)s"), kind=kind)
    return fact_sets[kind]


@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """The table in force of one kind, what waits for approval, and how the last weeks were directed."""
    actor = _actor(request)
    actor.require("screening.view")
    known = [kind for kind in queries.kinds() if kind in fact_sets]
    if not known:
        return render(request, "screening/rules.html", {"known": [], "kind": "", "titles": {}})
    kind = request.GET.get("kind", known[0])
    table = queries.current(kind)
    context = {
        "known": known,
        "titles": {fact_set.kind: fact_set.title for fact_set in fact_sets},
        "kind": kind,
        "table": table,
        "rules": [queries.row_of(version) for version in table.rules.all()],
        "proposals": [queries.row_of(version) for version in queries.proposals(kind)],
        "policy": queries.policy_rows(table.policy),
        "weeks": queries.weeks(actor, kind),
        "lanes": LANES,
        "manages": actor.may("screening.manage_rules"),
        "approves": actor.may("screening.approve_rules"),
        "me": actor.key,
    }
    return render(request, "screening/rules.html", context)


@require_GET
def rule(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """All versions of one rule: what each said, who proposed it and why, who decided."""
    actor = _actor(request)
    actor.require("screening.view")
    fact_set = _fact_set(kind)
    table = queries.current(kind)
    held = next((version for version in table.rules.all() if version.key == key), None)
    context = {
        "kind": kind,
        "key": key,
        "title": fact_set.title,
        "versions": [queries.row_of(version) for version in queries.history(kind, key)],
        "held": held,
        "manages": actor.may("screening.manage_rules"),
        "approves": actor.may("screening.approve_rules"),
    }
    return render(request, "screening/rule.html", context)


@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest, kind: str) -> HttpResponse:
    """Write a rule, try it on past subjects, propose it."""
    actor = _actor(request)
    actor.require("screening.manage_rules")
    fact_set = _fact_set(kind)
    context: dict[str, Any] = {"kind": kind, "title": fact_set.title, "facts": fact_set.facts, "lanes": LANES,
                               "can_try": fact_set.recent is not None, "findings": [], "trial": None}  # fmt: skip
    if request.method == "GET":
        form = ProposalForm(initial=_initial(kind, request.GET.get("key", "")))
        return render(request, "screening/propose.html", {**context, "form": form})
    form = ProposalForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            if "try" in request.POST:
                context["trial"] = services.dry_run(actor=actor, kind=kind, rules=[form.rule()])
                status = 200
            else:
                given = form.cleaned_data
                made = services.propose_rule(
                    actor=actor, kind=kind, rule=form.rule(), why=given["why"], owner=given["owner"]
                )
                messages.success(request, _("%(rule)s, version %(version)s, now waits for a second person.")
                                 % {"rule": made.key, "version": made.version})  # fmt: skip
                return redirect(f"{reverse('screening:rules')}?kind={kind}")
        except Refused as refused:
            context["findings"] = [finding.as_dict(get_language() or "en") for finding in refused.findings]
    return render(request, "screening/propose.html", {**context, "form": form}, status=status)


def _initial(kind: str, key: str) -> dict[str, Any]:
    """The newest version of ``key`` to start from; an example where there is none."""
    if not key:
        example = {"all": [{"fact": "value_usd", "is": ">=", "value": 100000}]}
        return {"condition": json.dumps(example, indent=2)}
    last = queries.history(kind, key)[0]
    return {
        "key": last.key, "condition": json.dumps(last.condition, indent=2, ensure_ascii=False), "points": last.points,
        "lane": last.lane, "reason_en": last.reason_en, "reason_es": last.reason_es, "valid_from": last.valid_from,
        "valid_until": last.valid_until, "owner": last.owner,
    }  # fmt: skip


@require_POST
@needs("screening.approve_rules", "screening.manage_rules")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or refuse one proposal."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        raise Refused(N_("Say whether you approve or refuse the proposal"))
    note = form.cleaned_data["note"]
    if form.cleaned_data["decision"] == "approve":
        made = services.approve_rules(actor=_actor(request), rules=[pk], note=note)
        messages.success(request, _("Version %(version)s of the table is now in force.") % {"version": made[0].version})
        return redirect(f"{reverse('screening:rules')}?kind={made[0].kind}")
    services.refuse_rules(actor=_actor(request), rules=[pk], note=note)
    messages.success(request, _("The proposal was refused."))
    return redirect("screening:rules")


@require_http_methods(["GET", "POST"])
@needs("screening.manage_rules", changing=True)
def policy(request: HttpRequest, kind: str) -> HttpResponse:
    """See which score leads to which lane and what is drawn by lot; propose something else."""
    actor = _actor(request)
    actor.require("screening.view")
    fact_set = _fact_set(kind)
    table = queries.current(kind)
    rows = queries.policy_rows(table.policy)
    initial: dict[str, Any] = {f"score_{row.lane}": row.threshold for row in rows}
    initial |= {f"share_{row.lane}": row.share.normalize() for row in rows}
    form = PolicyForm(request.POST or None, initial=initial)
    context: dict[str, Any] = {"findings": []}
    status = 200
    if request.method == "POST":
        actor.require("screening.manage_rules")
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            try:
                policies.propose_policy(
                    actor=actor, kind=kind, why=given["why"],
                    thresholds={row.lane: given[f"score_{row.lane}"] for row in rows},
                    percent={row.lane: given[f"share_{row.lane}"] for row in rows},
                )  # fmt: skip
                messages.success(request, _("The proposal now waits for a second person."))
                return redirect("screening:policy", kind)
            except (Refused, Conflict) as problem:
                form.add_error(None, problem.text(get_language() or "en"))
                context["findings"] = [finding.as_dict(get_language() or "en") for finding in problem.findings]
    context |= {
        "kind": kind, "title": fact_set.title, "table": table, "policy": rows, "form": form, "me": actor.key,
        "proposals": [(row, queries.policy_rows(row.policy)) for row in policies.proposals(kind)],
        "manages": actor.may("screening.manage_rules"), "approves": actor.may("screening.approve_rules"),
    }  # fmt: skip
    return render(request, "screening/policy.html", context, status=status)


@require_POST
@needs("screening.approve_rules", "screening.manage_rules")
def decide_policy(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or refuse other thresholds and shares."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        raise Refused(N_("Say whether you approve or refuse the proposal"))
    approve = form.cleaned_data["decision"] == "approve"
    done = policies.decide_policy(actor=_actor(request), proposal=pk, approve=approve, note=form.cleaned_data["note"])
    messages.success(
        request, _("The thresholds and shares are in force.") if approve else _("The proposal was refused.")
    )
    return redirect("screening:policy", done.kind)


@require_POST
def retire(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Take one rule out of force."""
    services.retire_rule(actor=_actor(request), kind=kind, key=key, why=request.POST.get("why", ""))
    messages.success(request, _("The rule %(rule)s is no longer in force.") % {"rule": key})
    return redirect(f"{reverse('screening:rules')}?kind={kind}")


@require_GET
def assessment(request: HttpRequest, pk: int) -> HttpResponse:
    """Why one subject went to its lane; the look is written to the audit log."""
    actor = _actor(request)
    actor.require("screening.view")
    row = queries.assessment(actor, pk)
    audit.record(actor=actor, action="screening.viewed", subject=row.subject)
    context = {
        "assessment": queries.explain(row),
        "others": queries.assessments_of(actor, row.subject),
        "title": fact_sets[row.kind].title if row.kind in fact_sets else row.kind,
    }
    return render(request, "screening/assessment.html", context)
