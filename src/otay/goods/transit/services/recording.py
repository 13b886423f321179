"""What the services of movements share: lock, check who asks, advance, write the event, tell the neighbour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from otay.core.errors import Conflict, Forbidden
from otay.core.i18n import N_
from otay.engines.transit.procedure import FINAL, State
from otay.goods.transit import sharing
from otay.goods.transit.domain import steps
from otay.goods.transit.domain.steps import Step
from otay.goods.transit.models import GuaranteeUse, Journey, Movement, MovementEvent
from otay.goods.transit.offices import office as office_named
from otay.goods.transit.queries import access
from otay.node import audit, clock
from otay.node.actors import Actor

OF_TRADER = (Step.PRESENT, Step.ASK_AMENDMENT, Step.ASK_CANCELLATION)
OF_CARRIER = (Step.INCIDENT, Step.ARRIVE)
AT_GATE = (Step.DEPART, Step.CONTINUE, *OF_CARRIER, *steps.AT_DESTINATION)


def permission_of(step: Step, actor: Actor) -> str:
    """What ``actor`` must hold for ``step``: firms have permissions of their own for what they may tell."""
    if not access.is_officer(actor):
        if step in OF_TRADER:
            return access.LODGE
        if step in OF_CARRIER:
            return access.REPORT
    return access.GATE if step in AT_GATE else access.CONTROL


def locked(actor: Actor, mrn: str) -> Movement:
    """The movement, locked until the transaction ends, if ``actor`` may see it.

    Raises:
        NotFound: when there is none for ``actor``.
    """
    found = access.visible(actor).select_for_update(of=("self",)).filter(mrn=mrn.strip().upper()).first()
    if found is None:
        raise access.not_found(mrn)
    return found


def check_place(actor: Actor, movement: Movement, step: Step, office: str) -> None:
    """The office is one of this side, the actor's, and the step is one of this side of the border.

    Raises:
        Conflict, Forbidden, NotFound: when it is not.
    """
    permission = permission_of(step, actor)
    actor.require(permission)
    own = settings.OTAY.country
    if movement.peer and step in steps.AT_DEPARTURE:
        text = N_("Movement %(mrn)s began in %(peer)s: this step belongs to its office of departure.")
        raise Conflict(text, mrn=movement.mrn, peer=movement.peer)
    _check_side(movement, step)
    if not office:
        held = actor.ports(permission)
        if held is not None:
            raise Forbidden(N_("Name the office at which this happens: your permission holds at named ports only."))
        return
    place = office_named(office)
    if step in steps.AT_DESTINATION and place.country != own:
        text = N_("Office %(office)s is not of this side: the neighbour's officers record what happens there.")
        raise Conflict(text, office=place.code)
    if access.is_officer(actor):
        actor.require(permission, port=place.port or "-")


def _check_side(movement: Movement, step: Step) -> None:
    """What arrived on the neighbour's side is unloaded and released there."""
    arrived = movement.arrived_office[:2]
    if arrived and arrived != settings.OTAY.country and step in steps.AT_DESTINATION:
        text = N_("Movement %(mrn)s arrived at %(office)s: the neighbour's officers go on from there.")
        raise Conflict(text, mrn=movement.mrn, office=movement.arrived_office)


def record(
    *,
    actor: Actor,
    movement: Movement,
    step: Step,
    at: datetime | None = None,
    office: str = "",
    detail: Mapping[str, Any] | None = None,
    side: str = "",
) -> MovementEvent:
    """Advance ``movement`` by ``step``, write the event, publish it where the neighbour is to hear of it, and audit.

    Runs in the caller's transaction, which holds the movement's lock.

    Raises:
        Conflict: when the step is out of sequence or dated where it cannot have been.
    """
    now = clock.now()
    happened = at or now
    if happened > now:
        text = N_("%(mrn)s: the step is dated %(at)s, which has not come yet.")
        raise Conflict(text, mrn=movement.mrn, at=happened.isoformat())
    if movement.departed_at and happened < movement.departed_at and step not in (Step.LODGE, Step.PRE_LODGE):
        text = N_("%(mrn)s: the step is dated %(at)s, before the departure.")
        raise Conflict(text, mrn=movement.mrn, at=happened.isoformat())
    standing = steps.after(movement.procedure, movement.state, movement.incidents, step, mrn=movement.mrn)
    movement.state, movement.incidents = standing.state.value, standing.incidents
    _date(movement, step, happened)
    movement.save()
    event = MovementEvent.objects.create(
        movement=movement, step=step, message=steps.message_of(movement.procedure, step), state=movement.state,
        at=happened, recorded_at=now, actor=actor.key, side=side or settings.OTAY.country, office=office,
        detail=dict(detail or {}),
    )  # fmt: skip
    follow(movement, now)
    if not side and step in steps.SHARED:
        if step is Step.DEPART:
            sharing.publish_movement(actor=actor, movement=movement)
        sharing.publish_events(actor=actor, events=[event])
    audit.record(
        actor=actor, action=f"transit.{step}", subject=f"movement:{movement.mrn}",
        reason=str((detail or {}).get("reason", ""))[:300],
    )  # fmt: skip
    return event


def follow(movement: Movement, now: datetime) -> None:
    """What a change of state brings along: the journey is looked at again, a guarantee is let go at the end."""
    watched = movement.state in steps.WATCHED or movement.departed_at is not None
    if watched:
        Journey.objects.update_or_create(movement=movement, defaults={"check_at": now})
    if movement.state in {*FINAL}:
        GuaranteeUse.objects.filter(movement=movement, taken_at__isnull=False, released_at__isnull=True).update(
            released_at=now
        )


def _date(movement: Movement, step: Step, at: datetime) -> None:
    if step is Step.DEPART:
        movement.departed_at = at
    elif step is Step.ARRIVE:
        movement.arrived_at = at
    if State(movement.state) in FINAL:
        movement.ended_at = at
