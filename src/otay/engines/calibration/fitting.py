"""Service time and demand of a lane fitted to observed waits: the most probable values under what was believed before.

Parameters are logarithms of factors: on the mean service time (the prior is its range), on the level of demand (counts
are data: a few per cent), and on demand in each part of the day on working days and at weekends (the prior is wide).
Waits come from a flow (:mod:`otay.engines.calibration.flow`), corrected by simulation at the fit, twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.engines.calibration.flow import waits
from otay.engines.calibration.identifying import Direction, directions, posterior
from otay.engines.calibration.observations import Observation, Observed, booths_seen, collect
from otay.engines.queueing.arrivals import hourly_rates
from otay.engines.queueing.layout import lay_out
from otay.engines.queueing.replication import counted
from otay.engines.queueing.scenario import Bunched, Lane, Profile, Scenario, ServiceTime, Traffic
from otay.engines.queueing.services import mean_minutes, variation
from otay.engines.queueing.tallying import HOUR_SERVED, HOUR_WAITED, by_hour, together
from otay.engines.queueing.timetable import week_levels

Floats = NDArray[np.float64]
PARTS = (0, 6, 10, 14, 18, 22, 24)
DAYS = (("working days", range(5)), ("weekend", range(5, 7)))
SERVICE, LEVEL = "service", "level"
LEVEL_ERROR, SHAPE_ERROR = 0.05, 0.25
RANGE = 1.645
"""A range from a source is taken to hold 90 %."""
USUAL_RANGE = 0.15
ROUNDS, REPLICATIONS, STEPS = 2, 6, 30
NUDGE = 1e-3
LIMIT = 1.5
"""Most that a logarithm may move."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A factor: what was believed (median 1) and what was found. ``learnt``: share of the prior's variance that the
    observations took away."""

    name: str
    prior_low: float
    prior_high: float
    value: float
    low: float
    high: float
    learnt: float


@dataclass(frozen=True, slots=True)
class Fit:
    """What was found. Intervals are 95 %. Hours without observations or closed are NaN in ``observed``."""

    lane: str
    observations: int
    scenario: Scenario
    """The scenario with the fitted service time (its 95 % interval as range) and demand."""
    parameters: Sequence[Parameter]
    directions: Sequence[Direction]
    observed: Floats
    """Weighted mean of observed waits by hour of the week."""
    before: Floats
    """Simulated mean waits by hour with the scenario as it was; ``after``: as fitted."""
    after: Floats
    error_before: float
    """Root mean square of (simulated - observed) in standard errors of the observations."""
    error_after: float
    approximation: float
    """Root mean square difference of flow and simulation at the fit, minutes, before the last correction."""
    _problem: _Problem = field(repr=False)
    _logs: Floats = field(repr=False)


@dataclass(slots=True)
class _Problem:
    scenario: Scenario
    lane: Lane
    traffic: Traffic
    seen: Observed
    booths: NDArray[np.int64]
    rates: Floats
    part_of: NDArray[np.int64]
    names: list[str]
    prior_error: Floats
    minutes: float
    cv: float
    correction: Floats

    def predicted(self, logs: Floats) -> Floats:
        """Mean waits by hour for each row of parameters."""
        rates = np.exp(logs[:, 1:2]) * self._shaped(logs)
        return np.asarray(waits(rates, self.minutes * np.exp(logs[:, 0]), self.booths, self.cv) + self.correction)

    def _shaped(self, logs: Floats) -> Floats:
        shaped = self.rates * np.exp(logs[:, 2:])[:, self.part_of]
        return np.asarray(shaped * (self.rates.sum() / shaped.sum(axis=1, keepdims=True)))

    def misfit(self, logs: Floats) -> Floats:
        """Standardised residuals of the observations, far ones drawn in (pseudo-Huber)."""
        plain = (np.nan_to_num(self.predicted(logs)[:, self.seen.hour]) - self.seen.minutes) / self.seen.error
        return np.asarray(np.sign(plain) * np.sqrt(2 * (np.sqrt(1 + plain**2) - 1)))

    def slopes(self, logs: Floats, free: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Residuals and their Jacobian; parameters that are not free have zeros."""
        places = np.flatnonzero(free)
        cases = np.repeat(logs[None], places.size + 1, axis=0)
        cases[np.arange(1, places.size + 1), places] += NUDGE
        found = self.misfit(cases)
        jacobian = np.zeros((self.seen.count, logs.size))
        jacobian[:, places] = ((found[1:] - found[0]) / NUDGE).T
        return found[0], jacobian


