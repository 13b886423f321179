"""A table of screening rules: read with every error named, compiled once, evaluated for each subject with reasons.

A rule adds points or forces a lane when its condition holds (see :mod:`otay.engines.conditions`). The result does not
depend on the order of the rules. A fact that is absent, or not of its declared type, leaves the rules that need it
undecided; those facts are reported, never taken for false.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from otay.core.errors import Refused
from otay.core.findings import Finding, error
from otay.core.i18n import LANGUAGES, N_
from otay.engines.conditions import Facts, FactType, Parser, Test, usable
from otay.engines.selection import CHECKED, Lane

MAX_RULES = 1000
MAX_POINTS = 1000
MAX_REASON = 300
_KEY = re.compile(r"[a-z][a-z0-9-]{0,47}")
_PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)\}")
UNKNOWN = N_("unknown")


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one rule. ``condition`` is JSON; ``reason`` is a sentence in each language with ``{fact}`` places.

    ``valid_until`` is the first moment at which the rule no longer holds.
    """

    key: str
    version: int
    condition: Mapping[str, Any]
    reason: Mapping[str, str]
    points: int = 0
    lane: Lane | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def in_force(self, at: datetime) -> bool:
        """True if the rule holds at ``at``."""
        return (self.valid_from is None or self.valid_from <= at) and (
            self.valid_until is None or at < self.valid_until
        )


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired, with the facts that its reason names."""

    rule: str
    version: int
    points: int
    lane: Lane | None
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the rules say of one subject. ``missing``: facts whose absence left ``undecided`` rules open."""

    score: int
    fired: tuple[Fired, ...]
    missing: tuple[str, ...]
    undecided: tuple[str, ...]

    @property
    def forced(self) -> tuple[Lane, ...]:
        """The lanes that fired rules force."""
        return tuple(item.lane for item in self.fired if item.lane is not None)


@dataclass(frozen=True, slots=True)
class _CompiledRule:
    rule: Rule
    test: Test
    facts: tuple[str, ...]
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """Rules ready for :func:`evaluate`."""

    rules: tuple[_CompiledRule, ...]
    facts: tuple[tuple[str, FactType], ...]


def rule_findings(rule: Rule, types: Mapping[str, FactType], place: str = "") -> list[Finding]:
    """Everything wrong with ``rule``, each with its place, what stood there and what was expected."""
    return _compile_one(rule, types, place)[1]


def compile_rules(rules: Sequence[Rule], types: Mapping[str, FactType]) -> Compiled:
    """``rules`` over facts of the given ``types``, ready to be evaluated.

    Raises:
        Refused: with all findings of all rules.
    """
    findings: list[Finding] = []
    if len(rules) > MAX_RULES:
        findings.append(error("", "rules.size", N_("A table holds at most %(most)s rules"), len(rules), most=MAX_RULES))
    seen: set[str] = set()
    compiled: list[_CompiledRule] = []
    for rule in rules[:MAX_RULES]:
        if rule.key in seen:
            findings.append(
                error(f"/{rule.key}", "rules.twice", N_("The table holds this rule more than once"), rule.key)
            )
        seen.add(rule.key)
        ready, found = _compile_one(rule, types, f"/{rule.key}")
        compiled.append(ready)
        findings += found
    if findings:
        raise Refused(N_("The rules cannot be used"), findings=findings)
    # Sorted, so that equal tables give equal results whatever order they came in.
    compiled.sort(key=lambda item: item.rule.key)
    used = {name for item in compiled for name in (*item.facts, *item.named)}
    return Compiled(tuple(compiled), tuple((name, types[name]) for name in sorted(used)))


