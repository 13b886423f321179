"""What officers, carriers and traders do with a declaration after it was lodged. One function a verb."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from otay.core.errors import Conflict, Forbidden, NotFound, OtayError
from otay.core.i18n import N_
from otay.goods.declarations import domain, queries, sharing
from otay.goods.declarations.domain import Kind, Result
from otay.goods.declarations.models import Declaration, DeclarationEvent
from otay.node import audit, clock
from otay.node.actors import Actor
from otay.node.bulk import update_many

PROCESS = "declarations.process"
INSPECT = "declarations.inspect"
RELEASE = "declarations.release"
OVERRIDE = "declarations.override"
WITHDRAW = "declarations.withdraw"

PERMISSION = {
    Kind.ARRIVED: PROCESS,
    Kind.INSPECTED: INSPECT,
    Kind.RELEASED: RELEASE,
    Kind.REFUSED: RELEASE,
    Kind.WITHDRAWN: WITHDRAW,
}
#: Steps the neighbour hears of.
SHARED = sharing.SHARED


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one declaration. ``at`` is when it happened (None: now)."""

    number: str
    kind: Kind
    at: datetime | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a step: the state and lane after it, or the reason why it was not taken."""

    number: str
    state: str = ""
    lane: str = ""
    problem: OtayError | None = None


@transaction.atomic
def take_steps(*, actor: Actor, steps: Sequence[Step]) -> list[Taken]:
    """Take each step that is allowed, in order; the others are answered with the reason and change nothing.

    Raises:
        Forbidden: when ``actor`` may take none of them on any declaration.
    """
    if steps and not any(actor.may(PERMISSION[step.kind]) for step in steps):
        actor.require(PERMISSION[steps[0].kind])
    now = clock.now()
    rows = {
        row.number: row
        for row in Declaration.objects.select_for_update()
        .filter(number__in={step.number for step in steps})
        .order_by("pk")  # two batches with the same rows never wait crosswise
    }
    taken, happened = [], []
    for step in steps:
        try:
            row = _take(actor, rows.get(step.number), step, now)
        except OtayError as problem:
            taken.append(Taken(step.number, problem=problem))
            continue
        taken.append(Taken(row.number, row.state, row.lane))
        happened.append((row, step))
    _record(actor, happened, now)
    return taken


def _take(actor: Actor, row: Declaration | None, step: Step, now: datetime) -> Declaration:
    if row is None or not _concerns(actor, row):
        raise NotFound(N_("There is no declaration %(number)s here, or none that you may see."), number=step.number)
    actor.require(PERMISSION[step.kind], port=row.port if queries.is_officer(actor) else None)
    at = step.at or now
    if at > now:
        raise Conflict(
            N_("%(number)s: the step is dated %(at)s, which has not come yet."), number=row.number, at=at.isoformat()
        )
    state = domain.after(row.state, step.kind, number=row.number)
    domain.check_detail(step.kind, step.detail)
    if step.kind is Kind.RELEASED:
        _check_release(actor, row, step)
    row.state = state
    if step.kind is Kind.ARRIVED:
        row.arrived_at = at
    if step.kind is Kind.RELEASED:
        row.released_at = at
    return row


def _concerns(actor: Actor, row: Declaration) -> bool:
    """An officer touches the declarations of its ports, anybody else those that name it."""
    if queries.is_officer(actor):
        return actor.may(queries.VIEW, port=row.port)
    return queries.own_identifier(actor) in {row.sender, row.declarant, row.importer, row.exporter}


def _check_release(actor: Actor, row: Declaration, step: Step) -> None:
    reason = str(step.detail.get("override_reason", ""))
    domain.may_release(row.state, row.lane, override_reason=reason)
    if domain.lacks_inspection(row.state, row.lane) and not actor.may(OVERRIDE, port=row.port):
        raise Forbidden(
            N_("Only a supervisor may release from the %(lane)s lane without an inspection."), lane=row.lane
        )


def _record(actor: Actor, happened: list[tuple[Declaration, Step]], now: datetime) -> None:
    if not happened:
        return
    rows = list({row.pk: row for row, _step in happened}.values())
    update_many(rows, ["state", "arrived_at", "released_at"])
    events = DeclarationEvent.objects.bulk_create(
        DeclarationEvent(
            declaration=row, kind=step.kind, at=step.at or now, recorded_at=now, actor=actor.key, detail=step.detail
        )
        for row, step in happened
    )
    sharing.publish_crossings(actor=actor, events=[event for event in events if event.kind in SHARED])
    audit.record_many(
        actor=actor,
        events=[
            audit.Event(f"declarations.{step.kind}", f"declaration:{row.number}", reason=_reason(step))
            for row, step in happened
        ],
    )


def _reason(step: Step) -> str:
    return str(step.detail.get("override_reason") or step.detail.get("reason") or "")[:300]


def take(*, actor: Actor, step: Step) -> Taken:
    """Take one step, or raise the reason why not."""
    answer = take_steps(actor=actor, steps=[step])[0]
    if answer.problem:
        raise answer.problem
    return answer


def arrive(*, actor: Actor, number: str, at: datetime | None = None) -> Taken:
    """The conveyance stands at the port."""
    return take(actor=actor, step=Step(number, Kind.ARRIVED, at))


def inspect(*, actor: Actor, number: str, result: Result, remarks: str = "", at: datetime | None = None) -> Taken:
    """Record what an inspection found. ``remarks`` are required when something was found."""
    return take(
        actor=actor, step=Step(number, Kind.INSPECTED, at, {"result": str(result), "remarks": remarks.strip()[:2000]})
    )


def release(*, actor: Actor, number: str, override_reason: str = "", at: datetime | None = None) -> Taken:
    """Let the goods go. From the red or yellow lane only after inspection, or by a supervisor who says why not."""
    detail = {"override_reason": override_reason.strip()[:300]} if override_reason.strip() else {}
    return take(actor=actor, step=Step(number, Kind.RELEASED, at, detail))


def refuse_entry(*, actor: Actor, number: str, reason: str, at: datetime | None = None) -> Taken:
    """Turn the goods back after an inspection, with the reason."""
    return take(actor=actor, step=Step(number, Kind.REFUSED, at, {"reason": reason.strip()[:300]}))


def withdraw(*, actor: Actor, number: str, reason: str = "") -> Taken:
    """Take back a declaration whose goods have not arrived."""
    return take(actor=actor, step=Step(number, Kind.WITHDRAWN, None, {"reason": reason.strip()[:300]}))
