"""The rules a fresh node starts with: shipped as data in ``data/<kind>.json``, loaded once, then the node's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from otay.node import clock
from otay.node.actors import SYSTEM
from otay.screening.domain import policy_of, rule_of
from otay.screening.models import RuleSet, RuleVersion
from otay.screening.services import rule_columns

FOLDER = Path(__file__).parent / "data"
AUTHOR = "otay"


def default_tables() -> list[dict[str, Any]]:
    """All shipped tables."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]


@transaction.atomic
def load_defaults() -> list[RuleSet]:
    """Make version 1 of each shipped table whose kind has no table yet."""
    return [_load(table) for table in default_tables() if not RuleSet.objects.filter(kind=table["kind"]).exists()]


def _load(table: dict[str, Any]) -> RuleSet:
    at = clock.now()
    why = table["why"]["es" if settings.LANGUAGE_CODE.startswith("es") else "en"]
    policy_of(table["policy"])
    versions = RuleVersion.objects.bulk_create(
        RuleVersion(
            **rule_columns(rule_of(raw, 1)), kind=table["kind"], owner=table["owner"], why=why, author=AUTHOR,
            author_name="Otay", proposed_at=at, decision=RuleVersion.Decision.APPROVED, decided_by=SYSTEM.key,
            decided_by_name=SYSTEM.name, decided_at=at,
        )
        for raw in table["rules"]
    )  # fmt: skip
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
