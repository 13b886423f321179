"""Every change of screening: assess subjects, and change the rules under four eyes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from otay.core.errors import Conflict, NotFound, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.engines.rules import Evaluation, Rule, evaluate, rule_findings
from otay.engines.selection import Choice, Lane, choose
from otay.node import audit, clock
from otay.node.actors import Actor
from otay.screening import counting
from otay.screening.domain import Subject, facts_digest, fired_record, rule_of
from otay.screening.models import Assessment, RuleSet, RuleVersion
from otay.screening.registry import fact_sets
from otay.screening.secret import selection_secret
from otay.screening.tables import Table, current_tables, in_force

__all__ = ["Subject", "approve_rules", "assess", "dry_run", "propose_rule", "refuse_rules", "retire_rule"]


@transaction.atomic
def assess(*, actor: Actor, subjects: Sequence[Subject]) -> list[Assessment]:
    """Direct each of ``subjects`` to a lane by the table in force and by lot; the answers are in the same order."""
    for port in sorted({subject.port for subject in subjects}):
        actor.require("screening.assess", port=port or None)
    if not subjects:
        return []
    at = clock.now()
    tables = current_tables(sorted({subject.kind for subject in subjects}), at)
    secret = selection_secret()
    audit.locked_head(audit.CHAIN)  # before the counts below, which others add to as well
    made = Assessment.objects.bulk_create(
        _assessment(subject, tables[subject.kind], secret, at) for subject in subjects
    )
    counting.add(made)
    audit.record_many(
        actor=actor,
        events=[
            audit.Event(
                "screening.assessed", row.subject,
                detail={"lane": row.lane, "score": row.score, "random": row.random, "table": tables[row.kind].version},
            )
            for row in made
        ],
    )  # fmt: skip
    return made


def _assessment(subject: Subject, table: Table, secret: bytes, at: datetime) -> Assessment:
    result, choice = _judged(subject, table, secret)
    return Assessment(
        subject=subject.key,
        kind=subject.kind,
        port=subject.port,
        at=at,
        lane=str(choice.lane),
        rule_lane=str(choice.rule_lane),
        random=choice.random,
        score=result.score,
        fired=[fired_record(item) for item in result.fired],
        missing=list(result.missing),
        rule_set_id=table.rule_set,
        facts_digest=facts_digest(subject.facts),
    )


def _judged(subject: Subject, table: Table, secret: bytes) -> tuple[Evaluation, Choice]:
    result = evaluate(table.compiled, subject.facts)
    choice = choose(
        table.policy, secret, key=subject.key, score=result.score, forced=result.forced, office=subject.port
    )
    return result, choice


@transaction.atomic
def propose_rule(*, actor: Actor, kind: str, rule: object, why: str, owner: str = "") -> RuleVersion:
    """Propose ``rule`` (JSON) as a new rule, or as the next version of the rule with its key. Nothing changes yet.

    Raises:
        Refused: with every finding, when the rule cannot be used or no reason for it is given.
    """
    actor.require("screening.manage_rules")
    last = RuleVersion.objects.filter(kind=kind, key=_key_of(rule)).aggregate(last=Max("version"))["last"] or 0
    checked = checked_rule(kind, rule, version=last + 1)
    if not 1 <= len(why.strip()) <= 300:
        raise Refused(
            N_("The proposal cannot be taken"),
            findings=[
                error("/why", "rule.why", N_("Say why, in at most 300 characters: the approver decides on it"), why)
            ],
        )
    proposed = RuleVersion.objects.create(
        **rule_columns(checked),
        kind=kind,
        owner=owner[:80] or actor.name[:80],
        why=why.strip(),
        author=actor.key,
        author_name=actor.name,
        proposed_at=clock.now(),
    )
    audit.record(actor=actor, action="screening.rule_proposed", subject=_name(proposed), reason=proposed.why)
    return proposed


def _key_of(rule: object) -> str:
    key = rule.get("key") if isinstance(rule, Mapping) else None
    return key if isinstance(key, str) else ""


def checked_rule(kind: str, raw: object, *, version: int) -> Rule:
    """``raw`` as a rule that the facts of ``kind`` can decide.

    Raises:
        NotFound: when no room registered ``kind``.
        Refused: with every finding.
    """
    if kind not in fact_sets:
        raise NotFound(N_("There are no facts for subjects of the kind %(kind)s"), kind=kind)
    rule = rule_of(raw, version)
    if findings := rule_findings(rule, fact_sets[kind].types):
        raise Refused(N_("The rule cannot be used"), findings=findings)
    return rule


def rule_columns(rule: Rule) -> dict[str, Any]:
    """The columns of a rule version that come from the rule itself."""
    return {
        "key": rule.key, "version": rule.version, "condition": rule.condition, "points": rule.points,
        "lane": str(rule.lane) if rule.lane else "", "reason_en": rule.reason["en"], "reason_es": rule.reason["es"],
        "valid_from": rule.valid_from, "valid_until": rule.valid_until,
    }  # fmt: skip


def _name(version: RuleVersion) -> str:
    return f"rule:{version.kind}/{version.key}/{version.version}"


@transaction.atomic
def approve_rules(*, actor: Actor, rules: Sequence[int], note: str = "") -> list[RuleSet]:
    """Put the proposed rule versions with these ids in force: one new table for each kind among them.

    Raises:
        Conflict: when one is the actor's own proposal, is decided already, or is older than the version in force.
    """
    actor.require("screening.approve_rules")
    found = _waiting(rules)
    for version in found:
        if version.author == actor.key:
            raise Conflict(N_("%(rule)s is your own proposal: a second person has to approve it"), rule=_name(version))
    made = [
        _replace(actor, kind, [version for version in found if version.kind == kind], why=note or found[0].why)
        for kind in sorted({version.kind for version in found})
    ]
    _decide(actor, found, RuleVersion.Decision.APPROVED, note)
    return made


@transaction.atomic
def refuse_rules(*, actor: Actor, rules: Sequence[int], note: str) -> None:
    """Refuse proposed rule versions, saying why. An author may withdraw the own proposal this way.

    Raises:
        Conflict: when one is decided already.
    """
    found = _waiting(rules)
    if any(version.author != actor.key for version in found):
        actor.require("screening.approve_rules")
    else:
        actor.require("screening.manage_rules")
    _decide(actor, found, RuleVersion.Decision.REFUSED, note)


def _waiting(ids: Sequence[int]) -> list[RuleVersion]:
    found = list(RuleVersion.objects.select_for_update().filter(pk__in=ids))
    if len(found) != len(set(ids)) or not found:
        raise NotFound(N_("No such proposal"))
    for version in found:
        if version.decision != RuleVersion.Decision.NONE:
            raise Conflict(N_("%(rule)s was decided already"), rule=_name(version))
    return found


def _decide(actor: Actor, found: Sequence[RuleVersion], decision: RuleVersion.Decision, note: str) -> None:
    at = clock.now()
    RuleVersion.objects.filter(pk__in=[version.pk for version in found]).update(
        decision=decision, decided_by=actor.key, decided_by_name=actor.name, decided_at=at, decision_note=note[:300]
    )
    audit.record_many(
        actor=actor,
        events=[audit.Event(f"screening.rule_{decision.value}", _name(version), note[:300]) for version in found],
    )


def _replace(actor: Actor, kind: str, incoming: Sequence[RuleVersion], *, why: str, leaving: str = "") -> RuleSet:
    """The next table of ``kind``: the one in force with ``incoming`` in place of the same keys, without ``leaving``."""
    current = RuleSet.objects.select_for_update().filter(kind=kind).order_by("-version").first()
    if current is None:
        raise NotFound(N_("There are no rules for subjects of the kind %(kind)s"), kind=kind)
    members = {version.key: version for version in current.rules.all()}
    for version in sorted(incoming, key=lambda item: item.version):
        held = members.get(version.key)
        if held is not None and held.version > version.version:
            raise Conflict(N_("%(rule)s is older than the version in force"), rule=_name(version))
        members[version.key] = version
    members.pop(leaving, None)
    in_force([version.as_rule() for version in members.values()], kind, clock.now())
    made = RuleSet.objects.create(
        kind=kind, version=current.version + 1, policy=current.policy, made_at=clock.now(),
        made_by=actor.key, made_by_name=actor.name, why=why[:300],
    )  # fmt: skip
    made.rules.set(members.values())
    return made


@transaction.atomic
def retire_rule(*, actor: Actor, kind: str, key: str, why: str) -> RuleSet:
    """Take the rule ``key`` out of force at once; its versions and past assessments stay.

    Raises:
        NotFound: when no such rule is in force.
        Refused: when no reason is given.
    """
    actor.require("screening.approve_rules")
    if not why.strip():
        raise Refused(
            N_("Say why the rule is retired"), findings=[error("/why", "rule.why", N_("Say why the rule is retired"))]
        )
    table = current_tables([kind], clock.now())[kind]
    if key not in {rule.key for rule in table.rules}:
        raise NotFound(N_("No rule %(key)s is in force"), key=key)
    made = _replace(actor, kind, [], why=why, leaving=key)
    audit.record(actor=actor, action="screening.rule_retired", subject=f"rule:{kind}/{key}", reason=why[:300])
    return made


@dataclass(frozen=True, slots=True)
class Change:
    """A subject that the tried rules would direct elsewhere; ``fired``: the keys of the rules that would fire."""

    subject: str
    before: Lane
    after: Lane
    fired: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a change of rules would do to past subjects. ``changes`` lists the first hundred."""

    subjects: int
    before: Mapping[str, int]
    after: Mapping[str, int]
    changed: int
    changes: tuple[Change, ...]
    undecided: int


