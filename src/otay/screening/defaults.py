"""The rules a fresh node starts with: shipped as data in ``data/<kind>.json``, loaded once, then the node's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from otay.node import audit, clock
from otay.node.actors import SYSTEM
from otay.screening.domain import policy_of, rule_of
from otay.screening.models import RuleSet, RuleVersion
from otay.screening.services import rule_columns

FOLDER = Path(__file__).parent / "data"
AUTHOR = "otay"
#: Rules that other rooms count on: a node whose table is older gets them when it is brought up to date. They direct
#: nothing by themselves; only the selection that an office's plan makes does, through them.
NEEDED = {"goods.declaration": ("selected-red", "selected-yellow", "selected-blue")}


def default_tables() -> list[dict[str, Any]]:
    """All shipped tables."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]


@transaction.atomic
def load_defaults() -> list[RuleSet]:
    """Make version 1 of each shipped table whose kind has no table yet."""
    return [_load(table) for table in default_tables() if not RuleSet.objects.filter(kind=table["kind"]).exists()]


@transaction.atomic
def add_needed() -> list[RuleSet]:
    """Make the next version of each table that has never known a rule of ``NEEDED``; what was retired stays so."""
    made = []
    for table in default_tables():
        current = RuleSet.objects.select_for_update().filter(kind=table["kind"]).order_by("-version").first()
        wanted = NEEDED.get(table["kind"], ())
        known = set(RuleVersion.objects.filter(kind=table["kind"], key__in=wanted).values_list("key", flat=True))
        missing = [raw for raw in table["rules"] if raw["key"] in wanted and raw["key"] not in known]
        if current is not None and missing:
            made.append(_add(table, current, missing))
    return made


def _add(table: dict[str, Any], current: RuleSet, missing: list[dict[str, Any]]) -> RuleSet:
    spanish = settings.LANGUAGE_CODE.startswith("es")
    why = "Reglas que la selección necesita" if spanish else "Rules that selection needs"
    made = RuleSet.objects.create(
        kind=current.kind, version=current.version + 1, policy=current.policy, made_at=clock.now(), made_by=SYSTEM.key,
        made_by_name=SYSTEM.name, why=why,
    )  # fmt: skip
    made.rules.set([*current.rules.all(), *_versions(table, missing, why)])
    audit.record(
        actor=SYSTEM, action="screening.rules_added", subject=f"rules:{current.kind}/{made.version}", reason=why,
        keys=[raw["key"] for raw in missing],
    )  # fmt: skip
    return made


def _versions(table: dict[str, Any], rules: list[dict[str, Any]], why: str) -> list[RuleVersion]:
    at = clock.now()
    return RuleVersion.objects.bulk_create(
        RuleVersion(
            **rule_columns(rule_of(raw, 1)), kind=table["kind"], owner=table["owner"], why=why, author=AUTHOR,
            author_name="Otay", proposed_at=at, decision=RuleVersion.Decision.APPROVED, decided_by=SYSTEM.key,
            decided_by_name=SYSTEM.name, decided_at=at,
        )
        for raw in rules
    )  # fmt: skip


def _load(table: dict[str, Any]) -> RuleSet:
    at = clock.now()
    why = table["why"]["es" if settings.LANGUAGE_CODE.startswith("es") else "en"]
    policy_of(table["policy"])
    versions = _versions(table, table["rules"], why)
    made = RuleSet.objects.create(
        kind=table["kind"],
        version=1,
        policy=table["policy"],
        made_at=at,
        made_by=SYSTEM.key,
        made_by_name=SYSTEM.name,
        why=why,
    )
    made.rules.set(versions)
    return made
