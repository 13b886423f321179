"""NCTS messages that a firm sends, as what the services take."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from otay.goods.transit.domain.declared import Declared, Line, Security

Record = dict[str, Any]
DEFAULT_LIMIT = timedelta(days=8)
"""The time limit where the declaration leaves it to the office."""


def part(record: Record, *keys: str) -> Any:
    """A value deep in a record; empty where a part is missing."""
    value: Any = record
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return "" if value is None else value


def parts(record: Record, *keys: str) -> list[Record]:
    """A list deep in a record."""
    found = part(record, *keys)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def reference(record: Record, key: str) -> str:
    """The reference number of an office that the message names."""
    return str(part(record, key, "reference_number"))


def moment(text: Any) -> datetime | None:
    """A date or a time of a message, in UTC; None where there is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def decimal(value: Any) -> Decimal | None:
    """A decimal of a message; None where there is none."""
    try:
        return Decimal(str(value)) if value not in ("", None) else None
    except InvalidOperation:
        return None


def declared(record: Record, *, now: datetime) -> Declared:
    """A declaration (CC015C) or an amendment (CC013C)."""
    operation, consignment = record.get("transit_operation", {}), record.get("consignment", {})
    equipment = next(iter(parts(consignment, "transport_equipment")), {})
    holder = record.get("holder_of_the_transit_procedure", {})
    kind = str(part(operation, "declaration_type"))
    return Declared(
        lrn=str(part(operation, "lrn")),
        holder=str(part(holder, "name") or part(holder, "identification_number")),
        holder_id=str(part(holder, "identification_number") or part(holder, "tir_holder_identification_number")),
        carrier=str(part(consignment, "carrier", "identification_number")),
        vehicle=_vehicle(consignment),
        container=str(part(equipment, "container_identification_number")),
        procedure="ncts",
        type=kind,
        pre_lodged=part(operation, "additional_declaration_type") == "D",
        departure=reference(record, "customs_office_of_departure"),
        destination=reference(record, "customs_office_of_destination_declared"),
        transit_offices=[
            str(one.get("reference_number", "")) for one in parts(record, "customs_office_of_transit_declared")
        ],
        countries=[
            str(one.get("country", "")) for one in parts(consignment, "country_of_routing_of_consignment")
        ],
        binding=part(operation, "binding_itinerary") is True,
        time_limit=_limit(part(operation, "limit_date"), now),
        gross_mass_kg=decimal(part(consignment, "gross_mass")),
        lines=list(_lines(consignment)),
        securities=list(_securities(record)),
        seals=[str(seal.get("identifier", "")) for seal in parts(equipment, "seal")],
    )  # fmt: skip


def _vehicle(consignment: Record) -> str:
    for key in ("departure_transport_means", "active_border_transport_means"):
        for one in parts(consignment, key):
            if one.get("identification_number"):
                return str(one["identification_number"])
    equipment = parts(consignment, "transport_equipment")
    return str(equipment[0].get("container_identification_number", "")) if equipment else ""


def _limit(date: Any, now: datetime) -> datetime:
    """The end of the limit date, UTC."""
    found = moment(date)
    return now + DEFAULT_LIMIT if found is None else datetime.combine(found.date(), time(23, 59, 59), UTC)


def _lines(consignment: Record) -> Iterable[Line]:
    for house in parts(consignment, "house_consignment"):
        for item in parts(house, "consignment_item"):
            previous = [one for one in parts(item, "previous_document") if one.get("reference_number")]
            packages = parts(item, "packaging")
            count = packages[0].get("number_of_packages") if packages else None
            yield Line(
                str(part(item, "commodity", "description_of_goods"))[:280],
                str(part(item, "commodity", "commodity_code", "harmonized_system_sub_heading_code")),
                count if isinstance(count, int) else None,
                decimal(part(item, "commodity", "goods_measure", "gross_mass")),
                str(previous[0]["reference_number"]) if previous and previous[0].get("type") == "NMRN" else "",
            )


def _securities(record: Record) -> Iterable[Security]:
    for guarantee in parts(record, "guarantee"):
        for one in parts(guarantee, "guarantee_reference"):
            amount = decimal(one.get("amount_to_be_covered"))
            yield Security(str(one.get("grn", "")), amount or Decimal(0), str(one.get("currency", "")))
