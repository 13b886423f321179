"""Thresholds and random shares: which score leads to which lane, and what share of all traffic is drawn by lot.

Changed like a rule: proposed by one person, put in force by another.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from otay.core.errors import Conflict, NotFound, Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.engines.selection import CHECKED
from otay.node import audit, clock
from otay.node.actors import Actor
from otay.screening.models import PolicyProposal, RuleSet, RuleVersion

MAX_SCORE, MAX_SHARE = 10_000, Decimal(50)


@transaction.atomic
def propose_policy(
    *, actor: Actor, kind: str, thresholds: Mapping[str, int], percent: Mapping[str, Decimal], why: str
) -> PolicyProposal:
    """Propose from which score each checked lane begins and how many percent of all traffic it gets by lot.

    Raises:
        Refused: with every finding: thresholds must fall from red to blue, shares lie between 0 and 50 percent.
    """
    actor.require("screening.manage_rules")
    current = _current(kind)
    findings = _findings(thresholds, percent)
    if not 1 <= len(why.strip()) <= 300:
        findings.append(
            error("/why", "policy.why", N_("Say why, in at most 300 characters: the approver decides on it"), why)
        )
    if findings:
        raise Refused(N_("The proposal cannot be taken"), findings=findings)
    policy = {
        **current.policy,
        "thresholds": {str(lane): int(thresholds[lane]) for lane in CHECKED},
        "shares": {str(lane): format((percent[lane] / 100).normalize(), "f") for lane in CHECKED if percent[lane]},
    }
    if policy == current.policy:
        raise Conflict(N_("This is what is in force already"))
    made = PolicyProposal.objects.create(
        kind=kind, base=current, policy=policy, why=why.strip(), author=actor.key, author_name=actor.name,
        proposed_at=clock.now(),
    )  # fmt: skip
    audit.record(actor=actor, action="screening.policy_proposed", subject=f"policy:{kind}/{made.pk}", reason=made.why)
    return made


def _findings(thresholds: Mapping[str, int], percent: Mapping[str, Decimal]) -> list[Finding]:
    found = [
        error(f"/thresholds/{lane}", "policy.threshold", N_("Expected a whole number from 1 to %(most)d"),
              thresholds[lane], most=MAX_SCORE)
        for lane in CHECKED if not 1 <= thresholds[lane] <= MAX_SCORE
    ]  # fmt: skip
    found += [
        error(f"/shares/{lane}", "policy.share", N_("Expected 0 to %(most)d percent"), percent[lane], most=MAX_SHARE)
        for lane in CHECKED
        if not 0 <= percent[lane] <= MAX_SHARE
    ]
    scores = [thresholds[lane] for lane in CHECKED]
    if scores != sorted(scores, reverse=True) or len(set(scores)) < len(scores):
        message = N_("Red begins at a higher score than yellow, and yellow at a higher one than blue")
        found.append(error("/thresholds", "policy.order", message, ", ".join(map(str, scores))))
    return found


def _current(kind: str) -> RuleSet:
    current = RuleSet.objects.select_for_update().filter(kind=kind).order_by("-version").first()
    if current is None:
        raise NotFound(N_("There are no rules for subjects of the kind %(kind)s"), kind=kind)
    return current


@transaction.atomic
def decide_policy(*, actor: Actor, proposal: int, approve: bool, note: str = "") -> PolicyProposal:
    """Put a proposed policy in force as the next table, or refuse it. An author may withdraw the own proposal.

    Raises:
        Conflict: when it is the actor's own and is to be approved, or was decided already.
    """
    known = PolicyProposal.objects.filter(pk=proposal).first()
    if known is None:
        raise NotFound(N_("No such proposal"))
    current = _current(known.kind)
    found = PolicyProposal.objects.select_for_update().get(pk=proposal)
    own = found.author == actor.key
    actor.require("screening.manage_rules" if own and not approve else "screening.approve_rules")
    name = f"policy:{found.kind}/{found.pk}"
    if found.decision:
        raise Conflict(N_("%(rule)s was decided already"), rule=name)
    if approve:
        if own:
            raise Conflict(N_("%(rule)s is your own proposal: a second person has to approve it"), rule=name)
        _put_in_force(actor, current, found)
    found.decision = RuleVersion.Decision.APPROVED if approve else RuleVersion.Decision.REFUSED
    found.decided_by, found.decided_by_name, found.decided_at = actor.key, actor.name, clock.now()
    found.decision_note = note[:300]
    found.save()
    audit.record(actor=actor, action=f"screening.policy_{found.decision}", subject=name, reason=note[:300])
    return found


def _put_in_force(actor: Actor, current: RuleSet, proposal: PolicyProposal) -> None:
    made = RuleSet.objects.create(
        kind=current.kind, version=current.version + 1, policy=proposal.policy, made_at=clock.now(),
        made_by=actor.key, made_by_name=actor.name, why=proposal.why,
    )  # fmt: skip
    made.rules.set(current.rules.all())


def proposals(kind: str) -> list[PolicyProposal]:
    """The proposals that wait for a second person, oldest first."""
    return list(PolicyProposal.objects.filter(kind=kind, decision="").order_by("proposed_at", "pk"))
