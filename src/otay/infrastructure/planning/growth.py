"""How much demand a forecast year brings over the month that a scenario plays, class by class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.engines.queueing.scenario import Scenario
from otay.infrastructure.planning.building import MEASURES
from otay.infrastructure.planning.counts import COUNTS, content
from otay.places.profile import lane_shares

FURTHEST = 30
"""Years."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Demand of a class at the year's busiest month over demand in the month played; ``low`` to ``high``: 80 %."""

    month: str
    factor: float
    low: float
    high: float


def measure_of() -> dict[str, str]:
    """The measure of the statistics behind each class of traffic."""
    return {kind.value: measure.value for measure in MEASURES for kind in lane_shares(measure, 0.5)}


def growth(scenario: Scenario, year: int) -> dict[str, Growth]:
    """Growth of each class of ``scenario`` to ``year`` from the counts that ship with the project.

    Raises:
        Refused: when there is no forecast for the port, the class or the year.
    """
    from otay.engines.forecasting import History, forecast, month_number, month_text, read_history

    whole = read_history(content(COUNTS))
    ahead = month_number(f"{year}-12") - whole.after + 1
    if not 12 <= ahead <= 12 * FURTHEST:
        message = N_("%(year)s cannot be forecast: counts end in %(last)s; give a year from %(first)s to %(furthest)s")
        last, first = month_text(whole.after - 1), whole.after // 12
        raise Refused(message, year=year, last=last, first=first, furthest=first + FURTHEST - 1)
    measures = measure_of()
    rows = [index for index, key in enumerate(whole.keys) if key[0] == scenario.port]
    counts = History([whole.keys[index] for index in rows], whole.first, whole.values[rows])
    answers = {one.measure: one for one in forecast(counts, ahead)} if rows else {}
    month, found = scenario.start.strftime("%Y-%m"), {}
    for index, traffic in enumerate(scenario.traffic):
        measure = measures.get(traffic.name, "")
        if measure not in answers:
            message = N_("There is no forecast for %(name)s at port %(port)s: give its growth with --growth")
            raise Refused(message, name=f"/traffic/{index}/name {traffic.name}", port=scenario.port or "-")
        known = counts.values[[key[1] for key in counts.keys].index(measure)]
        now = month_number(month) - counts.first
        months = answers[measure].months
        base = float(known[now]) if now < known.size else months[now - known.size].point
        peak = max((one for one in months if one.month.startswith(str(year))), key=lambda one: one.point)
        if not base > 0:
            raise Refused(N_("There are no counts of %(measure)s in %(month)s"), measure=measure, month=month)
        found[traffic.name] = Growth(peak.month, peak.point / base, peak.low_80 / base, peak.high_80 / base)
    return found


def factors(found: Mapping[str, Growth], which: str = "factor") -> dict[str, float]:
    """One of the figures by class."""
    return {name: round(float(getattr(one, which)), 4) for name, one in found.items()}
