"""What an open crossing is: hours on each side, in each side's own zone, through every change of the clocks.

Hours are kept as minutes since local midnight, ``opens`` < ``closes``; 1440 is the end of the day. A crossing whose
hours nobody told is neither open nor closed: it is unknown, and every answer here can be "unknown".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAY = 1440
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OLD_AFTER = timedelta(days=3653)
"""Hours that a source told more than ten years ago are shown as old."""


class Mode(StrEnum):
    """What crosses."""

    CARGO = "cargo"
    CAR = "car"
    PEDESTRIAN = "pedestrian"
    BUS = "bus"
    RAIL = "rail"


class LaneKind(StrEnum):
    """Groups of lanes. ``VEHICLES``: all lanes for cars together, where a source does not tell them apart."""

    VEHICLES = "vehicles"
    GENERAL = "general"
    READY = "ready"
    SENTRI = "sentri"
    PEDESTRIAN = "pedestrian"
    BUS = "bus"
    CARGO = "cargo"
    CARGO_FAST = "cargo_fast"
    CARGO_EMPTY = "cargo_empty"
    RAIL = "rail"


class Status(StrEnum):
    """Whether a crossing is open at a moment."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Hours:
    """Open on ``weekday`` (Monday is 0) from minute ``opens`` to minute ``closes``, within the dates of validity."""

    weekday: int
    opens: int
    closes: int
    valid_from: date | None = None
    valid_to: date | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.weekday <= 6 and 0 <= self.opens < self.closes <= DAY):
            raise ValueError("hours need a weekday 0-6 and 0 <= opens < closes <= 1440 minutes")

    def on(self, day: date) -> bool:
        """True if these hours hold on ``day``."""
        return (
            day.weekday() == self.weekday
            and (self.valid_from is None or day >= self.valid_from)
            and (self.valid_to is None or day <= self.valid_to)
        )


@dataclass(frozen=True, slots=True)
class Change:
    """At ``at`` (UTC) the crossing becomes ``status``."""

    at: datetime
    status: Status


Window = tuple[datetime, datetime]


def weekdays_of(text: str) -> list[int]:
    """``mon-fri``, ``fri-mon`` (over the week's end), ``sat`` as numbers of weekdays.

    Raises:
        ValueError: for a name that is no weekday.
    """
    first, _, last = text.partition("-")
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return [day % 7 for day in range(start, (end if end >= start else end + 7) + 1)]


def minutes_of(text: str) -> int:
    """``06:30`` as minutes since midnight; ``24:00`` is the end of the day.

    Raises:
        ValueError: for anything else.
    """
    hours, _, minutes = text.partition(":")
    value = int(hours) * 60 + int(minutes)
    if not 0 <= value <= DAY or int(minutes) > 59:
        raise ValueError(f"{text!r} is not a time of day")
    return value


def local_moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Minute ``minute`` of the local ``day``, in UTC; 1440 is the next midnight.

    A time that the clocks skip in spring counts as the moment after the gap; one that comes twice in autumn is the
    first of the two.
    """
    day, minute = (day + timedelta(days=1), 0) if minute == DAY else (day, minute)
    local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
    return local.astimezone(UTC)


def open_windows(hours: Sequence[Hours], zone: ZoneInfo, start: datetime, end: datetime) -> list[Window]:
    """When it is open between ``start`` and ``end``: UTC windows in order, touching ones joined."""
    windows: list[Window] = []
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        for entry in hours:
            if entry.on(day):
                opens, closes = local_moment(day, entry.opens, zone), local_moment(day, entry.closes, zone)
                windows.append((max(opens, start), min(closes, end)))
        day += timedelta(days=1)
    return _joined(windows)


def _joined(windows: Iterable[Window]) -> list[Window]:
    joined: list[Window] = []
    for opens, closes in sorted(window for window in windows if window[0] < window[1]):
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], closes))
        else:
            joined.append((opens, closes))
    return joined


def common_windows(one: Sequence[Window], other: Sequence[Window]) -> list[Window]:
    """When both sides are open: what the two lists of windows have in common."""
    both = ((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other)
    return _joined(both)


def status_at(hours: Sequence[Hours], zone: ZoneInfo, at: datetime) -> Status:
    """Open, closed, or unknown where no hours are told."""
    if not hours:
        return Status.UNKNOWN
    local = at.astimezone(zone)
    # A wall-clock comparison would be wrong in the hour that clocks go back over; windows in UTC are not.
    here = open_windows(hours, zone, at - timedelta(days=1), at + timedelta(minutes=1))
    known = any(_in_force(entry, local.date()) for entry in hours)
    if not known:
        return Status.UNKNOWN
    return Status.OPEN if any(opens <= at < closes for opens, closes in here) else Status.CLOSED


def _in_force(entry: Hours, day: date) -> bool:
    return (entry.valid_from is None or day >= entry.valid_from) and (entry.valid_to is None or day <= entry.valid_to)


def next_change(
    hours: Sequence[Hours], zone: ZoneInfo, at: datetime, horizon: timedelta = timedelta(days=8)
) -> Change | None:
    """The next moment at which it opens or closes; None where hours are unknown or nothing changes in ``horizon``."""
    now = status_at(hours, zone, at)
    if now is Status.UNKNOWN:
        return None
    end = at + horizon
    for opens, closes in open_windows(hours, zone, at, end):
        if now is Status.CLOSED:
            return Change(opens, Status.OPEN)
        if opens <= at and closes < end:
            return Change(closes, Status.CLOSED)
    return None


def is_old(as_of: date | None, today: date) -> bool:
    """True if a statement is dated more than ten years before ``today``; undated statements are not called old."""
    return as_of is not None and today - as_of > OLD_AFTER
