"""The condition language of screening rules: a small typed JSON, compiled to closures, never evaluated as code.

::

    {"all": [{"fact": "hs6", "is": "prefix", "value": ["8542", "8471"]},
             {"fact": "value_per_kg", "is": "<", "value": "5.00"},
             {"not": {"fact": "trusted", "is": "=", "value": true}}]}

A fact that is not known makes a condition neither true nor false (Kleene's three values): ``all`` is false as soon as
one part is false, ``any`` is true as soon as one part is true, otherwise the unknown shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from math import isfinite
from typing import Any

from otay.core.findings import Finding, error
from otay.core.i18n import N_

MAX_DEPTH = 8
MAX_PARTS = 64
MAX_VALUES = 1000
MAX_TEXT = 200

Value = str | int | Decimal | float | bool
Facts = Mapping[str, Any]
Test = Callable[[Facts], bool | None]


class FactType(StrEnum):
    """What kind of value a fact has."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"


PYTHON_TYPES: Mapping[FactType, frozenset[type]] = {
    FactType.TEXT: frozenset({str}),
    FactType.NUMBER: frozenset({int, Decimal, float}),
    FactType.FLAG: frozenset({bool}),
}
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
OPERATORS: Mapping[FactType, tuple[str, ...]] = {
    FactType.TEXT: ("=", "!=", "in", "prefix"),
    FactType.NUMBER: (*_COMPARISONS, "in", "between"),
    FactType.FLAG: ("=",),
}


def usable(value: object, fact_type: FactType) -> bool:
    """True if ``value`` is a value of ``fact_type`` that can be compared; an infinite or NaN number cannot."""
    if type(value) in PYTHON_TYPES[fact_type]:
        if isinstance(value, Decimal):
            return value.is_finite()
        return not isinstance(value, float) or isfinite(value)
    return fact_type is FactType.TEXT and isinstance(value, str)


@dataclass(slots=True)
class Parser:
    """Reads one condition; ``findings`` says everything wrong with it, ``facts`` which facts it names."""

    types: Mapping[str, FactType]
    findings: list[Finding] = field(default_factory=list)
    facts: set[str] = field(default_factory=set)
    parts: int = 0

    def parse(self, raw: object, place: str, depth: int = 1) -> Test:
        """The test that ``raw`` describes; meaningless when ``findings`` is not empty afterwards."""
        self.parts += 1
        if depth > MAX_DEPTH:
            return self._wrong(place, "depth", N_("Conditions are nested deeper than %(most)s levels"), most=MAX_DEPTH)
        if self.parts > MAX_PARTS:
            if self.parts == MAX_PARTS + 1:
                self._wrong(place, "size", N_("A rule has at most %(most)s conditions"), most=MAX_PARTS)
            return _never
        if not isinstance(raw, dict):
            return self._wrong(
                place, "shape", N_("A condition is an object with fact/is/value, or all, any or not"), raw
            )
        match sorted(raw):
            case ["all" | "any" as word]:
                return self._group(word, raw[word], f"{place}/{word}", depth)
            case ["not"]:
                return _negation(self.parse(raw["not"], f"{place}/not", depth + 1))
            case ["fact", "is", "value"]:
                return self._leaf(raw, place)
        return self._wrong(
            place,
            "shape",
            N_("A condition is an object with fact/is/value, or all, any or not"),
            ", ".join(map(str, raw)),
        )

    def _wrong(self, place: str, rule: str, message: str, value: object = "", **params: Any) -> Test:
        self.findings.append(error(place, f"condition.{rule}", message, value, **params))
        return _never

    def _group(self, word: str, raw: object, place: str, depth: int) -> Test:
        if not isinstance(raw, list) or not raw:
            return self._wrong(place, "group", N_("%(word)s takes a list of at least one condition"), raw, word=word)
        tests = tuple(
            self.parse(item, f"{place}/{number}", depth + 1) for number, item in enumerate(raw[: MAX_PARTS + 1])
        )
        if len(tests) == 1:
            return tests[0]
        return _conjunction(tests) if word == "all" else _disjunction(tests)

    def _leaf(self, raw: Mapping[str, object], place: str) -> Test:
        name, operator, value = raw["fact"], raw["is"], raw["value"]
        if not isinstance(name, str) or name not in self.types:
            return self._wrong(
                f"{place}/fact",
                "fact",
                N_("No such fact; known are %(known)s"),
                name,
                known=", ".join(sorted(self.types)),
            )
        self.facts.add(name)
        fact_type = self.types[name]
        if operator not in OPERATORS[fact_type]:
            return self._wrong(
                f"{place}/is",
                "operator",
                N_("%(fact)s is a %(type)s: expected one of %(known)s"),
                operator,
                fact=name,
                type=str(fact_type),
                known=" ".join(OPERATORS[fact_type]),
            )
        return self._comparison(name, str(operator), value, fact_type, f"{place}/value")

    def _comparison(self, name: str, operator: str, value: object, fact_type: FactType, place: str) -> Test:
        if operator in {"in", "between", "prefix"}:
            many = self._values(value, fact_type, place)
            if operator == "in":
                return _membership(name, frozenset(many))
            if operator == "prefix":
                return _beginning(name, tuple(str(item) for item in many))
            if len(many) != 2 or many[0] > many[1]:  # type: ignore[operator]
                return self._wrong(place, "range", N_("between takes two numbers, the lower first"), value)
            return _range(name, many[0], many[1])
        return _COMPARE[operator](name, self._value(value, fact_type, place))

    def _values(self, raw: object, fact_type: FactType, place: str) -> list[Value]:
        items: Sequence[object] = raw if isinstance(raw, list) else [raw]
        if not 1 <= len(items) <= MAX_VALUES:
            self._wrong(place, "values", N_("A list holds between 1 and %(most)s values"), len(items), most=MAX_VALUES)
            return []
        return [self._value(item, fact_type, f"{place}/{number}") for number, item in enumerate(items)]

    def _value(self, raw: object, fact_type: FactType, place: str) -> Value:
        match fact_type:
            case FactType.FLAG:
                if isinstance(raw, bool):
                    return raw
                self._wrong(place, "value", N_("Expected true or false"), raw)
                return False
            case FactType.TEXT:
                if isinstance(raw, str) and 1 <= len(raw) <= MAX_TEXT:
                    return raw
                self._wrong(place, "value", N_("Expected text of 1 to %(most)s characters"), raw, most=MAX_TEXT)
                return ""
            case FactType.NUMBER:
                number = _number(raw)
                if number is None:
                    self._wrong(place, "value", N_('Expected a number, such as 12 or "12.50"'), raw)
                    return 0
                return number


