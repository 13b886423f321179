"""Rules of the procedure that can be checked inside one message, by their numbers in the specification.

They warn: the administration that receives a message decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from otay.core.findings import Finding, warning
from otay.core.i18n import N_

Record = dict[str, Any]
MAX_INCIDENTS = 9
NEW_EQUIPMENT = ("2", "4")
NEW_MEANS = ("3", "6")


def broken_rules(record: Record) -> list[Finding]:
    """What the rules have against ``record``."""
    return [finding for rule in RULES for finding in rule(record)]


def _list(value: Any, key: str) -> list[Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _part(record: Record, key: str) -> Record:
    found = record.get(key)
    return found if isinstance(found, dict) else {}


def _equipment(record: Record) -> Iterator[tuple[str, Record]]:
    consignment = _part(record, "consignment")
    for index, item in enumerate(_list(consignment, "transport_equipment"), 1):
        yield f"/{record['message']}/Consignment/TransportEquipment[{index}]", item
    for number, incident in enumerate(_list(consignment, "incident"), 1):
        for index, item in enumerate(_list(incident, "transport_equipment"), 1):
            yield f"/{record['message']}/Consignment/Incident[{number}]/TransportEquipment[{index}]", item


def seals_follow_their_number(record: Record) -> Iterator[Finding]:
    """Seals are listed exactly when their number is above zero, and the number is the last sequence number.

    Conditions C0569 and R0106.
    """
    for place, item in _equipment(record):
        number, seals = item.get("number_of_seals"), _list(item, "seal")
        if not isinstance(number, int):
            continue
        if bool(seals) != (number > 0):
            text = N_("The number of seals is %(number)s and %(found)s are listed.")
            yield warning(place, "ncts.C0569", text, number, number=number, found=len(seals))
        elif seals:
            sequence = [seal["sequence_number"] for seal in seals if isinstance(seal.get("sequence_number"), int)]
            if sequence and max(sequence) != number:
                text = N_("The number of seals is %(number)s, the last sequence number %(last)s.")
                yield warning(place, "ncts.R0106", text, number, number=number, last=max(sequence))


def a_binding_itinerary_names_its_countries(record: Record) -> Iterator[Finding]:
    """A declaration with a binding itinerary names the countries of routing. Condition C0586."""
    if record["message"] not in ("CC015C", "CC013C", "CC029C"):
        return
    binding = _part(record, "transit_operation").get("binding_itinerary") is True
    if binding and not _list(_part(record, "consignment"), "country_of_routing_of_consignment"):
        text = N_("The itinerary is binding, but no country of routing is named.")
        yield warning(f"/{record['message']}/Consignment", "ncts.C0586", text)


def an_incident_brings_what_its_code_asks(record: Record) -> Iterator[Finding]:
    """Incidents 2 and 4 bring new equipment, 3 and 6 a transhipment, others neither. Condition C0240."""
    incidents = _list(_part(record, "consignment"), "incident")
    base = f"/{record['message']}/Consignment/Incident"
    if len(incidents) > MAX_INCIDENTS:
        text = N_("A movement has at most %(most)s incidents.")
        yield warning(base, "ncts.incidents", text, len(incidents), most=MAX_INCIDENTS)
    for number, incident in enumerate(incidents, 1):
        code = str(incident.get("code", ""))
        wanted = (code in NEW_EQUIPMENT, code in NEW_MEANS)
        if code in "123456" and wanted != ("transport_equipment" in incident, "transhipment" in incident):
            text = N_("Incident code %(code)s does not go with the equipment or transhipment given.")
            yield warning(f"{base}[{number}]", "ncts.C0240", text, code, code=code)


def remarks_tell_what_does_not_conform(record: Record) -> Iterator[Finding]:
    """Unloading that does not conform, or broken seals, are explained in the unloading remark."""
    remark = _part(record, "unloading_remark")
    if (remark.get("conform") is False or remark.get("state_of_seals") is False) and not remark.get("unloading_remark"):
        if _part(record, "consignment"):
            return
        text = N_("The unloading does not conform, but neither a remark nor the consignment says in what.")
        yield warning(f"/{record['message']}/UnloadingRemark", "ncts.remark", text)


RULES: tuple[Callable[[Record], Iterator[Finding]], ...] = (
    seals_follow_their_number,
    a_binding_itinerary_names_its_countries,
    an_incident_brings_what_its_code_asks,
    remarks_tell_what_does_not_conform,
)
