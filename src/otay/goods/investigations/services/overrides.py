"""Officers may decide otherwise than selection or the lane says; each time is kept and reviewed by somebody else."""

from __future__ import annotations

from django.db import transaction

from otay.core.errors import Conflict, NotFound, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.declarations import queries as declarations
from otay.goods.declarations.domain import OPEN, Kind
from otay.goods.declarations.models import DeclarationEvent
from otay.goods.investigations.models import MirrorCursor, Override, Selected
from otay.node import audit, clock
from otay.node.actors import Actor

WAIVE = "investigations.waive"
REVIEW = "investigations.review_overrides"


@transaction.atomic
def waive(*, actor: Actor, number: str, reason: str) -> Override:
    """Say that a selected check is not made, and why. The lane stays: a release from red or yellow still needs a
    supervisor.

    Raises:
        NotFound: when ``actor`` may not see the declaration, or it was not selected.
        Forbidden: unless ``actor`` waives at its port.
        Conflict: when the declaration is closed, or the check was waived before.
    """
    row = declarations.declaration(actor, number)
    actor.require(WAIVE, port=row.port)
    chosen = Selected.objects.select_for_update().filter(declaration=row).first()
    if chosen is None:
        raise NotFound(N_("Declaration %(number)s was not selected."), number=number)
    if row.state not in OPEN:
        raise Conflict(N_("Declaration %(number)s is closed: nothing is left to waive."), number=number)
    if Override.objects.filter(declaration=row, source="list").exists():
        raise Conflict(N_("The check of %(number)s was waived before."), number=number)
    if not 5 <= len(reason.strip()) <= 300:
        raise Refused(
            N_("The check cannot be waived"),
            findings=[error("/reason", "override.reason", N_("Say why, in 5 to 300 characters"), reason)],
        )
    made = Override.objects.create(
        declaration=row, port=row.port, source="list", lane=chosen.lane, actor=actor.key, at=clock.now(),
        reason=reason.strip(),
    )  # fmt: skip
    audit.record(actor=actor, action="investigations.check_waived", subject=f"declaration:{number}", reason=reason)
    return made


@transaction.atomic
def collect(limit: int = 2000) -> int:
    """Take over releases that the booth made without the asked inspection; how many. Safe to repeat."""
    MirrorCursor.objects.get_or_create(name="overrides")
    cursor = MirrorCursor.objects.select_for_update().get(name="overrides")
    events = list(
        DeclarationEvent.objects.filter(pk__gt=cursor.last, kind=Kind.RELEASED)
        .select_related("declaration")
        .order_by("pk")[:limit]
    )
    made = Override.objects.bulk_create(
        (
            Override(
                declaration=event.declaration, port=event.declaration.port, source="booth", event=event.pk,
                lane=event.declaration.lane, actor=event.actor, at=event.at,
                reason=str(event.detail["override_reason"])[:300],
            )
            for event in events
            if event.detail.get("override_reason")
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    if events:
        cursor.last = events[-1].pk
        cursor.save(update_fields=["last"])
    return len(made)


@transaction.atomic
def review(*, actor: Actor, override: int, verdict: str, note: str) -> Override:
    """Say whether an override was justified.

    Raises:
        NotFound: when there is none at a port where ``actor`` reviews.
        Conflict: when it is the actor's own, or was reviewed before.
    """
    actor.require(REVIEW)
    found = Override.objects.select_for_update().filter(pk=override).first()
    if found is None or not actor.may(REVIEW, port=found.port):
        raise NotFound(N_("There is no such override, or not at a port of yours."))
    if found.actor == actor.key:
        raise Conflict(N_("An override is reviewed by somebody else than who made it."))
    if found.verdict:
        raise Conflict(N_("The override was reviewed before."))
    verdicts = [Override.Verdict.JUSTIFIED.value, Override.Verdict.UNJUSTIFIED.value]
    if verdict not in verdicts:
        raise Refused(
            N_("The review cannot be taken"),
            findings=[
                error(
                    "/verdict", "override.verdict", N_("Expected one of %(known)s"), verdict, known=", ".join(verdicts)
                )
            ],
        )
    found.verdict, found.note = verdict, note.strip()[:300]
    found.reviewed_by, found.reviewed_at = actor.key, clock.now()
    found.save()
    audit.record(
        actor=actor, action=f"investigations.override_{verdict}",
        subject=f"declaration:{found.declaration.number}", reason=note,
    )  # fmt: skip
    return found
