"""Rule tables: refusal with places, evaluation, order independence, unknown facts, reasons in two languages."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from factories.conditions import TYPES, condition, facts, naive
from otay.core.errors import Refused
from otay.engines.rules import Rule, compile_rules, evaluate, reason_text, rule_findings
from otay.engines.selection import Lane

REASON = {"en": "Worth {value}", "es": "Vale {value}"}


def rule(key: str = "dear", raw: Any = None, **changes: Any) -> Rule:
    base = {"version": 1, "condition": raw or {"fact": "value", "is": ">", "value": 10}, "reason": REASON, "points": 5}
    return Rule(key=key, **{**base, **changes})


@pytest.mark.parametrize(
    ("changes", "place", "name"),
    [
        ({"key": "Not a key"}, "/key", "rule.key"),
        ({"version": 0}, "/version", "rule.version"),
        ({"points": 5000}, "/points", "rule.points"),
        ({"points": 0}, "/points", "rule.effect"),
        ({"lane": Lane.GREEN}, "/lane", "rule.lane"),
        ({"reason": {"en": "Dear"}}, "/reason/es", "rule.reason"),
        ({"reason": {"en": "{nobody}", "es": "x"}}, "/reason", "rule.reason_fact"),
        ({"condition": {"fact": "nobody", "is": "=", "value": 1}}, "/condition/fact", "condition.fact"),
        (
            {"valid_from": datetime(2026, 2, 1, tzinfo=UTC), "valid_until": datetime(2026, 1, 1, tzinfo=UTC)},
            "/valid_until", "rule.validity",
        ),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused_by_place(changes: dict[str, Any], place: str, name: str) -> None:
    assert (place, name) in [(found.place, found.rule) for found in rule_findings(rule(**changes), TYPES)]


def test_a_table_names_the_rule_that_is_wrong_and_refuses_doubles() -> None:
    with pytest.raises(Refused) as refused:
        compile_rules([rule("good"), rule("bad", {"fact": "value", "is": "!", "value": 1}), rule("good")], TYPES)
    assert {finding.place for finding in refused.value.findings} == {"/bad/condition/is", "/good"}


def test_points_add_up_and_lanes_are_kept() -> None:
    table = compile_rules([rule("a"), rule("b", points=-2), rule("c", points=0, lane=Lane.RED)], TYPES)
    result = evaluate(table, {"value": Decimal("10.5")})
    assert result.score == 3
    assert result.forced == (Lane.RED,)
    assert result.fired[0].params == {"value": Decimal("10.5")}
    assert evaluate(table, {"value": 10}).fired == ()


def test_an_unknown_fact_is_reported_and_never_false() -> None:
    table = compile_rules([rule("a"), rule("b", {"not": {"fact": "trusted", "is": "=", "value": True}})], TYPES)
    result = evaluate(table, {"value": "11", "trusted": None})
    assert result.missing == ("trusted", "value")
    assert result.undecided == ("a", "b")
    assert result.fired == ()


def test_an_unknown_fact_that_decides_nothing_is_not_reported() -> None:
    either = {"any": [{"fact": "value", "is": ">", "value": 1}, {"fact": "mass", "is": ">", "value": 1}]}
    result = evaluate(compile_rules([rule("a", either, reason={"en": "{mass}", "es": "{mass}"})], TYPES), {"value": 2})
    assert result.missing == ()
    assert reason_text("{mass} kg", result.fired[0].params, "desconocido") == "desconocido kg"


def test_validity_has_an_inclusive_start_and_an_exclusive_end() -> None:
    january, february = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    dated = rule(valid_from=january, valid_until=february)
    assert dated.in_force(january)
    assert not dated.in_force(february)


def test_reason_text_fills_numbers_and_never_reaches_into_objects() -> None:
    assert (
        reason_text("{value} USD of {hs6}", {"value": Decimal("1250000.50"), "hs6": "020110"})
        == "1,250,000.50 USD of 020110"
    )
    assert reason_text("{value}", {"value": Decimal(1) / 3}) == "0.333"
    assert reason_text("{value.__class__}", {"value": 1}) == "{value.__class__}"


@given(st.lists(condition, min_size=1, max_size=8), facts, st.randoms(use_true_random=False))
def test_a_table_equals_the_naive_reading_in_any_order(
    raws: list[Any], known: dict[str, Any], chance: random.Random
) -> None:
    rules = [rule(f"r{number}", raw, points=number + 1) for number, raw in enumerate(raws)]
    if any(rule_findings(item, TYPES) for item in rules):
        assume(False)  # deeper than the language allows
    first = evaluate(compile_rules(rules, TYPES), known)
    chance.shuffle(rules)
    assert evaluate(compile_rules(rules, TYPES), known) == first
    answers = {item.key: naive(item.condition, known) for item in rules}
    assert {item.rule for item in first.fired} == {key for key, answer in answers.items() if answer}
    assert set(first.undecided) == {key for key, answer in answers.items() if answer is None}
    assert first.score == sum(item.points for item in rules if answers[item.key])
    assert bool(first.missing) == bool(first.undecided)
