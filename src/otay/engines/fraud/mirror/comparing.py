"""How an import record stands to the export record of the same goods, element by element.

Each element has its own rule and its own innocent causes; a difference that such a cause explains is told apart from
one that nothing explains. The rules work on arrays of pairs; :func:`compare_one` is the same for one pair.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.core.i18n import N_
from otay.engines.fraud.values import Basis

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NO_DAY = np.iinfo(np.int32).min


class Verdict(IntEnum):
    """How one element of the pair stands."""

    MISSING = 0  # on one side or both, or not comparable
    AGREES = 1
    CLOSE = 2  # within the tolerance of the element
    EXPLAINED = 3  # beyond it, with an innocent cause
    DIFFERS = 4  # beyond it, with none

    @property
    def code(self) -> str:
        """As tables have it: ``agrees``."""
        return self.name.lower()


class Cause(IntFlag):
    """Innocent reasons why two honest records differ, or why one stands alone."""

    NONE = 0
    TIMING = 1
    BASIS = 2
    UNIT = 4
    LOW_VALUE = 8
    RE_EXPORT = 16
    SPLIT = 32
    MERGED = 64
    PERIOD_EDGE = 128
    GROSS_MASS = 256

    @property
    def codes(self) -> tuple[str, ...]:
        """As tables have it: ``timing``, ``basis``..."""
        return tuple((member.name or "").lower() for member in Cause if member and member in self)


CAUSE_TEXTS = {
    Cause.TIMING: N_("Timing: the goods were on their way between the two dates"),
    Cause.BASIS: N_("Basis: one value includes freight and insurance, the other does not"),
    Cause.UNIT: N_("Unit: the same quantity in another unit"),
    Cause.LOW_VALUE: N_("Low value: the exporting country need not record a consignment below its threshold"),
    Cause.RE_EXPORT: N_("Re-export: goods of a third country passed through the exporting country"),
    Cause.SPLIT: N_("Split: one export consignment was imported in parts"),
    Cause.MERGED: N_("Merged: several export consignments were imported as one"),
    Cause.PERIOD_EDGE: N_("Edge of the period: the other record may lie outside the book"),
    Cause.GROSS_MASS: N_("Gross for net: one mass seems to include the packaging"),
}

ELEMENTS = ("goods", "origin", "quantity", "mass", "value", "date")
ELEMENT_TEXTS = {
    "goods": N_("goods code"),
    "origin": N_("country of origin"),
    "quantity": N_("quantity"),
    "mass": N_("net mass"),
    "value": N_("value"),
    "date": N_("date"),
}


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What honest records may differ by.

    ``value``, ``mass`` and ``quantity`` are shares; ``freight`` is the usual share of freight and insurance in a landed
    value and ``freight_most`` the most that is believed without papers; days count from export to import.
    """

    value: float = 0.05
    mass: float = 0.03
    quantity: float = 0.02
    gross_most: float = 0.15
    freight: float = 0.04
    freight_most: float = 0.15
    days_early: int = 2
    days_usual: int = 10
    days_most: int = 60
    low_value: float = 2500.0
    edge_days: int = 21


#: The tolerances of an ordinary land border.
USUAL = Tolerances()


@dataclass(slots=True)
class Sides:
    """Equal-length arrays, one place a pair: what both records say.

    ``hs`` six digits as a number (-1 missing); ``origin`` and ``exporting`` country codes as numbers (-1 missing);
    quantities in the base unit of their ``dimension`` (-1 missing), masses in kg, values in one currency (NaN missing);
    ``basis`` of :class:`Basis`; ``day`` since 1970 (``NO_DAY`` missing); ``converted``: the unit itself differed.
    """

    hs: tuple[Ints, Ints]
    origin: tuple[Ints, Ints]
    exporting: Ints
    quantity: tuple[Floats, Floats]
    dimension: tuple[Ints, Ints]
    converted: NDArray[np.bool_]
    mass: tuple[Floats, Floats]
    value: tuple[Floats, Floats]
    basis: tuple[Ints, Ints]
    day: tuple[Ints, Ints]


