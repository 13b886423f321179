"""Votes of several boosters, and prices beside what the same traders agreed before."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from otay.engines.fraud.ranking.features import Matrix
from otay.engines.fraud.ranking.fitting import Recipe, folds_of
from otay.engines.fraud.ranking.own_prices import OwnPrices, past_gaps
from otay.engines.fraud.ranking.voting import WEIGHTS, Votes, fit_votes, is_own, mixed


def _world(size: int = 1500) -> tuple[Matrix, np.ndarray, np.ndarray]:
    """Frauds that either the gap or the importer's rate shows, never both."""
    random = np.random.default_rng(4)
    gap = np.where(random.random(size) < 0.1, random.uniform(0.2, 2, size), 0.0)
    rate = random.uniform(0, 0.3, size) + 0.5 * (random.random(size) < 0.05)
    chance = np.where(gap > 0.8, 0.8, np.where(rate > 0.5, 0.7, 0.02))
    matrix = Matrix()
    matrix.add("mirror_gap", gap, 1)
    matrix.add("importer:rate", rate, 1)
    matrix.add("noise", random.random(size))
    return matrix, matrix.values, (random.random(size) < chance).astype(np.int8)


def test_who_colludes_is_not_drowned_by_the_mirror_that_agrees() -> None:
    matrix, values, found = _world()
    recipe = Recipe(rounds=60)
    votes, unseen = fit_votes(matrix, values, found, folds_of(None, len(found), recipe), recipe)
    odds = votes.odds(matrix.names, values)
    assert set(odds) == set(WEIGHTS)
    raw = votes.raw(matrix.names, values)
    colluding, honest = (values[:, 0] == 0) & (values[:, 1] > 0.5), (values[:, 0] == 0) & (values[:, 1] < 0.3)
    assert np.median(raw[colluding]) > np.quantile(raw[honest], 0.99)
    assert unseen.shape == raw.shape
    other = values.copy()
    other[:, 0] = 0
    assert np.allclose(votes.odds(matrix.names, other)["history"], odds["history"])
    again = Votes.from_record(votes.as_record())
    assert np.array_equal(again.raw(matrix.names, values), raw)
    assert votes.shares(matrix.names, values[:5]).shape == (5, 3)
    assert votes.importance(matrix.names)["mirror_gap"] > 0


def test_without_a_mirror_one_booster_votes() -> None:
    _, values, found = _world()
    alone = Matrix()
    alone.add("importer:rate", values[:, 1], 1)
    recipe = Recipe(rounds=30)
    votes, unseen = fit_votes(alone, alone.values, found, folds_of(None, len(found), recipe), recipe)
    assert (votes.mirror, votes.history) == ("", "")
    assert np.array_equal(votes.raw(alone.names, alone.values), votes.odds(alone.names, alone.values)["flat"])
    assert len(unseen) == len(found)


@given(st.lists(st.tuples(*[st.floats(-20, 20)] * 3), min_size=1, max_size=20))
def test_the_mean_lies_between_the_votes_and_rises_with_each(rows: list[tuple[float, float, float]]) -> None:
    odds = dict(zip(WEIGHTS, np.array(rows).T, strict=True))
    raw = mixed(odds)
    stacked = np.array(list(odds.values()))
    assert (raw >= stacked.min(0) - 1e-6).all()
    assert (raw <= stacked.max(0) + 1e-6).all()
    for name in odds:
        assert (mixed({**odds, name: odds[name] + 1}) >= raw).all()


def test_what_owes_nothing_to_the_neighbour() -> None:
    own = [name for name in ("importer:rate", "importer:mirror", "mirror_value", "source_cover", "price_gap")
           if is_own(name)]  # fmt: skip
    assert own == ["importer:rate", "price_gap"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 6), st.floats(-3, 3) | st.just(float("nan"))),
        min_size=1,
        max_size=40,
    )
)
def test_a_price_is_compared_with_earlier_days_only(rows: list[tuple[str | None, int, float]]) -> None:
    rows = sorted(rows, key=lambda row: row[1])
    texts = pl.Series([row[0] for row in rows], dtype=pl.String)
    days, prices = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    gaps, numbers = past_gaps(texts, prices, days)
    for at, (text, day, price) in enumerate(rows):
        before = [p for t, d, p in rows if t == text and d < day and np.isfinite(p)] if text else []
        assert numbers[at] == len(before)
        expected = price - np.mean(before) if before else float("nan")
        assert np.isclose(gaps[at], expected, atol=1e-9, equal_nan=True)


def test_prices_read_back_compare_alike() -> None:
    texts = pl.Series(["a", "a", "b", None])
    own = OwnPrices.learn(texts, np.array([1.0, 3.0, np.nan, 5.0]))
    gaps, numbers = own.gaps(pl.Series(["a", "b", "c", None]), np.array([2.5, 1.0, 1.0, 1.0]))
    assert gaps[0] == 0.5
    assert np.isnan(gaps[1:]).all()
    assert numbers.tolist() == [2, 0, 0, 0]
    again = OwnPrices.from_record(own.as_record())
    assert np.array_equal(again.gaps(texts, np.ones(4))[0], own.gaps(texts, np.ones(4))[0], equal_nan=True)
