"""What one replication tells: waits, queues, use of booths, by class of traffic, by lane and by hour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from otay.engines.queueing.layout import Layout
from otay.engines.queueing.playing import BALKED, DONE, TURNED_AWAY, Played

Numbers = dict[str, float]
Series = dict[str, NDArray[np.float64]]
GRID = 5
"""Minutes between looks at the length of queues."""


def measure(layout: Layout, played: Sequence[Played]) -> tuple[dict[str, Numbers], Series]:
    """Figures by group (``total``, ``traffic/NAME``, ``lane/NAME``, ``secondary/NAME``), mean wait by hour of the week.

    Waits in minutes: ``wait`` on this side before the booth, ``neighbour_delay`` before and in the neighbour's station.
    Who came during the warm-up does not count.
    """
    groups: dict[str, Numbers] = {}
    series: Series = {}
    counted = [_counted(layout, one) for one in played]
    for one, rows in zip(played, counted, strict=True):
        groups[f"traffic/{one.name}"] = _figures(layout, [(one, rows)])
        series[f"traffic/{one.name}"] = _by_hour(layout, [(one, rows)])
    for index, lane in enumerate(layout.scenario.lanes):
        in_lane = [(one, rows & (one.lane == index)) for one, rows in zip(played, counted, strict=True)]
        in_lane = [(one, rows) for one, rows in in_lane if rows.any()]
        key, alone = f"lane/{lane.name}", _alone(in_lane, counted, played)
        # A lane that takes one class, which takes no other lane, has that class's figures.
        groups[key] = dict(groups[alone]) if alone else _figures(layout, in_lane)
        groups[key] |= _queue(layout, in_lane) | _use(layout, lane.name, played)
        series[key] = series[alone] if alone else _by_hour(layout, in_lane)
    for index, station in enumerate(layout.scenario.secondary):
        groups[f"secondary/{station.name}"] = _secondary(layout, index, played)
    groups["total"] = _figures(layout, list(zip(played, counted, strict=True)))
    return groups, series


def _counted(layout: Layout, one: Played) -> NDArray[np.bool_]:
    return one.arrival >= 0 if layout.begin < 0 else np.ones(one.arrival.size, bool)


def _alone(
    in_lane: Sequence[tuple[Played, NDArray[np.bool_]]], counted: Sequence[NDArray[np.bool_]], played: Sequence[Played]
) -> str:
    if len(in_lane) != 1:
        return ""
    one, rows = in_lane[0]
    every = next(all_rows for other, all_rows in zip(played, counted, strict=True) if other is one)
    return f"traffic/{one.name}" if rows.sum() == every.sum() else ""


def _in_order(times: NDArray[np.float64]) -> NDArray[np.float64]:
    return times if (times[1:] >= times[:-1]).all() else np.sort(times)


def _waits(parts: Sequence[tuple[Played, NDArray[np.bool_]]]) -> NDArray[np.float64]:
    waits = [(one.start - one.at_road)[rows] for one, rows in parts]
    return np.concatenate(waits) if waits else np.empty(0)


def _figures(layout: Layout, parts: Sequence[tuple[Played, NDArray[np.bool_]]]) -> Numbers:
    waits = _waits(parts)
    arrived = float(waits.size)
    served = waits if not np.isnan(waits).any() else waits[~np.isnan(waits)]
    status = [one.status[rows] for one, rows in parts]
    figures: Numbers = {
        "arrivals": arrived,
        "served": float(sum((one == DONE).sum() for one in status)),
        "balked": float(sum((one == BALKED).sum() for one in status)),
        "turned_away": float(sum((one == TURNED_AWAY).sum() for one in status)),
        "mean_wait": np.nan,
        "median_wait": np.nan,
        "p90_wait": np.nan,
        "p95_wait": np.nan,
        "max_wait": np.nan,
        "share_within": np.nan,
        "delay_hours": float(served.sum() / 60),
    }
    if served.size:
        low, ninety, high = np.quantile(served, [0.5, 0.9, 0.95])
        within = float((served <= layout.scenario.target.minutes).mean())
        figures |= {"mean_wait": float(served.mean()), "median_wait": low, "p90_wait": ninety, "p95_wait": high}
        figures |= {"max_wait": float(served.max()), "share_within": within}
    if layout.scenario.neighbour:
        there = np.concatenate([(one.at_road - one.arrival)[rows] for one, rows in parts]) if parts else np.empty(0)
        figures["neighbour_delay"] = float(np.nanmean(there)) if np.isfinite(there).any() else np.nan
    return figures


def _by_hour(layout: Layout, parts: Sequence[tuple[Played, NDArray[np.bool_]]]) -> NDArray[np.float64]:
    """Mean wait of those who came in each hour of the week from Monday; NaN where nobody came."""
    total, count = np.zeros(168), np.zeros(168)
    shift = layout.scenario.start.weekday() * 24
    for one, rows in parts:
        waits = (one.start - one.at_road)[rows]
        at = one.at_road[rows]
        if np.isnan(waits).any():
            known = ~np.isnan(waits)
            at, waits = at[known], waits[known]
        hour = (at / 60).astype(np.int32)
        sums, counts = np.bincount(hour, waits), np.bincount(hour)
        week = (np.arange(sums.size) + shift) % 168
        total += np.bincount(week, sums, 168)
        count += np.bincount(week, counts, 168)
    return np.asarray(np.divide(total, count, out=np.full(168, np.nan), where=count > 0))


def _queue(layout: Layout, parts: Sequence[tuple[Played, NDArray[np.bool_]]]) -> Numbers:
    grid = np.arange(0, layout.horizon, GRID, dtype=float)
    queue = np.zeros(grid.size)
    for one, rows in parts:
        known = rows & ~np.isnan(one.start)
        came, went = _in_order(one.at_road[known]), _in_order(one.start[known])
        queue += np.searchsorted(came, grid, side="right") - np.searchsorted(went, grid, side="right")
    return {"mean_queue": float(queue.mean()) if grid.size else 0.0, "max_queue": float(queue.max(initial=0))}


def _use(layout: Layout, lane: str, played: Sequence[Played]) -> Numbers:
    """Booth hours of a lane that has booths, and the share of them in which somebody is served."""
    if lane not in layout.booths:
        return {}
    here = [index for index, one in enumerate(layout.scenario.lanes) if layout.owner(one.name) == lane]
    open_minutes = float(layout.booths[lane][-layout.begin : -layout.begin + layout.horizon].sum())
    busy = 0.0
    for one in played:
        rows = np.isin(one.lane, here) if len(here) > 1 else one.lane == here[0]
        rows &= (one.end > 0) & (one.start < layout.horizon)
        start, end = one.start[rows], one.end[rows]
        busy += float((np.clip(end, 0, layout.horizon) - np.clip(start, 0, layout.horizon)).sum())
    return {"booth_hours": open_minutes / 60, "utilisation": busy / open_minutes if open_minutes else np.nan}


def _secondary(layout: Layout, index: int, played: Sequence[Played]) -> Numbers:
    waits = []
    for one in played:
        sent = one.referred >= 0
        rows = (one.referred[sent] == index) & (one.arrival[sent] >= 0)
        waits.append((one.secondary_start - one.secondary_arrival)[rows])
    every = np.concatenate(waits) if waits else np.empty(0)
    served = every[~np.isnan(every)]
    return {
        "arrivals": float(every.size),
        "mean_wait": float(served.mean()) if served.size else np.nan,
        "p95_wait": float(np.quantile(served, 0.95)) if served.size else np.nan,
    }
