"""Replications added up: figures with intervals and bands, curves of the day, differences between two scenarios.

Pure arithmetic on the tallies of :mod:`~otay.infrastructure.planning.tallying`; no numba, no Django.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.engines.queueing.arrivals import hourly_rates
from otay.engines.queueing.layout import own_levels
from otay.engines.queueing.scenario import Lane, Scenario, Trace
from otay.engines.queueing.services import mean_minutes, variation
from otay.engines.queueing.simulation import Interval, interval
from otay.engines.queueing.timetable import DAY, week_levels

Array = NDArray[np.float64]
Parts = Mapping[str, Mapping[int, Mapping[str, Array]]]
"""Tallies by level of service times (low, central, high) and replication."""
ARRIVED, SERVED, WAITED, WITHIN, THERE, PASSED = range(6)
WEEK_HOURS = 168
CENTRAL = "central"


def unpacked(content: bytes) -> dict[str, Array]:
    """A tally from its bytes."""
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        return {name: kept[name].astype(np.float64) for name in kept.files}


def weeks_played(scenario: Scenario) -> Array:
    """How often each hour of the week is played."""
    hours = np.arange(scenario.days * 24) + scenario.start.weekday() * 24
    return np.bincount(hours % WEEK_HOURS, minlength=WEEK_HOURS).astype(float)


def booth_minutes(scenario: Scenario) -> dict[str, Array]:
    """Booth minutes by hour of the week over the days played, by lane with booths of its own."""
    found: dict[str, Array] = {}
    first = scenario.start.weekday() * 24
    for lane in scenario.lanes:
        if lane.shared_with is None:
            minutes = own_levels(lane, scenario)[DAY * scenario.warm_up_days :][: DAY * scenario.days]
            hourly = minutes.reshape(-1, 60).sum(axis=1)
            hours = (np.arange(hourly.size) + first) % WEEK_HOURS
            found[lane.name] = np.bincount(hours, hourly, WEEK_HOURS).astype(float)
    return found


def officer_hours(scenario: Scenario) -> tuple[float, float]:
    """Booth hours of the days played: on this side, and at the neighbour's stations."""
    here = sum(float(minutes.sum()) for minutes in booth_minutes(scenario).values()) / 60
    weeks = weeks_played(scenario)
    there = sum(
        float((week_levels(one.booths, one.hours).reshape(WEEK_HOURS, 60).mean(axis=1) * weeks).sum())
        for one in scenario.neighbour
    )
    return here, there


@dataclass(frozen=True, slots=True)
class Known:
    """What does not depend on chance, reckoned once for all replications."""

    scenario: Scenario
    weeks: Array
    booths: Mapping[str, Array]
    here: float
    there: float


def known(scenario: Scenario) -> Known:
    """What of ``scenario`` does not depend on chance."""
    return Known(scenario, weeks_played(scenario), booth_minutes(scenario), *officer_hours(scenario))


def _mean(top: Array, below: Array) -> Array:
    return np.asarray(np.divide(top, below, out=np.full(np.shape(below), np.nan), where=below > 0))


def _figures_of(rows: Array, quantiles: Array) -> dict[str, float]:
    sums = rows.sum(axis=1)
    served = sums[SERVED]
    return {
        "arrivals": float(sums[ARRIVED]),
        "served": float(served),
        "mean_wait": float(sums[WAITED] / served) if served else np.nan,
        "share_within": float(sums[WITHIN] / served) if served else np.nan,
        "delay_hours": float(sums[WAITED] / 60),
        "median_wait": float(quantiles[0]),
        "p90_wait": float(quantiles[1]),
        "p95_wait": float(quantiles[2]),
        "there": float(sums[THERE] / sums[PASSED]) if sums[PASSED] else np.nan,
        "there_hours": float(sums[THERE] / 60),
    }


