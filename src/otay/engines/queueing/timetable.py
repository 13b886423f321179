"""Weekly tables of booths and hours, as steps in minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from otay.engines.queueing.scenario import Incident, Lane, Opening, Staffing

DAY, WEEK = 1440, 10_080
_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Steps = list[tuple[float, int]]


def weekdays(text: str) -> list[int]:
    """``mon-fri``, ``fri-mon``, ``sat`` as numbers, Monday 0."""
    first, _, last = text.partition("-")
    start, end = _NAMES.index(first), _NAMES.index(last or first)
    return [day % 7 for day in range(start, (end if end >= start else end + 7) + 1)]


def minute_of(text: str) -> int:
    """``06:30`` as minutes after midnight."""
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def open_minutes(hours: Sequence[Opening]) -> NDArray[np.bool_]:
    """Every minute of the week from Monday: whether it is open."""
    week = np.zeros(WEEK, bool)
    for entry in hours:
        for day in weekdays(entry.days):
            week[day * DAY + minute_of(entry.opens) : day * DAY + minute_of(entry.closes)] = True
    return week


def minutes_open(hours: Sequence[Opening]) -> int:
    """Minutes a week that it is open."""
    return int(open_minutes(hours).sum())


def week_levels(booths: int | Sequence[Staffing], hours: Sequence[Opening] | None = None) -> NDArray[np.int64]:
    """Booths in every minute of the week from Monday."""
    week = np.zeros(WEEK, np.int64)
    for entry in [Staffing(booths=booths)] if isinstance(booths, int) else booths:
        for day in weekdays(entry.days):
            week[day * DAY + minute_of(entry.from_) : day * DAY + minute_of(entry.to)] += entry.booths
    return week if hours is None else week * open_minutes(hours)


def steps_of(minutes: NDArray[np.int64], offset: float = 0.0) -> Steps:
    """Level by minute as steps at which it changes; the first always stands."""
    changes = np.flatnonzero(np.diff(minutes)) + 1
    return [(offset + float(at), int(minutes[at])) for at in [0, *changes.tolist()]]


def level_steps(booths: int | Sequence[Staffing], hours: Sequence[Opening] | None = None) -> Steps:
    """Steps over one week from Monday."""
    return steps_of(week_levels(booths, hours))


def over(week: NDArray[np.int64], start: date, from_minute: int, to_minute: int) -> NDArray[np.int64]:
    """A weekly table by minute from ``from_minute`` to ``to_minute`` after midnight of ``start``."""
    first = start.weekday() * DAY + from_minute
    return week[np.arange(first, first + to_minute - from_minute) % WEEK]


def lose(levels: NDArray[np.int64], from_minute: int, lane: Lane, incidents: Sequence[Incident]) -> NDArray[np.int64]:
    """Take the booths that incidents cost away."""
    for incident in incidents:
        if incident.lane == lane.name:
            lost = slice(max(0, int(incident.from_minute) - from_minute), max(0, int(incident.to_minute) - from_minute))
            levels[lost] = 0 if incident.booths_lost is None else np.maximum(0, levels[lost] - incident.booths_lost)
    return levels
