"""Lodging and amending transit declarations; taking the guarantee. A batch takes each for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum
from pydantic import ValidationError

from otay.core.errors import Conflict, OtayError, Refused
from otay.core.findings import Finding, error, refuses
from otay.core.i18n import N_
from otay.engines.transit.settings import TransitRules
from otay.goods.declarations.models import Declaration
from otay.goods.transit.domain.declared import Declared, findings
from otay.goods.transit.domain.steps import Step, movement_number
from otay.goods.transit.models import (
    ConsignmentLine,
    Guarantee,
    GuaranteeUse,
    Movement,
    MovementSeries,
    Route,
)
from otay.goods.transit.offices import offices
from otay.goods.transit.queries import access
from otay.goods.transit.services import recording, routing
from otay.node import audit, clock
from otay.node.actors import Actor


@dataclass(slots=True)
class Lodged:
    """The answer to one declaration: a movement, or the findings that refuse it."""

    movement: Movement | None = None
    findings: list[Finding] = field(default_factory=list)


def lodge(*, actor: Actor, declared: Sequence[Declared], at: datetime | None = None) -> list[Lodged]:
    """Take each declaration or refuse it; one's fault never stops another. ``at``: when it was lodged, where an office
    records afterwards what came on paper.

    Raises:
        Forbidden: when ``actor`` may not lodge at all.
    """
    actor.require(access.LODGE if at is None else access.CONTROL)
    return [_lodged(actor, one, at) for one in declared]


def lodge_one(*, actor: Actor, declared: Declared, at: datetime | None = None) -> Movement:
    """Take one declaration; ``at`` as in :func:`lodge`.

    Raises:
        Refused: with every finding.
    """
    answer = lodge(actor=actor, declared=[declared], at=at)[0]
    if answer.movement is None:
        raise Refused(N_("The transit declaration is refused."), findings=answer.findings)
    return answer.movement


def _lodged(actor: Actor, one: Declared, at: datetime | None) -> Lodged:
    found = _findings(actor, one)
    if refuses(found):
        return Lodged(None, found)
    try:
        with transaction.atomic():
            return Lodged(_make(actor, one, at), found)
    except IntegrityError:
        text = N_("This local reference number was used before.")
        return Lodged(None, [error("/lrn", "transit.lrn_twice", text, one.lrn, N_("Give every movement its own."))])
    except OtayError as problem:
        return Lodged(None, [*problem.findings] or [error("", "transit.refused", problem.template, **problem.params)])


def _findings(actor: Actor, one: Declared) -> list[Finding]:
    found = findings(one, known_offices=offices(), country=settings.OTAY.country, now=clock.now())
    named = {line.declaration for line in one.lines if line.declaration}
    known = set(Declaration.objects.filter(number__in=named).values_list("number", flat=True))
    for missing in sorted(named - known):
        text = N_("There is no goods declaration with this number here.")
        found.append(error("/lines/declaration", "transit.declaration", text, missing))
    own = access.own_identifier(actor)
    if not access.is_officer(actor) and own not in (one.holder_id, one.carrier):
        text = N_("A firm lodges movements of which it is the holder or the carrier.")
        found.append(error("/holder_id", "transit.own", text, one.holder_id, own))
    try:
        TransitRules.model_validate(one.rules)
    except ValidationError as problem:
        for fault in problem.errors(include_url=False, include_context=False):
            place = "/rules/" + "/".join(map(str, fault["loc"]))
            found.append(error(place, "rules.field", "%(reason)s", fault.get("input", ""), reason=fault["msg"]))
    return found


def _make(actor: Actor, one: Declared, at: datetime | None) -> Movement:
    now = clock.now()
    movement = Movement(state="draft", mrn=_number(now), lodged_at=at or now, sender=access.own_identifier(actor))
    _fill(actor, movement, one)
    movement.save()
    _attach(movement, one)
    step = Step.PRE_LODGE if one.pre_lodged else Step.LODGE
    recording.record(actor=actor, movement=movement, step=step, at=at, office=one.departure)
    if not one.pre_lodged:
        accept(actor=actor, movement=movement, at=at)
    return movement


def _number(now: datetime) -> str:
    series, _made = MovementSeries.objects.select_for_update().get_or_create(year=now.year)
    series.last += 1
    series.save()
    return movement_number(settings.OTAY.country, now.year, series.last)


def _fill(actor: Actor, row: Movement, one: Declared) -> None:
    row.lrn, row.procedure, row.type = one.lrn.strip(), one.procedure, one.type
    row.holder, row.holder_id, row.carrier = one.holder.strip(), one.holder_id.strip(), one.carrier.strip()
    row.vehicle, row.container = one.vehicle.strip().upper(), one.container.strip().upper()[:17]
    row.departure, row.destination = one.departure, one.destination
    row.transit_offices = list(one.transit_offices)
    row.offices = " ".join(dict.fromkeys([one.departure, *one.transit_offices, one.destination]))
    row.countries = list(one.countries) or list(dict.fromkeys([one.departure[:2], one.destination[:2]]))
    row.binding, row.time_limit, row.rules = one.binding, one.time_limit, dict(one.rules)
    row.gross_mass_kg = one.gross_mass_kg or _sum(one)
    if one.route:
        row.route = routing.make(actor=actor, name=row.mrn, line=one.route, in_library=False)
    elif one.route_id is not None:
        row.route = Route.objects.filter(pk=one.route_id).first()
        if row.route is None:
            raise Conflict(N_("There is no such route."))


def _sum(one: Declared) -> Decimal | None:
    masses = [line.gross_mass_kg for line in one.lines if line.gross_mass_kg is not None]
    return sum(masses, Decimal(0)) if masses else None


def _attach(row: Movement, one: Declared) -> None:
    ConsignmentLine.objects.bulk_create(
        ConsignmentLine(
            movement=row, number=number, hs6=line.hs6, description=line.description[:280], packages=line.packages,
            gross_mass_kg=line.gross_mass_kg, declaration=line.declaration,
        )
        for number, line in enumerate(one.lines, 1)
    )  # fmt: skip
    GuaranteeUse.objects.bulk_create(
        GuaranteeUse(movement=row, grn=use.grn[:24], amount=use.amount, currency=use.currency)
        for use in one.securities[:9]
    )


def accept(*, actor: Actor, movement: Movement, at: datetime | None = None) -> None:
    """Accept a lodged or presented declaration in the caller's transaction, and take its guarantee."""
    if movement.state == "submitted":
        recording.record(actor=actor, movement=movement, step=Step.ACCEPT, at=at, office=movement.departure)
    _secure(actor, movement)


