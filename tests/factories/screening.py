"""Actors, rules and invented traffic for tests of screening."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from otay.engines.conditions import FactType
from otay.node.actors import EVERYWHERE, Actor, Kind
from otay.screening.domain import Subject
from otay.screening.models import RuleSet
from otay.screening.registry import Fact, FactSet, fact_sets

KIND = "test.parcel"
POLICY = {"thresholds": {"red": 100, "yellow": 60, "blue": 40}, "shares": {}}
PERMISSIONS = ("screening.view", "screening.assess", "screening.manage_rules", "screening.approve_rules")


def register_kind() -> None:
    """The kind of the tests, with ten recent subjects of value 0 to 900."""
    if KIND not in fact_sets:
        facts = (
            Fact("value", FactType.NUMBER, "Value"),
            Fact("code", FactType.TEXT, "Code"),
            Fact("sealed", FactType.FLAG, "Sealed"),
        )
        fact_sets.register(
            FactSet(KIND, "Parcel", facts, lambda count: [subject(n, value=n * 100) for n in range(10)][:count])
        )


def table(**policy: Any) -> RuleSet:
    """An empty table of the kind of the tests."""
    register_kind()
    return RuleSet.objects.create(
        kind=KIND,
        version=1,
        policy={**POLICY, **policy},
        made_at="2026-01-01T00:00:00Z",
        made_by="system",
        made_by_name="Otay",
        why="Test",
    )


def officer(key: str = "officer:1", *permissions: str, port: str = "*") -> Actor:
    """An officer who holds ``permissions`` (all of screening when none are named) at ``port``."""
    ports = EVERYWHERE if port == "*" else frozenset({port})
    return Actor(Kind.OFFICER, key, f"Officer {key[-1]}", dict.fromkeys(permissions or PERMISSIONS, ports))


def rule(key: str = "dear", **changes: Any) -> dict[str, Any]:
    """A rule that forces red from a value of 500."""
    return {
        "key": key, "condition": {"fact": "value", "is": ">=", "value": 500}, "points": 0, "lane": "red",
        "reason": {"en": "Worth {value} USD", "es": "Vale {value} USD"}, **changes,
    }  # fmt: skip


def subject(number: int = 1, *, port: str = "2501", **facts: Any) -> Subject:
    """Parcel ``number``."""
    return Subject(f"parcel:{number}", KIND, port, facts)


def declaration_facts(chance: random.Random) -> dict[str, Any]:
    """Facts of an invented truck's declaration: most are unremarkable, a few per cent are not."""
    empty = chance.random() < 0.25
    mass = Decimal(0) if empty else Decimal(chance.randint(800, 20_000))
    chapter = chance.choice(["07", "08", "22", "39", "40", "61", "73", "84", "85", "87", "90", "94"])
    hs6 = "" if empty else chapter + f"{chance.randint(1, 79):02}" + "10"
    value = Decimal(0) if empty else (mass * Decimal(str(round(chance.lognormvariate(1.6, 0.9), 2))))
    facts: dict[str, Any] = {
        "type": "import", "port": "2501", "hour": chance.randint(0, 23), "hs6": hs6, "hs_chapter": hs6[:2],
        "origin": chance.choices(["MX", "US", "CN", "DE"], [80, 12, 6, 2])[0], "export_country": "MX",
        "trader_known_days": chance.choices([chance.randint(0, 29), chance.randint(30, 4000)], [4, 96])[0],
        "trader_past_findings": chance.choices([0, 1, 2, 6], [930, 45, 15, 10])[0],
        "trusted": chance.random() < 0.4, "empty": empty, "seal_missing": not empty and chance.random() < 0.05,
        "mirror_missing": True,
    }  # fmt: skip
    if not empty:
        facts |= {"gross_mass_kg": mass, "value_usd": value, "value_per_kg": value / mass}
    if not empty and chance.random() < 0.8:
        ratio = Decimal(str(round(chance.gauss(1, 0.08) * (0.5 if chance.random() < 0.03 else 1), 3)))
        facts |= {
            "mirror_missing": False, "mirror_value_ratio": ratio, "mirror_goods_differ": chance.random() < 0.015,
            "mirror_mass_differs": chance.random() < 0.02,
        }  # fmt: skip
    return facts
