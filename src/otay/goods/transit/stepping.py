"""One door for every step of a movement: which service a verb calls, with what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from otay.goods.transit.domain.steps import Step
from otay.goods.transit.services import lodging, moving
from otay.node.actors import Actor


@dataclass(frozen=True, slots=True)
class Asked:
    """A step as a form or a program asks for it."""

    step: Step
    office: str = ""
    at: datetime | None = None
    reason: str = ""
    code: str = ""
    text: str = ""
    place: str = ""
    new_seals: Sequence[str] = ()
    vehicle: str = ""
    conforms: bool = True
    seals_good: bool | None = None
    remarks: str = ""
    amount: Decimal | None = None
    currency: str = ""


def take(*, actor: Actor, mrn: str, asked: Asked) -> None:
    """Take the step, or raise what the service raises."""
    where: dict[str, Any] = {"office": asked.office, "at": asked.at}
    match asked.step:
        case Step.PRESENT:
            lodging.present(actor=actor, mrn=mrn, at=asked.at)
        case Step.DEPART:
            moving.depart(actor=actor, mrn=mrn, **where)
        case Step.INCIDENT:
            moving.report_incident(
                actor=actor, mrn=mrn, code=asked.code, text=asked.text, place=asked.place, new_seals=asked.new_seals,
                transhipment={"vehicle": asked.vehicle} if asked.vehicle.strip() else {}, **where,
            )  # fmt: skip
        case Step.ARRIVE:
            moving.arrive(actor=actor, mrn=mrn, **where)
        case Step.UNLOAD:
            moving.unload(
                actor=actor, mrn=mrn, conforms=asked.conforms, seals_good=asked.seals_good, remarks=asked.remarks,
                **where,
            )  # fmt: skip
        case Step.RECOVER:
            amount = "" if asked.amount is None else format(asked.amount, "f")
            moving.recover(
                actor=actor, mrn=mrn, amount=amount, currency=asked.currency, reason=asked.reason, at=asked.at
            )
        case Step.DISCHARGE:
            moving.discharge(actor=actor, mrn=mrn, reason=asked.reason, **where)
        case _:
            moving.take(actor=actor, mrn=mrn, step=asked.step, reason=asked.reason, **where)