def figures(given: Known, tally: Mapping[str, Array]) -> dict[str, dict[str, float]]:
    """Figures of one replication by group: ``total``, ``traffic/NAME``, ``lane/NAME``, ``secondary/NAME``."""
    scenario = given.scenario
    count = len(scenario.traffic)
    found = {
        f"traffic/{one.name}": _figures_of(tally["classes"][index], tally["quantiles"][index])
        | dict(zip(("never_served", "balked", "turned_away"), map(float, tally["lost"][index]), strict=True))
        for index, one in enumerate(scenario.traffic)
    }
    hours = scenario.days * 24
    for index, lane in enumerate(scenario.lanes):
        one = _figures_of(tally["lanes"][index], tally["quantiles"][count + index])
        one |= {"mean_queue": float(tally["queue"][index].sum() / 60 / hours)}
        one |= {"greatest_queue": float((tally["queue"][index] / 60 / np.maximum(given.weeks, 1)).max())}
        if lane.name in given.booths:
            opened = float(given.booths[lane.name].sum())
            one |= {"booth_hours": opened / 60, "utilisation": float(tally["busy"][index].sum()) / opened}
        found[f"lane/{lane.name}"] = one
    for index, station in enumerate(scenario.secondary):
        found[f"secondary/{station.name}"] = dict(
            zip(("arrivals", "mean_wait", "p95_wait"), map(float, tally["secondary"][index]), strict=True)
        )
    total = _figures_of(tally["classes"].sum(axis=0), tally["quantiles"][-1])
    total["never_served"] = float(tally["lost"][:, 0].sum())
    total["all_delay_hours"] = total["delay_hours"] + total["there_hours"]
    found["total"] = total | _cost(given, total["all_delay_hours"])
    return found


def _cost(given: Known, delay: float) -> dict[str, float]:
    costs = given.scenario.costs
    if not (costs.officer_hour or costs.waiting_hour):
        return {}
    staff, waiting = costs.officer_hour * (given.here + given.there), costs.waiting_hour * delay
    return {"staff_cost": staff, "waiting_cost": waiting, "cost": staff + waiting}


def plain(found: Interval, digits: int = 4) -> dict[str, float | None]:
    """An interval for JSON."""
    return {
        key: None if value is None or not np.isfinite(value) else round(float(value), digits)
        for key, value in asdict(found).items()
    }


def _with_band(central: Sequence[float], ends: Sequence[Sequence[float]]) -> Interval:
    found = interval(central)
    means = [interval(end).mean for end in ends if len(end)]
    if len(means) < 2:
        return found
    return Interval(found.mean, found.low, found.high, min(*means, found.mean), max(*means, found.mean))


def _curve(rows: Sequence[Array], counts: Sequence[Array]) -> Array:
    """Means by hour of the day, one row a replication, from sums and counts by hour of the week."""
    return np.array(
        [
            _mean(top.reshape(7, 24).sum(axis=0), below.reshape(7, 24).sum(axis=0))
            for top, below in zip(rows, counts, strict=True)
        ]
    )


def _curve_mean(tables: Sequence[Array]) -> Array:
    """Mean over replications of the curve of the day; NaN where nobody came in any."""
    rows = _curve([one[WAITED] for one in tables], [one[SERVED] for one in tables])
    finite = np.isfinite(rows)
    return _mean(np.where(finite, rows, 0.0).sum(axis=0), finite.sum(axis=0).astype(float))


def _numbers(values: Array, digits: int = 3) -> list[float | None]:
    return [round(float(value), digits) if np.isfinite(value) else None for value in values]


def _columns(table: Array) -> list[dict[str, float | None]]:
    """Mean and Student's t interval of each column; replications without the figure (NaN) are left out."""
    from scipy.special import stdtrit

    finite = np.isfinite(table)
    count = finite.sum(axis=0)
    mean = _mean(np.where(finite, table, 0.0).sum(axis=0), count.astype(float))
    squares = np.where(finite, (table - mean) ** 2, 0.0).sum(axis=0)
    free = np.maximum(count - 1, 1)
    half = np.where(count > 1, stdtrit(free, 0.975) * np.sqrt(squares / free / np.maximum(count, 1)), np.nan)
    rows = zip(_numbers(mean), _numbers(mean - half), _numbers(mean + half), strict=True)
    return [{"mean": one, "low": low, "high": high, "band_low": None, "band_high": None} for one, low, high in rows]


