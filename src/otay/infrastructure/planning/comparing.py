"""Two runs beside each other: differences with their intervals, and who gains and who loses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.infrastructure.planning import presenting, queries
from otay.infrastructure.planning.models import SimulationRun

Figures = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Effect:
    """What the second plan does to a class of traffic. ``verdict``: gains, loses, same (the interval holds zero)."""

    name: str
    people: float
    before: Figures
    after: Figures
    change: Figures
    verdict: str


def check_comparable(one: SimulationRun, other: SimulationRun) -> None:
    """Runs can be compared vehicle for vehicle: same port, days and random numbers, and both are finished.

    Raises:
        Refused: when they cannot.
    """
    for row in (one, other):
        if row.result is None:
            raise Refused(N_("Run %(run)s has no figures yet"), run=row.pk)
    first, second = one.version.body, other.version.body
    for key, message in (
        ("port", N_("The runs are of two ports: compare two plans of one port")),
        ("start", N_("The plans begin on different days: give both the same start")),
        ("days", N_("The plans run over different numbers of days: give both the same")),
        ("warm_up_days", N_("The plans warm up over different numbers of days: give both the same")),
        ("seed", N_("The plans have different seeds, so their random numbers are not shared: give both the same")),
    ):
        if first.get(key) != second.get(key):
            raise Refused(message)


def compared(one: SimulationRun, other: SimulationRun) -> dict[str, Any]:
    """The second run against the first.

    Raises:
        Refused: when they cannot be compared.
    """
    from otay.infrastructure.planning.summing import contrast

    check_comparable(one, other)
    found = contrast(
        queries.scenario_of(one.version),
        queries.tallies(one),
        queries.scenario_of(other.version),
        queries.tallies(other),
    )
    before, after = (one.result or {})["groups"], (other.result or {})["groups"]
    return found | {
        "effects": [
            _effect(name, before[name], after[name], figures)
            for name, figures in found["groups"].items()
            if name.startswith("traffic/")
        ],
        "total": {
            key: (figure, after["total"].get(key), found["groups"]["total"].get(key))
            for key, figure in before["total"].items()
        },
        "officers": [sum(row.result["officer_hours"].values()) for row in (one, other) if row.result],
        "charts": _charts(one, other, found),
    }  # fmt: skip


def _effect(
    name: str, before: Mapping[str, Figures], after: Mapping[str, Figures], change: Mapping[str, Figures]
) -> Effect:
    wait = change["mean_wait"]
    verdict = "same"
    if wait["low"] is not None and wait["high"] is not None:
        if wait["high"] < 0:
            verdict = "gains"
        elif wait["low"] > 0:
            verdict = "loses"
    people = after["arrivals"]["mean"] or 0.0
    return Effect(name.partition("/")[2], people, before["mean_wait"], after["mean_wait"], wait, verdict)


def _charts(one: SimulationRun, other: SimulationRun, found: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """By lane group that both have: the waits of both by hour of the day."""
    return [(presenting.lane_name(name), presenting.chart(presenting.HOURS, [_line(run, name) for run in (one, other)]))
            for name in found["curves"]]  # fmt: skip


def _line(run: SimulationRun, lane: str) -> tuple[str, list[float | None]]:
    rows = (run.result or {})["curves"][lane]["wait"]
    return f"{run.version.scenario.number} v{run.version.number}", [row["mean"] for row in rows]
