"""Booths moved between lanes: what it does to those who gain them and to those who lose them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise, permutations

import numpy as np
from numpy.typing import NDArray

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.engines.queueing.comparing import Option, compare
from otay.engines.queueing.scenario import Lane, Scenario, Staffing
from otay.engines.queueing.timetable import DAY, week_levels

FAMILIES = (("general", "ready", "sentri"), ("cargo", "cargo_fast", "cargo_empty"))
_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def families(scenario: Scenario, among: Sequence[str] = ()) -> list[list[str]]:
    """Lanes between which booths may move: those named, else the lanes for cars and those for trucks that are there.

    Raises:
        Refused: when a name is no lane with booths of its own, or there is nothing to move between.
    """
    own = [lane.name for lane in scenario.lanes if lane.shared_with is None]
    if among:
        for name in among:
            if name not in own:
                raise Refused(
                    N_("There is no lane %(name)s with booths of its own; there are: %(known)s"),
                    name=name,
                    known=", ".join(own),
                )
        found = [list(among)]
    else:
        found = [[name for name in family if name in own] for family in FAMILIES]
        found = [family for family in found if len(family) > 1] or [own]
    if not any(len(family) > 1 for family in found):
        raise Refused(N_("Booths can only move between two lanes or more"))
    return found


def staffing_of_week(minutes: NDArray[np.int64]) -> list[Staffing]:
    """A week by the minute as entries of a scenario."""
    entries = []
    for day, name in enumerate(_NAMES):
        levels = minutes[day * DAY : (day + 1) * DAY]
        cuts = [0, *(np.flatnonzero(np.diff(levels)) + 1).tolist(), DAY]
        for begin, end in pairwise(cuts):
            if levels[begin]:
                entries.append(Staffing(days=name, from_=_clock(begin), to=_clock(end), booths=int(levels[begin])))
    return entries


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def move(scenario: Scenario, giver: str, taker: str, count: int) -> Scenario | None:
    """``count`` booths from one lane to another whenever both are open, leaving the giver one; None if none can
    move."""
    lanes = {lane.name: lane for lane in scenario.lanes}
    given = week_levels(lanes[giver].booths, lanes[giver].hours)
    taken = week_levels(lanes[taker].booths, lanes[taker].hours)
    moved = np.where((given > 0) & (taken > 0), np.minimum(count, np.maximum(given - 1, 0)), 0)
    most = lanes[taker].most_booths
    if most is not None:
        moved = np.minimum(moved, np.maximum(most - taken, 0))
    if not moved.any():
        return None
    changed = {giver: given - moved, taker: taken + moved}
    new = [_with(lane, changed[lane.name]) if lane.name in changed else lane for lane in scenario.lanes]
    return scenario.model_copy(update={"lanes": new})


def _with(lane: Lane, minutes: NDArray[np.int64]) -> Lane:
    return lane.model_copy(update={"booths": staffing_of_week(minutes)})


def allocations(
    scenario: Scenario,
    *,
    among: Sequence[str] = (),
    most: int = 2,
    replications: int = 20,
    progress: Callable[[int], None] | None = None,
) -> list[Option]:
    """The scenario as it stands, and one to ``most`` booths moved between each two lanes, each on the same traffic."""
    named = [("", scenario), *moves(scenario, among, most)]
    return compare(named, replications, progress)


def moves(scenario: Scenario, among: Sequence[str], most: int) -> list[tuple[str, Scenario]]:
    """All ways to move up to ``most`` booths, by name; those only that differ."""
    found = []
    for family in families(scenario, among):
        for giver, taker in permutations(family, 2):
            before = None
            for count in range(1, most + 1):
                changed = move(scenario, giver, taker, count)
                if changed is None or changed == before:  # no more booths could move
                    break
                found.append((f"{giver} > {taker}: {count}", changed))
                before = changed
    return found
