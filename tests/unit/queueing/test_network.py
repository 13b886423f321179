"""The network: event for event what plain SimPy gives, choice and balking by hand, and nothing lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.queueing import chain_plan, choice_plan, simpy_chain, vehicles_of
from otay.engines.queueing.network import BALKED, DONE, NONE, TURNED_AWAY, run_network

OFTEN = [(0.0, 2), (50.0, 1), (90.0, 4), (160.0, 0), (180.0, 3)]


def chain(seed: int, count: int = 400) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    chance = np.random.default_rng(seed)
    arrivals = np.cumsum(chance.exponential(0.45, count))
    services = (chance.lognormal(-1, 0.4, count), chance.gamma(2, 0.5, count), chance.gamma(2, 1.5, count))
    return arrivals, services, np.where(chance.random(count) < 0.3, 2, NONE)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("room", [(10**6, 10**6, 10**6), (3, 2, 1)], ids=["roomy", "tight"])
def test_chain_equals_simpy(seed: int, room: tuple[int, int, int]) -> None:
    arrivals, services, referred = chain(seed)
    staffing = ([(0.0, 2), (100.0, 3)], OFTEN, [(0.0, 1), (120.0, 2)])
    vehicles = vehicles_of(
        arrivals, services[1], export_service=services[0], referred=referred, secondary_service=services[2]
    )
    run_network(chain_plan(staffing, room), vehicles)
    expected = simpy_chain(arrivals, services, referred, staffing, room)
    assert (vehicles.status == DONE).all()
    for name, times in expected.items():
        np.testing.assert_allclose(getattr(vehicles, name), times, rtol=0, atol=1e-9, err_msg=name)


def test_a_full_secondary_line_holds_the_booth() -> None:
    plan = chain_plan(([(0.0, 9)], [(0.0, 1)], [(0.0, 1)]), (99, 99, 1))
    vehicles = vehicles_of(
        [0, 0, 0, 0], [1, 1, 1, 1], referred=np.array([2, 2, 2, NONE]), secondary_service=np.full(4, 10.0)
    )
    run_network(plan, vehicles)
    # The third waits in its booth from 3 until the second starts at 11; only then is the fourth served.
    assert vehicles.start.tolist() == [0, 1, 2, 11]
    assert vehicles.out.tolist() == [11, 21, 31, 12]


def test_each_chooses_the_lane_with_the_least_expected_wait_that_it_may_use() -> None:
    plan = choice_plan([1, 1], [[True, False], [True, True]])
    vehicles = vehicles_of([0, 0.1, 0.2, 0.3], [5, 5, 5, 5], [0, 1, 1, 0])
    run_network(plan, vehicles)
    assert vehicles.lane.tolist() == [0, 1, 0, 0]


def test_a_closed_lane_is_reckoned_with_until_it_opens() -> None:
    plan = choice_plan([0, 1], [[True, True]], step_times=np.array([0.0, 0.0, 2.0]), step_stations=np.array([0, 1, 0]))
    plan = plan._replace(step_levels=np.array([0, 1, 1]))
    vehicles = vehicles_of([0, 0.1, 0.2, 0.3, 0.4], [9] * 5)
    run_network(plan, vehicles)
    assert vehicles.lane.tolist() == [
        1,
        1,
        1,
        0,
        1,
    ]  # the fourth would wait 3 in lane 1, 2.7 in lane 0, the fifth 3 and 3.6


def test_who_would_wait_too_long_leaves() -> None:
    vehicles = vehicles_of([0, 0.1, 0.2], [5, 5, 5], patience=np.array([9.0, 9.0, 1.5]))
    run_network(choice_plan([1], [[True]]), vehicles)
    assert vehicles.status.tolist() == [DONE, DONE, BALKED]


def test_the_first_on_a_road_holds_those_behind() -> None:
    plan = choice_plan([1, 1], [[True, False], [False, True]], storage=np.array([1, 9]), road=2)
    vehicles = vehicles_of([0, 0.1, 0.2, 0.3, 0.4], [5, 5, 5, 1, 1], [0, 0, 0, 1, 1])
    most = run_network(plan, vehicles)
    assert most == 2
    assert vehicles.start[3] == 5.0  # its lane was empty all the time
    assert vehicles.status.tolist() == [DONE, DONE, DONE, DONE, TURNED_AWAY]


def test_priority_lane_at_shared_booths() -> None:
    plan = choice_plan(
        [1, 1], [[True, False], [False, True]], station_of=np.array([0, 0]), rank=np.array([1, 0]), stations=1
    )
    plan = plan._replace(step_times=np.zeros(1), step_stations=np.zeros(1, np.int64), step_levels=np.ones(1, np.int64))
    vehicles = vehicles_of([0, 0.1, 0.2], [1, 1, 1], [0, 0, 1])
    run_network(plan, vehicles)
    assert vehicles.start.tolist() == [0, 2, 1]


@given(seed=st.integers(0, 10**6), room=st.tuples(*[st.integers(1, 4)] * 3), hurry=st.floats(0.1, 50))
@settings(max_examples=40, deadline=None)
def test_nobody_is_lost_and_nobody_overtakes_time(seed: int, room: tuple[int, int, int], hurry: float) -> None:
    arrivals, services, referred = chain(seed, 120)
    patience = np.random.default_rng(seed).exponential(hurry, 120)
    vehicles = vehicles_of(
        arrivals,
        services[1],
        export_service=services[0],
        referred=referred,
        secondary_service=services[2],
        patience=patience,
    )
    run_network(chain_plan(([(0.0, 1)], OFTEN, [(0.0, 1)]), room), vehicles)
    done = vehicles.status == DONE
    assert done.sum() + (vehicles.status == BALKED).sum() + (vehicles.status == TURNED_AWAY).sum() == 120
    assert np.isnan(vehicles.out[~done]).all()
    assert (vehicles.arrival[done] <= vehicles.at_road[done]).all()
    assert (vehicles.at_road[done] <= vehicles.start[done]).all()
    np.testing.assert_allclose((vehicles.end - vehicles.start)[done], services[1][done], atol=1e-9)
    assert (vehicles.out[done] >= vehicles.end[done]).all()
    assert (np.diff(vehicles.start[done]) >= 0).all()  # one lane, one class: first come, first served
