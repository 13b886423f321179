"""What pages and the API read of screening."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max, QuerySet, Sum
from django.utils import translation

from otay.core.errors import NotFound
from otay.core.i18n import N_, translate
from otay.engines.rules import UNKNOWN, reason_text
from otay.engines.selection import CHECKED, Lane
from otay.node import clock
from otay.node.actors import Actor
from otay.screening.models import Assessment, DayCount, RuleSet, RuleVersion
from otay.screening.registry import fact_sets
from otay.screening.wording import condition_text, reason_pattern


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that fired, as a person reads it."""

    rule: str
    version: int
    points: int
    lane: str
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """An assessment as a person reads it; what ``screening/_reasons.html`` draws. ``table``: its version number."""

    row: Assessment
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]
    table: int

    @property
    def by_lot_alone(self) -> bool:
        """True if no rule would have sent the subject to this lane."""
        return self.row.random and self.row.lane != self.row.rule_lane


def explain(assessment: Assessment, language: str | None = None) -> Explanation:
    """``assessment`` with its reasons in ``language`` (else the reader's)."""
    return explain_many([assessment], language)[0]


def explain_many(assessments: Sequence[Assessment], language: str | None = None) -> list[Explanation]:
    """The explanation of each, in three queries at most."""
    language = (language or translation.get_language() or "en").split("-")[0]
    wanted = {(row.kind, item["rule"]) for row in assessments for item in row.fired}
    templates = {
        (version.kind, version.key, version.version): version.reason_es if language == "es" else version.reason_en
        for version in RuleVersion.objects.filter(
            kind__in={kind for kind, _ in wanted}, key__in={key for _, key in wanted}
        )
    }
    tables = dict(RuleSet.objects.filter(pk__in={row.rule_set_id for row in assessments}).values_list("pk", "version"))
    unknown = translate(UNKNOWN, language)
    return [
        Explanation(
            row,
            tuple(
                Reason(
                    item["rule"], item["version"], item["points"], item["lane"],
                    reason_text(templates[row.kind, item["rule"], item["version"]], item["params"], unknown),
                )
                for item in sorted(row.fired, key=lambda item: (not item["lane"], -item["points"], item["rule"]))
            ),
            tuple(_fact_titles(row.kind, row.missing)),
            tables[row.rule_set_id],
        )
        for row in assessments
    ]  # fmt: skip


def _fact_titles(kind: str, names: Sequence[str]) -> list[str]:
    titles = {fact.name: str(fact.title) for fact in fact_sets[kind].facts} if kind in fact_sets else {}
    return [titles.get(name, name) for name in names]


def latest_of(subjects: Sequence[str]) -> dict[str, Assessment]:
    """The latest assessment of each subject that has one."""
    newest = Assessment.objects.filter(subject__in=subjects).values("subject").annotate(last=Max("id")).values("last")
    return {row.subject: row for row in Assessment.objects.filter(pk__in=newest)}


def assessment_of(subject: str) -> Explanation | None:
    """The latest assessment of ``subject``, explained in the reader's language; None where there is none yet.

    For the page of the room that owns the subject, which has checked that its reader may see it.
    """
    found = latest_of([subject]).get(subject)
    return explain(found) if found else None


def assessments_of(actor: Actor, subject: str) -> list[Assessment]:
    """All assessments of ``subject`` that ``actor`` may see, newest first."""
    return list(visible(actor).filter(subject=subject).order_by("-pk")[:50])


def assessment(actor: Actor, pk: int) -> Assessment:
    """One assessment, if ``actor`` may see it."""
    actor.require("screening.view")
    found = visible(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound(N_("No such assessment, or not at a port of yours"))
    return found


def visible(actor: Actor) -> QuerySet[Assessment]:
    """The assessments that ``actor`` may see: those at the ports it holds ``screening.view`` for."""
    ports = actor.ports("screening.view")
    return Assessment.objects.all() if ports is None else Assessment.objects.filter(port__in=ports)


def current(kind: str) -> RuleSet:
    """The table of ``kind`` in force, with its rules."""
    found = RuleSet.objects.filter(kind=kind).order_by("-version").prefetch_related("rules").first()
    if found is None:
        raise NotFound(N_("There are no rules for subjects of the kind %(kind)s"), kind=kind)
    return found


def kinds() -> list[str]:
    """All kinds that have a table."""
    return list(RuleSet.objects.values_list("kind", flat=True).distinct().order_by("kind"))


def proposals(kind: str) -> list[RuleVersion]:
    """The proposals that wait for a second person, oldest first."""
    return list(RuleVersion.objects.filter(kind=kind, decision="").order_by("proposed_at", "pk"))


def history(kind: str, key: str) -> list[RuleVersion]:
    """All versions of a rule, newest first."""
    found = list(RuleVersion.objects.filter(kind=kind, key=key).order_by("-version"))
    if not found:
        raise NotFound(N_("There is no rule %(key)s"), key=key)
    return found


@dataclass(frozen=True, slots=True)
class Week:
    """How the assessments of one week were directed. ``random``: drawn by lot, whatever the rules said."""

    start: date
    total: int
    lanes: dict[str, int]
    random: int


def weeks(actor: Actor, kind: str, count: int = 8) -> list[Week]:
    """The last ``count`` weeks (from Monday, UTC) at the ports that ``actor`` may see, newest first."""
    today = clock.now().date()
    first = today - timedelta(days=today.weekday(), weeks=count - 1)
    found = DayCount.objects.filter(kind=kind, day__gte=first)
    ports = actor.ports("screening.view")
    if ports is not None:
        found = found.filter(port__in=ports)
    lanes: dict[date, Counter[str]] = defaultdict(Counter)
    drawn: Counter[date] = Counter()
    for day, lane, random, total in found.values_list("day", "lane", "random").annotate(Sum("total")):
        start = day - timedelta(days=day.weekday())
        lanes[start][lane] += total
        drawn[start] += total if random else 0
    return [
        Week(start, lanes[start].total(), {str(lane): lanes[start][lane] for lane in Lane}, drawn[start])
        for start in sorted(lanes, reverse=True)
    ]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule version with its condition and its reason in the reader's words."""

    version: RuleVersion
    condition: str
    reason: str


def row_of(version: RuleVersion) -> RuleRow:
    """``version`` for a page in the active language."""
    spanish = (translation.get_language() or "en").startswith("es")
    reason = version.reason_es if spanish else version.reason_en
    return RuleRow(version, condition_text(version.kind, version.condition), reason_pattern(version.kind, reason))


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """What sends a subject to one lane: a score, or the lot."""

    lane: str
    threshold: int
    share: Decimal


def policy_rows(raw: dict[str, Any]) -> list[PolicyRow]:
    """Threshold and random share (percent) of each checked lane."""
    return [
        PolicyRow(str(lane), raw["thresholds"][lane], Decimal(raw["shares"].get(lane, "0")) * 100) for lane in CHECKED
    ]
