from __future__ import annotations

from decimal import Decimal

import pytest

from otay.core.measures import convert, dimension


@pytest.mark.parametrize(
    ("value", "unit", "target", "expected"),
    [
        ("1", "LBR", "KGM", "0.45359237"),  # international pound, exact since 1959
        ("2", "TNE", "KGM", "2000"),
        ("1", "GLL", "LTR", "3.785411784"),  # 231 cubic inches
        ("3", "DZN", "C62", "36"),
        ("1", "BLL", "GLL", "42"),  # a barrel of oil
        ("1", "FTQ", "LTR", "28.316846592"),
    ],
)
def test_exact_conversions(value: str, unit: str, target: str, expected: str) -> None:
    assert convert(Decimal(value), unit, target) == Decimal(expected)


def test_what_does_not_measure_the_same_is_not_converted() -> None:
    assert convert(Decimal(1), "KGM", "LTR") is None
    assert convert(Decimal(1), "XYZ", "KGM") is None
    assert dimension("lbr") == "mass"
    assert dimension("XYZ") is None