def fit(
    scenario: Scenario,
    lane: str,
    observations: Sequence[Observation],
    *,
    use_lanes_open: bool = True,
    replications: int = REPLICATIONS,
    progress: Callable[[int], None] | None = None,
) -> Fit:
    """Fit the one class of traffic that uses ``lane``; ``progress`` is called three times.

    Raises:
        Refused: for a lane that several classes use or that is not there, arrivals that are a trace, observations that
            make no sense, are too few, or fall where the lane is closed.
    """
    tell = progress or (lambda _count: None)
    problem = _problem(scenario, lane, observations, use_lanes_open=use_lanes_open)
    logs = np.zeros(problem.prior_error.size)
    before = _simulated(problem, logs, replications)
    tell(1)
    approximation, after = 0.0, before
    for _ in range(ROUNDS):
        logs = _most_probable(problem, logs, np.ones(logs.size, bool))
        after = _simulated(problem, logs, replications)
        plain = problem.predicted(logs[None])[0] - problem.correction
        apart = np.nan_to_num(after - plain)
        approximation = float(np.sqrt(np.mean(np.nan_to_num(apart - problem.correction)[problem.seen.hour] ** 2)))
        problem.correction = apart
        tell(1)
    _misfit, jacobian = problem.slopes(logs, np.ones(logs.size, bool))
    covariance = posterior(jacobian, problem.prior_error)
    return Fit(
        lane,
        problem.seen.count,
        fitted(problem, logs, float(np.sqrt(covariance[0, 0]))),
        _parameters(problem, logs, covariance),
        directions(jacobian, problem.prior_error, problem.names, np.r_[0.0, 0.0, np.ones(logs.size - 2)]),
        _observed(problem.seen),
        before,
        after,
        _error(problem.seen, before),
        _error(problem.seen, after),
        approximation,
        problem,
        logs,
    )


def profile(found: Fit, name: str, factors: Sequence[float]) -> list[float]:
    """Least misfit (half its sum of squares) with one parameter held at each of ``factors``, the others fitted again.

    Its own prior is left out: flat where the observations say nothing of it. Relative to the least.

    Raises:
        ValueError: for a name that is no parameter.
    """
    problem = found._problem
    place, costs = problem.names.index(name), []
    for factor in factors:
        logs, free = found._logs.copy(), np.ones(found._logs.size, bool)
        logs[place], free[place] = np.log(factor), False
        logs = _most_probable(problem, logs, free)
        misfit = problem.misfit(logs[None])[0]
        prior = (logs / problem.prior_error)[free]
        costs.append(float(misfit @ misfit + prior @ prior) / 2)
    return [cost - min(costs) for cost in costs]


def _most_probable(problem: _Problem, logs: Floats, free: NDArray[np.bool_]) -> Floats:
    """Levenberg-Marquardt on observations and priors."""
    prior = np.where(free, problem.prior_error**-2.0, 0.0)
    damping = 1e-2

    def cost(at: Floats) -> float:
        misfit = problem.misfit(at[None])[0]
        return float(misfit @ misfit + (prior * at) @ at)

    least = cost(logs)
    for _ in range(STEPS):
        misfit, jacobian = problem.slopes(logs, free)
        downhill = jacobian.T @ misfit + prior * logs
        bend = jacobian.T @ jacobian + np.diag(np.where(free, prior, 1.0))
        for _attempt in range(6):
            step = np.linalg.solve(bend + damping * np.diag(np.diag(bend)), -downhill)
            moved = np.clip(logs + np.where(free, step, 0.0), -LIMIT, LIMIT)
            tried = cost(moved)
            if tried < least:
                break
            damping *= 5
        else:
            return logs
        gain, logs, least, damping = least - tried, moved, tried, max(1e-6, damping / 5)
        if gain < 1e-4 * max(1.0, least):
            break
    return logs


