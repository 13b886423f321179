"""``otay lanes --year``: the fewest added booths and docks that meet a forecast year, as data and as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.engines.queueing.expansion import Needed, expand, scaled
from otay.engines.queueing.scenario import Scenario
from otay.infrastructure.planning.growth import Growth, factors, growth
from otay.infrastructure.planning.plans import rounded
from otay.infrastructure.planning.showing import lists, number, table, with_interval
from otay.node.commandline import Console

STEPS = 8
"""Of progress: four for the demand expected, four for its high end."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a port needs for a demand, and for the high end of its 80 % interval where it is a forecast."""

    year: int | None
    growth: Mapping[str, Growth]
    needed: Sequence[Needed]
    at_high_demand: Mapping[str, int]
    dock_minutes: float


def given_growth(scenario: Scenario, wanted: Sequence[str]) -> dict[str, Growth]:
    """Growth as the user says it: ``1.3`` of everything, or ``cargo=1.4``.

    Raises:
        Refused: for what is neither.
    """
    found: dict[str, Growth] = {}
    month = scenario.start.strftime("%Y-%m")
    for text in wanted:
        name, _, value = text.rpartition("=")
        try:
            factor = float(value)
        except ValueError:
            factor = 0.0
        if not isfinite(factor) or not 0 < factor <= 100:
            message = N_("--growth %(text)s: give a factor above 0 and up to 100, such as 1.3 or cargo=1.4")
            raise Refused(message, text=text)
        names = [name.strip()] if name else [one.name for one in scenario.traffic]
        found |= {one: Growth(month, factor, factor, factor) for one in names}
    return found


def expansion(
    scenario: Scenario,
    year: int | None,
    wanted: Sequence[str],
    *,
    replications: int,
    dock_minutes: float,
    progress: Callable[[int], None] | None = None,
) -> Expansion:
    """Search for the demand of ``year`` and what the user says of it, and for the high end of the forecast."""
    found = (growth(scenario, year) if year else {}) | given_growth(scenario, wanted)
    needed = expand(
        scaled(scenario, factors(found)), replications=replications, dock_minutes=dock_minutes, progress=progress
    )
    high = needed
    if any(one.high > one.factor for one in found.values()):
        more = scaled(scenario, factors(found, "high"))
        high = expand(more, replications=replications, dock_minutes=dock_minutes, progress=progress)
    return Expansion(year, found, needed, {one.place.name: one.needed for one in high}, dock_minutes)


def data(found: Expansion, scenario: Scenario) -> dict[str, Any]:
    """The answer as plain data."""
    return {
        "year": found.year,
        "target": scenario.target.model_dump(),
        "dock_minutes": found.dock_minutes,
        "growth": {name: asdict(one) for name, one in found.growth.items()},
        "places": [
            {
                "place": one.place.name,
                "kind": one.place.kind,
                "now": one.place.now,
                "needed": one.needed,
                "added": one.added,
                "needed_by_service_times": [one.low, one.high],
                "needed_at_high_demand": found.at_high_demand[one.place.name],
                "share_within": rounded(one.share_within),
                "share_within_without": rounded(one.share_within_now),
                "mean_wait_minutes": rounded(one.mean_wait),
            }
            for one in found.needed
        ],
        "added": sum(one.added for one in found.needed),
    }


def text(console: Console, found: Expansion, scenario: Scenario) -> str:
    """A line for each place, those that need nothing too."""
    target = scenario.target
    head = console.text(
        N_(
            "Fewest added booths and docks for %(share)s %% within %(minutes)s minutes (docks: %(docks)s) in every "
            "hour of the week, every booth open whenever its lane is. Bands: service times at both ends of their "
            "ranges. Shares and waits as simulated on traffic that the search had not seen."
        ),
        share=f"{100 * target.share:g}",
        minutes=f"{target.minutes:g}",
        docks=f"{found.dock_minutes:g}",
    )
    grown = [
        console.text(
            N_("%(name)s: %(factor)s times the month played, 80 %% interval %(low)s to %(high)s (%(month)s)"),
            name=name,
            factor=number(one.factor, 2),
            low=number(one.low, 2),
            high=number(one.high, 2),
            month=one.month,
        )
        for name, one in found.growth.items()
    ]
    titles = [
        N_("Place"),
        N_("exist"),
        N_("needed"),
        N_("added"),
        N_("band"),
        N_("at high demand"),
        N_("within target"),
        N_("without"),
        N_("mean wait"),
    ]
    lines = [
        (
            one.place.name,
            str(one.place.now),
            str(one.needed),
            f"+{one.added}" if one.added else "0",
            f"{one.low} - {one.high}",
            str(found.at_high_demand[one.place.name]),
            f"{number(100 * one.share_within.mean)} %",
            f"{number(100 * one.share_within_now.mean)} %",
            with_interval(one.mean_wait),
        )
        for one in found.needed
    ]
    shown = table([console.text(title) for title in titles], lines)
    return "\n".join([head, "", *grown, *([""] if grown else []), shown, "", lists(console, scenario)]).rstrip()
