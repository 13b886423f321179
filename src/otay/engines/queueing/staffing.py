"""The fewest booths, period by period, that hold a service level: sought by formula, then checked by simulation.

The formula (each period as if it were steady) gives a start. Simulation on the same arrivals and services throughout
(common random numbers) adds booths where the level is missed, and takes them away where it is held without them. What
is found is then judged on arrivals that the search has not seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.engines.queueing.approximations import fewest_booths
from otay.engines.queueing.layout import Layout, lay_out
from otay.engines.queueing.lines import fifo
from otay.engines.queueing.playing import Drawn, draw_traffic, play, play_lines
from otay.engines.queueing.scenario import Scenario, Target
from otay.engines.queueing.services import variation
from otay.engines.queueing.simulation import Interval, interval
from otay.engines.queueing.timetable import DAY, WEEK, open_minutes, over, steps_of, week_levels

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MOST = 500
FEW = 20
"""Arrivals in all replications below which a period is not judged by itself."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one lane, by period of the week and replication: arrivals, waits within the limit, sum of waits."""

    arrivals: Floats
    within: Floats
    waited: Floats

    def missed(self, target: Target) -> NDArray[np.bool_]:
        """Periods in which the service level is not held, over all replications."""
        count = self.arrivals.sum(axis=0)
        safe = np.maximum(count, 1)
        missed = self.within.sum(axis=0) / safe < target.share
        if target.mean_minutes is not None:
            missed |= self.waited.sum(axis=0) / safe > target.mean_minutes
        return np.asarray(missed & (count >= FEW))


@dataclass(frozen=True, slots=True)
class LaneStaffing:
    """What was found for one lane. Booths by period of the week from Monday."""

    lane: str
    booths: Ints
    current: Ints
    officer_hours: float
    officer_hours_current: float
    officer_hours_formula: float
    """What the formula alone would take."""
    load_hours: float
    """Hours of work that come: no staffing can be below."""
    share_within: Interval
    """On arrivals not seen by the search."""
    mean_wait: Interval
    missed_periods: int
    """Of the search, where no more booths exist or time ran out."""
    share_within_current: Interval


@dataclass(frozen=True, slots=True)
class Staffed:
    """Staffing of all lanes with booths of their own."""

    period: int
    lanes: Sequence[LaneStaffing]

    def week(self) -> Ints:
        """Booths over all lanes in each period."""
        return np.asarray(np.sum([lane.booths for lane in self.lanes], axis=0))


