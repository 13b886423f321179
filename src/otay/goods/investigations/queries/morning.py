"""The morning list of an office, and all that is known about one declaration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from otay.core.errors import Forbidden
from otay.core.i18n import N_
from otay.goods.declarations import queries as declarations
from otay.goods.declarations.domain import OPEN
from otay.goods.declarations.models import Declaration, NeighbourDeclaration
from otay.goods.investigations.models import MirrorFinding, MirrorPair, OutcomeEvent, Override, Score, Selected
from otay.goods.investigations.presenting import reason_texts
from otay.node.actors import Actor
from otay.places.models import Port
from otay.places.queries import ports
from otay.screening.queries import Explanation, explain_many, latest_of

VIEW = "investigations.view"


def offices(actor: Actor) -> list[Port]:
    """The offices whose list ``actor`` may see.

    Raises:
        Forbidden: when there is none, or ``actor`` speaks for a trader.
    """
    if actor.party or not actor.may(VIEW):
        raise Forbidden(N_("Selections are for officers."))
    held = actor.ports(VIEW)
    return [port for port in ports() if held is None or port.code in held]


def selected(actor: Actor, port: str, day: date) -> QuerySet[Selected]:
    """What was selected at ``port`` on ``day``, most urgent first.

    Raises:
        Forbidden: when ``actor`` does not see that office.
    """
    offices(actor)
    actor.require(VIEW, port=port)
    return (
        Selected.objects.filter(port=port, day=day)
        .select_related("declaration", "declaration__score", "declaration__mirror")
        .order_by("-score", "pk")
    )


def latest_day(actor: Actor, port: str, before: date) -> date | None:
    """The last day before ``before`` with something selected at ``port``.

    Raises:
        Forbidden: when ``actor`` does not see that office.
    """
    actor.require(VIEW, port=port)
    days = Selected.objects.filter(port=port, day__lt=before).order_by("-day")
    return days.values_list("day", flat=True).first()


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the morning list. ``pair``, ``score`` and ``override`` may be missing."""

    chosen: Selected
    pair: MirrorPair | None
    score: Score | None
    findings: tuple[MirrorFinding, ...]
    fired: tuple[Any, ...]
    override: Override | None
    reasons: tuple[str, ...] = ()

    @property
    def declaration(self) -> Declaration:
        """The declaration that was selected."""
        return self.chosen.declaration

    @property
    def pending(self) -> bool:
        """True while something can still be done at the port."""
        return self.declaration.state in OPEN and self.override is None


def rows(chosen: Sequence[Selected], language: str | None = None) -> list[Row]:
    """The lines with all that is shown beside them, in six queries whatever their number."""
    ids = [one.declaration_id for one in chosen]
    keys = [f"declaration:{one.declaration.number}" for one in chosen]
    explained: dict[str, Explanation] = {}
    latest = latest_of(keys)
    for explanation in explain_many(list(latest.values()), language):
        explained[explanation.row.subject] = explanation
    findings: dict[int, list[MirrorFinding]] = {}
    for found in MirrorFinding.objects.filter(declaration__in=ids).exclude(state=MirrorFinding.State.GONE):
        findings.setdefault(found.declaration_id or 0, []).append(found)
    overrides = {one.declaration_id: one for one in Override.objects.filter(declaration__in=ids).order_by("at")}
    return [
        Row(
            one, getattr(one.declaration, "mirror", None), getattr(one.declaration, "score", None),
            tuple(sorted(findings.get(one.declaration_id, ()), key=lambda item: -item.weight)),
            explained[key].reasons if key in explained else (), overrides.get(one.declaration_id),
            tuple(reason_texts(one.reasons, language or "en")),
        )
        for one, key in zip(chosen, keys, strict=True)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known about one declaration."""

    row: Declaration
    core: dict[str, Any]
    pair: MirrorPair | None
    theirs: NeighbourDeclaration | None
    score: Score | None
    chosen: Selected | None
    findings: tuple[MirrorFinding, ...]
    outcomes: tuple[OutcomeEvent, ...]
    overrides: tuple[Override, ...]
    explanation: Explanation | None
    siblings: tuple[Declaration, ...]


def dossier(actor: Actor, number: str, language: str | None = None) -> Dossier:
    """What the investigation page of a declaration shows.

    Raises:
        Forbidden: for actors that are not officers.
        NotFound: when there is none, or none at a port of ``actor``'s.
    """
    offices(actor)
    row = declarations.declaration(actor, number)
    actor.require(VIEW, port=row.port)
    pair = MirrorPair.objects.filter(declaration=row).first()
    theirs = None
    if pair and pair.number:
        theirs = NeighbourDeclaration.objects.filter(peer=pair.peer, number=pair.number).order_by("-version").first()
    key = f"declaration:{number}"
    assessment = latest_of([key]).get(key)
    same = Declaration.objects.filter(ucr=row.ucr, type=row.type).exclude(pk=row.pk).order_by("pk")
    siblings = list(same[:20]) if row.ucr else []
    return Dossier(
        row=row,
        core=declarations.versions(row)[-1].core,
        pair=pair,
        theirs=theirs,
        score=Score.objects.filter(declaration=row).first(),
        chosen=Selected.objects.filter(declaration=row).select_related("plan").first(),
        findings=tuple(row.findings.order_by("-weight", "pk")),
        outcomes=tuple(row.outcomes.order_by("recorded_at", "pk")),
        overrides=tuple(row.overrides.order_by("at")),
        explanation=explain_many([assessment], language)[0] if assessment else None,
        siblings=tuple(siblings),
    )
