"""The JSON Schema of scenario files, as shipped in ``scenario.schema.json``.

python -m otay.engines.queueing.schema > src/otay/engines/queueing/scenario.schema.json
"""

from __future__ import annotations

import json
import sys
from typing import Any

from otay.engines.queueing.scenario import Scenario


def scenario_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a scenario file."""
    schema = Scenario.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Otay scenario", **schema}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(scenario_schema(), indent=1, ensure_ascii=False) + "\n")
