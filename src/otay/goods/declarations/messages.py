"""What intake hands in: declarations in any format that Otay reads, each lodged or refused on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from otay.core.findings import Finding, error, refuses
from otay.core.i18n import N_
from otay.formats import registry as formats
from otay.goods.declarations.domain import DECLARATION
from otay.goods.declarations.lodging import LODGE, Lodged, Lodgement, lodge
from otay.intake.registry import Handler, Message, Outcome, State
from otay.node.actors import Actor
from otay.places.queries import port_of_office

DECLARATION_FORMAT = "declaration"
FORMATS = (DECLARATION_FORMAT, "wco", "csv", "xlsx")


@dataclass(slots=True)
class _Reading:
    """A message as read: what can be lodged, and what was found."""

    findings: list[Finding]
    lodgements: list[Lodgement]


def apply(actor: Actor, messages: Sequence[Message]) -> list[Outcome]:
    """Lodge all that the messages hold, in one go; answer each message."""
    readings = [_read(message) for message in messages]
    lodgements = [lodgement for reading in readings for lodgement in reading.lodgements]
    answers = iter(lodge(actor=actor, node=settings.OTAY, lodgements=lodgements))
    return [_outcome(reading, [next(answers) for _one in reading.lodgements]) for reading in readings]


def _read(message: Message) -> _Reading:
    result = formats.read(message.raw, format=message.format)
    reading = _Reading(list(result.findings), [])
    several = len(result.records) > 1
    for number, record in enumerate(result.records):
        core = dict(record)
        document = core.pop("document", None)
        place = f"/{number}" if several else ""
        port = port_of_office(core.get("office", "")) or port_of_office(core.get("exit_office", ""))
        if port is None:
            reading.findings.append(_office_unknown(place, core))
            continue
        reading.lodgements.append(Lodgement(core, port, message.received_at, document, place))
    return reading


def _office_unknown(place: str, core: dict[str, Any]) -> Finding:
    return error(
        f"{place}/office",
        "declaration.office_known",
        N_("The office of declaration is not one of the ports of entry that this node knows"),
        core.get("office") or core.get("exit_office") or "",
        N_("Name the port where the goods cross: by its port code, its UN/LOCODE or its customs office code."),
    )


def _outcome(reading: _Reading, answers: Sequence[Lodged]) -> Outcome:
    lodged = [answer.declaration for answer in answers if answer.declaration]
    findings = [*reading.findings, *(finding for answer in answers for finding in answer.findings)]
    state = State.ACCEPTED
    if not lodged:
        state = State.REFUSED
    elif refuses(findings):
        state = State.PARTLY
    return Outcome(
        state,
        tuple(findings),
        {
            "declarations": [
                {"reference": row.reference, "number": row.number, "version": row.version, "lane": row.lane}
                for row in lodged
            ]
        },
        tuple(f"declaration:{row.number}" for row in lodged),
    )


HANDLER = Handler(DECLARATION, _("Goods declarations"), FORMATS, LODGE, apply)