def _number(raw: object) -> int | Decimal | None:
    """A whole or decimal number of reasonable size; None for anything else."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str) or len(str(raw)) > 40:
        return None
    try:
        number = Decimal(str(raw))
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        return None
    return int(number) if number == number.to_integral_value() else number


def _never(facts: Facts) -> bool | None:
    return False


def _negation(test: Test) -> Test:
    def negation(facts: Facts) -> bool | None:
        answer = test(facts)
        return None if answer is None else not answer

    return negation


def _conjunction(tests: tuple[Test, ...]) -> Test:
    def conjunction(facts: Facts) -> bool | None:
        result: bool | None = True
        for test in tests:
            answer = test(facts)
            if answer is False:
                return False
            if answer is None:
                result = None
        return result

    return conjunction


def _disjunction(tests: tuple[Test, ...]) -> Test:
    def disjunction(facts: Facts) -> bool | None:
        result: bool | None = False
        for test in tests:
            answer = test(facts)
            if answer:
                return True
            if answer is None:
                result = None
        return result

    return disjunction


def _membership(name: str, values: frozenset[Value]) -> Test:
    def membership(facts: Facts) -> bool | None:
        value = facts.get(name)
        return None if value is None else value in values

    return membership


def _beginning(name: str, prefixes: tuple[str, ...]) -> Test:
    def beginning(facts: Facts) -> bool | None:
        value = facts.get(name)
        return None if value is None else value.startswith(prefixes)

    return beginning


def _range(name: str, low: Any, high: Any) -> Test:
    def within(facts: Facts) -> bool | None:
        value = facts.get(name)
        return None if value is None else low <= value <= high

    return within


# One closure for each comparison: passing operator.lt and the like costs a call more on the hottest path.
def _equal(name: str, wanted: Any) -> Test:
    def equal(facts: Facts) -> bool | None:
        value = facts.get(name)
        return None if value is None else value == wanted

    return equal


def _less(name: str, wanted: Any) -> Test:
    def less(facts: Facts) -> bool | None:
        value = facts.get(name)
        return None if value is None else value < wanted

    return less


def _at_most(name: str, wanted: Any) -> Test:
    def at_most(facts: Facts) -> bool | None:
        value = facts.get(name)
        return None if value is None else value <= wanted

    return at_most


_COMPARE: Mapping[str, Callable[[str, Any], Test]] = {
    "=": _equal,
    "!=": lambda name, wanted: _negation(_equal(name, wanted)),
    "<": _less,
    "<=": _at_most,
    ">": lambda name, wanted: _negation(_at_most(name, wanted)),
    ">=": lambda name, wanted: _negation(_less(name, wanted)),
}