def curves(given: Known, parts: Parts) -> dict[str, Any]:
    """By lane: waits by hour of the day with interval and band, queue and use of booths, and the mean wait of each hour
    of the week (7 rows of 24 from Monday).

    A wait by hour of the day is left out where fewer than one came in a replication: one truck that just missed the
    closing, and waited for the next day, would hide all other hours.
    """
    found = {}
    scenario, weeks, opened = given.scenario, given.weeks, given.booths
    for index, lane in enumerate(scenario.lanes):
        central = list(parts[CENTRAL].values())
        waits = _curve(
            [one["lanes"][index, WAITED] for one in central], [one["lanes"][index, SERVED] for one in central]
        )
        came = np.sum([one["lanes"][index, SERVED].reshape(7, 24).sum(axis=0) for one in central], axis=0)
        hours = _columns(np.where(came < len(central), np.nan, waits))
        ends = [list(parts.get(level, {}).values()) for level in ("low", "high")]
        if all(ends):
            means = [_curve_mean([one["lanes"][index] for one in end]) for end in ends]
            for hour, one in enumerate(hours):
                if one["mean"] is not None and all(np.isfinite(mean[hour]) for mean in means):
                    bounds = [float(mean[hour]) for mean in means] + [one["mean"]]
                    one["band_low"], one["band_high"] = round(min(bounds), 3), round(max(bounds), 3)
        queue = _curve([one["queue"][index] / 60 for one in central], [weeks for _one in central])
        total = {row: np.sum([one["lanes"][index, row] for one in central], axis=0) for row in (WAITED, SERVED)}
        found[lane.name] = {
            "wait": hours,
            "queue": _columns(queue),
            "week": _numbers(_mean(total[WAITED], total[SERVED])),
        }
        if lane.name in opened:
            use = _curve([one["busy"][index] for one in central], [opened[lane.name] for _one in central])
            found[lane.name]["use"] = _columns(use)
            found[lane.name]["booths"] = _numbers(_mean(opened[lane.name] / 60, weeks).reshape(7, 24).mean(axis=0), 2)
    return found


def neighbour_curves(scenario: Scenario, parts: Parts) -> dict[str, Any]:
    """By station of the neighbour: minutes from arrival to leaving it, by hour of the day."""
    found = {}
    for station in scenario.neighbour:
        rows = [index for index, one in enumerate(scenario.traffic) if one.name in station.traffic]
        central = [one["classes"][rows].sum(axis=0) for one in parts[CENTRAL].values()]
        found[station.name] = {
            "time": _columns(_curve([one[THERE] for one in central], [one[PASSED] for one in central]))
        }
    return found


def summarise(scenario: Scenario, parts: Parts) -> dict[str, Any]:
    """All figures of a run as data for JSON."""
    given = known(scenario)
    by_level = {
        level: [figures(given, tally) for _index, tally in sorted(found.items())] for level, found in parts.items()
    }
    central = by_level[CENTRAL]
    groups = {
        name: {
            key: plain(_with_band(
                [one[name][key] for one in central],
                [[one[name][key] for one in by_level.get(level, [])] for level in ("low", "high")],
            ))
            for key in keys
        }
        for name, keys in central[0].items()
    }  # fmt: skip
    return {
        "replications": len(central),
        "band_replications": min((len(by_level.get(level, [])) for level in ("low", "high")), default=0),
        "groups": groups,
        "curves": curves(given, parts),
        "neighbour": neighbour_curves(scenario, parts),
        "officer_hours": {"here": round(given.here, 2), "there": round(given.there, 2)},
        "approximations": approximations(scenario),
        "remarks": list(remarks(groups)),
    }


