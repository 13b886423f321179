"""Our declaration beside the neighbour's records of the same goods, and what that comparison is worth.

Elements and innocent causes are those of :mod:`otay.engines.fraud.mirror`; identities (vehicle, containers, seals) are
compared as the declaration's page does. Consignments that were split or merged on the way are compared as sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from math import log
from typing import Any

from otay.engines.fraud.mirror.comparing import USUAL, Cause, Element, Record, Verdict, compare_one
from otay.engines.fraud.values import basis_of
from otay.goods.declarations.domain import Verdict as Identity
from otay.goods.declarations.domain import compare
from otay.goods.declarations.domain import day_of as day_of
from otay.goods.declarations.tariff.domain import Rates
from otay.goods.investigations.domain.book_rows import number, total
from otay.goods.investigations.domain.worth import Values, in_dollars

_EPOCH = date(1970, 1, 1)
#: Verdict on values of two currencies without a rate that may be used.
NOT_COMPARED = "not_compared"
IDENTITIES = ("vehicle", "containers", "seals")


class Kind(StrEnum):
    """What a finding says."""

    UNDERVALUED = "undervalued"
    OVERVALUED = "overvalued"
    OTHER_GOODS = "other_goods"
    DEARER_GOODS = "dearer_goods"
    OTHER_ORIGIN = "other_origin"
    QUANTITY = "quantity"
    MASS = "mass"
    OURS_ONLY = "ours_only"
    THEIRS_ONLY = "theirs_only"
    PRICE = "price"
    TOLD_TWICE = "told_twice"


#: What goods of another code weigh where the tariff says that the neighbour's code bears no higher duty.
NO_DEARER = 25
#: How much each kind weighs in a ranking, from 0 to 100, before its size is looked at.
WEIGHTS = {
    Kind.UNDERVALUED: 60,
    Kind.OVERVALUED: 30,
    Kind.OTHER_GOODS: 55,
    Kind.DEARER_GOODS: 65,
    Kind.OTHER_ORIGIN: 50,
    Kind.QUANTITY: 35,
    Kind.MASS: 35,
    Kind.OURS_ONLY: 25,
    Kind.THEIRS_ONLY: 60,
    Kind.PRICE: 30,
    Kind.TOLD_TWICE: 40,
}
_OF_ELEMENT = {
    "goods": Kind.OTHER_GOODS,
    "origin": Kind.OTHER_ORIGIN,
    "quantity": Kind.QUANTITY,
    "mass": Kind.MASS,
    "copies": Kind.TOLD_TWICE,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One element of both records. ``ratio``: import over export, where it is a measure. ``base``: values of two
    currencies in the node's, ours and theirs; ``rates``: the rates for that (of a value that is not compared, those
    that are too old)."""

    element: str
    ours: str
    theirs: str
    verdict: str
    ratio: Decimal | None = None
    causes: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    rates: tuple[Mapping[str, Any], ...] = ()

    def as_record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "element": self.element, "ours": self.ours, "theirs": self.theirs, "verdict": self.verdict,
            "ratio": None if self.ratio is None else str(self.ratio), "causes": list(self.causes),
            **({"base": list(self.base)} if self.base else {}),
            **({"rates": [dict(one) for one in self.rates]} if self.rates else {}),
        }  # fmt: skip

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> Line:
        """Back from JSON."""
        ratio = raw["ratio"]
        return cls(
            raw["element"], raw["ours"], raw["theirs"], raw["verdict"], None if ratio is None else Decimal(ratio),
            tuple(raw["causes"]), tuple(raw.get("base", ())), tuple(raw.get("rates", ())),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """What the comparison of a pair gave."""

    lines: tuple[Line, ...]
    causes: tuple[str, ...]
    value_ratio: Decimal | None

    @property
    def differing(self) -> int:
        """How many elements differ without an innocent cause."""
        return sum(line.verdict == Verdict.DIFFERS.code for line in self.lines)


def record_of(cores: Sequence[Mapping[str, Any]], *, exporting: str, day: date | None) -> Record:
    """One side of a pair, from the core records that make it up (several where a consignment was split).

    Values count only where all are in one currency; quantities only where all are in one unit.
    """
    items = [item for core in cores for item in core.get("items") or ()]
    amounts = [(core.get("invoice") or {}).get("amount") or {} for core in cores]
    currencies = {amount.get("currency") for amount in amounts}
    quantities = [item.get("quantity") or {} for item in items]
    units = {quantity.get("unit") for quantity in quantities}
    largest: Mapping[str, Any] = max(
        items, key=lambda item: number((item.get("price") or {}).get("amount")) or 0.0, default={}
    )
    return Record(
        hs=str(largest.get("hs") or "")[:6],
        origin=str(largest.get("origin") or ""),
        quantity=total([one.get("value") for one in quantities]) if len(units) == 1 and None not in units else None,
        unit=str(next(iter(units)) or "") if len(units) == 1 else "",
        mass=total([item.get("net_mass_kg") for item in items]),
        value=total([amount.get("amount") for amount in amounts]) if len(currencies) == 1 else None,
        basis=basis_of(str(cores[0].get("incoterm") or "")),
        day=(day - _EPOCH).days if day else None,
        exporting=exporting,
    )


def copies(cores: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Which of one side's records of a consignment tell again what an earlier one told: place -> place of that one.

    Two halves of a consignment are alike too: records count as told twice only where, without the repetition, they are
    nearer to what the ``other`` side tells. By mass, else by value: who declares half of the value twice is no split.
    """
    first: dict[Any, int] = {}
    again = {}
    for at, core in enumerate(cores):
        earlier = first.setdefault(_content(core), at)
        if earlier != at:
            again[at] = earlier
    once = [core for at, core in enumerate(cores) if at not in again]
    one_currency = _currency(cores) == _currency(other)
    for measure in (_mass, *((_amount,) if one_currency else ())):
        single, together, told = measure(once), measure(cores), measure(other)
        if single is not None and together is not None and told is not None:
            return again if abs(log(single / told)) < abs(log(together / told)) else {}
    return {}


def copied(line_of: str, *, ours: str = "", theirs: str = "") -> Line:
    """The line that tells of a repetition: ``line_of`` is the number of the record that was told before."""
    return Line("copies", f"{line_of}, {ours}" if ours else "", f"{line_of}, {theirs}" if theirs else "",
                Verdict.DIFFERS.code)  # fmt: skip


def _content(core: Mapping[str, Any]) -> Any:
    invoice = core.get("invoice") or {}
    goods = [
        (str(item.get("hs") or "")[:6], item.get("origin"), item.get("net_mass_kg"), str(item.get("quantity") or ""))
        for item in core.get("items") or ()
    ]
    return (
        core.get("type"), invoice.get("number"), str(invoice.get("amount") or ""), tuple(goods),
        (core.get("transport") or {}).get("vehicle_id"), tuple(sorted(map(str, core.get("containers") or ()))),
    )  # fmt: skip


def _mass(cores: Sequence[Mapping[str, Any]]) -> float | None:
    return total([item.get("net_mass_kg") for core in cores for item in core.get("items") or ()])


def _amount(cores: Sequence[Mapping[str, Any]]) -> float | None:
    return total([((core.get("invoice") or {}).get("amount") or {}).get("amount") for core in cores])


def _currency(cores: Sequence[Mapping[str, Any]]) -> str:
    found = {((core.get("invoice") or {}).get("amount") or {}).get("currency", "") for core in cores}
    return str(found.pop()) if len(found) == 1 else ""


def compare_books(
    ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]], *, we_export: bool,
    our_day: date | None = None, their_day: date | None = None, rates: Rates | None = None,
) -> Compared:  # fmt: skip
    """Compare our core records of a consignment with the neighbour's. Both lists hold at least one record.

    Values of two currencies are compared in that of ``rates``, each at the rate of its day; without a rate that may be
    used they are not, and no difference is invented.
    """
    exporting = str(ours[0].get("export_country") or theirs[0].get("export_country") or "")
    left = record_of(ours, exporting=exporting, day=our_day)
    right = record_of(theirs, exporting=exporting, day=their_day)
    values = Values.of(ours, theirs, our_day, their_day, rates) if _currency(ours) != _currency(theirs) else None
    if values is not None:
        left, right = replace(left, value=values.ours), replace(right, value=values.theirs)
    elements = compare_one(left, right) if we_export else compare_one(right, left)
    causes = {code for element in elements for cause in element.causes for code in cause.codes}
    if len(ours) > len(theirs):
        causes.add((Cause.MERGED if we_export else Cause.SPLIT).codes[0])
    elif len(ours) < len(theirs):
        causes.add((Cause.SPLIT if we_export else Cause.MERGED).codes[0])
    lines = []
    ratio = None
    for element in elements:
        shown = (element.exported, element.imported) if we_export else (element.imported, element.exported)
        known = None if element.ratio is None else Decimal(f"{element.ratio:.4f}")
        if element.name == "value":
            ratio = known
        own = tuple(code for cause in element.causes for code in cause.codes)
        line = Line(element.name, *shown, element.verdict.code, known, own)
        if element.name != "value" or values is None:
            lines.append(line)
    if values is not None:
        lines += _value_line(values, next((one for one in elements if one.name == "value"), None), ratio)
    if len(ours) == len(theirs) == 1:
        lines += _identities(ours[0], theirs[0])
    return Compared(tuple(lines), tuple(sorted(causes)), ratio)


def _value_line(values: Values, element: Element | None, ratio: Decimal | None) -> list[Line]:
    """The line of values of two currencies, with what each side told and the rates."""
    if not any(values.told):
        return []
    if values.ours is None or values.theirs is None or element is None:
        verdict = NOT_COMPARED if all(values.told) else Verdict.MISSING.code
        return [Line("value", *values.told, verdict, rates=values.rates)]
    causes = tuple(code for cause in element.causes for code in cause.codes)
    return [Line("value", *values.told, element.verdict.code, ratio, causes, values.base, values.rates)]


def _identities(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Line]:
    verdicts = {
        Identity.EQUAL: Verdict.AGREES.code,
        Identity.CLOSE: Verdict.CLOSE.code,
        Identity.DIFFERENT: Verdict.DIFFERS.code,
        Identity.ONE_SIDED: Verdict.MISSING.code,
    }
    return [
        Line(one.element, one.ours, one.theirs, verdicts[one.verdict])
        for one in compare(dict(ours), dict(theirs))
        if one.element in IDENTITIES
    ]


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something that a comparison speaks against a declaration. ``weight`` from 0 to 100."""

    kind: Kind
    weight: int
    facts: dict[str, str]
    duty: Decimal | None = None


_DUTY_OF = {"value": "value", "goods": "goods", "origin": "origin", "quantity": "quantity", "mass": "quantity"}


def suspicions(found: Compared, duties: Mapping[str, Decimal] | None = None) -> list[Suspicion]:
    """What of a comparison is worth an officer's eye: elements that differ and that nothing innocent explains.

    ``duties``: what each difference would add in duty, where the tariff tells
    (:mod:`otay.goods.investigations.domain.recovering`).
    """
    out = []
    for line in found.lines:
        if line.verdict != Verdict.DIFFERS.code:
            continue
        facts = {"ours": line.ours, "theirs": line.theirs}
        if line.ratio is not None:
            facts["ratio"] = str(line.ratio)
        if line.element == "value" and line.ratio is not None:
            kind = Kind.UNDERVALUED if line.ratio < 1 else Kind.OVERVALUED
        elif line.element in _OF_ELEMENT:
            kind = _OF_ELEMENT[line.element]
        else:
            continue
        duty = (duties or {}).get(_DUTY_OF.get(line.element, ""))
        if kind is Kind.OTHER_GOODS and duty is not None:
            if duty > 0:
                kind = Kind.DEARER_GOODS
            else:
                out.append(Suspicion(kind, NO_DEARER, facts, Decimal(0)))
                continue
        out.append(Suspicion(kind, _weight(kind, line.ratio), facts, None if duty is None else max(duty, Decimal(0))))
    return out


def _weight(kind: Kind, ratio: Decimal | None) -> int:
    """The kind's weight, raised by how far the measure is off: up to 40 more where nearly all of it is missing."""
    if ratio is None or ratio <= 0:
        return WEIGHTS[kind]
    off = 1 - min(ratio, 1 / ratio)
    return min(100, WEIGHTS[kind] + round(40 * off))


#: How long the other side's record may be outstanding before its absence is a finding: ours, theirs.
GRACE_DAYS = {Kind.OURS_ONLY: 2, Kind.THEIRS_ONLY: 5}


def is_counterpart(our_type: str, their_type: str) -> bool:
    """An export answers to an import and an import to an export; transit to transit. Unknown types do not decide."""
    if not their_type:
        return True
    return {"import": "export", "export": "import"}.get(our_type, our_type) == their_type


def alone_causes(
    core: Mapping[str, Any], day: date, *, exported: bool, other_book_from: date | None, rates: Rates | None = None
) -> tuple[str, ...]:
    """Innocent causes why the record stands alone, as codes.

    ``exported``: it is an export, and its import is missing; ``other_book_from``: the first day that the other side's
    book tells of. The exporting country need not record what is worth less than its threshold (in USD).
    """
    causes = Cause.NONE
    amount = (core.get("invoice") or {}).get("amount") or {}
    value = in_dollars(amount.get("amount"), str(amount.get("currency") or ""), day, rates)
    if not exported and value is not None and value < USUAL.low_value:
        causes |= Cause.LOW_VALUE
    origins = {str(item["origin"]) for item in core.get("items") or () if item.get("origin")}
    country = str(core.get("export_country") or "")
    if origins and country and country not in origins:
        causes |= Cause.RE_EXPORT
    # an import answers to an export of the days before; an export to an import of the days after
    earliest = day if exported else day - timedelta(days=USUAL.days_usual)
    if other_book_from is None or earliest < other_book_from:
        causes |= Cause.PERIOD_EDGE
    return causes.codes
