"""A lane group fitted to observed waits, for the engine process: plain data in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.engines import calibration
from otay.engines.queueing.reading import make_scenario

Tell = Callable[[dict[str, Any]], None]
STAGES = 3
"""How often :func:`otay.engines.calibration.fit` tells of progress."""
FACTORS = (0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2)
"""Of the fitted value: where the misfit of the service time is looked at."""


def fit_lane(request: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Fit ``lane`` of ``scenario`` to ``observations`` ([hour of the week, minutes, weight, lanes open])."""
    done = 0

    def count(_more: int) -> None:
        nonlocal done
        done += 1
        tell({"progress": [min(done, STAGES), STAGES + 1]})

    observations = [
        calibration.Observation(float(hour), float(minutes), float(weight), lanes_open)
        for hour, minutes, weight, lanes_open in request["observations"]
    ]
    found = calibration.fit(make_scenario(request["scenario"]), str(request["lane"]), observations, progress=count)
    service = next(one for one in found.parameters if one.name == "service")
    factors = [service.value * factor for factor in FACTORS]
    return {
        "scenario": found.scenario.model_dump(mode="json", by_alias=True),
        "figures": {
            "lane": found.lane,
            "observations": found.observations,
            "parameters": [_rounded(asdict(one)) for one in found.parameters],
            "directions": [_rounded(asdict(one)) for one in found.directions],
            "observed": _numbers(found.observed),
            "before": _numbers(found.before),
            "after": _numbers(found.after),
            "error_before": round(found.error_before, 3),
            "error_after": round(found.error_after, 3),
            "approximation": round(found.approximation, 3),
            "profile": [
                [round(factor, 4), round(cost, 4)]
                for factor, cost in zip(factors, calibration.profile(found, "service", factors), strict=True)
            ],
        },
    }


def _rounded(told: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in told.items()}


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [round(float(value), 2) if np.isfinite(value) else None for value in values]
