"""When a movement arrives, from how earlier journeys on the same corridor went on from where it is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otay.engines.transit.arrival import Arrival

SECTIONS = 20
"""The corridor is looked at in so many sections of equal length."""
LOOK_BACK = 5
"""How long it took for so many sections tells how fast this driver and this day are."""
LEVEL = 0.8
"""So many arrivals fall into the interval."""
FEWEST = 9
"""Of fewer journeys none lies beyond the tenth on each side that the level leaves."""
MOST = 60

Profile = tuple[float, ...]
"""Seconds from the first reaching of the beginning of each section to the arrival."""
Floats = NDArray[np.float64]


class Advance:
    """How far a movement had come when: only what brought it further than it had ever been."""

    def __init__(self, done: Iterable[tuple[float, float]], length: float) -> None:
        """``done``: time stamp in seconds and metres along the route, in order of time."""
        self.length = length
        self._times: list[float] = []
        self._metres: list[float] = []
        for time, metres in done:
            if not self._metres or metres > self._metres[-1]:
                self._times.append(time)
                self._metres.append(metres)

    def reached(self, metres: float) -> float | None:
        """When the movement first came so far; None where it was not yet, or was first heard of later on."""
        if not self._metres or metres > self._metres[-1]:
            return None
        index = bisect_left(self._metres, metres)
        if index == 0:
            return self._times[0] if self._metres[0] - metres <= self.length / SECTIONS else None
        low, high = self._metres[index - 1], self._metres[index]
        before, after = self._times[index - 1], self._times[index]
        return before + (after - before) * (metres - low) / (high - low)


def profile(advance: Advance, arrived: float) -> Profile | None:
    """The profile of a journey that ended at ``arrived``; None where its beginning was not heard."""
    left: list[float] = []
    for section in range(SECTIONS):
        reached = advance.reached(section * advance.length / SECTIONS)
        if reached is None and not left:
            return None
        # near the end of a short route the arrival comes before the section is reached
        left.append(0.0 if reached is None else max(0.0, arrived - reached))
    return tuple(left)


class _Model(NamedTuple):
    """At one place: what was left of the journey, how it hung on the time taken for the sections before."""

    took: float
    left: float
    slope: float
    least_took: float
    most_took: float
    early: float
    likely: float
    late: float


class History:
    """What earlier journeys on a corridor tell. Pure numbers: made once, asked for each position.

    What is left of a journey is a straight line in the time that the last sections took, fitted to the earlier ones.
    The interval comes from their own errors, each judged by the others alone (jackknife), so that it holds
    :data:`LEVEL` of the arrivals whatever their distribution, as long as the next journey is like those before.
    """

    def __init__(self, profiles: Sequence[Profile]) -> None:
        """At least :data:`FEWEST` profiles."""
        left = np.array([(*one, 0.0) for one in profiles], dtype=np.float64)
        self.journeys = len(profiles)
        self._models = [
            _fit(left[:, max(0, section - LOOK_BACK)] - left[:, section], left[:, section])
            for section in range(SECTIONS + 1)
        ]

    def expected(self, now: float, here: float, advance: Advance) -> Arrival:
        """The arrival of a movement that is ``here`` metres along at ``now`` and advanced as told."""
        place = min(max(here / advance.length, 0.0), 1.0) * SECTIONS
        section = min(int(place), SECTIONS - 1)
        share = place - section
        before, after = self._models[section], self._models[section + 1]
        model = _Model(*(a + share * (b - a) for a, b in zip(before, after, strict=True)))
        since = advance.reached(max(0.0, place - LOOK_BACK) * advance.length / SECTIONS)
        took = model.took if since is None else min(max(now - since, model.least_took), model.most_took)
        left = model.left + model.slope * (took - model.took)
        return Arrival(*(now + max(0.0, left + off) for off in (model.early, model.likely, model.late)))


@lru_cache(maxsize=128)
def history_of(profiles: tuple[Profile, ...]) -> History | None:
    """What these journeys tell; None of fewer than :data:`FEWEST`. The same journeys are worked through once."""
    return History(profiles) if len(profiles) >= FEWEST else None


def _fit(took: Floats, left: Floats) -> _Model:
    count = len(took)
    slope = float(_slope(took.sum(), left.sum(), (took * took).sum(), (took * left).sum(), count))
    # the same fit without each journey in turn, and how far off that journey then is
    others = count - 1
    took_others, left_others = took.sum() - took, left.sum() - left
    squares, products = (took * took).sum() - took * took, (took * left).sum() - took * left
    slopes = _slope(took_others, left_others, squares, products, others)
    errors = np.sort(left - (left_others / others + slopes * (took - took_others / others)))
    beyond = int((1 - LEVEL) / 2 * (count + 1) + 1e-9)
    return _Model(
        float(took.mean()), float(left.mean()), slope, float(took.min()), float(took.max()),
        float(errors[beyond - 1]), float(np.median(errors)), float(errors[count - beyond]),
    )  # fmt: skip


def _slope(took: Floats, left: Floats, squares: Floats, products: Floats, count: int) -> Floats:
    """Of the fitted line: never falling, and never steeper than when the whole journey is slow in the same measure."""
    spread = squares - took * took / count
    together = products - took * left / count
    flat = spread <= 1e-9 * np.maximum(squares, 1.0)
    steepest = np.divide(left, took, out=np.zeros_like(left, dtype=np.float64), where=took > 0)
    fitted = np.divide(together, spread, out=np.zeros_like(spread, dtype=np.float64), where=~flat)
    return np.clip(fitted, 0.0, steepest)
