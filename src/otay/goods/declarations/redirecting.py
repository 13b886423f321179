"""Directing declarations anew when more is known than at their lodging: what selection asks for, a late record of the
neighbour. The rules of screening decide, and their reasons are what the officer reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from otay.engines.selection import Lane, strictest
from otay.goods.declarations import domain
from otay.goods.declarations.domain import DECLARATION, Kind, State
from otay.goods.declarations.facts import facts_of
from otay.goods.declarations.models import Declaration, DeclarationEvent, DeclarationVersion
from otay.node import audit, clock
from otay.node.actors import Actor
from otay.node.bulk import update_many
from otay.screening.domain import Subject
from otay.screening.services import assess


@transaction.atomic
def redirect(*, actor: Actor, extra: Mapping[str, Mapping[str, Any]]) -> list[Declaration]:
    """Assess the declarations that ``extra`` names (number -> further facts) again; those whose lane became stricter.

    A lane never becomes milder this way, and what has been inspected, released or withdrawn meanwhile is left alone.
    ``actor`` needs ``screening.assess`` at the port of each.
    """
    rows = list(
        Declaration.objects.select_for_update()
        .filter(number__in=list(extra), state__in=[State.ASSESSED, State.AT_PORT])
        .order_by("pk")
    )
    if not rows:
        return []
    latest = DeclarationVersion.objects.filter(declaration__in=rows).values("declaration").annotate(last=Max("pk"))
    cores = dict(
        DeclarationVersion.objects.filter(pk__in=[one["last"] for one in latest]).values_list("declaration_id", "core")
    )
    told = facts_of(rows, [cores[row.pk] for row in rows])
    subjects = [
        Subject(f"declaration:{row.number}", DECLARATION, row.port, {**facts, **extra[row.number]})
        for row, facts in zip(rows, told, strict=True)
    ]
    changed = []
    now = clock.now()
    for row, assessment in zip(rows, assess(actor=actor, subjects=subjects), strict=True):
        lane = strictest((Lane(assessment.lane), Lane(row.lane or Lane.GREEN)))
        if lane != row.lane:
            changed.append((row, row.lane))
            row.state = domain.after(row.state, Kind.DIRECTED, number=row.number)
            row.lane = lane
    update_many([row for row, _was in changed], ["lane", "state"])
    DeclarationEvent.objects.bulk_create(
        DeclarationEvent(
            declaration=row, kind=Kind.DIRECTED, at=now, recorded_at=now, actor=actor.key,
            detail={"lane": row.lane, "was": was},
        )
        for row, was in changed
    )  # fmt: skip
    audit.record_many(
        actor=actor,
        events=[
            audit.Event("declarations.directed", f"declaration:{row.number}", detail={"lane": row.lane, "was": was})
            for row, was in changed
        ],
    )
    return [row for row, _was in changed]
