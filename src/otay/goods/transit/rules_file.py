"""The rules file: JSON with the thresholds, places and deadlines of a movement; its schema is made from the type."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.engines.transit.settings import TransitRules


def read_rules(data: bytes) -> TransitRules:
    """The rules in a file.

    Raises:
        Refused: with every field that is wrong.
    """
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as failure:
        found = error("", "rules.json", N_("This is not JSON: %(reason)s."), reason=str(failure)[:100])
        raise Refused(N_("The rules cannot be used."), findings=[found]) from None
    if isinstance(content, dict):
        content.pop("$schema", None)
    try:
        return TransitRules.model_validate(content)
    except ValidationError as problem:
        findings = [
            error(
                "/" + "/".join(map(str, fault["loc"])),
                "rules.field",
                "%(reason)s",
                fault.get("input", ""),
                reason=fault["msg"],
            )
            for fault in problem.errors(include_url=False, include_context=False)
        ]
        raise Refused(N_("The rules cannot be used."), findings=findings) from None


def rules_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the rules file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | TransitRules.model_json_schema()
