"""What officers make of findings."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from otay.core.errors import NotFound, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.investigations.models import MirrorFinding
from otay.goods.investigations.queries import findings as queries
from otay.node import audit, clock
from otay.node.actors import Actor

REVIEW = "investigations.review"


@transaction.atomic
def review(*, actor: Actor, findings: Sequence[int], state: str, note: str) -> int:
    """Explain or confirm findings, or open them again; how many.

    Raises:
        NotFound: when one is not at a port where ``actor`` reviews.
        Refused: when no reason is given or the state is unknown.
    """
    actor.require(REVIEW)
    states = [MirrorFinding.State.EXPLAINED, MirrorFinding.State.CONFIRMED, MirrorFinding.State.OPEN]
    problems = []
    if state not in states:
        known = ", ".join(states)
        problems.append(error("/state", "finding.state", N_("Expected one of %(known)s"), state, known=known))
    if not 3 <= len(note.strip()) <= 500:
        problems.append(error("/note", "finding.note", N_("Say why, in 3 to 500 characters"), note))
    if problems:
        raise Refused(N_("The review cannot be taken"), findings=problems)
    rows = list(queries.visible(actor, REVIEW).select_for_update(of=("self",)).filter(pk__in=findings).order_by("pk"))
    if len(rows) != len(set(findings)) or not rows:
        raise NotFound(N_("There is no such finding, or not at a port of yours."))
    MirrorFinding.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=state, reviewed_by=actor.key, reviewed_at=clock.now(), review=note.strip()
    )
    audit.record_many(
        actor=actor,
        events=[audit.Event(f"investigations.finding_{state}", f"finding:{row.key}", note.strip()) for row in rows],
    )
    return len(rows)