def _problem(scenario: Scenario, name: str, observations: Sequence[Observation], *, use_lanes_open: bool) -> _Problem:
    lane = next((one for one in scenario.lanes if one.name == name and one.shared_with is None), None)
    users = [one for one in scenario.traffic if name in one.lanes]
    sharing = [one for one in scenario.lanes if one.shared_with == name]
    if lane is None or len(users) != 1 or sharing or len(users[0].lanes) > 1:
        message = N_("Lane %(name)s cannot be fitted: it must have booths of its own and one class that uses no other")
        raise Refused(message, name=name)
    traffic = users[0]
    if not isinstance(traffic.arrivals, Profile | Bunched):
        raise Refused(N_("Lane %(name)s cannot be fitted: its arrivals are a trace"), name=name)
    seen = collect(observations)
    levels = week_levels(lane.booths, lane.hours) * (2 if lane.double_stacked else 1)
    booths = np.round(levels.reshape(168, 60).mean(axis=1) + 0.49).astype(np.int64)
    booths = booths_seen(observations, booths) if use_lanes_open else booths
    closed = booths[seen.hour] == 0
    if closed.any():
        message = N_("%(count)s observations fall into hours in which lane %(name)s is closed")
        raise Refused(message, count=int(closed.sum()), name=name)
    hour = np.arange(168)
    part = np.searchsorted(PARTS, hour % 24, side="right") - 1
    weekend = (hour // 24 >= 5).astype(np.int64)
    count = len(PARTS) - 1
    names = [SERVICE, LEVEL] + [f"{day} {PARTS[at]:02d}-{PARTS[at + 1]:02d}" for day, _ in DAYS for at in range(count)]
    service = _service_error(traffic.service)
    errors = np.array([service, LEVEL_ERROR] + [SHAPE_ERROR] * (2 * count))
    layout = lay_out(scenario)
    minutes = float(layout.services[traffic.name].mean()) * layout.factors[name]
    return _Problem(
        scenario, lane, traffic, seen, booths, _week(traffic.arrivals, scenario), weekend * count + part, names, errors,
        minutes, variation(traffic.service), np.zeros(168),
    )  # fmt: skip


def _week(arrivals: Profile | Bunched, scenario: Scenario) -> Floats:
    """Expected arrivals by hour of the week: the mean over the days played."""
    days = max(7, scenario.days - scenario.days % 7)
    rates = hourly_rates(arrivals, scenario.start, days)
    hour = (np.arange(rates.size) + 24 * scenario.start.weekday()) % 168
    return np.bincount(hour, rates, 168) / np.maximum(np.bincount(hour, minlength=168), 1)


def _service_error(service: ServiceTime) -> float:
    mean = mean_minutes(service) * 60
    low, high = service.low or mean * (1 - USUAL_RANGE), service.high or mean * (1 + USUAL_RANGE)
    return max(0.01, float(np.log(high / low)) / (2 * RANGE))


def fitted(problem: _Problem, logs: Floats, error: float) -> Scenario:
    """The scenario with the fitted service time and demand."""
    traffic, arrivals = problem.traffic, problem.traffic.arrivals
    if not isinstance(arrivals, Profile | Bunched):
        raise TypeError("only profiles are fitted")
    factor = float(np.exp(logs[0]))
    mean = mean_minutes(traffic.service) * 60 * factor
    service = {"mean_seconds": mean, "low": mean * np.exp(-1.96 * error), "high": mean * np.exp(1.96 * error)}
    if traffic.service.kind == "empirical":
        values = [value * factor for value in traffic.service.values_seconds]
        service = service | {"mean_seconds": None, "values_seconds": values}
    shape = np.exp(logs[2:])[problem.part_of].reshape(7, 24)
    hours = np.array(arrivals.hour, float)
    rows = (hours if hours.ndim == 2 else np.tile(hours, (7, 1))) * shape
    changed = arrivals.model_copy(
        update={
            "hour": rows.tolist(),
            "monthly": {month: value * float(np.exp(logs[1])) for month, value in arrivals.monthly.items()},
        }
    )
    told = (traffic.service.source + "; " if traffic.service.source else "") + "fitted to observed waits"
    new = traffic.model_copy(
        update={
            "arrivals": changed,
            "service": traffic.service.model_copy(update=service | {"source": told[:500]}),
        }
    )
    every = [new if one.name == traffic.name else one for one in problem.scenario.traffic]
    return problem.scenario.model_copy(update={"traffic": every})


def _simulated(problem: _Problem, logs: Floats, replications: int) -> Floats:
    """Mean waits by hour of the week of the lane alone, with the booths that were seen; NaN where nobody comes."""
    scenario = fitted(problem, logs, 0.0)
    traffic = next(one for one in scenario.traffic if one.name == problem.traffic.name)
    alone = scenario.model_copy(
        update={
            "traffic": [traffic.model_copy(update={"referrals": []})],
            "lanes": [problem.lane],
            "secondary": [],
            "neighbour": [],
            "incidents": [],
            "days": max(7, scenario.days - scenario.days % 7),
        }
    )
    layout = lay_out(alone)
    first = 24 * 60 * alone.start.weekday() + layout.begin
    minutes = np.arange(first, first + layout.booths[problem.lane.name].size) // 60 % 168
    layout = lay_out(alone, booths={problem.lane.name: problem.booths[minutes]})
    rows = [together([counted(layout, index)[0][0].tally], layout.horizon) for index in range(replications)]
    waited = np.sum([by_hour(row, HOUR_WAITED) for row in rows], axis=0)
    served = np.sum([by_hour(row, HOUR_SERVED) for row in rows], axis=0)
    return np.asarray(np.divide(waited, served, out=np.full(168, np.nan), where=served > 0))


def _parameters(problem: _Problem, logs: Floats, covariance: Floats) -> list[Parameter]:
    found = []
    for index, name in enumerate(problem.names):
        prior, error = float(problem.prior_error[index]), float(np.sqrt(covariance[index, index]))
        low, value, high = (float(np.exp(logs[index] + side * 1.96 * error)) for side in (-1, 0, 1))
        learnt = max(0.0, 1 - (error / prior) ** 2)
        found.append(
            Parameter(name, float(np.exp(-1.96 * prior)), float(np.exp(1.96 * prior)), value, low, high, learnt)
        )
    return found


def _observed(seen: Observed) -> Floats:
    weight = seen.error**-2.0
    total = np.bincount(seen.hour, weight * seen.minutes, 168)
    weights = np.bincount(seen.hour, weight, 168)
    return np.asarray(np.divide(total, weights, out=np.full(168, np.nan), where=weights > 0))


def _error(seen: Observed, simulated: Floats) -> float:
    return float(np.sqrt(np.mean(((np.nan_to_num(simulated)[seen.hour] - seen.minutes) / seen.error) ** 2)))
