"""The message that an event of a movement is, as an NCTS phase-5 record and as XML."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.formats.ncts.elements import MESSAGES
from otay.formats.ncts.writing import write_message
from otay.goods.transit.models import Movement, MovementEvent

Record = dict[str, Any]
_WHOLE = ("CC015C", "CC029C", "CC043C")


def code_of(event: MovementEvent) -> str:
    """The message's code (``CC029C``); empty where NCTS has no message for the event."""
    code = f"CC{event.message[2:5]}C" if event.message.startswith("IE") else ""
    return code if code in MESSAGES else ""


def xml_of(movement: Movement, event: MovementEvent) -> bytes:
    """The event's message as XML.

    Raises:
        NotFound: when NCTS has no message for it.
    """
    code = code_of(event)
    if not code:
        raise NotFound(N_("NCTS has no message for this event."))
    return write_message(record_of(movement, event, code))


def record_of(movement: Movement, event: MovementEvent, code: str) -> Record:
    """The event's message as a record of :mod:`otay.formats.ncts`."""
    record: Record = {
        "message": code,
        "message_sender": f"NODE.{event.side}",
        "message_recipient": movement.sender[:35] or movement.holder_id[:35] or "-",
        "preparation_date_and_time": _time(event.recorded_at),
        "message_identification": f"{settings.OTAY.country}{event.pk}",
        "message_type": code,
        "transit_operation": _operation(movement, event, code),
        "customs_office_of_departure": {"reference_number": movement.departure},
    }
    if code in ("CC007C", "CC025C", "CC043C", "CC044C"):
        actual = event.office or movement.arrived_office or movement.destination
        record["customs_office_of_destination_actual"] = {"reference_number": actual}
    if code == "CC007C":
        record["trader_at_destination"] = {"identification_number": (movement.carrier or movement.holder_id)[:17]}
    if code in _WHOLE:
        record |= _declaration(movement)
    if code == "CC182C":
        record["customs_office_of_incident_registration"] = {"reference_number": event.office or movement.departure}
        record["consignment"] = {"incident": [_incident(movement, event)]}
    if code == "CC044C":
        record["unloading_remark"] = _remark(event)
    if code == "CC035C" and event.detail.get("amount"):
        record["recovery_notification"] = {
            "recovery_notification_date": _date(event.at),
            "recovery_notification_text": event.detail.get("reason", ""),
            "amount_claimed": event.detail["amount"],
            "currency": event.detail.get("currency", ""),
        }
    return record


def _operation(movement: Movement, event: MovementEvent, code: str) -> Record:
    found: Record = {"mrn": movement.mrn}
    if movement.lrn:
        found["lrn"] = movement.lrn
    if code in _WHOLE:
        found |= {
            "declaration_type": movement.type, "additional_declaration_type": "A", "security": "0",
            "reduced_dataset_indicator": False, "binding_itinerary": movement.binding,
            "limit_date": _date(movement.time_limit),
        }  # fmt: skip
    reason = event.detail.get("reason", "")
    dated = {
        "CC029C": {"release_date": _date(event.at)},
        "CC007C": {"arrival_notification_date_and_time": _time(event.at)},
        "CC182C": {"incident_notification_date_and_time": _time(event.at)},
        "CC045C": {"write_off_date": _date(event.at)},
        "CC060C": {"control_notification_date_and_time": _time(event.at), "notification_type": "0"},
        "CC028C": {"declaration_acceptance_date": _date(event.at)},
        "CC019C": {
            "discrepancies_notification_date": _date(event.at), "discrepancies_notification_text": reason
        },
        "CC140C": {"request_on_non_arrived_movement_date": _date(event.at)},
        "CC025C": {"release_date": _date(event.at), "release_indicator": "1"},
        "CC051C": {"no_release_motivation_text": reason},
    }  # fmt: skip
    return found | {key: value for key, value in dated.get(code, {}).items() if value}