def _tally(at: Sequence[Floats], waits: Sequence[Floats], scenario: Scenario, period: int) -> Tally:
    bins = WEEK // period
    shift = scenario.start.weekday() * DAY
    rows: list[list[Floats]] = []
    for arrived, waited in zip(at, waits, strict=True):
        counted = (arrived >= 0) & (arrived < scenario.days * DAY)
        slot = (((arrived[counted] + shift) % WEEK) // period).astype(np.int64)
        # Who is never served waits longer than any limit.
        wait = np.where(np.isnan(waited[counted]), float(WEEK), waited[counted])
        rows.append(
            [
                np.bincount(slot, minlength=bins).astype(float),
                np.bincount(slot, wait <= scenario.target.minutes, bins).astype(float),
                np.bincount(slot, wait, bins).astype(float),
            ]
        )
    table = np.array(rows)
    return Tally(table[:, 0], table[:, 1], table[:, 2])


Trial = Callable[[Ints], Tally]


def _lane_of_its_own(layout: Layout, lane: str, sets: Sequence[Sequence[Drawn]], period: int) -> tuple[Trial, float]:
    """A trial of booths in one lane that no other lane depends on, and its load in booth minutes a week."""
    users = [one.name for one in layout.scenario.traffic if layout.owner(one.lanes[0]) == lane]
    factor = {one.name: layout.factors[one.lanes[0]] for one in layout.scenario.traffic}
    arrivals, services = [], []
    load = 0.0
    for drawn in sets:
        played = {one.name: one.at_road for one in play_lines(layout, list(drawn))} if layout.scenario.neighbour else {}
        parts = [one for one in drawn if one.name in users]
        at = np.concatenate([played.get(one.name, one.arrival) for one in parts])
        need = np.concatenate([one.service * factor[one.name] for one in parts])
        order = np.argsort(at, kind="stable")[: int((~np.isnan(at)).sum())]
        arrivals.append(at[order])
        services.append(need[order])
        load += float(need[order][at[order] >= 0].sum()) / layout.scenario.days * 7 / len(sets)
    until = layout.booths[lane].size + layout.begin

    def trial(booths: Ints) -> Tally:
        steps = _steps(booths, layout, period, until)
        waits = [fifo(at, need, steps).waits for at, need in zip(arrivals, services, strict=True)]
        return _tally(arrivals, waits, layout.scenario, period)

    return trial, load


def _steps(booths: Ints, layout: Layout, period: int, until: int) -> list[tuple[float, int]]:
    minutes = over(np.repeat(booths, period), layout.scenario.start, layout.begin, until)
    return steps_of(minutes, layout.begin)


def _lane_among_others(
    layout: Layout, lane: str, sets: Sequence[Sequence[Drawn]], period: int, chosen: Mapping[str, Ints]
) -> tuple[Trial, float]:
    """The same where lanes depend on one another: the whole port is played, the other lanes as chosen so far."""
    scenario = layout.scenario
    here = [index for index, one in enumerate(scenario.lanes) if layout.owner(one.name) == lane]
    until = layout.booths[lane].size + layout.begin

    def week(booths: Ints) -> Ints:
        return over(np.repeat(booths, period), scenario.start, layout.begin, until)

    def trial(booths: Ints) -> Tally:
        replaced = {name: week(levels) for name, levels in chosen.items()} | {lane: week(booths)}
        changed = lay_out(scenario, booths=replaced)
        arrivals, waits = [], []
        for index, drawn in enumerate(sets):
            played = play(changed, index, list(drawn))
            rows = [np.isin(one.lane, here) for one in played]
            arrivals.append(np.concatenate([one.at_road[row] for one, row in zip(played, rows, strict=True)]))
            waits.append(
                np.concatenate([(one.start - one.at_road)[row] for one, row in zip(played, rows, strict=True)])
            )
        return _tally(arrivals, waits, scenario, period)

    users = [one.name for one in scenario.traffic if any(layout.owner(name) == lane for name in one.lanes)]
    load = sum(float(one.service[one.arrival >= 0].sum()) for drawn in sets for one in drawn if one.name in users)
    return trial, load / len(sets) / scenario.days * 7


def staff(
    scenario: Scenario,
    *,
    period: int = 60,
    replications: int = 10,
    seconds: float = 60.0,
    progress: Callable[[int], None] | None = None,
) -> Staffed:
    """The fewest booths by ``period`` minutes for each lane; the searches together take about ``seconds`` at most.

    Raises:
        Refused: when the period does not divide a day.
    """
    if period < 5 or DAY % period:
        raise Refused(N_("A period must divide a day and be 5 minutes or more, not %(period)s"), period=period)
    layout = lay_out(scenario)
    owners = [lane for lane in scenario.lanes if lane.shared_with is None]
    chosen = {
        lane.name: _by_period(week_levels(lane.booths, lane.hours) * (2 if lane.double_stacked else 1), period)
        for lane in owners
    }
    seen = [draw_traffic(layout, index) for index in range(replications)]
    unseen = [draw_traffic(layout, index) for index in range(replications, 2 * replications)]
    found: list[LaneStaffing] = []
    until = time.monotonic() + seconds
    for lane in owners:
        if layout.independent:
            trial, load = _lane_of_its_own(layout, lane.name, seen, period)
            check, _load = _lane_of_its_own(layout, lane.name, unseen, period)
        else:
            trial, load = _lane_among_others(layout, lane.name, seen, period, chosen)
            check, _load = _lane_among_others(layout, lane.name, unseen, period, chosen)
        opened = _by_period(open_minutes(lane.hours).astype(np.int64), period) > 0
        most = np.where(opened, lane.most_booths or MOST, 0)
        current = chosen[lane.name]
        formula = np.minimum(_formula(layout, lane.name, trial(current), period), most)
        booths, tally = _search(
            trial, formula, most, opened, scenario.target, _deadline(until, len(owners) - len(found))
        )
        chosen = chosen | {lane.name: booths}
        judged = check(booths)
        hours = period / 60
        found.append(
            LaneStaffing(
                lane=lane.name,
                booths=booths,
                current=current,
                officer_hours=float(booths.sum() * hours),
                officer_hours_current=float(current.sum() * hours),
                officer_hours_formula=float(formula.sum() * hours),
                load_hours=load / 60,
                share_within=interval(_ratio(judged.within, judged.arrivals)),
                mean_wait=interval(_ratio(judged.waited, judged.arrivals)),
                missed_periods=int((tally.missed(scenario.target) & opened).sum()),
                share_within_current=interval(_ratio(*_pair(check(current)))),
            )
        )
        if progress:
            progress(1)
    return Staffed(period, found)


def _deadline(until: float, left: int) -> float:
    """An equal part of the time left; what one lane leaves over the next ones have."""
    now = time.monotonic()
    return now + max(0.0, until - now) / left


def _pair(tally: Tally) -> tuple[Floats, Floats]:
    return tally.within, tally.arrivals


def _ratio(top: Floats, below: Floats) -> Floats:
    return np.asarray(top.sum(axis=1) / np.maximum(below.sum(axis=1), 1))


def _by_period(minutes: Ints, period: int) -> Ints:
    return np.asarray(minutes.reshape(-1, period).max(axis=1))


def _formula(layout: Layout, lane: str, tally: Tally, period: int) -> Ints:
    scenario = layout.scenario
    users = [one for one in scenario.traffic if any(layout.owner(name) == lane for name in one.lanes)]
    mean = float(np.mean([layout.services[one.name].mean() for one in users])) * layout.factors[lane]
    cv = max(variation(one.service) for one in users)
    target = scenario.target
    weeks = tally.arrivals.shape[0] * scenario.days / 7
    rates = tally.arrivals.sum(axis=0) / weeks / period
    return np.array(
        [fewest_booths(rate, mean, target.share, target.minutes, target.mean_minutes, cv) for rate in rates.tolist()]
    )


def _search(
    trial: Trial, start: Ints, most: Ints, opened: NDArray[np.bool_], target: Target, until: float
) -> tuple[Ints, Tally]:
    """Booths that hold the level in every open period: add where it is missed, then take away what is not needed."""
    booths = np.where(opened, np.maximum(start, np.minimum(1, most)), 0)
    tally = trial(booths)
    while (missed := tally.missed(target) & opened).any() and time.monotonic() < until:
        # What is missed in a period is often owed to the one before.
        raised = np.minimum(booths + (missed | np.roll(missed, -1)) * opened, most)
        if (raised == booths).all():
            break
        booths = raised
        tally = trial(booths)
    held = int((tally.missed(target) & opened).sum())
    for size in (32, 16, 8, 4, 2, 1):
        order = np.argsort(-_slack(tally, booths), kind="stable")
        for begin in range(0, order.size, size):
            if time.monotonic() > until:
                return booths, tally
            lowered = booths.copy()
            picked = [place for place in order[begin : begin + size].tolist() if booths[place] > 1]
            lowered[picked] -= 1
            if not picked:
                continue
            attempt = trial(lowered)
            if int((attempt.missed(target) & opened).sum()) <= held:
                booths, tally = lowered, attempt
    return booths, tally


def _slack(tally: Tally, booths: Ints) -> Floats:
    """Periods with short waits and many booths first."""
    return np.asarray(booths / (1 + tally.waited.sum(axis=0) / np.maximum(tally.arrivals.sum(axis=0), 1)))
