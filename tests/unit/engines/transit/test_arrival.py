from __future__ import annotations

import math

import pytest

from otay.engines.transit.arrival import expected_arrival


def test_a_steady_pace_is_carried_on() -> None:
    done = [(60.0 * index, 1000.0 * index) for index in range(61)]
    arrival = expected_arrival(done, 100_000)
    assert arrival is not None
    assert arrival.likely == pytest.approx(6000)
    assert arrival.early == pytest.approx(6000) == arrival.late


def test_an_uneven_pace_widens_the_interval() -> None:
    done, reached = [], 0.0
    for index in range(121):
        reached += 1500.0 if index // 15 % 2 else 500.0
        done.append((60.0 * index, reached))
    arrival = expected_arrival(done, 200_000)
    assert arrival is not None
    assert arrival.early < arrival.likely < arrival.late
    assert done[-1][0] < arrival.early


def test_what_cannot_be_told() -> None:
    assert expected_arrival([(0.0, 0.0)], 10) is None
    still = expected_arrival([(0.0, 5.0), (60.0, 5.0)], 10)
    assert still is not None
    assert still.likely == math.inf
    assert expected_arrival([(0.0, 0.0), (60.0, 20.0)], 10) == (60.0, 60.0, 60.0)
