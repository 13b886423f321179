"""A known truth is found again, what waits cannot tell is said, and observations that make no sense are named."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otay.core.errors import Refused
from otay.engines.calibration import Fit, Observation, fit, profile
from otay.engines.calibration.flow import waits
from otay.engines.calibration.identifying import directions, posterior
from otay.engines.queueing import closed_forms
from otay.engines.queueing.layout import lay_out
from otay.engines.queueing.reading import make_scenario
from otay.engines.queueing.replication import run
from otay.engines.queueing.scenario import Scenario

DAY = [1, 1, 1, 1, 2, 5, 8, 8, 7, 5, 4, 4, 4, 4, 5, 5, 7, 7, 5, 4, 4, 3, 2, 2]


def port(seconds: float = 55, month: float = 92_000, hour: Any = DAY, **changes: Any) -> Scenario:
    traffic = {
        "name": "general",
        "lanes": ["general"],
        "arrivals": {"kind": "profile", "monthly": {"2023-07": month}, "hour": hour},
        "service": {"mean_seconds": seconds, "low": 0.9 * seconds, "high": 1.1 * seconds},
    }
    raw = {"name": "Invented", "start": "2023-07-03", "days": 7, "traffic": [traffic]}
    return make_scenario(raw | {"lanes": [{"name": "general", "booths": 3}]} | changes)


def observed(scenario: Scenario, seed: int, noise: float = 0.1) -> list[Observation]:
    """Mean waits by hour of a few simulated weeks, seen with error."""
    layout = lay_out(scenario)
    weeks = [run(layout, 100 * seed + week)[1]["traffic/general"] for week in range(1, 9)]
    chance = np.random.default_rng(seed)
    return [
        Observation(hour + 0.5, float(max(0.0, wait * (1 + noise * chance.standard_normal()))))
        for hour, wait in enumerate(np.mean(weeks, axis=0).tolist())
        if np.isfinite(wait)
    ]


@cache
def found() -> Fit:
    shifted = [weight * (1.25 if 6 <= hour < 10 else 1.0) for hour, weight in enumerate(DAY)]
    return fit(port(), "general", observed(port(57.5, hour=shifted), 1), replications=3)


def test_a_known_truth_is_found_again() -> None:
    by_name = {one.name: one for one in found().parameters}
    load = by_name["service"].value * by_name["level"].value
    assert load == pytest.approx(57.5 / 55, rel=0.04)
    assert by_name["working days 06-10"].value / by_name["working days 10-14"].value == pytest.approx(1.25, rel=0.12)
    assert all(one.low < one.value < one.high for one in found().parameters)
    assert found().error_after < 0.6 * found().error_before


def test_the_fitted_scenario_waits_as_was_observed() -> None:
    layout = lay_out(found().scenario)
    known = np.isfinite(found().observed)
    weeks = [run(layout, week)[1]["traffic/general"] for week in range(8)]
    apart = np.mean(weeks, axis=0)[known] - found().observed[known]
    assert np.sqrt(np.mean(apart**2)) < 0.35 * np.nanstd(found().observed)
    service = found().scenario.traffic[0].service
    assert service.low is not None
    assert service.high is not None
    assert service.low < (service.mean_seconds or 0) < service.high


def test_waits_tell_the_load_but_not_service_and_demand_apart() -> None:
    blind = [dict(one.parts) for one in found().directions if not one.identified]
    both = [one for one in blind if {"service", "level"} <= one.keys()]
    assert len(both) == 1
    assert both[0]["service"] * both[0]["level"] < 0  # one up, the other down
    assert found().directions[0].identified
    values = [one.information for one in found().directions]
    assert values == sorted(values, reverse=True)


def test_the_profile_rises_where_the_data_speak() -> None:
    flat = profile(found(), "service", [0.97, 1.0, 1.03])
    steep = profile(found(), "working days 06-10", [0.7, 1.2])
    assert min(flat) == min(steep) == 0
    assert max(flat) < max(steep)


@given(load=st.floats(0.3, 0.93), servers=st.integers(1, 12), cv=st.floats(0.2, 1.2))
@settings(max_examples=25, deadline=None)
def test_a_steady_flow_is_the_steady_queue(load: float, servers: int, cv: float) -> None:
    rate = load * servers / 1.0 * 60
    flow = waits(np.full((1, 168), rate), np.ones(1), np.full(168, servers), cv)[0, -1]
    assert flow == pytest.approx(closed_forms.mean_wait(servers, rate / 60, 1.0, cv), rel=0.03, abs=0.01)


def test_a_closed_booth_keeps_its_line_and_has_no_wait() -> None:
    booths = np.full(168, 2)
    booths[10:12] = 0
    flow = waits(np.full((1, 168), 60.0), np.ones(1), booths, 0.5)[0]
    assert np.isnan(flow[10:12]).all()
    assert flow[12] > 30
    assert flow[30] < 1


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_data_only_ever_narrow_what_was_believed(seed: int) -> None:
    chance = np.random.default_rng(seed)
    jacobian, prior = chance.normal(size=(20, 5)), chance.uniform(0.05, 0.5, 5)
    covariance = posterior(jacobian, prior)
    assert (np.diag(covariance) <= prior**2 + 1e-12).all()
    told = directions(jacobian, prior, list("abcde"), np.array([0, 0, 1.0, 1.0, 1.0]))
    assert len(told) == 4


@pytest.mark.parametrize(
    ("one", "place"),
    [
        (Observation(168.0, 5.0), "/0/hour"),
        (Observation(5.0, -1.0), "/0/minutes"),
        (Observation(5.0, float("nan")), "/0/minutes"),
        (Observation(5.0, 5.0, weight=0.0), "/0/weight"),
    ],
)
def test_an_observation_that_makes_no_sense_is_named(one: Observation, place: str) -> None:
    with pytest.raises(Refused) as refused:
        fit(port(), "general", [one] * 6)
    assert place in {finding.place for finding in refused.value.findings}


def test_what_cannot_be_fitted_is_refused() -> None:
    some = [Observation(hour, 5.0) for hour in range(8, 16)]
    with pytest.raises(Refused, match="bikes"):
        fit(port(), "bikes", some)
    with pytest.raises(Refused, match="six"):
        fit(port(), "general", some[:3])
    night = port(lanes=[{"name": "general", "booths": 9, "hours": [{"opens": "12:00", "closes": "24:00"}]}])
    with pytest.raises(Refused, match="closed"):
        fit(night, "general", some)


def test_lanes_that_were_seen_open_replace_the_booths_of_the_scenario() -> None:
    seen = [Observation(one.hour, one.minutes, 1.0, 4) for one in observed(port(), 2)]
    told = fit(port(), "general", seen, replications=2)
    blind = fit(port(), "general", seen, use_lanes_open=False, replications=2)
    assert told.before[40:60].max() < blind.before[40:60].max()
