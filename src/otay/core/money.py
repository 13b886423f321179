"""Money: an exact amount with its ISO 4217 currency. Never a float, never without its currency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Money:
    """``amount`` of ``currency``. Adding or comparing two currencies is an error, not a guess."""

    # pydantic reads this when a model holds a Money: an unknown key is then a finding, not silence
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError("money is a Decimal, never a float")

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot mix {self.currency} with {other.currency}: convert first")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount < other.amount

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def converted(self, currency: str, rate: Decimal) -> Money:
        """The amount in ``currency`` at ``rate`` units of ``currency`` for one of its own, unrounded."""
        return Money(self.amount * rate, currency)


def total(amounts: Iterable[Money]) -> Money | None:
    """The sum of ``amounts``; None for an empty list.

    Raises:
        ValueError: if the currencies differ.
    """
    result: Money | None = None
    for amount in amounts:
        result = amount if result is None else result + amount
    return result


def finite(value: object) -> Decimal | None:
    """A finite number from what a record holds as text; None for anything else."""
    try:
        found = Decimal(str(value))
    except ArithmeticError:
        return None
    return found if found.is_finite() else None
