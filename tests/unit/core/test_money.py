from __future__ import annotations

from decimal import Decimal

import pytest

from otay.core.money import Money, total


def test_adds_and_subtracts_within_a_currency() -> None:
    two, one = Money(Decimal("2.10"), "USD"), Money(Decimal("1.05"), "USD")
    assert two + one == Money(Decimal("3.15"), "USD")
    assert two - one == one
    assert one < two
    assert total([two, one, one]) == Money(Decimal("4.20"), "USD")
    assert total([]) is None


def test_two_currencies_do_not_mix() -> None:
    dollars, pesos = Money(Decimal(1), "USD"), Money(Decimal(1), "MXN")
    for mix in (
        lambda: dollars + pesos,
        lambda: dollars - pesos,
        lambda: dollars < pesos,
        lambda: total([dollars, pesos]),
    ):
        with pytest.raises(ValueError, match="cannot mix"):
            mix()
    assert dollars.converted("MXN", Decimal("17.5")) == Money(Decimal("17.5"), "MXN")


def test_a_float_is_no_money() -> None:
    with pytest.raises(TypeError, match="float"):
        Money(0.1, "USD")  # type: ignore[arg-type]
