"""Hours of service on both sides: what opening earlier, later or alike does to waiting, for how many officer-hours."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from otay.core.i18n import N_
from otay.engines.queueing.allocation import staffing_of_week
from otay.engines.queueing.comparing import Option, compare
from otay.engines.queueing.scenario import Lane, Neighbour, Opening, Scenario
from otay.engines.queueing.timetable import WEEK, open_minutes, week_levels

Week = NDArray[np.bool_]
HARMONISED, COMMON = N_("harmonised"), N_("common")
HARMONISED_SAME = N_("harmonised, same officer-hours")
CHANGES = (
    (
        (60, 0),
        N_("this side 1 h earlier"),
        N_("the neighbour 1 h earlier"),
        N_("both sides 1 h earlier"),
        N_("both sides 1 h earlier, same officer-hours"),
    ),
    (
        (0, 60),
        N_("this side 1 h later"),
        N_("the neighbour 1 h later"),
        N_("both sides 1 h later"),
        N_("both sides 1 h later, same officer-hours"),
    ),
    (
        (0, 120),
        N_("this side 2 h later"),
        N_("the neighbour 2 h later"),
        N_("both sides 2 h later"),
        N_("both sides 2 h later, same officer-hours"),
    ),
    ((0, -60), N_("this side 1 h shorter"), N_("the neighbour 1 h shorter"), N_("both sides 1 h shorter"), ""),
)
"""Minutes opened earlier and closed later, and the names of what that makes on one side, the other, and both."""
SAME_HOURS = {HARMONISED_SAME, *(change[-1] for change in CHANGES)}


def _stretched(week: Week, earlier: int, later: int) -> Week:
    """Every stretch of open time begun ``earlier`` and ended ``later`` minutes (negative: shortened)."""
    found = week.copy()
    for step in range(60, abs(earlier) + 1, 60):
        found = found | np.roll(week, -step) if earlier > 0 else found & np.roll(week, step)
    for step in range(60, abs(later) + 1, 60):
        found = found | np.roll(week, step) if later > 0 else found & np.roll(week, -step)
    return found


def _openings(week: Week) -> list[Opening]:
    entries = staffing_of_week(week.astype(np.int64))
    return [Opening(days=entry.days, opens=entry.from_, closes=entry.to) for entry in entries]


def _staffed(booths: NDArray[np.int64], old: Week, new: Week, *, same_hours: bool) -> NDArray[np.int64]:
    """Booths for new hours: as at the nearest time that was staffed; with ``same_hours`` no more booth hours than
    before."""
    staffed = np.flatnonzero((booths > 0) & old)
    if not staffed.size:
        return booths
    minutes = np.arange(WEEK)
    after = staffed[np.searchsorted(staffed, minutes) % staffed.size]
    before = staffed[np.searchsorted(staffed, minutes, side="right") - 1]
    nearer_after = (after - minutes) % WEEK < (minutes - before) % WEEK
    nearest = np.where(nearer_after, booths[after], booths[before])
    found = np.where(new, np.where(old & (booths > 0), booths, nearest), 0)
    return _scaled(found, new, int(booths[old].sum())) if same_hours else found


def _scaled(booths: NDArray[np.int64], opened: Week, total: int) -> NDArray[np.int64]:
    """Booths for as many booth minutes as before: hour by hour, what rounding drops is made up for in the next hour."""
    share = min(1.0, total / max(1, booths.sum()))
    found, owed = np.zeros_like(booths), 0.0
    for hour in range(0, WEEK, 60):
        block = slice(hour, hour + 60)
        wanted = booths[block].max() * share + owed
        level = max(1, round(wanted)) if opened[block].any() else 0
        owed = wanted - level if opened[block].any() else 0.0
        found[block] = np.where(opened[block], level, 0)
    return found


def _changed(part: Lane | Neighbour, new: Week, *, same_hours: bool) -> Lane | Neighbour:
    old = open_minutes(part.hours)
    booths = _staffed(week_levels(part.booths, part.hours), old, new, same_hours=same_hours)
    return part.model_copy(update={"hours": _openings(new), "booths": staffing_of_week(booths)})


def variants(scenario: Scenario, lanes: Sequence[str] = ()) -> list[tuple[str, Scenario]]:
    """Ways to open ``lanes`` (else: those whose traffic passes the neighbour, else all that close) and the
    neighbour.

    What cannot be had for the same officer-hours, because one booth is the least that can be open, is left out.
    """
    crossing = {name for station in scenario.neighbour for name in station.traffic}
    wanted = set(lanes) or {lane for one in scenario.traffic if one.name in crossing for lane in one.lanes}
    parts = [lane for lane in scenario.lanes if lane.shared_with is None and (lane.name in wanted or not wanted)]
    parts = [lane for lane in parts if lanes or not open_minutes(lane.hours).all()] or parts
    names = {lane.name for lane in parts}
    stations = [
        one for one in scenario.neighbour if any(set(_lanes_of(scenario, name)) & names for name in one.traffic)
    ]
    here = np.any([open_minutes(lane.hours) for lane in parts], axis=0)
    there = np.any([open_minutes(one.hours) for one in stations], axis=0) if stations else here

    def build(this: Callable[[Week], Week], other: Callable[[Week], Week], *, same_hours: bool = False) -> Scenario:
        new_lanes = [
            _changed(lane, this(open_minutes(lane.hours)), same_hours=same_hours) if lane in parts else lane
            for lane in scenario.lanes
        ]
        new_stations = [
            _changed(one, other(open_minutes(one.hours)), same_hours=same_hours) if one in stations else one
            for one in scenario.neighbour
        ]
        return scenario.model_copy(update={"lanes": new_lanes, "neighbour": new_stations})

    def kept(week: Week) -> Week:
        return week

    found: list[tuple[str, Scenario]] = []
    if stations and (here != there).any():
        both, either = here & there, here | there
        found.append((HARMONISED, build(lambda _week: either, lambda _week: either)))
        found.append((HARMONISED_SAME, build(lambda _week: either, lambda _week: either, same_hours=True)))
        if both.any():
            found.append((COMMON, build(lambda _week: both, lambda _week: both)))
    if not here.all():
        for (earlier, later), this, other, both_sides, same in CHANGES:

            def longer(week: Week, earlier: int = earlier, later: int = later) -> Week:
                return _stretched(week, earlier, later)

            found.append((this, build(longer, kept)))
            if stations:
                found.append((other, build(kept, longer)))
                found.append((both_sides, build(longer, longer)))
                if same:
                    found.append((same, build(longer, longer, same_hours=True)))
    most = _booth_minutes(scenario) + 60 * len(names)  # what rounding may add
    return [
        (name, one) for name, one in found
        if all(open_minutes(lane.hours).any() for lane in one.lanes)
        and (name not in SAME_HOURS or _booth_minutes(one) <= most)
    ]  # fmt: skip


def _booth_minutes(scenario: Scenario) -> int:
    parts: list[Lane | Neighbour] = [lane for lane in scenario.lanes if lane.shared_with is None]
    return sum(int(week_levels(part.booths, part.hours).sum()) for part in [*parts, *scenario.neighbour])


def _lanes_of(scenario: Scenario, traffic: str) -> list[str]:
    return next(one.lanes for one in scenario.traffic if one.name == traffic)


def opening_hours(
    scenario: Scenario,
    *,
    lanes: Sequence[str] = (),
    replications: int = 20,
    progress: Callable[[int], None] | None = None,
) -> list[Option]:
    """The scenario as it stands, and its variants, each on the same traffic."""
    return compare([("", scenario), *variants(scenario, lanes)], replications, progress)
