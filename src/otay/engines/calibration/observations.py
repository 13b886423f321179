"""Waits as they were observed, folded into one week, and how far each is to be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from otay.core.errors import Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_

HOURS = 168
LONGEST = 1440.0
MOST_FINDINGS = 50
FLOOR, SHARE = 3.0, 0.2
"""Standard error of an observation of full weight: minutes, and a share of what was observed. An assumption: published
waits are rounded and made by hand or from few vehicles, and the model leaves things out."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A wait of ``minutes`` by who came at ``hour`` of the week (8.5: Monday 08:30).

    ``weight``: 1 for a measured one, less for what is estimated or doubtful.
    """

    hour: float
    minutes: float
    weight: float = 1.0
    lanes_open: int | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """Observations as arrays."""

    hour: NDArray[np.int64]
    minutes: NDArray[np.float64]
    error: NDArray[np.float64]
    """Standard error in minutes."""

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.minutes.size)


def collect(observations: Sequence[Observation]) -> Observed:
    """Observations as arrays.

    Raises:
        Refused: with a finding for each (up to 50) that makes no sense, or if there are fewer than six.
    """
    findings: list[Finding] = []
    for index, one in enumerate(observations):
        for field, value, inside in (
            ("hour", one.hour, 0 <= one.hour < HOURS),
            ("minutes", one.minutes, 0 <= one.minutes <= LONGEST),
            ("weight", one.weight, 0 < one.weight <= 1),
        ):
            if not inside:
                message = N_("Must lie between 0 and %(most)s")
                most = {"hour": HOURS, "minutes": int(LONGEST)}.get(field, 1)
                findings.append(error(f"/{index}/{field}", "observation.range", message, value, most=most))
    if findings:
        raise Refused(N_("The observations cannot be used"), findings=findings[:MOST_FINDINGS])
    if len(observations) < 6:
        raise Refused(N_("There are %(count)s observations; a fit needs six or more"), count=len(observations))
    minutes = np.array([one.minutes for one in observations], float)
    weight = np.array([one.weight for one in observations], float)
    hour = np.array([int(one.hour) for one in observations])
    return Observed(hour, minutes, (FLOOR + SHARE * minutes) / np.sqrt(weight))


def booths_seen(observations: Sequence[Observation], booths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Booths by hour of the week: the median of lanes that observations saw open, ``booths`` where none says."""
    found = booths.copy()
    for hour in range(HOURS):
        seen = [one.lanes_open for one in observations if one.lanes_open is not None and int(one.hour) == hour]
        if seen:
            found[hour] = round(float(np.median(seen)))
    return found
