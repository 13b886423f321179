"""What declared goods are worth in the node's currency, and the duty on them at the tariff of the day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from otay.goods.declarations import domain
from otay.goods.declarations.models import Declaration, NeighbourDeclaration
from otay.goods.declarations.tariff.domain import Converted, Rates
from otay.goods.declarations.tariff.items import Dutiable, code_of, dutiable
from otay.goods.declarations.tariff.queries import base, tables_for


@dataclass(frozen=True, slots=True)
class Valued:
    """A declaration by the node's rates and tariff. ``value``: the invoice in the node's currency, None without a
    rate; ``goods``: of an import, one for each item."""

    base: str
    rates: Rates
    value: Converted | None
    goods: tuple[Dutiable, ...]

    @property
    def lined(self) -> bool:
        """True where the tariff has a line for any of the goods."""
        return any(one.taken for one in self.goods)

    @property
    def duty(self) -> Decimal | None:
        """Of all goods together; None unless each is known."""
        known = [one.duty for one in self.goods if one.duty is not None]
        return sum(known, Decimal(0)) if known and len(known) == len(self.goods) else None


def valued(row: Declaration, core: Mapping[str, Any], mirror: NeighbourDeclaration | None = None) -> Valued:
    """``row`` with the core record of its latest version; the rates also hold those for the neighbour's ``mirror``."""
    day = row.lodged_at.date()
    items = (core.get("items") or ()) if row.type == "import" else ()
    amounts = [item.get("price") or {} for item in items]
    if mirror:
        amounts.append((mirror.body.get("invoice") or {}).get("amount") or {})
    tables = tables_for(
        {row.currency, *(str(one.get("currency") or "") for one in amounts)},
        {code_of(item) for item in items},
        [day, *([reckoning_day(mirror)] if mirror else [])],
    )
    rates = tables.rates
    value = None if row.amount is None else rates.convert(row.amount, row.currency, rates.base, day)
    return Valued(base(), rates, value, tuple(dutiable(item, day, tables) for item in items))


def reckoning_day(record: NeighbourDeclaration) -> date:
    """The day whose rates the neighbour's record is converted at: that of lodging, else of its arrival here."""
    found: date = domain.day_of(record.body) or record.received_at.date()
    return found
