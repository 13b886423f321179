"""What one replication leaves by hour of the week: small enough to keep, to add up, and to compare pair by pair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from otay.engines.queueing.layout import Layout
from otay.engines.queueing.measures import waits_in_secondary
from otay.engines.queueing.playing import Sent
from otay.engines.queueing.replication import counted
from otay.engines.queueing.tallying import (
    ARRIVED,
    BALKED,
    HOUR_ARRIVED,
    HOUR_BUSY,
    HOUR_DELAYED,
    HOUR_LINE,
    HOURS,
    LONGEST,
    STARTED,
    TURNED_AWAY,
    by_hour,
    quantiles,
    together,
)

SHARES = (0.5, 0.9, 0.95)


def hourly(layout: Layout, replication: int) -> dict[str, NDArray[np.float32]]:
    """Play one replication and add it up.

    ``classes`` and ``lanes``, by class or lane, (n, 6, 168): by hour of arrival on this side vehicles, those served,
    minutes waited, waits within the target, minutes at the neighbour's station, vehicles that passed it. ``queue`` and
    ``busy``, (lanes, 168): minutes of waiting and of service in each hour; service by the lane that owns the booths.
    ``quantiles``, (classes + lanes + 1, 3): median, 90 and 95 % of waits, the last row of all. ``longest``: by class.
    ``lost``, (classes, 3): never served, would not wait, found no room. ``secondary``, (stations, 3): arrivals, mean
    wait, 95 %.
    """
    classes, sent = counted(layout, replication)
    lanes = layout.scenario.lanes
    horizon, names = layout.horizon, [lane.name for lane in lanes]
    behind = {name for station in layout.scenario.neighbour for name in station.traffic}
    of_class = [together([one.tally], horizon) for one in classes]
    for one, row in zip(classes, of_class, strict=True):
        if one.name not in behind:
            row[HOUR_DELAYED : HOUR_DELAYED + 2 * HOURS] = 0.0
    of_lane = [
        together([one.tally[1 + one.lanes.index(index)][None] for one in classes if index in one.lanes], horizon)
        for index in range(len(lanes))
    ]
    busy = np.zeros((len(lanes), HOURS))
    for index, row in enumerate(of_lane):
        busy[names.index(layout.owner(names[index]))] += by_hour(row, HOUR_BUSY)
    everybody = together([one.tally for one in classes], horizon)
    counts = np.array([[row[ARRIVED] - row[STARTED], row[BALKED], row[TURNED_AWAY]] for row in of_class])
    counts[:, 0] -= counts[:, 1] + counts[:, 2]
    stretch = slice(HOUR_ARRIVED, HOUR_ARRIVED + 6 * HOURS)
    found = {
        "classes": np.array([row[stretch].reshape(6, HOURS) for row in of_class]),
        "lanes": np.array([row[stretch].reshape(6, HOURS) for row in of_lane]),
        "queue": np.array([by_hour(row, HOUR_LINE) for row in of_lane]),
        "busy": busy,
        "quantiles": np.array([quantiles(row, SHARES) for row in [*of_class, *of_lane, everybody]]),
        "longest": np.array([row[LONGEST] for row in of_class]),
        "lost": counts,
        "secondary": _secondary(layout, sent),
    }
    return {name: values.astype(np.float32) for name, values in found.items()}


def _secondary(layout: Layout, sent: Sequence[Sent]) -> NDArray[np.float64]:
    found = np.zeros((len(layout.scenario.secondary), 3))
    for index in range(found.shape[0]):
        every = waits_in_secondary(layout, index, sent)
        served = every[~np.isnan(every)]
        mean, high = (float(served.mean()), float(np.quantile(served, 0.95))) if served.size else (np.nan, np.nan)
        found[index] = (every.size, mean, high)
    return found
