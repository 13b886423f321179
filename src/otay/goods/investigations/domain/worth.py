"""Values of two currencies on one footing: in the node's currency to compare, in dollars for thresholds and models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from otay.core.money import finite
from otay.goods.declarations.tariff.domain import Converted, Quote, Rates
from otay.goods.investigations.domain.book_rows import number, total

Core = Mapping[str, Any]
#: The currency in which the house keeps its thresholds and its models.
DOLLARS = "USD"


@dataclass(frozen=True, slots=True)
class Values:
    """The values of both sides of a consignment: as told, in ``currency`` (None unless all of both sides convert at
    rates that may be used), and the rates."""

    told: tuple[str, str]
    ours: float | None
    theirs: float | None
    currency: str
    quotes: tuple[Quote, ...]

    @classmethod
    def of(
        cls, ours: Sequence[Core], theirs: Sequence[Core], our_day: date | None, their_day: date | None,
        rates: Rates | None,
    ) -> Values:  # fmt: skip
        """Both sides, each at the rates of its day."""
        sides = [[_amount(core) for core in cores] for cores in (ours, theirs)]
        left, right = (
            ", ".join(f"{one['amount']} {one.get('currency', '')}" for one in side if one.get("amount"))
            for side in sides
        )
        found = [
            [_converted(one, day, rates) for one in side] for side, day in zip(sides, (our_day, their_day), strict=True)
        ]
        quotes = tuple(dict.fromkeys(quote for side in found for one in side if one for quote in one.quotes))
        usable = all(one is not None and not one.stale for side in found for one in side)
        sums = [total([one.amount for one in side if one]) if usable else None for side in found]
        return cls((left, right), sums[0], sums[1], rates.base if rates else "", quotes)

    @property
    def base(self) -> tuple[str, ...]:
        """Both values in ``currency``, as shown."""
        return tuple(f"{value:.2f} {self.currency}" for value in (self.ours, self.theirs) if value is not None)

    @property
    def rates(self) -> tuple[dict[str, Any], ...]:
        """The rates, for JSON."""
        return tuple(
            {
                "currency": quote.rate.currency, "rate": str(quote.rate.rate), "since": quote.rate.since.isoformat(),
                "source": quote.rate.source, "stale": quote.stale,
            }
            for quote in self.quotes
        )  # fmt: skip


def currencies_of(core: Core) -> set[str]:
    """The currencies of a record's invoice and prices."""
    amounts = [_amount(core), *((item.get("price") or {}) for item in core.get("items") or ())]
    return {str(one["currency"]) for one in amounts if one.get("currency")}


def _amount(core: Core) -> Mapping[str, Any]:
    return (core.get("invoice") or {}).get("amount") or {}


def _converted(amount: Mapping[str, Any], day: date | None, rates: Rates | None) -> Converted | None:
    told = finite(amount.get("amount"))
    if told is None or day is None or rates is None:
        return None
    return rates.convert(told, str(amount.get("currency") or ""), rates.base, day)


def in_dollars(amount: object, currency: str, day: date | None, rates: Rates | None) -> float | None:
    """A positive amount in :data:`DOLLARS`; None without a rate that may be used."""
    if currency == DOLLARS:
        return number(amount)
    told = finite(amount)
    converted = rates.convert(told, currency, DOLLARS, day) if rates and told is not None and day else None
    return None if converted is None or converted.stale else number(converted.amount)
