"""What one replication tells: waits, queues, use of booths, by class of traffic, by lane and by hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import COMPILED
from otay.engines.queueing.layout import Layout
from otay.engines.queueing.playing import Played, Sent
from otay.engines.queueing.tallying import (
    ARRIVED,
    BALKED,
    BUSY,
    CAME_OVER,
    DELAYED,
    DONE,
    HOUR_SERVED,
    HOUR_WAITED,
    LONGEST,
    QUEUE,
    STARTED,
    TURNED_AWAY,
    WAITED,
    WITHIN,
    Frame,
    Tally,
    by_hour,
    new_tally,
    quantiles,
    tally_arrays,
    together,
)

Floats = NDArray[np.float64]
Numbers = dict[str, float]
Series = dict[str, NDArray[np.float64]]


@dataclass(slots=True)
class Counted:
    """A class of traffic, counted: a row for each lane that it may use (``lanes``, by index) after row 0."""

    name: str
    lanes: Sequence[int]
    tally: Tally


def frame_of(layout: Layout) -> Frame:
    """What counts in a scenario: who comes from the start on. Without warm-up that is everybody."""
    since = 0.0 if layout.begin < 0 else -np.inf
    scenario = layout.scenario
    return Frame(since, layout.horizon, scenario.target.minutes, scenario.start.weekday() * 24)


def lanes_of(layout: Layout, name: str) -> list[int]:
    """Lanes that a class may use, by index."""
    may = next(one.lanes for one in layout.scenario.traffic if one.name == name)
    return [index for index, lane in enumerate(layout.scenario.lanes) if lane.name in may]


def count(layout: Layout, one: Played, *, compiled: bool = COMPILED) -> Counted:
    """Count a class that was played."""
    lanes = lanes_of(layout, one.name)
    rows = np.zeros(len(layout.scenario.lanes) + 1, np.int8)
    rows[lanes] = np.arange(1, len(lanes) + 1)
    tally, frame = new_tally(len(lanes) + 1, layout.horizon), frame_of(layout)
    if compiled:
        from otay.engines.queueing.passing import framed, tally_kernel

        tally_kernel(framed(frame), tally, rows[one.lane], one.arrival, one.at_road, one.start, one.end, one.status)
    else:
        tally_arrays(frame, tally, rows[one.lane], one.arrival, one.at_road, one.start, one.end, one.status)
    return Counted(one.name, lanes, tally)


def measure(
    layout: Layout, played: Sequence[Played], *, compiled: bool = COMPILED
) -> tuple[dict[str, Numbers], Series]:
    """Figures of classes that were played, see :func:`figures`."""
    return figures(layout, [count(layout, one, compiled=compiled) for one in played], [one.sent for one in played])


def figures(layout: Layout, counted: Sequence[Counted], sent: Sequence[Sent]) -> tuple[dict[str, Numbers], Series]:
    """Figures by group (``total``, ``traffic/NAME``, ``lane/NAME``, ``secondary/NAME``), mean wait by hour of the week.

    Waits in minutes: ``wait`` on this side before the booth, ``neighbour_delay`` before and in the neighbour's station.
    Who came during the warm-up does not count.
    """
    groups: dict[str, Numbers] = {}
    series: Series = {}
    for one in counted:
        tally = together([one.tally], layout.horizon)
        groups[f"traffic/{one.name}"] = _figures(layout, tally)
        series[f"traffic/{one.name}"] = _by_hour(tally)
    in_lane: dict[int, Floats] = {}
    for index, lane in enumerate(layout.scenario.lanes):
        rows = [one.tally[1 + one.lanes.index(index)][None] for one in counted if index in one.lanes]
        tally = in_lane[index] = together(rows, layout.horizon)
        groups[f"lane/{lane.name}"] = _figures(layout, tally) | _queue(tally)
        series[f"lane/{lane.name}"] = _by_hour(tally)
    for name in layout.booths:
        here = [index for index, lane in enumerate(layout.scenario.lanes) if layout.owner(lane.name) == name]
        groups[f"lane/{name}"] |= _use(layout, name, sum(float(in_lane[index][BUSY]) for index in here))
    for index, station in enumerate(layout.scenario.secondary):
        groups[f"secondary/{station.name}"] = _secondary(layout, index, sent)
    groups["total"] = _figures(layout, together([one.tally for one in counted], layout.horizon))
    return groups, series


def _figures(layout: Layout, tally: Floats) -> Numbers:
    served = float(tally[STARTED])
    median, ninety, high = quantiles(tally, (0.5, 0.9, 0.95))
    figures: Numbers = {
        "arrivals": float(tally[ARRIVED]),
        "served": float(tally[DONE]),
        "balked": float(tally[BALKED]),
        "turned_away": float(tally[TURNED_AWAY]),
        "mean_wait": float(tally[WAITED] / served) if served else np.nan,
        "median_wait": median,
        "p90_wait": ninety,
        "p95_wait": high,
        "max_wait": float(tally[LONGEST]) if served else np.nan,
        "share_within": float(tally[WITHIN] / served) if served else np.nan,
        "delay_hours": float(tally[WAITED] / 60),
    }
    if layout.scenario.neighbour:
        over = float(tally[CAME_OVER])
        figures["neighbour_delay"] = float(tally[DELAYED] / over) if over else np.nan
    return figures


def _by_hour(tally: Floats) -> NDArray[np.float64]:
    """Mean wait of those who came in each hour of the week from Monday; NaN where nobody came."""
    total, vehicles = by_hour(tally, HOUR_WAITED), by_hour(tally, HOUR_SERVED)
    return np.asarray(np.divide(total, vehicles, out=np.full(168, np.nan), where=vehicles > 0))


def _queue(tally: Floats) -> Numbers:
    """Vehicles that wait (and are served in the end), looked at every few minutes."""
    line = np.cumsum(tally[QUEUE:])[:-1]
    return {"mean_queue": float(line.mean()) if line.size else 0.0, "max_queue": float(line.max(initial=0))}


def _use(layout: Layout, lane: str, busy: float) -> Numbers:
    """Booth hours of a lane that has booths, and the share of them in which somebody is served."""
    open_minutes = float(layout.booths[lane][-layout.begin : -layout.begin + layout.horizon].sum())
    return {"booth_hours": open_minutes / 60, "utilisation": busy / open_minutes if open_minutes else np.nan}


def waits_in_secondary(layout: Layout, index: int, sent: Sequence[Sent]) -> Floats:
    """Waits of those who count before one station; NaN of who was never served there."""
    since = frame_of(layout).since
    waits = [(one.start - one.at)[(one.arrival >= since) & (one.to == index)] for one in sent]
    return np.concatenate(waits) if waits else np.empty(0)


def _secondary(layout: Layout, index: int, sent: Sequence[Sent]) -> Numbers:
    every = waits_in_secondary(layout, index, sent)
    served = every[~np.isnan(every)]
    return {
        "arrivals": float(every.size),
        "mean_wait": float(served.mean()) if served.size else np.nan,
        "p95_wait": float(np.quantile(served, 0.95)) if served.size else np.nan,
    }
