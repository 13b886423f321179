"""What duty is missing if the neighbour's record of an import is right: the tariff applied to both records. Pure.

Declared is the duty of our items at their own lines. Expected is the duty of the same items with what the neighbour
tells otherwise: all values raised by a value that differs, masses and quantities likewise, and the code or origin of
the dearest item, which is the one that both books are compared by. Where only part is known, that part is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from otay.engines.fraud.mirror.comparing import Verdict
from otay.goods.declarations.tariff.domain import Tables, Taken, duty_of
from otay.goods.declarations.tariff.items import code_of, quantities_of, value_of

_CENT = Decimal("0.01")
ELEMENTS = ("value", "goods", "origin", "quantity")


@dataclass(frozen=True, slots=True)
class Difference:
    """What the neighbour tells otherwise. Factors are of ours: two where the neighbour tells twice as much."""

    value: Decimal = Decimal(1)
    quantity: Decimal = Decimal(1)
    goods: str = ""
    origin: str = ""

    def only(self, element: str) -> Difference:
        """This difference alone."""
        return replace(Difference(), **{element: getattr(self, element)})

    @property
    def elements(self) -> tuple[str, ...]:
        """The elements that differ."""
        return tuple(name for name in ELEMENTS if getattr(self, name) != getattr(Difference(), name))


@dataclass(frozen=True, slots=True)
class Recoverable:
    """Duty in ``currency``: declared, expected by the neighbour's record, and what each difference alone would add.

    ``ours`` and ``theirs``: the lines of the dearest item as declared and as told; ``unknown``: differences whose duty
    the tariff does not tell.
    """

    currency: str
    declared: Decimal
    expected: Decimal
    parts: Mapping[str, Decimal]
    ours: Taken
    theirs: Taken
    unknown: tuple[str, ...] = field(default=())

    @property
    def amount(self) -> Decimal:
        """What is missing; never below zero."""
        return max(self.expected - self.declared, Decimal(0)).quantize(_CENT)

    def as_record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "currency": self.currency, "declared": str(self.declared.quantize(_CENT)),
            "expected": str(self.expected.quantize(_CENT)), "amount": str(self.amount),
            "parts": {name: str(part.quantize(_CENT)) for name, part in self.parts.items()},
            "ours": _line(self.ours), "theirs": _line(self.theirs), "unknown": list(self.unknown),
        }  # fmt: skip


def _line(taken: Taken) -> dict[str, Any]:
    line = taken.line
    return {
        "hs": line.hs, "origin": line.origin, "ad_valorem": str(line.ad_valorem), "since": line.start.isoformat(),
        "specific": f"{line.specific} {line.currency}/{line.unit}" if line.specific else "", "source": line.source,
        "least": taken.least,
    }  # fmt: skip


def difference_of(lines: Iterable[Any]) -> Difference:
    """What of a comparison's lines would bring duty: elements that differ and that nothing innocent explains.

    A value or a quantity counts only where ours is the lower one (``ratio`` is import over export).
    """
    found = Difference()
    quantity = found.quantity
    for line in lines:
        if line.verdict != Verdict.DIFFERS.code:
            continue
        lower = line.ratio is not None and 0 < line.ratio < 1
        if line.element == "value" and lower:
            found = replace(found, value=1 / line.ratio)
        elif line.element in ("quantity", "mass") and lower:
            quantity = max(quantity, 1 / line.ratio)
        elif line.element == "goods":
            found = replace(found, goods=line.theirs)
        elif line.element == "origin":
            found = replace(found, origin=line.theirs)
    return replace(found, quantity=quantity)


def recoverable(
    cores: Sequence[Mapping[str, Any]], difference: Difference, *, day: date, tables: Tables
) -> Recoverable | None:
    """The duty that our import ``cores`` lack by ``difference``; None where their own duty is not known."""
    priced = [(item, value_of(item, day, tables)) for core in cores for item in core.get("items") or ()]
    items = [(item, value) for item, value in priced if value is not None]
    if not items or len(items) < len(priced):
        return None
    books = _Books(items, max(range(len(items)), key=lambda at: items[at][1]), day, tables)
    declared, ours = books.duty(Difference()), books.line(Difference())
    if declared is None or ours is None:
        return None
    parts, known = {}, Difference()
    for element in difference.elements:
        duty = books.duty(difference.only(element))
        if duty is not None:
            parts[element] = duty - declared
            known = replace(known, **{element: getattr(difference, element)})
    expected, theirs = books.duty(known), books.line(known)
    if expected is None or theirs is None:  # goods and origin each have a line, but not both together
        expected, theirs = declared + max([*parts.values(), Decimal(0)]), ours
    unknown = tuple(element for element in difference.elements if element not in parts)
    return Recoverable(tables.rates.base, declared, expected, parts, ours, theirs, unknown)


@dataclass(frozen=True, slots=True)
class _Books:
    """Our items with their values in the node's currency; ``dearest`` is the place of the one that is compared."""

    items: Sequence[tuple[Mapping[str, Any], Decimal]]
    dearest: int
    day: date
    tables: Tables

    def duty(self, changed: Difference) -> Decimal | None:
        """Of all items together with ``changed``; None where a part is not known."""
        together = Decimal(0)
        for at, (item, value) in enumerate(self.items):
            taken = self._taken(item, changed if at == self.dearest else Difference())
            if taken is None:
                return None
            quantities = {unit: many * changed.quantity for unit, many in quantities_of([item]).items()}
            duty = duty_of(
                taken.line, value=value * changed.value, currency=self.tables.rates.base, day=self.day,
                rates=self.tables.rates, quantities=quantities,
            )  # fmt: skip
            if duty is None:
                return None
            together += duty
        return together

    def line(self, changed: Difference) -> Taken | None:
        """The line of the dearest item with ``changed``."""
        return self._taken(self.items[self.dearest][0], changed)

    def _taken(self, item: Mapping[str, Any], changed: Difference) -> Taken | None:
        code, origin = changed.goods or code_of(item), changed.origin or str(item.get("origin") or "")
        return self.tables.tariff.take(code, origin, self.day)
