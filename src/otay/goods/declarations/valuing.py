"""What declared goods are worth in the node's currency, and the duty on them at the tariff of the day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from otay.goods.declarations import domain
from otay.goods.declarations.models import Declaration, NeighbourDeclaration
from otay.goods.declarations.tariff.domain import Converted, Rates, Taken, Tariff, duty_of
from otay.goods.declarations.tariff.queries import base, rates_for, tariff_for


@dataclass(frozen=True, slots=True)
class Dutiable:
    """Goods of one item: the tariff line they fall under, and their duty in the node's currency, where known."""

    taken: Taken | None
    duty: Decimal | None


@dataclass(frozen=True, slots=True)
class Valued:
    """A declaration by the node's rates and tariff. ``value``: the invoice in the node's currency, None without a
    rate; ``goods``: of an import, one for each item."""

    base: str
    rates: Rates
    value: Converted | None
    goods: tuple[Dutiable, ...]

    @property
    def duty(self) -> Decimal | None:
        """Of all goods together; None unless each is known."""
        duties = [one.duty for one in self.goods]
        return sum((one for one in duties if one is not None), Decimal(0)) if duties and None not in duties else None


def valued(row: Declaration, core: Mapping[str, Any], mirror: NeighbourDeclaration | None = None) -> Valued:
    """``row`` with the core record of its latest version; the rates also hold those for the neighbour's ``mirror``."""
    day = row.lodged_at.date()
    items = core.get("items") or ()
    amounts = [item.get("price") or {} for item in items]
    theirs = [((mirror.body.get("invoice") or {}).get("amount") or {})] if mirror else []
    rates = rates_for(
        {row.currency, *(str(one.get("currency") or "") for one in (*amounts, *theirs))},
        [day, *([reckoning_day(mirror)] if mirror else [])],
    )
    tariff = tariff_for({code_of(item) for item in items}, [day]) if row.type == "import" else Tariff()
    value = None if row.amount is None else rates.convert(row.amount, row.currency, rates.base, day)
    goods = tuple(dutiable(item, day, rates, tariff) for item in items) if row.type == "import" else ()
    return Valued(base(), rates, value, goods)


def reckoning_day(record: NeighbourDeclaration) -> date:
    """The day whose rates the neighbour's record is converted at: that of lodging, else of its arrival here."""
    found: date = domain.day_of(record.body) or record.received_at.date()
    return found


def code_of(item: Mapping[str, Any]) -> str:
    """The goods code of an item, its digits alone."""
    return "".join(one for one in str(item.get("hs") or "") if one.isdecimal() and one.isascii())


def dutiable(item: Mapping[str, Any], day: date, rates: Rates, tariff: Tariff) -> Dutiable:
    """The tariff line and the duty of an item, by its price."""
    taken = tariff.take(code_of(item), str(item.get("origin") or ""), day)
    price = item.get("price") or {}
    amount = domain.decimal_of(price.get("amount"))
    if taken is None or amount is None:
        return Dutiable(taken, None)
    value = rates.convert(amount, str(price.get("currency") or ""), rates.base, day)
    if value is None or value.stale:
        return Dutiable(taken, None)
    duty = duty_of(
        taken.line, value=value.amount, currency=rates.base, day=day, rates=rates, quantities=quantities_of([item])
    )
    return Dutiable(taken, duty)


def quantities_of(items: Sequence[Mapping[str, Any]]) -> dict[str, Decimal]:
    """How much ``items`` are together, by unit: net mass, and the quantity where all tell it in one unit."""
    found = {}
    masses = _sum(item.get("net_mass_kg") for item in items)
    if masses is not None:
        found["KGM"] = masses
    told = [item.get("quantity") or {} for item in items]
    units = {str(one.get("unit") or "") for one in told}
    total = _sum(one.get("value") for one in told)
    if total is not None and len(units) == 1 and "" not in units:
        found.setdefault(units.pop(), total)
    return found


def _sum(values: Iterable[Any]) -> Decimal | None:
    numbers = [domain.decimal_of(value) for value in values]
    return sum((one for one in numbers if one is not None), Decimal(0)) if numbers and None not in numbers else None