def evaluate(compiled: Compiled, facts: Facts) -> Evaluation:
    """What the rules say of a subject with ``facts``."""
    absent = [name for name, fact_type in compiled.facts if not usable(facts.get(name), fact_type)]
    if absent:
        facts = {**facts, **dict.fromkeys(absent)}
    score = 0
    fired: list[Fired] = []
    undecided: list[_CompiledRule] = []
    for item in compiled.rules:
        answer = item.test(facts)
        if answer:
            rule = item.rule
            score += rule.points
            fired.append(
                Fired(rule.key, rule.version, rule.points, rule.lane, {name: facts.get(name) for name in item.named})
            )
        elif answer is None:
            undecided.append(item)
    missing = sorted({name for item in undecided for name in item.facts}.intersection(absent)) if undecided else ()
    return Evaluation(score, tuple(fired), tuple(missing), tuple(item.rule.key for item in undecided))


def reason_text(template: str, params: Mapping[str, Any], unknown: str = UNKNOWN) -> str:
    """``template`` with its ``{fact}`` places filled; ``unknown`` stands for a fact that was not known."""

    def fill(match: re.Match[str]) -> str:
        value = params.get(match[1])
        return unknown if value is None else shown(value)

    return _PLACEHOLDER.sub(fill, template)


def shown(value: object) -> str:
    """A fact as a person reads it: numbers grouped, two decimals (three digits below one), text as it is."""
    match value:
        case bool() | str():
            return str(value)
        case int():
            return f"{value:,}"
        case float() | Decimal():
            if value == int(value):
                return f"{int(value):,}"
            return f"{value:,.2f}" if not -1 < value < 1 else f"{value:.3g}"
    return str(value)


def _compile_one(rule: Rule, types: Mapping[str, FactType], place: str) -> tuple[_CompiledRule, list[Finding]]:
    parser = Parser(types)
    test = parser.parse(rule.condition, f"{place}/condition")
    named = {name for text in rule.reason.values() for name in _PLACEHOLDER.findall(text)}
    findings = [*_effect_findings(rule, place), *parser.findings, *_reason_findings(rule, named, types, place)]
    return _CompiledRule(rule, test, tuple(sorted(parser.facts)), tuple(sorted(named & set(types)))), findings


def _effect_findings(rule: Rule, place: str) -> Iterable[Finding]:
    if not _KEY.fullmatch(rule.key):
        yield error(
            f"{place}/key",
            "rule.key",
            N_("A key is 1 to 48 small letters, digits and hyphens, a letter first"),
            rule.key,
        )
    if rule.version < 1:
        yield error(f"{place}/version", "rule.version", N_("Versions count from 1"), rule.version)
    if abs(rule.points) > MAX_POINTS:
        yield error(
            f"{place}/points",
            "rule.points",
            N_("Points lie between -%(most)s and %(most)s"),
            rule.points,
            most=MAX_POINTS,
        )
    if rule.points == 0 and rule.lane is None:
        yield error(
            f"{place}/points", "rule.effect", N_("The rule does nothing: give it points or a lane"), rule.points
        )
    if rule.lane is not None and rule.lane not in CHECKED:
        yield error(
            f"{place}/lane",
            "rule.lane",
            N_("A rule may force red, yellow or blue; green is the absence of reasons"),
            rule.lane,
        )
    if rule.valid_from and rule.valid_until and rule.valid_from >= rule.valid_until:
        yield error(f"{place}/valid_until", "rule.validity", N_("The rule ends before it begins"), rule.valid_until)


def _reason_findings(rule: Rule, named: set[str], types: Mapping[str, FactType], place: str) -> Iterable[Finding]:
    for language in LANGUAGES:
        text = rule.reason.get(language, "").strip()
        if not 1 <= len(text) <= MAX_REASON:
            yield error(
                f"{place}/reason/{language}",
                "rule.reason",
                N_("Give the reason in English and in Spanish, at most %(most)s characters each"),
                text,
                most=MAX_REASON,
            )
    for name in sorted(named - set(types)):
        yield error(f"{place}/reason", "rule.reason_fact", N_("The reason names a fact that is not known"), name)
