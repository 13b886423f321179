"""What one replication leaves: sums by hour of the week, small enough to keep, so that runs can go on, be added up and
be compared without being played again. Imported by the engine process only, for numba comes with it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from otay.engines.queueing import tallying as rows
from otay.engines.queueing.layout import Layout
from otay.engines.queueing.measures import Counted
from otay.engines.queueing.playing import Sent
from otay.engines.queueing.replication import counted

Floats = NDArray[np.float64]
Tally = dict[str, NDArray[np.float32]]
SHARES = (0.5, 0.9, 0.95)
HOURLY = (
    rows.HOUR_ARRIVED, rows.HOUR_SERVED, rows.HOUR_WAITED, rows.HOUR_WITHIN, rows.HOUR_DELAYED, rows.HOUR_OVER,
)  # fmt: skip
"""By hour of arrival on this side: vehicles, those served, minutes waited, waits within the target, minutes at the
neighbour's station and vehicles that passed there."""


def _hours(row: Floats) -> Floats:
    return np.array([rows.by_hour(row, begin) for begin in HOURLY])


def tally(layout: Layout, replication: int) -> Tally:
    """The sums of one replication.

    ``classes`` and ``lanes``: (n, 6, 168). ``queue`` and ``busy``: minutes of waiting and of service in each hour of
    the week, by lane (service at the lane that owns the booths). ``quantiles``: median, 90 and 95 % by class, then by
    lane, then of all. ``longest``: by class. ``lost``: never served, would not wait, found no room, by class.
    ``secondary``: arrivals, mean wait and 95 % by station.
    """
    classes, sent = counted(layout, replication)
    scenario = layout.scenario
    names = [lane.name for lane in scenario.lanes]
    by_class = [_together(layout, [one.tally]) for one in classes]
    by_lane = [
        _together(layout, [one.tally[1 + one.lanes.index(index)][None] for one in classes if index in one.lanes])
        for index in range(len(names))
    ]
    busy = np.zeros((len(names), rows.HOURS))
    for index, name in enumerate(names):
        busy[names.index(layout.owner(name))] += rows.by_hour(by_lane[index], rows.HOUR_BUSY)
    everybody = _together(layout, [one.tally for one in classes])
    found = {
        "classes": np.array([_of_class(layout, one, row) for one, row in zip(classes, by_class, strict=True)]),
        "lanes": np.array([_hours(row) for row in by_lane]),
        "queue": np.array([rows.by_hour(row, rows.HOUR_LINE) for row in by_lane]),
        "busy": busy,
        "quantiles": np.array([rows.quantiles(row, SHARES) for row in [*by_class, *by_lane, everybody]]),
        "longest": np.array([row[rows.LONGEST] for row in by_class]),
        "lost": np.array([_lost(row) for row in by_class]),
        "secondary": _secondary(layout, sent),
    }
    return {name: values.astype(np.float32) for name, values in found.items()}


def _together(layout: Layout, parts: Iterable[Floats]) -> Floats:
    return rows.together(parts, layout.horizon)


def _of_class(layout: Layout, one: Counted, row: Floats) -> Floats:
    """Hours of a class; nothing at the neighbour's for one that passes no station there."""
    found = _hours(row)
    if not any(one.name in station.traffic for station in layout.scenario.neighbour):
        found[4:] = 0.0
    return found


def _lost(row: Floats) -> list[float]:
    balked, turned = float(row[rows.BALKED]), float(row[rows.TURNED_AWAY])
    return [float(row[rows.ARRIVED] - row[rows.DONE]) - balked - turned, balked, turned]


def _secondary(layout: Layout, sent: Sequence[Sent]) -> Floats:
    found = np.zeros((len(layout.scenario.secondary), 3))
    since = 0.0 if layout.begin < 0 else -np.inf
    for index in range(found.shape[0]):
        waits = [(one.start - one.at)[(one.to == index) & (one.arrival >= since)] for one in sent]
        every = np.concatenate(waits) if waits else np.empty(0)
        served = every[~np.isnan(every)]
        mean, high = (float(served.mean()), float(np.quantile(served, 0.95))) if served.size else (np.nan, np.nan)
        found[index] = (every.size, mean, high)
    return found


def packed(one: Tally) -> bytes:
    """A tally as bytes."""
    out = io.BytesIO()
    np.savez_compressed(out, **one)  # type: ignore[arg-type]
    return out.getvalue()
