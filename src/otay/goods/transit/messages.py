"""What intake hands in: NCTS phase-5 messages of firms, each taken or refused on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from otay.core.errors import OtayError, Refused
from otay.core.findings import Finding, error, refuses
from otay.core.i18n import N_
from otay.formats import registry as formats
from otay.goods.transit import ncts_in
from otay.goods.transit.domain.steps import Step
from otay.goods.transit.models import Movement
from otay.goods.transit.ncts_in import Record, moment, part, parts, reference
from otay.goods.transit.queries import access
from otay.goods.transit.services import lodging, moving
from otay.intake.registry import Handler, Message, Outcome, State
from otay.node import clock
from otay.node.actors import Actor


def apply(actor: Actor, messages: Sequence[Message]) -> list[Outcome]:
    """Take each message; answer with the movements it made or moved, or with every finding."""
    return [_applied(actor, message) for message in messages]


def _applied(actor: Actor, message: Message) -> Outcome:
    result = formats.read(message.raw, format=message.format)
    findings: list[Finding] = list(result.findings)
    taken: list[Movement] = []
    for number, record in enumerate(result.records):
        place = f"/{number}" if len(result.records) > 1 else ""
        try:
            taken.append(_take(actor, record))
        except Refused as problem:
            findings += problem.findings or [error(place, "transit.refused", problem.template, **problem.params)]
        except OtayError as problem:
            findings.append(error(place, "transit.refused", problem.template, record["message"], **problem.params))
    state = State.ACCEPTED
    if not taken:
        state = State.REFUSED
    elif refuses(findings):
        state = State.PARTLY
    answer = {"movements": [{"mrn": row.mrn, "lrn": row.lrn, "state": str(row.state)} for row in taken]}
    return Outcome(state, tuple(findings), answer, tuple(f"movement:{row.mrn}" for row in taken))


def _take(actor: Actor, record: Record) -> Movement:
    taking = TAKEN.get(record["message"])
    if taking is None:
        text = N_("A firm does not send this message; it gets it.")
        raise Refused(text, findings=[error("", "transit.message", text, record["message"], ", ".join(TAKEN))])
    return taking(actor, record)


def _lodge(actor: Actor, record: Record) -> Movement:
    return lodging.lodge_one(actor=actor, declared=ncts_in.declared(record, now=clock.now()))


def _amend(actor: Actor, record: Record) -> Movement:
    declared = ncts_in.declared(record, now=clock.now())
    return lodging.amend(actor=actor, mrn=_mrn(record), declared=declared)


def _ask_cancellation(actor: Actor, record: Record) -> Movement:
    reason = str(part(record, "invalidation", "justification"))
    return moving.take(actor=actor, mrn=_mrn(record), step=Step.ASK_CANCELLATION, reason=reason)


def _present(actor: Actor, record: Record) -> Movement:
    lrn = str(part(record, "transit_operation", "lrn"))
    row = access.visible(actor).filter(lrn=lrn, peer="").first()
    if row is None:
        raise access.not_found(lrn)
    return lodging.present(actor=actor, mrn=row.mrn)


def _arrive(actor: Actor, record: Record) -> Movement:
    at = moment(part(record, "transit_operation", "arrival_notification_date_and_time"))
    office = reference(record, "customs_office_of_destination_actual")
    return moving.arrive(actor=actor, mrn=_mrn(record), office=office, at=at)


def _unload(actor: Actor, record: Record) -> Movement:
    remark = record.get("unloading_remark", {})
    seals = remark.get("state_of_seals")
    return moving.unload(
        actor=actor, mrn=_mrn(record), conforms=remark.get("conform") is True,
        seals_good=seals if isinstance(seals, bool) else None, remarks=str(remark.get("unloading_remark", "")),
        office=reference(record, "customs_office_of_destination_actual"),
    )  # fmt: skip


def _incident(actor: Actor, record: Record) -> Movement:
    mrn = _mrn(record)
    at = moment(part(record, "transit_operation", "incident_notification_date_and_time"))
    for one in parts(record, "consignment", "incident"):
        seals = [
            str(seal.get("identifier", ""))
            for equipment in parts(one, "transport_equipment")
            for seal in parts(equipment, "seal")
        ]
        means = part(one, "transhipment", "transport_means", "identification_number")
        moving.report_incident(
            actor=actor, mrn=mrn, code=str(one.get("code", "")), text=str(one.get("text", "")), at=at,
            new_seals=seals, transhipment={"vehicle": means} if means else {},
            office=reference(record, "customs_office_of_incident_registration") if access.is_officer(actor) else "",
            place=str(part(one, "location", "un_locode")),
        )  # fmt: skip
    return access.movement(actor, mrn)


def _mrn(record: Record) -> str:
    return str(part(record, "transit_operation", "mrn"))


TAKEN: Mapping[str, Callable[[Actor, Record], Movement]] = {
    "CC015C": _lodge,
    "CC013C": _amend,
    "CC014C": _ask_cancellation,
    "CC170C": _present,
    "CC007C": _arrive,
    "CC044C": _unload,
    "CC182C": _incident,
}
HANDLER = Handler("transit", _("Transit declarations and notifications (NCTS)"), ("ncts",), access.LODGE, apply)
