"""Rules and policies as JSON: what is refused, and that digests tell facts apart."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from factories.screening import rule
from otay.core.errors import Refused
from otay.engines.selection import Lane
from otay.screening.domain import facts_digest, policy_of, rule_of


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ("x", ""),
        (rule(colour="red"), "/colour"),
        (rule(key=7), "/key"),
        (rule(points="5"), "/points"),
        (rule(points=True), "/points"),
        (rule(lane="purple"), "/lane"),
        (rule(reason="Because"), "/reason"),
        (rule(reason={"en": 1}), "/reason"),
        (rule(valid_from="2026-01-01"), "/valid_from"),
        (rule(valid_until=5), "/valid_until"),
    ],
)
def test_a_rule_of_the_wrong_shape_is_refused_by_place(raw: Any, place: str) -> None:
    with pytest.raises(Refused) as refused:
        rule_of(raw, 1)
    assert place in [finding.place for finding in refused.value.findings]


def test_a_rule_reads_back() -> None:
    read = rule_of(rule(valid_from="2026-01-31T00:00:00+00:00"), 3)
    assert (read.key, read.version, read.lane, read.valid_from.year) == ("dear", 3, Lane.RED, 2026)


def test_the_digest_covers_every_fact_and_not_their_order() -> None:
    facts = {"value": Decimal("1.50"), "empty": False, "code": None}
    assert facts_digest(facts) == facts_digest(dict(reversed(facts.items())))
    assert len({facts_digest({**facts, name: "other"}) for name in facts} | {facts_digest(facts)}) == 4


def test_a_policy_reads_exact_shares() -> None:
    policy = policy_of(
        {
            "thresholds": {"red": 3, "yellow": 2, "blue": 1},
            "shares": {"red": "0.004"},
            "office_shares": {"2501": {"blue": "0.1"}},
        }
    )
    assert policy.shares == {Lane.RED: Fraction(1, 250)}
    assert policy.office_shares == {"2501": {Lane.BLUE: Fraction(1, 10)}}
