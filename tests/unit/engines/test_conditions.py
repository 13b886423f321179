"""The condition language: what it refuses, and that it means what a naive reading of the JSON means."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from factories.conditions import TYPES, condition, facts, naive
from otay.engines.conditions import MAX_DEPTH, MAX_PARTS, FactType, Parser, usable


def parsed(raw: object) -> Parser:
    parser = Parser(TYPES)
    parser.parse(raw, "/condition")
    return parser


@pytest.mark.parametrize(
    ("raw", "place", "rule"),
    [
        ("value > 5", "/condition", "condition.shape"),
        ({"fact": "value", "is": ">"}, "/condition", "condition.shape"),
        ({"all": [], "any": []}, "/condition", "condition.shape"),
        ({"all": []}, "/condition/all", "condition.group"),
        ({"any": {"fact": "value"}}, "/condition/any", "condition.group"),
        ({"fact": "ethnicity", "is": "=", "value": "x"}, "/condition/fact", "condition.fact"),
        ({"fact": "hs6", "is": ">", "value": "8"}, "/condition/is", "condition.operator"),
        ({"fact": "value", "is": ">", "value": "many"}, "/condition/value", "condition.value"),
        ({"fact": "value", "is": ">", "value": True}, "/condition/value", "condition.value"),
        ({"fact": "value", "is": ">", "value": "NaN"}, "/condition/value", "condition.value"),
        ({"fact": "value", "is": ">", "value": "1e999999"}, "/condition/value", "condition.value"),
        ({"fact": "hs6", "is": "=", "value": 85}, "/condition/value", "condition.value"),
        ({"fact": "hs6", "is": "=", "value": ""}, "/condition/value", "condition.value"),
        ({"fact": "hs6", "is": "prefix", "value": ["85", 7]}, "/condition/value/1", "condition.value"),
        ({"fact": "hs6", "is": "in", "value": []}, "/condition/value", "condition.values"),
        ({"fact": "trusted", "is": "=", "value": 1}, "/condition/value", "condition.value"),
        ({"fact": "value", "is": "between", "value": [9, 1]}, "/condition/value", "condition.range"),
        ({"not": {"not": {"fact": "value", "is": "~", "value": 1}}}, "/condition/not/not/is", "condition.operator"),
    ],
)
def test_a_wrong_condition_is_refused_by_place(raw: object, place: str, rule: str) -> None:
    assert (place, rule) in [(finding.place, finding.rule) for finding in parsed(raw).findings]


def test_all_errors_are_found_at_once() -> None:
    raw = {"all": [{"fact": "x", "is": "=", "value": 1}, {"fact": "value", "is": "?", "value": 1}]}
    assert len(parsed(raw).findings) == 2


def test_depth_and_size_are_bounded() -> None:
    deep: Any = {"fact": "value", "is": ">", "value": 1}
    for _ in range(5000):
        deep = {"not": deep}
    assert [finding.rule for finding in parsed(deep).findings] == ["condition.depth"]
    wide = {"any": [{"fact": "value", "is": ">", "value": 1}] * (MAX_PARTS * 100)}
    assert [finding.rule for finding in parsed(wide).findings] == ["condition.size"]
    fits: Any = {"fact": "value", "is": ">", "value": 1}
    for _ in range(MAX_DEPTH - 1):
        fits = {"not": fits}
    assert parsed(fits).findings == []


@pytest.mark.parametrize(
    ("value", "fact_type", "answer"),
    [
        (5, FactType.NUMBER, True), (Decimal("5.5"), FactType.NUMBER, True), (True, FactType.NUMBER, False),
        (float("nan"), FactType.NUMBER, False), (Decimal("sNaN"), FactType.NUMBER, False),
        (Decimal("Infinity"), FactType.NUMBER, False), ("5", FactType.NUMBER, False),
        (FactType.TEXT, FactType.TEXT, True),
        (None, FactType.TEXT, False), (1, FactType.FLAG, False), (False, FactType.FLAG, True),
    ],
)  # fmt: skip
def test_usable_values(value: object, fact_type: FactType, answer: bool) -> None:
    assert usable(value, fact_type) is answer


@given(condition, facts)
def test_a_compiled_condition_means_what_the_json_says(raw: Any, known: dict[str, Any]) -> None:
    parser = Parser(TYPES)
    test = parser.parse(raw, "")
    if any(finding.rule == "condition.depth" for finding in parser.findings):
        return
    assert parser.findings == []
    assert test(known) == naive(raw, known)
