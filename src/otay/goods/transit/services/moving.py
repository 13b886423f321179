"""The way of a movement through the procedure, one function a verb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from otay.core.errors import Conflict
from otay.core.i18n import N_
from otay.goods.transit import sharing
from otay.goods.transit.domain import incidents
from otay.goods.transit.domain.steps import Step
from otay.goods.transit.models import Incident, Movement
from otay.goods.transit.services import recording
from otay.node import clock
from otay.node.actors import Actor

#: Steps that need nothing but a place, a time and perhaps a reason.
PLAIN = (
    Step.PRESENT, Step.CONTROL, Step.RELEASE, Step.REFUSE_RELEASE, Step.CONTINUE, Step.PERMIT_UNLOADING,
    Step.NOTE_DISCREPANCIES, Step.RELEASE_GOODS, Step.OPEN_ENQUIRY, Step.ASK_CANCELLATION, Step.CANCEL, Step.REJECT,
)  # fmt: skip
WITH_REASON = (
    Step.REFUSE_RELEASE, Step.NOTE_DISCREPANCIES, Step.OPEN_ENQUIRY, Step.CANCEL, Step.REJECT, Step.ASK_CANCELLATION,
)  # fmt: skip


@transaction.atomic
def take(
    *, actor: Actor, mrn: str, step: Step, office: str = "", at: datetime | None = None, reason: str = ""
) -> Movement:
    """A step that needs nothing but a place, a time and, for some, a reason.

    Raises:
        Conflict: when it is out of sequence, on the wrong side, or lacks its reason.
    """
    if step not in PLAIN:
        raise Conflict(N_("The step %(step)s has a service of its own."), step=step.value)
    movement = recording.locked(actor, mrn)
    recording.check_place(actor, movement, step, office)
    detail = _reason(step, reason)
    recording.record(actor=actor, movement=movement, step=step, at=at, office=office, detail=detail)
    if step is Step.CONTINUE:
        movement.incident_rows.filter(continued_at__isnull=True).update(continued_at=at or clock.now())
    return movement


def _reason(step: Step, reason: str) -> dict[str, str]:
    text = reason.strip()[:512]
    if step in WITH_REASON and not text:
        raise Conflict(N_("Say why."))
    return {"reason": text} if text else {}


@transaction.atomic
def depart(*, actor: Actor, mrn: str, office: str = "", at: datetime | None = None) -> Movement:
    """The truck leaves the office of departure under seal; the neighbour hears of the movement and of its departure.

    Raises:
        Conflict: when no seal is on it, or it is not released for transit.
    """
    movement = recording.locked(actor, mrn)
    recording.check_place(actor, movement, Step.DEPART, office or movement.departure)
    if not movement.seals.filter(removed_at__isnull=True).exists():
        raise Conflict(N_("Movement %(mrn)s has no seal: affix one before it departs."), mrn=movement.mrn)
    recording.record(actor=actor, movement=movement, step=Step.DEPART, at=at, office=office or movement.departure)
    return movement


@transaction.atomic
def report_incident(
    *,
    actor: Actor,
    mrn: str,
    code: str,
    text: str,
    at: datetime | None = None,
    office: str = "",
    place: str = "",
    new_seals: Sequence[str] = (),
    transhipment: Mapping[str, Any] | None = None,
) -> Incident:
    """One of at most nine incidents. New seals are affixed with :func:`.sealing.affix_seal` and named here; a
    transhipment names the new vehicle, which the movement then has.

    Raises:
        Refused: when the incident lacks what its code asks for (condition C0240).
        Conflict: at the tenth incident, or in a state without incidents.
    """
    movement = recording.locked(actor, mrn)
    recording.check_place(actor, movement, Step.INCIDENT, office)
    moved = {key: str(value)[:70] for key, value in (transhipment or {}).items() if str(value).strip()}
    incidents.check(code, text, new_seals, moved)
    detail = {
        "code": code, "text": text.strip(), "place": place[:120], "new_seals": list(new_seals)[:99],
        "transhipment": moved,
    }  # fmt: skip
    if moved.get("vehicle"):
        detail["vehicle_before"] = movement.vehicle
        movement.vehicle = moved["vehicle"].upper()[:35]
    event = recording.record(actor=actor, movement=movement, step=Step.INCIDENT, at=at, office=office, detail=detail)
    incident = Incident.objects.create(
        movement=movement, number=movement.incidents, code=code, text=text.strip(), at=event.at, office=office,
        place=place[:120], new_seals=detail["new_seals"], transhipment=moved, endorsed_by=actor.key if office else "",
    )  # fmt: skip
    if not movement.peer:
        sharing.publish_movement(actor=actor, movement=movement)
    return incident


@transaction.atomic
def arrive(*, actor: Actor, mrn: str, office: str, at: datetime | None = None) -> Movement:
    """The goods are presented at an office of this side; it need not be the declared one (diversion)."""
    movement = recording.locked(actor, mrn)
    recording.check_place(actor, movement, Step.ARRIVE, office)
    movement.arrived_office = office
    detail = {"diverted_from": movement.destination} if office != movement.destination else {}
    recording.record(actor=actor, movement=movement, step=Step.ARRIVE, at=at, office=office, detail=detail)
    return movement


@transaction.atomic
def unload(
    *,
    actor: Actor,
    mrn: str,
    conforms: bool,
    seals_good: bool | None,
    remarks: str = "",
    office: str = "",
    at: datetime | None = None,
) -> Movement:
    """The unloading remarks: whether all conforms, and the state of the seals (required where seals were announced).

    Raises:
        Conflict: when the state of announced seals is not told, or something does not conform and nothing says what.
    """
    movement = recording.locked(actor, mrn)
    recording.check_place(actor, movement, Step.UNLOAD, office or movement.arrived_office)
    if seals_good is None and movement.seals.exists():
        raise Conflict(N_("Say in which state the seals are: some were announced (condition C0440)."))
    if not (conforms and seals_good is not False) and not remarks.strip():
        raise Conflict(N_("Say what does not conform."))
    movement.conforms, movement.seals_good = conforms, seals_good
    detail = {"conforms": conforms, "seals_good": seals_good, "remarks": remarks.strip()[:512]}
    recording.record(
        actor=actor, movement=movement, step=Step.UNLOAD, at=at, office=office or movement.arrived_office,
        detail=detail,
    )  # fmt: skip
    return movement


@transaction.atomic
def recover(*, actor: Actor, mrn: str, amount: str, currency: str, reason: str, at: datetime | None = None) -> Movement:
    """Recovery of the debt begins: so much is claimed, for this reason."""
    movement = recording.locked(actor, mrn)
    recording.check_place(
        actor, movement, Step.RECOVER, "" if actor.ports("transit.control") is None else movement.departure
    )
    if not reason.strip():
        raise Conflict(N_("Say why."))
    detail = {"amount": amount, "currency": currency, "reason": reason.strip()[:512]}
    recording.record(actor=actor, movement=movement, step=Step.RECOVER, at=at, detail=detail)
    return movement


@transaction.atomic
def discharge(*, actor: Actor, mrn: str, office: str = "", at: datetime | None = None, reason: str = "") -> Movement:
    """The procedure ends and its guarantee is released. A movement with an alarm of high severity that nobody closed is
    discharged only with a reason.

    Raises:
        Conflict: when it is out of sequence, or an open alarm stands against it and no reason is given.
    """
    movement = recording.locked(actor, mrn)
    recording.check_place(actor, movement, Step.DISCHARGE, office)
    open_high = movement.alarms.filter(severity="high", withdrawn_at__isnull=True).exclude(state="closed")
    if not reason.strip() and open_high.exists():
        text = N_("Alarms of high severity stand open against %(mrn)s: close them with a finding, or say why not.")
        raise Conflict(text, mrn=movement.mrn)
    movement.reopened_at = None
    detail = {"reason": reason.strip()[:512]} if reason.strip() else {}
    recording.record(actor=actor, movement=movement, step=Step.DISCHARGE, at=at, office=office, detail=detail)
    return movement


def open_enquiry(*, actor: Actor, mrn: str, reason: str, at: datetime | None = None, office: str = "") -> Movement:
    """Nothing was heard of an arrival: the enquiry begins."""
    return take(actor=actor, mrn=mrn, step=Step.OPEN_ENQUIRY, at=at, reason=reason, office=office)


def cancel(*, actor: Actor, mrn: str, reason: str, at: datetime | None = None, office: str = "") -> Movement:
    """The declaration is invalidated."""
    return take(actor=actor, mrn=mrn, step=Step.CANCEL, at=at, reason=reason, office=office)
