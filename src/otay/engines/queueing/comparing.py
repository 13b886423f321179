"""Scenarios beside one another on the same random numbers, with intervals on their differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from otay.engines.queueing.layout import lay_out
from otay.engines.queueing.replication import run as play
from otay.engines.queueing.scenario import Scenario
from otay.engines.queueing.simulation import Interval, interval, on_threads


@dataclass(frozen=True, slots=True)
class Option:
    """One way to run the port. Differences are to the scenario as it stands, replication by replication."""

    name: str
    officer_hours: float
    """Booth hours over the days played, on both sides."""
    delay_hours: Interval
    """Waiting on both sides, in hours of vehicles or people."""
    delay_change: Interval
    waits: Mapping[str, Interval]
    """Mean wait on this side by class of traffic, in minutes."""
    wait_changes: Mapping[str, Interval]
    cost: Interval | None
    """Officers and waiting, where the scenario says what they cost."""
    unserved: float = 0.0


def compare(
    named: Sequence[tuple[str, Scenario]], replications: int, progress: Callable[[int], None] | None = None
) -> list[Option]:
    """Play each scenario ``replications`` times; the first is what the others are compared with."""
    found: list[Option] = []
    first: list[dict[str, Any]] = []
    for name, scenario in named:
        layout = lay_out(scenario)

        def run(index: int, layout: Any = layout) -> dict[str, Any]:
            groups, _series = play(layout, index)
            there = groups["total"].get("neighbour_delay", 0.0)
            arrivals = groups["total"]["arrivals"]
            return {
                "delay": groups["total"]["delay_hours"] + (0.0 if np.isnan(there) else there) * arrivals / 60,
                "unserved": arrivals - sum(groups["total"][key] for key in ("served", "balked", "turned_away")),
                **{
                    key.removeprefix("traffic/"): one["mean_wait"]
                    for key, one in groups.items()
                    if key.startswith("traffic/")
                },
            }

        runs = on_threads(run, replications, progress)
        first = first or runs
        found.append(_option(name, scenario, runs, first))
    return found


def officer_hours(scenario: Scenario) -> float:
    """Booth hours of the days played, on both sides."""
    layout = lay_out(scenario)
    until = -layout.begin + layout.horizon
    here = sum(float(minutes[-layout.begin : until].sum()) for minutes in layout.booths.values())
    there = 0.0
    for station in scenario.neighbour:
        steps = [*layout.steps[f"neighbour/{station.name}"], (float("inf"), 0)]
        for (begin, level), (end, _next) in pairwise(steps):
            there += level * max(0.0, min(end, layout.horizon) - max(begin, 0.0))
    return (here + there) / 60


def _option(
    name: str, scenario: Scenario, runs: Sequence[Mapping[str, float]], first: Sequence[Mapping[str, float]]
) -> Option:
    classes = [traffic.name for traffic in scenario.traffic]
    hours = officer_hours(scenario)
    costs, cost = scenario.costs, None
    if costs.officer_hour or costs.waiting_hour:
        cost = interval([costs.officer_hour * hours + costs.waiting_hour * run["delay"] for run in runs])
    return Option(
        name=name,
        officer_hours=hours,
        delay_hours=interval([run["delay"] for run in runs]),
        delay_change=difference(runs, first, "delay"),
        waits={one: interval([run[one] for run in runs]) for one in classes},
        wait_changes={one: difference(runs, first, one) for one in classes},
        cost=cost,
        unserved=float(np.mean([run["unserved"] for run in runs])),
    )


def difference(runs: Sequence[Mapping[str, float]], first: Sequence[Mapping[str, float]], key: str) -> Interval:
    """Mean difference and its interval, from pairs that share their random numbers."""
    return interval([one[key] - other[key] for one, other in zip(runs, first, strict=True)])