@transaction.atomic
def dry_run(*, actor: Actor, kind: str, rules: Sequence[object], subjects: Sequence[Subject] | None = None) -> DryRun:
    """Try ``rules`` (JSON) in place of those with the same keys on ``subjects``, or on the room's recent ones.

    Raises:
        Refused: with every finding, when a rule cannot be used.
    """
    actor.require("screening.manage_rules")
    at = clock.now()
    tried = {rule.key: rule for rule in (checked_rule(kind, raw, version=1) for raw in rules)}
    table = current_tables([kind], at)[kind]
    recent = fact_sets[kind].recent
    if subjects is None:
        subjects = recent(RECENT) if recent else ()
    members = [*(rule for rule in table.rules if rule.key not in tried), *tried.values()]
    changed = replace(table, rules=tuple(members), compiled=in_force(members, kind, at))
    audit.record(actor=actor, action="screening.rules_tried", subject=f"rules:{kind}", subjects=len(subjects))
    return _compared(subjects, table, changed)


RECENT = 2000
_LISTED = 100


def _compared(subjects: Sequence[Subject], table: Table, changed: Table) -> DryRun:
    secret = selection_secret()
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    changes: list[Change] = []
    undecided = 0
    for subject in subjects:
        _, old = _judged(subject, table, secret)
        result, new = _judged(subject, changed, secret)
        before[old.lane] += 1
        after[new.lane] += 1
        undecided += bool(result.undecided)
        if old.lane != new.lane:
            changes.append(Change(subject.key, old.lane, new.lane, tuple(item.rule for item in result.fired)))
    return DryRun(len(subjects), before, after, len(changes), tuple(changes[:_LISTED]), undecided)
