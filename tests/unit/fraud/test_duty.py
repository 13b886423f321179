"""What duty is estimated where the neighbour's record tells nothing."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otay.engines.fraud.ranking.duty import at_stake, estimated, stake_share

NAMES = ["log_value", "importer_price", "relation_price"]


def told(trees: float, stake: float, share: float, *gaps: float) -> float:
    values = np.array([[1.0, *gaps]])
    return float(estimated(np.array([trees]), np.array([stake]), share, NAMES, values)[0])


def test_the_three_estimates_are_averaged() -> None:
    # the trader paid twice as much before: as much duty again is missing as was declared
    assert told(60.0, 300.0, 0.5, -np.log(2), np.nan) == pytest.approx((60 + 150 + 300) / 3)


def test_the_lower_of_both_earlier_prices_speaks_and_a_higher_price_owes_nothing() -> None:
    assert told(0.0, 100.0, 0.0, 0.4, -np.log(3)) == pytest.approx(200 / 3)
    assert told(0.0, 100.0, 0.0, 0.4, 0.1) == 0.0


def test_without_a_stake_or_a_share_the_trees_are_alone() -> None:
    assert told(60.0, np.nan, 0.5, -1.0, -1.0) == 60.0
    assert told(60.0, 300.0, np.nan, -1.0, -1.0) == 60.0
    assert np.isnan(at_stake(pl.DataFrame({"value": [1.0]}))).all()


def test_a_model_that_knows_no_earlier_prices_still_estimates() -> None:
    assert estimated(np.array([30.0]), np.array([300.0]), 0.5, ["log_value"], np.array([[1.0]]))[0] == 60.0


def test_the_share_is_of_what_was_found_with_a_known_duty() -> None:
    stake, found = np.array([100.0, 100.0, np.nan, 100.0]), np.array([1, 1, 1, 0], np.int8)
    assert stake_share(stake, found, np.array([50.0, np.nan, 9.0, 9.0])) == 0.5
    assert np.isnan(stake_share(stake, np.zeros(4, np.int8), stake))


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=2), st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 5))
def test_an_estimate_is_a_finite_duty_and_never_falls_with_a_lower_price(
    gaps: list[float], trees: float, stake: float, share: float
) -> None:
    here = told(trees, stake, share, *gaps)
    lower = told(trees, stake, share, *(gap - 0.3 for gap in gaps))
    assert 0 <= here <= lower * (1 + 1e-12)
    assert np.isfinite(lower)
