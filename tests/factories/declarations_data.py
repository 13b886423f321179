"""Invented declarations: a plain one, and one in which every element of the core data is filled."""

from __future__ import annotations

import copy
from typing import Any

PLAIN: dict[str, Any] = {
    "reference": "TEST-0001",
    "type": "import",
    "type_code": "A1",
    "exporter": {"id": "04-2103594", "id_scheme": "us.ein", "name": "Invented Exporter Inc.", "country": "US"},
    "importer": {"id": "GODE561231GR8", "id_scheme": "mx.rfc", "name": "Importadora Inventada", "country": "MX"},
    "transport": {"mode": "3", "vehicle_id": "ABC1234", "vehicle_nationality": "MX"},
    "containers": ["CSQU3054383"],
    "seals": [{"id": "SEAL1", "container": "CSQU3054383"}],
    "export_country": "US",
    "destination_country": "MX",
    "invoice": {"number": "INV-1", "date": "2026-01-15", "amount": {"amount": "1200.00", "currency": "USD"}},
    "incoterm": "DAP",
    "gross_mass_kg": "110",
    "packages_total": 10,
    "items": [
        {
            "number": 1,
            "hs": "8471300100",
            "description": "Portable computers",
            "origin": "US",
            "net_mass_kg": "100",
            "gross_mass_kg": "110",
            "packages": [{"count": 10, "type": "CT"}],
            "quantity": {"value": "20", "unit": "C62"},
            "price": {"amount": "1200.00", "currency": "USD"},
        }
    ],
}

_PARTY = {
    "id": "ID-1",
    "id_scheme": "us.mid",
    "name": "Invented & Sons",
    "street": "1 Invented Street",
    "city": "San Diego",
    "subdivision": "California",
    "postcode": "92154",
    "country": "US",
}

COMPLETE: dict[str, Any] = {
    **PLAIN,
    "function": 9,
    "declaration_number": "264031236000001",
    "accepted_at": "2026-03-01T08:30:00Z",
    "office": "400",
    "declarant": {"id": "3123", "id_scheme": "mx.patente"},
    "agent": _PARTY,
    "exporter": _PARTY,
    "consignee": _PARTY,
    "seller": _PARTY,
    "buyer": _PARTY,
    "aeo_parties": [{"id": "SVI-1", "role": "MF"}],
    "ucr": "6MX1234567890",
    "seals": [{"id": "SEAL1", "container": "CSQU3054383"}, {"id": "SEAL2"}],
    "exit_office": "2506",
    "loading_place": "USSDM",
    "transport_document": {"id": "BOL 1", "type": "730"},
    "previous_documents": [{"id": "257700052", "type": "IT", "category": "X", "line": 1}, {"id": "OTHER"}],
    "exchange_rate": "17.12345",
    "exchange_currency": "MXN",
    "incoterm_place": "Tijuana",
    "items": [
        {
            **PLAIN["items"][0],
            "national_code": "99",
            "customs_value": {"amount": "1250.5", "currency": "USD"},
            "statistical_value": {"amount": "21000", "currency": "MXN"},
            "packages": [{"count": 4, "type": "CT", "marks": "A/1"}, {"count": 6, "type": "PX"}],
            "adjustments": [{"code": "AK", "amount": {"amount": "50.5", "currency": "USD"}}],
            "valuation_method": "1",
            "procedure": "40",
            "previous_procedure": "00",
            "additional_procedures": ["C07", "F15"],
            "preference": "300",
            "duties": [
                {
                    "type": "IGI",
                    "base": {"amount": "1250.5", "currency": "USD"},
                    "rate": "5.125",
                    "amount": {"amount": "62.53", "currency": "USD"},
                },
                {"type": "IVA"},
            ],
        }
    ],
    "amendments": [
        {"path": "42A[1]/67A/68A[2].137", "reason": "32", "statement": "Description corrected"},
        {"path": "42A"},
    ],
}


def declaration_data(**changes: Any) -> dict[str, Any]:
    """A correct import declaration; ``changes`` replace its elements, None removes one."""
    data = copy.deepcopy(PLAIN) | changes
    return {key: value for key, value in data.items() if value is not None}


def complete_data() -> dict[str, Any]:
    """A declaration with every element filled."""
    return copy.deepcopy(COMPLETE)
