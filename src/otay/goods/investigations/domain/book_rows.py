"""Core records as rows of a book, with the columns by which the engine pairs what has no reference in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

Core = Mapping[str, Any]
#: Column -> whether it holds a number.
COLUMNS = {
    "reference": False, "invoice": False, "transport_document": False, "hs": False, "origin": False, "exporter": False,
    "importer": False, "vehicle": False, "container": False, "seal": False, "net_mass": True, "gross_mass": True,
    "quantity": True, "unit": False, "value": True, "currency": False, "basis": False, "exporting_country": False,
}  # fmt: skip


def party_ids(cores: Iterable[Core]) -> set[str]:
    """The identifiers that a book gives its parties."""
    parties = [core.get(role) or {} for core in cores for role in ("exporter", "importer")]
    return {str(party["id"]) for party in parties if party.get("id")}


def row_of(core: Core, day: date | None, *, known_ids: set[str]) -> dict[str, Any]:
    """One record as a row. Masses and quantities are those of all items together; the goods code is the dearest item's.

    ``known_ids``: identifiers of parties that both books use; a party that only one side knows by its number is
    compared by its name.
    """
    items: Sequence[Core] = core.get("items") or ()
    dearest: Core = max(items, key=lambda item: number((item.get("price") or {}).get("amount")) or 0.0, default={})
    amount = (core.get("invoice") or {}).get("amount") or {}
    quantities = [item.get("quantity") or {} for item in items]
    units = {one.get("unit") for one in quantities}
    one_unit = len(units) == 1 and None not in units
    return {
        "date": day,
        "reference": _text(core.get("ucr")),
        "invoice": _text((core.get("invoice") or {}).get("number")),
        "transport_document": _text((core.get("transport_document") or {}).get("number")),
        "hs": _text(dearest.get("hs")),
        "origin": _text(dearest.get("origin")),
        "exporter": _party(core.get("exporter") or {}, known_ids),
        "importer": _party(core.get("importer") or {}, known_ids),
        "vehicle": _text((core.get("transport") or {}).get("vehicle_id")),
        "container": _joined(core.get("containers") or ()),
        "seal": _joined([seal.get("id") for seal in core.get("seals") or ()]),
        "net_mass": total([item.get("net_mass_kg") for item in items]),
        "gross_mass": number(core.get("gross_mass_kg")),
        "quantity": total([one.get("value") for one in quantities]) if one_unit else None,
        "unit": _text(next(iter(units))) if one_unit else None,
        "value": number(amount.get("amount")),
        "currency": _text(amount.get("currency")),
        "basis": _text(core.get("incoterm")),
        "exporting_country": _text(core.get("export_country")),
    }


def number(value: object) -> float | None:
    """A positive number below ten to the fifteenth; None for what is none: missing, zero, negative or absurd."""
    try:
        found = Decimal(str(value))
    except ArithmeticError:
        return None
    return float(found) if found.is_finite() and 0 < found < Decimal(10) ** 15 else None


def total(values: Sequence[object]) -> float | None:
    """The sum; None as soon as one is missing: a part of a sum compares with nothing."""
    numbers = [number(value) for value in values]
    return sum(one for one in numbers if one is not None) if numbers and None not in numbers else None


def _text(value: object) -> str | None:
    return str(value) if value else None


def _joined(values: Iterable[object]) -> str | None:
    return ";".join(sorted(str(value) for value in values if value)) or None


def _party(party: Core, known_ids: set[str]) -> str | None:
    if party.get("id") in known_ids:
        return _text(party["id"])
    return _text(party.get("name")) or _text(party.get("id"))
