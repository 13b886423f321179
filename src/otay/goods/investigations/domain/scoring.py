"""What speaks for looking at a declaration, before a model has been trained and beside one.

Criteria are named, each with a weight from 0 to 100 and the facts it rests on; an officer reads them. They combine as
independent reasons for doubt. The result is a rank, not a probability: only a trained model's is calibrated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

#: Duty assumed where a declaration names no rate.
ASSUMED_RATE = Decimal("0.05")
#: A price below this share of its reference is worth a look.
PRICE_LIMIT = Decimal("0.60")
NEW_TRADER_DAYS = 30
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Criterion:
    """Something that fired. ``code`` is a kind of finding, ``price``, ``trader_hits``, ``new_trader``, ``model``."""

    code: str
    weight: int
    facts: dict[str, str] = field(default_factory=dict)

    def as_record(self) -> dict[str, Any]:
        """For JSON."""
        return {"code": self.code, "weight": self.weight, "facts": self.facts}


def combined(criteria: Iterable[Criterion]) -> Decimal:
    """The chance that not all doubts are unfounded, a weight of 100 leaving one in four: 1 - prod(1 - w/133)."""
    doubt = 1.0
    for one in criteria:
        doubt *= 1 - max(0, min(one.weight, 100)) / 133
    return Decimal(f"{1 - doubt:.5f}")


def declared_rate(core: Mapping[str, Any]) -> Decimal:
    """The highest ad valorem rate that the declaration names, as a share; the assumed one where it names none."""
    rates = []
    for item in core.get("items") or ():
        for duty in item.get("duties") or ():
            try:
                rates.append(Decimal(str(duty.get("rate"))) / 100)
            except ArithmeticError:
                continue
    usable = [rate for rate in rates if rate.is_finite() and 0 < rate <= 10]
    return max(usable, default=ASSUMED_RATE)


def missing_duty(
    *, amount: Decimal | None, rate: Decimal, value_ratio: Decimal | None, price_ratio: Decimal | None
) -> Decimal:
    """Duty that is missing if the goods are worth what the neighbour, else what the reference price, says."""
    ratio = value_ratio if value_ratio is not None else price_ratio
    if amount is None or ratio is None or not 0 < ratio < 1:
        return Decimal(0)
    return (amount * (1 / ratio - 1) * rate).quantize(_CENT)


def price_criterion(ratio: Decimal | None, basis: Mapping[str, Any]) -> Criterion | None:
    """A price far below its reference: heavier the lower it is."""
    if ratio is None or ratio >= PRICE_LIMIT:
        return None
    weight = min(70, 30 + round(60 * float(PRICE_LIMIT - ratio)))
    facts = {"ratio": str(ratio), "count": str(basis.get("count", "")), "reference": str(basis.get("middle", ""))}
    return Criterion("price", weight, facts)


def trader_criteria(*, checked: int, found: int, count: int, known_days: int | None) -> list[Criterion]:
    """What is known of the trader: findings of earlier inspections, and how long it has been known here."""
    criteria = []
    if found:
        share = found / max(checked, 1)
        criteria.append(
            Criterion("trader_hits", min(60, round(15 + 45 * share)), {"found": str(found), "checked": str(checked)})
        )
    if known_days is not None and known_days < NEW_TRADER_DAYS and count < NEW_TRADER_DAYS:
        criteria.append(Criterion("new_trader", 8, {"days": str(known_days)}))
    return criteria


def priority(probability: Decimal, duty: Decimal) -> float:
    """What is looked at first: the chance to find something, up to doubled by the duty that it would bring."""
    gain = float(duty) / (float(duty) + 2000.0)
    return float(probability) * (1 + gain)
