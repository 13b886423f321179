"""The rule table in force, compiled once a process and version. A version row tells each process when to look anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.engines.rules import Compiled, Rule, compile_rules
from otay.engines.selection import Policy
from otay.screening.domain import policy_of
from otay.screening.models import RuleSet
from otay.screening.registry import fact_sets


@dataclass(frozen=True, slots=True)
class Table:
    """A rule set ready for use; ``until`` is when one of its rules begins or ends to hold."""

    rule_set: int
    stamp: UUID
    version: int
    rules: tuple[Rule, ...]
    compiled: Compiled
    policy: Policy
    until: datetime | None


_tables: dict[str, Table] = {}


def current_tables(kinds: Sequence[str], at: datetime) -> dict[str, Table]:
    """The table in force of each kind: one query, and two more for a kind whose table changed.

    Raises:
        NotFound: for a kind that no room registered or that has no rules.
    """
    last = RuleSet.objects.filter(kind__in=kinds).values("kind").annotate(last=Max("id")).values("last")
    newest = dict(RuleSet.objects.filter(pk__in=last).values_list("kind", "stamp"))
    for kind in kinds:
        if kind not in fact_sets or kind not in newest:
            raise NotFound(N_("There are no rules for subjects of the kind %(kind)s"), kind=kind)
        held = _tables.get(kind)
        if held is None or held.stamp != newest[kind] or (held.until is not None and at >= held.until):
            _tables[kind] = table_of(RuleSet.objects.get(stamp=newest[kind]), at)
    return {kind: _tables[kind] for kind in kinds}


def table_of(rule_set: RuleSet, at: datetime) -> Table:
    """``rule_set`` compiled as it holds at ``at``."""
    rules = tuple(version.as_rule() for version in rule_set.rules.all())
    edges = [edge for rule in rules for edge in (rule.valid_from, rule.valid_until) if edge is not None and edge > at]
    return Table(
        rule_set=rule_set.pk,
        stamp=rule_set.stamp,
        version=rule_set.version,
        rules=rules,
        compiled=in_force(rules, rule_set.kind, at),
        policy=policy_of(rule_set.policy),
        until=min(edges, default=None),
    )


def in_force(rules: Sequence[Rule], kind: str, at: datetime) -> Compiled:
    """Those of ``rules`` that hold at ``at``, compiled for the facts of ``kind``."""
    return compile_rules([rule for rule in rules if rule.in_force(at)], fact_sets[kind].types)