@dataclass(slots=True)
class Compared:
    """Verdict of each element (arrays of int8), ratios import over export (NaN unknown), days, innocent causes.

    ``digits``: how many leading digits of the goods code agree (6, 4, 2, 0; -1 unknown). ``value_ratio`` is on one
    basis: 0.5 says that half of the exported value was declared on import.
    """

    verdicts: dict[str, NDArray[np.int8]]
    digits: NDArray[np.int8]
    quantity_ratio: Floats
    mass_ratio: Floats
    value_ratio: Floats
    days: Floats
    causes: NDArray[np.int32]


def compare(sides: Sides, tolerances: Tolerances = USUAL) -> Compared:
    """Apply every rule to every pair."""
    causes = np.zeros(len(sides.exporting), np.int32)
    goods, digits = _goods(*sides.hs)
    verdicts = {"goods": goods, "origin": _origin(sides, causes)}
    verdicts["quantity"], quantity_ratio = _quantity(sides, tolerances, causes)
    verdicts["mass"], mass_ratio = _mass(sides, tolerances, causes)
    verdicts["value"], value_ratio = _value(sides, tolerances, causes)
    verdicts["date"], days = _date(sides, tolerances, causes)
    return Compared(verdicts, digits, quantity_ratio, mass_ratio, value_ratio, days, causes)


def _verdict(known: Any, *steps: tuple[Any, Verdict]) -> NDArray[np.int8]:
    return np.where(
        known, np.select([test for test, _ in steps], [v for _, v in steps], Verdict.DIFFERS), Verdict.MISSING
    ).astype(np.int8)


def _ratio(pair: tuple[Floats, Floats]) -> tuple[NDArray[np.bool_], Floats]:
    left, right = pair
    known = (left > 0) & (right > 0)
    return known, np.divide(right, left, out=np.full(len(left), np.nan), where=known)


