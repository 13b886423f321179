"""What staffing, hours and lanes come to, as data and as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from otay.core.i18n import N_
from otay.engines.queueing.comparing import Option
from otay.engines.queueing.scenario import Scenario
from otay.engines.queueing.shifts import Cover
from otay.engines.queueing.simulation import Interval
from otay.engines.queueing.staffing import Staffed
from otay.infrastructure.planning.showing import lists, number, table, with_interval
from otay.node.commandline import Console

_DAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))


def rounded(found: Interval) -> dict[str, float | None]:
    """Mean and 95 % interval; None for what is not known."""
    keys = ("mean", "low", "high")
    return {key: round(getattr(found, key), 4) if np.isfinite(getattr(found, key)) else None for key in keys}


def staffing_data(found: Staffed, roster: Cover | None, scenario: Scenario) -> dict[str, Any]:
    """The answer of ``otay staff``."""
    return {
        "period_minutes": found.period,
        "target": scenario.target.model_dump(),
        "lanes": [
            {
                "lane": lane.lane,
                "booths_by_period_of_week": lane.booths.tolist(),
                "officer_hours_week": lane.officer_hours,
                "officer_hours_week_current": lane.officer_hours_current,
                "officer_hours_week_formula": lane.officer_hours_formula,
                "load_hours_week": round(lane.load_hours, 1),
                "share_within_target": rounded(lane.share_within),
                "share_within_target_current": rounded(lane.share_within_current),
                "mean_wait_minutes": rounded(lane.mean_wait),
                "missed_periods": lane.missed_periods,
            }
            for lane in found.lanes
        ],
        "shifts": None
        if roster is None
        else {
            "officer_hours_week": roster.officer_hours,
            "bound": roster.bound,
            "gap": round(roster.gap, 5),
            "booth_hours_week": roster.needed_hours,
            "shifts": [asdict(shift) for shift in roster.shifts],
        },
    }


def staffing_text(console: Console, scenario: Scenario, found: Staffed, roster: Cover | None) -> str:
    """Officer-hours by lane, the week by day and hour, and the shifts."""
    target = scenario.target
    head = console.text(
        N_(
            "Fewest booths for %(share)s %% within %(minutes)s minutes in every period of %(period)s minutes; "
            "shares and waits as "
            "simulated on traffic that the search had not seen."
        ),
        share=f"{100 * target.share:g}",
        minutes=f"{target.minutes:g}",
        period=found.period,
    )
    titles = [
        N_("Officer-hours a week"),
        N_("found"),
        N_("now"),
        N_("formula"),
        N_("load"),
        N_("within target"),
        N_("now"),
        N_("mean wait"),
        N_("periods missed"),
    ]
    lines = [
        (
            lane.lane,
            number(lane.officer_hours, 0),
            number(lane.officer_hours_current, 0),
            number(lane.officer_hours_formula, 0),
            number(lane.load_hours, 0),
            f"{100 * lane.share_within.mean:.1f} %",
            f"{100 * lane.share_within_current.mean:.1f} %",
            with_interval(lane.mean_wait),
            str(lane.missed_periods),
        )
        for lane in found.lanes
    ]
    parts = [head, "", table([console.text(title) for title in titles], lines), "", _week(console, found)]
    if roster is not None:
        parts += ["", _shifts(console, roster)]
    return "\n".join([*parts, "", lists(console, scenario)]).rstrip()


def _week(console: Console, found: Staffed) -> str:
    """Booths open at most in each hour of each day, all lanes together."""
    hourly = found.week().reshape(7, 24, -1).max(axis=2)
    titles = [console.text(N_("All booths")), *(f"{hour:02d}" for hour in range(24))]
    return table(
        titles, [(console.text(name), *map(str, row)) for name, row in zip(_DAYS, hourly.tolist(), strict=True)]
    )


def _shifts(console: Console, roster: Cover) -> str:
    return console.text(
        N_(
            "Shifts: %(officers)s a week, %(hours)s officer-hours with breaks for %(needed)s booth hours; at most "
            "%(gap)s %% above the least "
            "possible (bound %(bound)s). --json lists them."
        ),
        officers=sum(shift.officers for shift in roster.shifts),
        hours=number(roster.officer_hours, 0),
        needed=number(roster.needed_hours, 0),
        gap=f"{100 * roster.gap:.2f}",
        bound=number(roster.bound, 0),
    )


def _option(found: Option) -> dict[str, Any]:
    return {
        "option": found.name or "as it stands",
        "officer_hours": round(found.officer_hours, 2),
        "delay_hours": rounded(found.delay_hours),
        "delay_change_hours": rounded(found.delay_change),
        "mean_wait_minutes": {name: rounded(one) for name, one in found.waits.items()},
        "mean_wait_change_minutes": {name: rounded(one) for name, one in found.wait_changes.items()},
        "cost": None if found.cost is None else rounded(found.cost),
        "never_served": round(found.unserved, 2),
    }


def _saved(found: Option, first: Option) -> float | None:
    """Hours of waiting saved for each officer-hour added; None where none is added."""
    added = found.officer_hours - first.officer_hours
    return -found.delay_change.mean / added if added > 0.5 else None


def best_hours(options: Sequence[Option]) -> Option:
    """Least cost where costs are known; else the most waiting saved for each officer-hour added, if surely any is
    saved."""
    first = options[0]
    served = [one for one in options if one.unserved <= first.unserved + 0.5]
    if first.cost is not None:
        return min(served, key=lambda one: one.cost.mean if one.cost else np.inf)
    free = [one for one in served if one.delay_change.high < 0 and _saved(one, first) is None]
    if free:
        return min(free, key=lambda one: one.delay_hours.mean)
    paying = [one for one in served if one.delay_change.high < 0]
    return max(paying, key=lambda one: _saved(one, first) or 0.0, default=first)


def hours_data(options: Sequence[Option]) -> dict[str, Any]:
    """The answer of ``otay hours``."""
    found = []
    for one in options:
        saved = _saved(one, options[0])
        per_hour = one.delay_hours.mean / one.officer_hours if one.officer_hours else None
        found.append(
            _option(one)
            | {
                "delay_per_officer_hour": None if per_hour is None else round(per_hour, 4),
                "delay_saved_per_officer_hour_added": None if saved is None else round(saved, 4),
            }
        )
    harmonised = next((one for one in found if one["option"] == "harmonised"), None)
    return {"options": found, "best": best_hours(options).name or "as it stands", "harmonised": harmonised}


def hours_text(console: Console, scenario: Scenario, options: Sequence[Option]) -> str:
    """A line for each way to open."""
    titles = [
        N_("Hours"),
        N_("officer-hours"),
        N_("waiting, hours"),
        N_("change"),
        N_("saved per officer-hour"),
        N_("never served"),
    ]
    lines = [
        (
            console.text(one.name or N_("as it stands")),
            number(one.officer_hours, 0),
            number(one.delay_hours.mean, 0),
            with_interval(one.delay_change) if one.name else "-",
            number(_saved(one, options[0]), 2),
            number(one.unserved, 0),
        )
        for one in options
    ]
    best = console.text(best_hours(options).name or N_("as it stands"))
    advice = console.text(
        N_("Best by these figures: %(name)s. Arrivals keep their hours: nobody changes plans here."), name=best
    )
    return "\n".join(
        [table([console.text(title) for title in titles], lines), "", advice, "", lists(console, scenario)]
    ).rstrip()


def lanes_data(options: Sequence[Option]) -> dict[str, Any]:
    """The answer of ``otay lanes``."""
    best = min(options, key=lambda one: one.delay_hours.mean)
    if best.delay_change.high >= 0:
        best = options[0]
    return {"options": [_option(one) for one in options], "least_delay": best.name or "as it stands"}


def lanes_text(console: Console, scenario: Scenario, options: Sequence[Option], title: str = N_("Booths moved")) -> str:
    """A line for each allocation, a column for each class that any of them changes."""
    changed = [
        name
        for name in options[0].waits
        if any(abs(one.wait_changes[name].mean) > 1e-9 for one in options if np.isfinite(one.wait_changes[name].mean))
    ]
    titles = [console.text(title), *changed, console.text(N_("all, hours"))]
    lines = [
        (
            console.text(N_("as it stands")),
            *(with_interval(options[0].waits[name]) for name in changed),
            number(options[0].delay_hours.mean, 0),
        )
    ]
    lines += [
        (one.name, *(with_interval(one.wait_changes[name]) for name in changed), with_interval(one.delay_change, 0))
        for one in options[1:]
    ]
    head = console.text(
        N_(
            "First line: mean wait in minutes. Others: change of it, ± half of the 95 % interval of the difference "
            "on the same traffic."
        )
    )
    return "\n".join([head, "", table(titles, lines), "", lists(console, scenario)]).rstrip()