def remarks(groups: Mapping[str, Mapping[str, Mapping[str, float | None]]]) -> Iterator[dict[str, Any]]:
    """What a reader must know before using the figures: who is never served, booths that are nearly always busy."""
    for name, found in groups.items():
        if name.startswith("traffic/") and (found["never_served"]["mean"] or 0) > 0.5:
            yield {"kind": "never_served", "name": name[8:], "value": found["never_served"]["mean"]}
        if name.startswith("lane/") and (found.get("utilisation", {}).get("mean") or 0) > 0.95:
            yield {"kind": "saturated", "name": name[5:], "value": found["utilisation"]["mean"]}


def approximations(scenario: Scenario) -> dict[str, dict[str, float | None]]:
    """By lane that takes classes of its own: mean wait over an average week by the stationary formula (period by
    period) and by the fluid picture. Lanes with a choice, shared booths or traces have none."""
    from otay.engines.queueing.approximations import fluid, psa

    found = {}
    for lane in scenario.lanes:
        users = [one for one in scenario.traffic if lane.name in one.lanes]
        if lane.shared_with or any(other.shared_with == lane.name for other in scenario.lanes):
            continue
        if any(len(one.lanes) > 1 or isinstance(one.arrivals, Trace) for one in users) or not users:
            continue
        profiles = [one.arrivals for one in users if not isinstance(one.arrivals, Trace)]
        rates = np.sum([hourly_rates(one, scenario.start, scenario.days) for one in profiles], axis=0)
        mean = float(np.mean([mean_minutes(one.service) for one in users])) * _factor(lane)
        cv = max(variation(one.service) for one in users)
        booths = _hourly_booths(lane, scenario)
        steady = psa(rates / 60, booths, mean, cv)
        _backlog, waits = fluid(rates / 60, booths, mean, 60.0)
        found[lane.name] = {
            "stationary": round(float(steady), 3) if np.isfinite(steady) else None,
            "fluid": round(float((waits * rates).sum() / (rates.sum() or 1.0)), 3),
        }
    return found


def _factor(lane: Lane) -> float:
    return lane.service_factor * (1.27 if lane.double_stacked else 1.0)


def _hourly_booths(lane: Lane, scenario: Scenario) -> list[int]:
    minutes = own_levels(lane, scenario)[DAY * scenario.warm_up_days :][: DAY * scenario.days]
    return [round(value) for value in minutes.reshape(-1, 60).mean(axis=1).tolist()]


def contrast(first: Scenario, one: Parts, second: Scenario, other: Parts) -> dict[str, Any]:
    """Second less first, replication by replication on shared random numbers: figures by group that both have, and
    waits by hour of the day by lane. Only replications that both have count."""
    shared = sorted(set(one[CENTRAL]) & set(other[CENTRAL]))
    was, now = known(first), known(second)
    before = [figures(was, one[CENTRAL][index]) for index in shared]
    after = [figures(now, other[CENTRAL][index]) for index in shared]
    groups = {
        name: {
            key: plain(interval([b[name][key] - a[name][key] for a, b in zip(before, after, strict=True)]))
            for key in before[0][name]
            if key in after[0][name]
        }
        for name in before[0]
        if name in after[0]
    }
    return {
        "replications": len(shared),
        "groups": groups,
        "curves": _curve_differences(first, one, second, other, shared),
    }


def _curve_differences(
    first: Scenario, one: Parts, second: Scenario, other: Parts, shared: Sequence[int]
) -> dict[str, list[dict[str, float | None]]]:
    found = {}
    places = {lane.name: index for index, lane in enumerate(second.lanes)}
    for index, lane in enumerate(first.lanes):
        if lane.name in places:
            there = places[lane.name]
            a, b = (
                _curve(
                    [tally["lanes"][at, WAITED] for tally in found_], [tally["lanes"][at, SERVED] for tally in found_]
                )
                for at, found_ in (
                    (index, [one[CENTRAL][number] for number in shared]),
                    (there, [other[CENTRAL][number] for number in shared]),
                )
            )
            found[lane.name] = _columns(b - a)
    return found