def _declaration(movement: Movement) -> Record:
    seals = list(
        movement.seals.filter(removed_at__isnull=True).order_by("pk").values_list("seal__identifier", flat=True)
    )
    equipment: Record = {"sequence_number": 1}
    if movement.container:
        equipment["container_identification_number"] = movement.container
    equipment["number_of_seals"] = len(seals)
    if seals:
        equipment["seal"] = [{"sequence_number": number, "identifier": one} for number, one in enumerate(seals, 1)]
    found: Record = {
        "customs_office_of_destination_declared": {"reference_number": movement.destination},
        "customs_office_of_transit_declared": [
            {"sequence_number": number, "reference_number": code}
            for number, code in enumerate(movement.transit_offices, 1)
        ],
        "holder_of_the_transit_procedure": {
            "identification_number": movement.holder_id[:17], "name": movement.holder
        },
        "guarantee": [
            {
                "sequence_number": number, "guarantee_type": use.guarantee.type if use.guarantee else "1",
                "guarantee_reference": [
                    {
                        "sequence_number": 1, "grn": use.grn, "amount_to_be_covered": format(use.amount, "f"),
                        "currency": use.currency,
                    }
                ],
            }
            for number, use in enumerate(movement.guarantees.select_related("guarantee").order_by("pk"), 1)
        ],
        "consignment": {
            "container_indicator": bool(movement.container),
            "gross_mass": format(movement.gross_mass_kg, "f") if movement.gross_mass_kg else "0",
            "transport_equipment": [equipment],
            "departure_transport_means": [
                {"sequence_number": 1, "type_of_identification": 30, "identification_number": movement.vehicle}
            ],
            "country_of_routing_of_consignment": [
                {"sequence_number": number, "country": country} for number, country in enumerate(movement.countries, 1)
            ],
            "house_consignment": [{"sequence_number": 1, "consignment_item": _items(movement)}],
        },
    }  # fmt: skip
    return found


def _items(movement: Movement) -> list[Record]:
    items = []
    for line in movement.lines.order_by("number"):
        commodity: Record = {"description_of_goods": line.description or "-"}
        if line.hs6:
            commodity["commodity_code"] = {"harmonized_system_sub_heading_code": line.hs6}
        if line.gross_mass_kg is not None:
            commodity["goods_measure"] = {"gross_mass": format(line.gross_mass_kg, "f")}
        item: Record = {
            "goods_item_number": line.number, "declaration_goods_item_number": line.number, "commodity": commodity
        }  # fmt: skip
        if line.packages:
            item["packaging"] = [{"sequence_number": 1, "number_of_packages": line.packages}]
        if line.declaration:
            item["previous_document"] = [{"sequence_number": 1, "type": "NMRN", "reference_number": line.declaration}]
        items.append(item)
    return items


def _incident(movement: Movement, event: MovementEvent) -> Record:
    detail = event.detail
    found: Record = {"sequence_number": 1, "code": detail.get("code", ""), "text": detail.get("text", "")}
    if detail.get("new_seals"):
        found["transport_equipment"] = [
            {
                "sequence_number": 1, "number_of_seals": len(detail["new_seals"]),
                "seal": [
                    {"sequence_number": number, "identifier": one} for number, one in enumerate(detail["new_seals"], 1)
                ],
            }
        ]  # fmt: skip
    if detail.get("transhipment", {}).get("vehicle"):
        found["transhipment"] = {
            "container_indicator": bool(movement.container),
            "transport_means": {
                "type_of_identification": 30, "identification_number": detail["transhipment"]["vehicle"]
            },
        }  # fmt: skip
    return found


def _remark(event: MovementEvent) -> Record:
    found: Record = {
        "conform": bool(event.detail.get("conforms")), "unloading_completion": True, "unloading_date": _date(event.at)
    }  # fmt: skip
    if event.detail.get("seals_good") is not None:
        found["state_of_seals"] = event.detail["seals_good"]
    if event.detail.get("remarks"):
        found["unloading_remark"] = event.detail["remarks"]
    return found


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