def _apart(ratio: Floats) -> Floats:
    """How far a ratio is from one, the same upwards and downwards."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.exp(np.abs(np.log(ratio))) - 1)


def _goods(left: Ints, right: Ints) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Goods codes correspond at six digits, the level both tariffs share."""
    known = (left >= 0) & (right >= 0)
    digits = np.select([left == right, left // 100 == right // 100, left // 10_000 == right // 10_000], [6, 4, 2], 0)
    return _verdict(known, (digits == 6, Verdict.AGREES)), np.where(known, digits, -1).astype(np.int8)


def _origin(sides: Sides, causes: NDArray[np.int32]) -> NDArray[np.int8]:
    """Origins are equal. Naming the exporting country for goods that it re-exported is never innocent."""
    left, right = sides.origin
    known = (left >= 0) & (right >= 0)
    re_export = known & (left != right) & (right != sides.exporting)
    causes |= np.where(re_export, Cause.RE_EXPORT, 0).astype(np.int32)
    return _verdict(known, (left == right, Verdict.AGREES), (re_export, Verdict.EXPLAINED))


def _quantity(sides: Sides, tolerances: Tolerances, causes: NDArray[np.int32]) -> tuple[NDArray[np.int8], Floats]:
    """Quantities are equal after conversion to one unit; units that measure different things do not compare."""
    known, ratio = _ratio(sides.quantity)
    known &= (sides.dimension[0] == sides.dimension[1]) & (sides.dimension[0] >= 0)
    ratio = np.where(known, ratio, np.nan)
    apart = _apart(ratio)
    within = apart <= tolerances.quantity
    causes |= np.where(known & within & sides.converted, Cause.UNIT, 0).astype(np.int32)
    return _verdict(known, (apart <= 0.001, Verdict.AGREES), (within, Verdict.CLOSE)), ratio


def _mass(sides: Sides, tolerances: Tolerances, causes: NDArray[np.int32]) -> tuple[NDArray[np.int8], Floats]:
    """Net masses agree within weighing and rounding; a little more with an equal quantity is packaging."""
    known, ratio = _ratio(sides.mass)
    apart = _apart(ratio)
    # a single kilogram of rounding is honest however light the goods are
    rounding = np.abs(sides.mass[1] - sides.mass[0]) <= 1
    equal_quantity = _apart(_ratio(sides.quantity)[1]) <= tolerances.quantity
    packaging = known & (apart > tolerances.mass) & ~rounding & (apart <= tolerances.gross_most) & equal_quantity
    causes |= np.where(packaging, Cause.GROSS_MASS, 0).astype(np.int32)
    close = (apart <= tolerances.mass) | rounding
    return _verdict(
        known, (apart <= 0.005, Verdict.AGREES), (close, Verdict.CLOSE), (packaging, Verdict.EXPLAINED)
    ), ratio


def _value(sides: Sides, tolerances: Tolerances, causes: NDArray[np.int32]) -> tuple[NDArray[np.int8], Floats]:
    """Values agree on one basis; freight and insurance of a usual size explain what is more."""
    known, raw = _ratio(sides.value)
    left, right = sides.basis
    # with no word about the basis an export value is free and an import value may be landed
    left = np.where(left == Basis.UNKNOWN, Basis.FREE, left)
    unsure = right == Basis.UNKNOWN
    carriage = (right >= Basis.LANDED).astype(np.int64) - (left >= Basis.LANDED).astype(np.int64)
    carriage = np.where(unsure & (left == Basis.FREE), 0, carriage)
    ratio = raw / (1 + tolerances.freight) ** carriage
    apart = _apart(ratio)
    stretch = np.where(unsure & (left == Basis.FREE), raw, raw**carriage)
    by_basis = (
        known
        & (apart > tolerances.value)
        & ((carriage != 0) | unsure)
        & (stretch >= 1 - tolerances.value)
        & (stretch <= 1 + tolerances.freight_most)
    )
    causes |= np.where(by_basis, Cause.BASIS, 0).astype(np.int32)
    return _verdict(
        known,
        (apart <= 0.005, Verdict.AGREES),
        (apart <= tolerances.value, Verdict.CLOSE),
        (by_basis, Verdict.EXPLAINED),
    ), ratio


def _date(sides: Sides, tolerances: Tolerances, causes: NDArray[np.int32]) -> tuple[NDArray[np.int8], Floats]:
    """The import follows the export within the usual journey; a longer one is explained up to a bound."""
    left, right = sides.day
    known = (left != NO_DAY) & (right != NO_DAY)
    days = np.where(known, (right - left).astype(np.float64), np.nan)
    usual = (days >= -tolerances.days_early) & (days <= tolerances.days_usual)
    late = (days > tolerances.days_usual) & (days <= tolerances.days_most)
    causes |= np.where(known & late, Cause.TIMING, 0).astype(np.int32)
    return _verdict(
        known, ((days >= 0) & usual, Verdict.AGREES), (usual, Verdict.CLOSE), (late, Verdict.EXPLAINED)
    ), days


@dataclass(frozen=True, slots=True)
class Record:
    """One side of one pair. ``hs``: at least six digits; ``unit``: UN/CEFACT Rec. 20; ``day``: days since 1970.

    ``value`` is in the currency of the other side's record (see :class:`otay.engines.fraud.values.Rates`).
    """

    hs: str = ""
    origin: str = ""
    quantity: float | None = None
    unit: str = ""
    mass: float | None = None
    value: float | None = None
    basis: Basis = Basis.UNKNOWN
    day: int | None = None
    exporting: str = ""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a pair: what each side says and how it stands. ``causes`` are innocent ones of this element."""

    name: str
    exported: str
    imported: str
    verdict: Verdict
    ratio: float | None = None
    causes: tuple[Cause, ...] = field(default=())


_CAUSES_OF = {
    "origin": Cause.RE_EXPORT,
    "quantity": Cause.UNIT,
    "mass": Cause.GROSS_MASS,
    "value": Cause.BASIS,
    "date": Cause.TIMING,
}


def compare_one(exported: Record, imported: Record, tolerances: Tolerances = USUAL) -> list[Element]:
    """Every element of one pair, in the order of ``ELEMENTS``; elements that neither side has are left out."""
    found = compare(_one(exported, imported), tolerances)
    ratios = {"quantity": found.quantity_ratio, "mass": found.mass_ratio, "value": found.value_ratio}
    cause = Cause(int(found.causes[0]))
    elements = []
    for name, left, right in _shown(exported, imported):
        if not left and not right:
            continue
        own = _CAUSES_OF.get(name, Cause.NONE) & cause
        ratio = float(ratios[name][0]) if name in ratios else float("nan")
        elements.append(
            Element(
                name,
                left,
                right,
                Verdict(int(found.verdicts[name][0])),
                None if np.isnan(ratio) else ratio,
                (own,) if own else (),
            )
        )
    return elements


def hs_number(code: str) -> int:
    """A goods code at six digits as a number; -1 for what has no six digits."""
    digits = code.replace(".", "").replace(" ", "")[:6]
    return int(digits) if len(digits) == 6 and digits.isdecimal() and digits.isascii() else -1


def _shown(left: Record, right: Record) -> list[tuple[str, str, str]]:
    def number(value: float | None, unit: str = "") -> str:
        return "" if value is None else f"{value:g} {unit}".strip()

    def day(value: int | None) -> str:
        return "" if value is None else str(np.datetime64(value, "D"))

    return [
        ("goods", left.hs, right.hs),
        ("origin", left.origin, right.origin),
        ("quantity", number(left.quantity, left.unit), number(right.quantity, right.unit)),
        ("mass", number(left.mass, "kg"), number(right.mass, "kg")),
        ("value", number(left.value), number(right.value)),
        ("date", day(left.day), day(right.day)),
    ]


def _one(left: Record, right: Record) -> Sides:
    countries: dict[str, int] = {}

    def country(code: str) -> int:
        return countries.setdefault(code, len(countries)) if code else -1

    def both(read: Any, kind: Any) -> Any:
        return np.array([read(left)], kind), np.array([read(right)], kind)

    def quantity(record: Record) -> float:
        factor = base_factor(record.unit)
        return np.nan if record.quantity is None or factor is None else record.quantity * factor[1]

    return Sides(
        hs=both(lambda record: hs_number(record.hs), np.int64),
        origin=both(lambda record: country(record.origin), np.int64),
        exporting=np.array([country(left.exporting or right.exporting)], np.int64),
        quantity=both(quantity, float),
        dimension=both(lambda record: (base_factor(record.unit) or (-1, 1.0))[0], np.int64),
        converted=np.array([left.unit.upper() != right.unit.upper()]),
        mass=both(lambda record: np.nan if record.mass is None else record.mass, float),
        value=both(lambda record: np.nan if record.value is None else record.value, float),
        basis=both(lambda record: record.basis, np.int64),
        day=both(lambda record: NO_DAY if record.day is None else record.day, np.int64),
    )


_DIMENSIONS = {"mass": 0, "volume": 1, "length": 2, "area": 3, "count": 4, "energy": 5}
_BASES = {"mass": "KGM", "volume": "LTR", "length": "MTR", "area": "MTK", "count": "C62", "energy": "KWH"}


def base_factor(unit: str) -> tuple[int, float] | None:
    """(number of the dimension, factor to its base unit) of a unit of Rec. 20; None for one that is not known."""
    from decimal import Decimal

    from otay.core.measures import convert, dimension

    found = dimension(unit)
    if found is None:
        return None
    factor = convert(Decimal(1), unit, _BASES[found])
    return None if factor is None else (_DIMENSIONS[found], float(factor))
