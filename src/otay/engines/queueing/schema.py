"""The JSON Schema of scenario files, as shipped in ``scenario.schema.json`` and told by ``otay simulate --schema``."""

from __future__ import annotations

from typing import Any

from otay.engines.queueing.scenario import Scenario


def scenario_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a scenario file."""
    schema = Scenario.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Otay scenario", **schema}
