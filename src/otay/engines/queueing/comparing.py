"""Scenarios beside one another on the same random numbers, with intervals on their differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from otay.engines.queueing.layout import Layout, lay_out
from otay.engines.queueing.replication import run as play
from otay.engines.queueing.scenario import Scenario
from otay.engines.queueing.simulation import Interval, interval, on_threads

DELAY, UNSERVED = "/delay", "/unserved"
"""Keys beside the names of classes, which hold no slash."""


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


def look(layout: Layout, replication: int) -> dict[str, float]:
    """What is compared, of one replication: hours of delay on both sides, who is never served, mean wait by class."""
    groups, _series = play(layout, replication)
    there = groups["total"].get("neighbour_delay", 0.0)
    arrivals = groups["total"]["arrivals"]
    waits = {
        key.removeprefix("traffic/"): one["mean_wait"] for key, one in groups.items() if key.startswith("traffic/")
    }
    return {
        DELAY: groups["total"]["delay_hours"] + (0.0 if np.isnan(there) else there) * arrivals / 60,
        UNSERVED: arrivals - sum(groups["total"][key] for key in ("served", "balked", "turned_away")),
        **waits,
    }


def compare(
    named: Sequence[tuple[str, Scenario]], replications: int, progress: Callable[[int], None] | None = None
) -> list[Option]:
    """Play each scenario ``replications`` times; the first is what the others are compared with."""
    runs = []
    for _name, scenario in named:
        layout = lay_out(scenario)
        runs.append(on_threads(partial(look, layout), replications, progress))
    return options(named, runs)


def options(named: Sequence[tuple[str, Scenario]], runs: Sequence[Sequence[Mapping[str, float]]]) -> list[Option]:
    """What :func:`look` told of each scenario and replication, beside the first."""
    return [_option(name, scenario, found, runs[0]) for (name, scenario), found in zip(named, runs, strict=True)]


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
        cost = interval([costs.officer_hour * hours + costs.waiting_hour * run[DELAY] for run in runs])
    return Option(
        name=name,
        officer_hours=hours,
        delay_hours=interval([run[DELAY] for run in runs]),
        delay_change=difference(runs, first, DELAY),
        waits={one: interval([run[one] for run in runs]) for one in classes},
        wait_changes={one: difference(runs, first, one) for one in classes},
        cost=cost,
        unserved=float(np.mean([run[UNSERVED] for run in runs])),
    )


def difference(runs: Sequence[Mapping[str, float]], first: Sequence[Mapping[str, float]], key: str) -> Interval:
    """Mean difference and its interval, from pairs that share their random numbers."""
    return interval([one[key] - other[key] for one, other in zip(runs, first, strict=True)])
