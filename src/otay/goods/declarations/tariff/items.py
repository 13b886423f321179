"""Items of a core record as the tariff sees them: code, value, quantities, line and duty. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from otay.core.money import finite
from otay.goods.declarations.tariff.domain import Tables, Taken, duty_of


@dataclass(frozen=True, slots=True)
class Dutiable:
    """Goods of one item: the tariff line they fall under, and their duty in the node's currency, where known."""

    taken: Taken | None
    duty: Decimal | None


def code_of(item: Mapping[str, Any]) -> str:
    """The goods code of an item, its digits alone."""
    return "".join(one for one in str(item.get("hs") or "") if one.isdecimal() and one.isascii())


def value_of(item: Mapping[str, Any], day: date, tables: Tables) -> Decimal | None:
    """The price of an item in the node's currency; None without a price or a rate that may be used."""
    price = item.get("price") or {}
    amount = finite(price.get("amount"))
    if amount is None or amount < 0:
        return None
    rates = tables.rates
    value = rates.convert(amount, str(price.get("currency") or ""), rates.base, day)
    return None if value is None or value.stale else value.amount


def dutiable(item: Mapping[str, Any], day: date, tables: Tables) -> Dutiable:
    """The tariff line and the duty of an item, by its price."""
    taken = tables.tariff.take(code_of(item), str(item.get("origin") or ""), day)
    value = value_of(item, day, tables)
    if taken is None or value is None:
        return Dutiable(taken, None)
    currency = tables.rates.base
    quantities = quantities_of([item])
    return Dutiable(
        taken,
        duty_of(taken.line, value=value, currency=currency, day=day, rates=tables.rates, quantities=quantities),
    )


def quantities_of(items: Sequence[Mapping[str, Any]]) -> dict[str, Decimal]:
    """How much ``items`` are together, by unit: net mass, and the quantity where all tell it in one unit."""
    found = {}
    mass = _sum(item.get("net_mass_kg") for item in items)
    if mass is not None:
        found["KGM"] = mass
    told = [item.get("quantity") or {} for item in items]
    units = {str(one.get("unit") or "") for one in told}
    total = _sum(one.get("value") for one in told)
    if total is not None and len(units) == 1 and "" not in units:
        found.setdefault(units.pop(), total)
    return found


def _sum(values: Iterable[Any]) -> Decimal | None:
    numbers = [finite(value) for value in values]
    known = [one for one in numbers if one is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(numbers) else None