def _secure(actor: Actor, movement: Movement) -> None:
    """Take the guarantee; where it does not hold, the movement waits for another (IE055)."""
    if movement.procedure != "ncts" or movement.state != "accepted":
        return
    problem = _take_guarantees(movement)
    if problem:
        movement.guarantees.filter(released_at__isnull=True).update(taken_at=None, guarantee=None)
        recording.record(
            actor=actor, movement=movement, step=Step.GUARANTEE_INVALID, office=movement.departure,
            detail={"reason": problem},
        )  # fmt: skip


def _take_guarantees(movement: Movement) -> str:
    """Take each part of the guarantee that is free; the reason (a code of the procedure) when one is not."""
    now = clock.now()
    uses = list(movement.guarantees.filter(taken_at__isnull=True).order_by("pk"))
    if not uses and not movement.guarantees.filter(taken_at__isnull=False, released_at__isnull=True).exists():
        return "none"
    named = {
        one.grn: one
        for one in Guarantee.objects.select_for_update().filter(grn__in={use.grn for use in uses}).order_by("pk")
    }
    for use in uses:
        guarantee = named.get(use.grn)
        if guarantee is None or guarantee.holder_id != movement.holder_id:
            return "unknown"
        if guarantee.valid_until is not None and guarantee.valid_until < now:
            return "expired"
        if guarantee.currency != use.currency or use.amount > guarantee.amount - in_use(guarantee):
            return "too_low"
        use.guarantee, use.taken_at = guarantee, now
        use.save()
    return ""


