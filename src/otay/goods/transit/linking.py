"""The movements that carry the goods of a declaration, for the declaration's page; and the way back."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from otay.goods.declarations import queries as declarations
from otay.goods.declarations.registry import Link
from otay.goods.transit import presenting
from otay.goods.transit.models import ConsignmentLine
from otay.goods.transit.queries import access
from otay.node.actors import Actor

MOST = 50


def movements_of(actor: Actor, number: str) -> list[Link]:
    """Where the goods of declaration ``number`` are carried under seal, newest first, as far as ``actor`` may see."""
    if not (actor.may(access.VIEW) or actor.may(access.VIEW_OWN)):
        return []
    rows = access.visible(actor).filter(lines__declaration=number).distinct().order_by("-pk")
    return [
        Link(f"{row.mrn}: {presenting.STATES[row.state]}", reverse("transit:movement", args=[row.mrn]))
        for row in rows[:MOST]
    ]


def declarations_here(actor: Actor, lines: Iterable[ConsignmentLine]) -> set[str]:
    """Which of the declarations that ``lines`` name ``actor`` can open: of this node, not the neighbour's."""
    named = {line.declaration for line in lines if line.declaration}
    if not named or not (actor.may(declarations.VIEW) or actor.may(declarations.VIEW_OWN)):
        return set()
    return set(declarations.visible(actor).filter(number__in=named).values_list("number", flat=True))
