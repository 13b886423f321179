"""Replications of a scenario on threads, and what they tell: means with intervals, and the band of what is assumed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from otay.core.findings import Finding, warning
from otay.core.i18n import N_
from otay.engines.queueing.layout import Layout, lay_out
from otay.engines.queueing.replication import run
from otay.engines.queueing.scenario import Scenario

Progress = Callable[[int], None]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over replications and its 95 % confidence interval (Student's t).

    ``band_low`` and ``band_high``: the same mean with all service times at the low and high ends of their ranges.
    """

    mean: float
    low: float
    high: float
    band_low: float | None = None
    band_high: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a scenario comes to. Groups as in :func:`otay.engines.queueing.measures.measure`."""

    replications: int
    method: str
    groups: Mapping[str, Mapping[str, Interval]]
    hours: Mapping[str, Sequence[float | None]]
    """Mean wait by hour of the week from Monday."""
    findings: Sequence[Finding]

    def as_dict(self, language: str = "en") -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "replications": self.replications,
            "method": self.method,
            "groups": {
                name: {key: _plain(interval) for key, interval in figures.items()}
                for name, figures in self.groups.items()
            },
            "wait_by_hour_of_week": dict(self.hours),
            "findings": [finding.as_dict(language) for finding in self.findings],
        }


def _plain(interval: Interval) -> dict[str, float | None]:
    return {key: _number(value) for key, value in asdict(interval).items()}


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 4)


def interval(values: Sequence[float] | NDArray[np.float64], confidence: float = 0.95) -> Interval:
    """Mean and Student's t interval of one figure over replications; those without the figure (NaN) are left out."""
    from scipy.special import stdtrit

    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    if not known.size:
        return Interval(np.nan, np.nan, np.nan)
    mean = float(known.mean())
    if known.size < 2:
        return Interval(mean, np.nan, np.nan)
    half = float(stdtrit(known.size - 1, (1 + confidence) / 2) * known.std(ddof=1) / np.sqrt(known.size))
    return Interval(mean, mean - half, mean + half)


def on_threads(
    work: Callable[[int], _T], count: int, progress: Progress | None = None, threads: int | None = None
) -> list[_T]:
    """``work(0..count-1)`` on threads (kernels hold no lock), in order; an interrupt drops what has not begun."""
    pool = ThreadPoolExecutor(threads or min(count, os.cpu_count() or 1))
    try:
        futures: list[Future[_T]] = [pool.submit(work, index) for index in range(count)]
        pending, done = set(futures), 0
        while pending:
            finished, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in finished:
                future.result()
            if finished and progress:
                done += len(finished)
                progress(len(finished))
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def runs(layout: Layout, count: int, progress: Progress | None = None, threads: int | None = None) -> list[Any]:
    """Figures of ``count`` replications."""
    return on_threads(lambda index: run(layout, index), count, progress, threads)


def simulate(
    scenario: Scenario,
    replications: int | None = None,
    *,
    band: bool = True,
    progress: Progress | None = None,
    threads: int | None = None,
) -> Result:
    """Play ``scenario``: ``replications`` times, and for the band a quarter as often at each end of the ranges."""
    count = replications or scenario.replications
    layout = lay_out(scenario)
    central = runs(layout, count, progress, threads)
    ends: dict[str, list[Any]] = {"low": [], "high": []}
    if band and _uncertain(scenario):
        for level in ends:
            ends[level] = runs(lay_out(scenario, level), band_runs(count), progress, threads)
    groups: dict[str, dict[str, Interval]] = {}
    for name, figures in central[0][0].items():
        groups[name] = {}
        for key in figures:
            found = interval([groups_of[name][key] for groups_of, _ in central])
            if ends["low"]:
                low, high = (_end(name, key, central, ends[level], found.mean) for level in ends)
                found = Interval(found.mean, found.low, found.high, min(low, high), max(low, high))
            groups[name][key] = found
    hours = {name: _mean_by_hour([series[name] for _, series in central]) for name in central[0][1]}
    method = "recursion" if layout.independent else "events"
    return Result(count, method, groups, hours, list(_remarks(groups)))


def _end(name: str, key: str, central: Sequence[Any], end: Sequence[Any], mean: float) -> float:
    """A figure at one end of the ranges: the mean, moved by what the end changes on the same traffic."""
    pairs = zip(end, central, strict=False)
    moved = [one[name][key] - other[name][key] for (one, _), (other, _) in pairs]
    found = mean + interval(moved).mean
    return 0.0 if found < 0 else found


def band_runs(count: int) -> int:
    """Replications at each end of the ranges."""
    return max(2, count // 4)


def _uncertain(scenario: Scenario) -> bool:
    services = [one.service for one in scenario.traffic]
    services += [one.service for one in scenario.secondary]
    services += [one.service for one in scenario.neighbour]
    return any(service.low is not None or service.high is not None for service in services)


def total_runs(scenario: Scenario, replications: int | None = None) -> int:
    """How many replications :func:`simulate` plays, for a progress bar."""
    count = replications or scenario.replications
    return count + (2 * band_runs(count) if _uncertain(scenario) else 0)


def _mean_by_hour(found: Sequence[NDArray[np.float64]]) -> list[float | None]:
    rows = np.array(found)
    known = np.isfinite(rows)
    count = known.sum(axis=0)
    total = np.where(known, rows, 0.0).sum(axis=0)
    return [round(float(total[hour] / count[hour]), 4) if count[hour] else None for hour in range(168)]


def _remarks(groups: Mapping[str, Mapping[str, Interval]]) -> list[Finding]:
    remarks = []
    for name, figures in groups.items():
        if not name.startswith("lane/"):
            continue
        arrivals, lost = figures["arrivals"].mean, figures["balked"].mean + figures["turned_away"].mean
        left = arrivals - figures["served"].mean - lost
        if left > 0.5:
            message = N_("%(left)s of %(arrivals)s are never served: the line grows and does not clear")
            values = {"left": f"{left:.0f}", "arrivals": f"{arrivals:.0f}"}
            remarks.append(
                warning(f"/{name}", "simulation.unserved", message, remedy=N_("Open more booths or hours."), **values)
            )
        elif (use := figures.get("utilisation")) is not None and use.mean > 0.95:
            message = N_("Booths are busy %(share)s %% of their time: small changes make waits grow steeply")
            remarks.append(warning(f"/{name}", "simulation.saturated", message, share=f"{100 * use.mean:.0f}"))
    return remarks
