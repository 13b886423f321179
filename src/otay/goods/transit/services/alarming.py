"""What the control room does about alarms: acknowledge, assign, act, close, suppress; pass over who sleeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from otay.core.errors import Conflict, NotFound
from otay.core.i18n import N_
from otay.goods.transit.domain import alarm_life
from otay.goods.transit.domain.alarm_life import Act
from otay.goods.transit.models import Alarm, AlarmEvent, Movement, Suppression
from otay.goods.transit.queries import access
from otay.goods.transit.services import raising, recording
from otay.node import audit, clock
from otay.node.actors import SYSTEM, Actor

LONGEST_SUPPRESSION = timedelta(hours=24)


@transaction.atomic
def act(
    *, actor: Actor, alarms: Sequence[int], act: Act, text: str = "", assignee: str = "", finding: str = ""
) -> list[Alarm]:
    """One act on alarms, each with the words that it needs.

    Raises:
        NotFound: when one of them is not there for ``actor``.
        Conflict: when the act is not possible now, or its words are missing; then nothing is changed.
    """
    actor.require(access.ALARMS)
    if act not in alarm_life.HUMAN:
        raise Conflict(N_("This is no act of a person."))
    alarm_life.check_words(act, text=text, assignee=assignee, finding=finding)
    wanted = sorted(set(alarms))
    rows = list(
        Alarm.objects.select_for_update(of=("self",))
        .filter(pk__in=wanted, movement__in=access.visible(actor))
        .select_related("movement")
        .order_by("pk")
    )
    if len(rows) != len(wanted):
        raise NotFound(N_("There is no such alarm here, or none that you may see."))
    now = clock.now()
    for row in rows:
        row.state = alarm_life.after(row.state, act)
        row.acted_at, row.level = now, 0
        if act is Act.ASSIGN:
            row.assigned_to = assignee.strip()[:70]
        if act is Act.CLOSE:
            row.finding, row.closed_at = finding, now
        if act is Act.REOPEN:
            row.finding, row.closed_at = "", None
        row.save(update_fields=["state", "acted_at", "level", "assigned_to", "finding", "closed_at"])
    AlarmEvent.objects.bulk_create(
        AlarmEvent(
            alarm=row, act=act, at=now, actor=actor.key, text=text.strip()[:500],
            detail={key: value for key, value in (("to", assignee.strip()[:70]), ("finding", finding)) if value},
        )
        for row in rows
    )  # fmt: skip
    for movement in {row.movement_id: row.movement for row in rows}.values():
        raising.refresh_risk(movement)
    audit.record_many(
        actor=actor, events=[audit.Event(f"transit.alarm_{act}", f"alarm:{row.pk}", text.strip()[:300]) for row in rows]
    )
    return rows


@transaction.atomic
def suppress(*, actor: Actor, mrn: str, reason: str, until: datetime, kind: str = "") -> Suppression:
    """Alarms of a movement (of one kind, or all) stop ringing until a moment. They are raised and kept as before.

    Raises:
        Conflict: without a reason, for the past, or for longer than a day.
    """
    actor.require(access.SUPPRESS)
    movement = recording.locked(actor, mrn)
    now = clock.now()
    if not reason.strip():
        raise Conflict(N_("Say why."))
    if not now < until <= now + LONGEST_SUPPRESSION:
        raise Conflict(N_("Alarms are suppressed for at most 24 hours."))
    made = Suppression.objects.create(
        movement=movement, kind=kind, reason=reason.strip()[:300], since=now, until=until, actor=actor.key
    )
    audit.record(
        actor=actor, action="transit.suppressed", subject=f"movement:{mrn}", reason=reason.strip()[:300], kind=kind
    )
    return made


@transaction.atomic
def lift(*, actor: Actor, suppression: int) -> None:
    """End a suppression before its time."""
    actor.require(access.SUPPRESS)
    row = Suppression.objects.select_for_update().filter(
        pk=suppression, lifted_at__isnull=True, movement__in=access.visible(actor)
    ).first()  # fmt: skip
    if row is None:
        raise NotFound(N_("There is no such suppression here."))
    row.lifted_at = clock.now()
    row.save(update_fields=["lifted_at"])
    audit.record(actor=actor, action="transit.suppression_lifted", subject=f"movement:{row.movement.mrn}")


def suppressed_now(movements: Sequence[Movement] | None = None) -> list[Suppression]:
    """The suppressions in force."""
    rows = Suppression.objects.filter(lifted_at__isnull=True, until__gt=clock.now())
    return list(rows if movements is None else rows.filter(movement__in=movements))


@transaction.atomic
def escalate() -> int:
    """Pass over who does not act: every alarm that waits too long goes a level up; returns how many did."""
    now = clock.now()
    quiet = {(one.movement_id, one.kind) for one in suppressed_now()}
    rows = (
        Alarm.objects.select_for_update()
        .filter(state__in=("raised", "acknowledged", "assigned"), withdrawn_at__isnull=True)
        .filter(level__lt=alarm_life.TOP_LEVEL, acted_at__lte=now - min(alarm_life.ESCALATE_AFTER.values()))
        .order_by("pk")
    )
    due = [
        row
        for row in rows
        if alarm_life.escalation_due(row.severity, row.level, row.acted_at, now)
        and not {(row.movement_id, row.kind), (row.movement_id, "")} & quiet
    ]
    for row in due:
        row.level, row.acted_at = row.level + 1, now
        row.save(update_fields=["level", "acted_at"])
    AlarmEvent.objects.bulk_create(
        AlarmEvent(alarm=row, act=Act.ESCALATED, at=now, actor=SYSTEM.key, detail={"level": row.level}) for row in due
    )
    audit.record_many(
        actor=SYSTEM,
        events=[audit.Event("transit.alarm_escalated", f"alarm:{row.pk}", detail={"level": row.level}) for row in due],
    )
    return len(due)