def in_use(guarantee: Guarantee) -> Decimal:
    """How much of the guarantee movements hold now."""
    held = guarantee.uses.filter(taken_at__isnull=False, released_at__isnull=True).aggregate(sum=Sum("amount"))["sum"]
    return held or Decimal(0)


@transaction.atomic
def present(*, actor: Actor, mrn: str, at: datetime | None = None) -> Movement:
    """The goods of a pre-lodged declaration are presented (IE170)."""
    movement = recording.locked(actor, mrn)
    office = movement.departure if access.is_officer(actor) else ""
    recording.check_place(actor, movement, Step.PRESENT, office)
    recording.record(actor=actor, movement=movement, step=Step.PRESENT, at=at, office=movement.departure)
    accept(actor=actor, movement=movement)
    return movement


@transaction.atomic
def amend(*, actor: Actor, mrn: str, declared: Declared) -> Movement:
    """Put other facts in the place of those that were lodged (IE013, IE004), before the release.

    Raises:
        Refused: with every finding.
        Conflict: when it is too late.
    """
    actor.require(access.LODGE)
    movement = recording.locked(actor, mrn)
    found = _findings(actor, declared)
    if refuses(found):
        raise Refused(N_("The amendment is refused."), findings=found)
    before = _facts(movement)
    recording.record(actor=actor, movement=movement, step=Step.ASK_AMENDMENT, office=movement.departure)
    movement.lines.all().delete()
    movement.guarantees.filter(taken_at__isnull=False, released_at__isnull=True).update(released_at=clock.now())
    movement.guarantees.filter(taken_at__isnull=True).delete()
    _fill(actor, movement, declared)
    _attach(movement, declared)
    recording.record(
        actor=actor, movement=movement, step=Step.AMEND, office=movement.departure, detail={"before": before}
    )
    _secure(actor, movement)
    return movement


def _facts(row: Movement) -> dict[str, Any]:
    """What an amendment may change, as it stood."""
    return {
        "lrn": row.lrn, "vehicle": row.vehicle, "container": row.container, "departure": row.departure,
        "destination": row.destination, "transit_offices": row.transit_offices, "carrier": row.carrier,
        "time_limit": row.time_limit.isoformat(), "binding": row.binding, "route": row.route_id,
        "lines": [[line.number, line.hs6, line.description, line.declaration] for line in row.lines.order_by("number")],
        "guarantees": [[use.grn, str(use.amount), use.currency] for use in row.guarantees.order_by("pk")],
    }  # fmt: skip


@transaction.atomic
def register_guarantee(
    *,
    actor: Actor,
    grn: str,
    holder_id: str,
    guarantor: str,
    amount: Decimal,
    currency: str,
    valid_until: datetime | None = None,
    type: str = "1",
) -> Guarantee:
    """Put a guarantee into the register.

    Raises:
        Conflict: when its reference is taken or its amount is not above zero.
    """
    actor.require(access.CONTROL)
    if amount <= 0 or Guarantee.objects.filter(grn=grn).exists():
        raise Conflict(N_("A guarantee has a reference of its own and an amount above zero."))
    made = Guarantee.objects.create(
        grn=grn[:24], type=type[:1], holder_id=holder_id[:35], guarantor=guarantor[:70], amount=amount,
        currency=currency[:3], valid_until=valid_until, registered_at=clock.now(),
    )  # fmt: skip
    audit.record(actor=actor, action="transit.guarantee_registered", subject=f"guarantee:{grn}")
    return made
