"""The life of a declaration, as rules without storage.

What was lodged stays as it was lodged. All that happens afterwards is a dated event; the state is what the events say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from stdnum.iso7064 import mod_11_10

from otay.core.errors import Conflict
from otay.core.i18n import N_, Term
from otay.core.money import finite
from otay.goods.declarations.tariff.domain import Converted, Quote, Rates

#: Record types shared with the neighbour, and the kind of subject that screening knows.
DECLARATION = "goods.declaration"
CROSSING = "goods.crossing"


class State(StrEnum):
    """Where a declaration stands."""

    LODGED = "lodged"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    ASSESSED = "assessed"
    AT_PORT = "at_port"
    INSPECTED = "inspected"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


class Kind(StrEnum):
    """What can happen to a declaration."""

    LODGED = "lodged"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    AMENDED = "amended"
    ASSESSED = "assessed"
    DIRECTED = "directed"
    ARRIVED = "arrived"
    INSPECTED = "inspected"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


#: (state, event) -> state. What is not in the table cannot happen.
TRANSITIONS: dict[tuple[State, Kind], State] = {
    (State.LODGED, Kind.ACCEPTED): State.ACCEPTED,
    (State.LODGED, Kind.REFUSED): State.REFUSED,
    (State.ACCEPTED, Kind.ASSESSED): State.ASSESSED,
    (State.ACCEPTED, Kind.AMENDED): State.ACCEPTED,
    (State.ACCEPTED, Kind.WITHDRAWN): State.WITHDRAWN,
    (State.ASSESSED, Kind.AMENDED): State.ACCEPTED,
    (State.ASSESSED, Kind.DIRECTED): State.ASSESSED,
    (State.ASSESSED, Kind.ARRIVED): State.AT_PORT,
    (State.ASSESSED, Kind.WITHDRAWN): State.WITHDRAWN,
    (State.AT_PORT, Kind.DIRECTED): State.AT_PORT,
    (State.AT_PORT, Kind.INSPECTED): State.INSPECTED,
    (State.AT_PORT, Kind.RELEASED): State.RELEASED,
    (State.INSPECTED, Kind.INSPECTED): State.INSPECTED,
    (State.INSPECTED, Kind.RELEASED): State.RELEASED,
    (State.INSPECTED, Kind.REFUSED): State.REFUSED,
}
OPEN = (State.ACCEPTED, State.ASSESSED, State.AT_PORT, State.INSPECTED)
FINAL = (State.REFUSED, State.RELEASED, State.WITHDRAWN)
#: What an officer may do next at the booth.
BOOTH = (Kind.ARRIVED, Kind.INSPECTED, Kind.RELEASED, Kind.REFUSED)


#: Words for states, events and lanes inside a sentence.
WORDS = {
    code: Term(word)
    for code, word in {
        "lodged": N_("lodged"),
        "accepted": N_("accepted"),
        "refused": N_("refused"),
        "amended": N_("amended"),
        "assessed": N_("assessed"),
        "directed": N_("directed to another lane"),
        "at_port": N_("at the port"),
        "arrived": N_("received at the port"),
        "inspected": N_("inspected"),
        "released": N_("released"),
        "withdrawn": N_("withdrawn"),
        "red": N_("red"),
        "yellow": N_("yellow"),
        "discrepancy": N_("discrepancy"),
        "offence": N_("offence"),
    }.items()
}


def after(state: str, event: Kind, *, number: str = "") -> State:
    """The state that follows when ``event`` happens in ``state``.

    Raises:
        Conflict: when the table has no such step.
    """
    try:
        return TRANSITIONS[State(state), event]
    except KeyError:
        raise Conflict(
            N_("Declaration %(number)s is %(state)s: it cannot be %(event)s now."),
            number=number,
            state=WORDS[state],
            event=WORDS[event],
        ) from None


class Lane(StrEnum):
    """Where screening directs a consignment."""

    RED = "red"
    YELLOW = "yellow"
    BLUE = "blue"
    GREEN = "green"


#: Lanes whose consignments an officer must inspect before release: the goods (red) or the documents (yellow).
MUST_INSPECT = (Lane.RED, Lane.YELLOW)


class Result(StrEnum):
    """What an inspection found."""

    CONFORMS = "conforms"
    DISCREPANCY = "discrepancy"
    OFFENCE = "offence"


def check_detail(event: Kind, detail: Mapping[str, Any]) -> None:
    """An inspection says what it found, in words if it found something; a refusal says why.

    Raises:
        Conflict: when the detail lacks one of these.
    """
    if event is Kind.INSPECTED:
        result = detail.get("result")
        if result not in set(Result):
            raise Conflict(N_("Say what the inspection found: %(known)s."), known=", ".join(Result))
        if result != Result.CONFORMS and not str(detail.get("remarks", "")).strip():
            raise Conflict(
                N_("Say what was found: an inspection with a %(result)s needs remarks."), result=WORDS[result]
            )
    if event is Kind.REFUSED and not str(detail.get("reason", "")).strip():
        raise Conflict(N_("Say why the goods are refused."))


def lacks_inspection(state: str, lane: str) -> bool:
    """True where a release now would go without the inspection that the lane asks for."""
    return state == State.AT_PORT and lane in MUST_INSPECT


def may_release(state: str, lane: str, *, override_reason: str = "") -> None:
    """A consignment in the red or yellow lane is released only after its inspection, or by an override with a reason.

    Raises:
        Conflict: when neither is the case.
    """
    if lacks_inspection(state, lane) and not override_reason.strip():
        raise Conflict(
            N_("The %(lane)s lane asks for an inspection before release. Inspect first, or state why not."),
            lane=WORDS[lane],
        )


def declaration_number(country: str, year: int, serial: int) -> str:
    """The number a node gives: two digits of the year, its country, twelve digits, one check digit (ISO 7064
    MOD 11-10 over the digits), in the manner of the movement reference number."""
    digits = f"{year % 100:02d}{serial:012d}"
    return f"{digits[:2]}{country}{digits[2:]}{mod_11_10.calc_check_digit(digits)}"


#: Share by which the values of both records may differ: freight and insurance lie between them.
VALUE_TOLERANCE = Decimal("0.10")


class Verdict(StrEnum):
    """How an element of our record stands to the neighbour's."""

    EQUAL = "equal"
    CLOSE = "close"
    DIFFERENT = "different"
    ONE_SIDED = "one_sided"
    NOT_COMPARED = "not_compared"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One element of both records. ``quotes``: the rates that two values were, or could not be, compared by."""

    element: str
    ours: str
    theirs: str
    verdict: Verdict
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What values of both records are compared by: the node's rates, and the days on which both were lodged."""

    rates: Rates
    our_day: date
    their_day: date

    def both(self, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[Converted, Converted] | None:
        """Two amounts (``{"amount": ..., "currency": ...}``) in one currency; None where a rate or an amount is
        missing. Amounts of the same currency stay in it."""
        currencies = [str(one.get("currency") or "") for one in (ours, theirs)]
        to = currencies[0] if currencies[0] == currencies[1] else self.rates.base
        found = []
        for one, currency, day in zip((ours, theirs), currencies, (self.our_day, self.their_day), strict=True):
            amount = finite(one.get("amount"))
            converted = None if amount is None else self.rates.convert(amount, currency, to, day)
            if converted is None:
                return None
            found.append(converted)
        return found[0], found[1]


def compare(ours: dict[str, Any], theirs: dict[str, Any], reckoning: Reckoning | None = None) -> list[Comparison]:
    """Our record beside the neighbour's record of the same goods, element by element.

    The mirror rule: goods code at six digits, origin and containers correspond exactly; mass within 2 % and value
    within 10 % (freight and insurance separate an export value from an import value). Values of two currencies are
    compared by ``reckoning``, and not at all without a rate that may be used.
    """
    rows = [
        _exact("ucr", ours.get("ucr"), theirs.get("ucr")),
        _exact("vehicle", _path(ours, "transport", "vehicle_id"), _path(theirs, "transport", "vehicle_id")),
        _exact("containers", _joined(ours.get("containers")), _joined(theirs.get("containers"))),
        _exact("seals", _joined(ours.get("seals")), _joined(theirs.get("seals"))),
        _exact("hs6", _joined(_each_item(ours, "hs", 6)), _joined(_each_item(theirs, "hs", 6))),
        _exact("origin", _joined(_each_item(ours, "origin")), _joined(_each_item(theirs, "origin"))),
        _measured("gross_mass", ours.get("gross_mass_kg"), theirs.get("gross_mass_kg"), Decimal("0.02")),
        _invoice(ours, theirs, reckoning),
    ]
    return [row for row in rows if row.ours or row.theirs]


def _path(record: dict[str, Any], *names: str) -> Any:
    for name in names:
        record = (record or {}).get(name) or {}
    return record or None


def _each_item(record: dict[str, Any], name: str, length: int | None = None) -> list[str]:
    return sorted({str(item.get(name) or "")[:length] for item in record.get("items") or ()} - {""})


def _joined(values: Any) -> str:
    texts = (value if isinstance(value, str) else str(value.get("id", "")) for value in values or ())
    return ", ".join(sorted(texts))


def _invoice(ours: dict[str, Any], theirs: dict[str, Any], reckoning: Reckoning | None) -> Comparison:
    left, right = (_path(record, "invoice", "amount") or {} for record in (ours, theirs))
    if not left or not right or left.get("currency") == right.get("currency"):
        return _measured("invoice", left.get("amount"), right.get("amount"), VALUE_TOLERANCE)
    mine, other = (f"{one.get('amount')} {one.get('currency')}" for one in (left, right))
    both = reckoning.both(left, right) if reckoning else None
    if both is None:
        return Comparison("invoice", mine, other, Verdict.NOT_COMPARED)
    quotes = tuple(dict.fromkeys(quote for one in both for quote in one.quotes))
    ratio = value_ratio(both[0].amount, both[1].amount)
    if ratio is None or any(one.stale for one in both):
        return Comparison("invoice", mine, other, Verdict.NOT_COMPARED, quotes)
    close = abs(ratio - 1) <= VALUE_TOLERANCE
    return Comparison("invoice", mine, other, Verdict.CLOSE if close else Verdict.DIFFERENT, quotes)


def _exact(element: str, ours: Any, theirs: Any) -> Comparison:
    left, right = str(ours or ""), str(theirs or "")
    if not left or not right:
        return Comparison(element, left, right, Verdict.ONE_SIDED)
    return Comparison(element, left, right, Verdict.EQUAL if left == right else Verdict.DIFFERENT)


def _measured(element: str, ours: Any, theirs: Any, tolerance: Decimal) -> Comparison:
    exact = _exact(element, ours, theirs)
    if exact.verdict is not Verdict.DIFFERENT:
        return exact
    ratio = value_ratio(ours, theirs)
    if ratio is None:
        return exact
    if ratio == 1:
        return Comparison(element, exact.ours, exact.theirs, Verdict.EQUAL)
    close = abs(ratio - 1) <= tolerance
    return Comparison(element, exact.ours, exact.theirs, Verdict.CLOSE if close else Verdict.DIFFERENT)


def value_ratio(ours: Any, theirs: Any) -> Decimal | None:
    """Ours over theirs; None where either is not a positive number."""
    left, right = finite(ours), finite(theirs)
    return left / right if left is not None and right is not None and left > 0 and right > 0 else None


def day_of(body: Mapping[str, Any]) -> date | None:
    """The day on which a record of the neighbour was lodged, where it tells."""
    try:
        return datetime.fromisoformat(str(body.get("lodged_at"))).date()
    except ValueError:
        return None
