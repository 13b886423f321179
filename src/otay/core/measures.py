"""Units of UN/CEFACT Recommendation 20 as trade uses them, converted exactly.

The house keeps mass in kg and volume in litres; a quantity comes in whatever unit the tariff asks for.
"""

from __future__ import annotations

from decimal import Decimal

# unit: (dimension, how many of the dimension's own unit): kg, l, m, m2, pieces
_UNITS: dict[str, tuple[str, str]] = {
    "KGM": ("mass", "1"),
    "GRM": ("mass", "0.001"),
    "MGM": ("mass", "0.000001"),
    "TNE": ("mass", "1000"),
    "DTN": ("mass", "100"),
    "LBR": ("mass", "0.45359237"),
    "ONZ": ("mass", "0.028349523125"),
    "APZ": ("mass", "0.0311034768"),
    "STN": ("mass", "907.18474"),
    "LTN": ("mass", "1016.0469088"),
    "CTM": ("mass", "0.0002"),
    "LTR": ("volume", "1"),
    "MLT": ("volume", "0.001"),
    "CLT": ("volume", "0.01"),
    "HLT": ("volume", "100"),
    "MTQ": ("volume", "1000"),
    "GLL": ("volume", "3.785411784"),
    "GLI": ("volume", "4.54609"),
    "BLL": ("volume", "158.987294928"),
    "FTQ": ("volume", "28.316846592"),
    "MTR": ("length", "1"),
    "CMT": ("length", "0.01"),
    "KMT": ("length", "1000"),
    "FOT": ("length", "0.3048"),
    "INH": ("length", "0.0254"),
    "YRD": ("length", "0.9144"),
    "MTK": ("area", "1"),
    "FTK": ("area", "0.09290304"),
    "YDK": ("area", "0.83612736"),
    "C62": ("count", "1"),
    "H87": ("count", "1"),
    "EA": ("count", "1"),
    "NAR": ("count", "1"),
    "PR": ("count", "2"),
    "NPR": ("count", "2"),
    "DZN": ("count", "12"),
    "GRO": ("count", "144"),
    "CEN": ("count", "100"),
    "MIL": ("count", "1000"),
    "KWH": ("energy", "1"),
    "MWH": ("energy", "1000"),
}


def dimension(unit: str) -> str | None:
    """``mass``, ``volume``, ``length``, ``area``, ``count`` or ``energy``; None for a unit that is not in the table."""
    found = _UNITS.get(unit.upper())
    return found[0] if found else None


def convert(value: Decimal, unit: str, target: str) -> Decimal | None:
    """``value`` of ``unit`` in ``target``, unrounded; None where the two do not measure the same or are unknown."""
    source, goal = _UNITS.get(unit.upper()), _UNITS.get(target.upper())
    if source is None or goal is None or source[0] != goal[0]:
        return None
    return value * Decimal(source[1]) / Decimal(goal[1])
