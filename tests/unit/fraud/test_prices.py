"""Reference prices: the finest cell that has a sample, and how many records it rests on."""

from __future__ import annotations

import numpy as np
import pytest

from otay.engines.fraud.prices import LEVELS, Keys, ReferencePrices


def keys(hs: list[int], origin: list[int], month: list[int]) -> Keys:
    return Keys(np.array(hs), np.array(origin), np.zeros(len(hs), np.int64), np.array(month))


def learnt() -> ReferencePrices:
    random = np.random.default_rng(1)
    hs = [847130] * 100 + [847141] * 100
    origin = [0] * 60 + [1] * 40 + [0] * 100
    month = [3] * 30 + [4] * 70 + [3] * 100
    price = random.normal(2, 0.1, 200)
    price[100:] = random.normal(5, 0.1, 100)
    return ReferencePrices.learn(keys(hs, origin, month), price)


@pytest.mark.parametrize(
    ("asked", "level", "count"),
    [
        ((847130, 0, 3), 0, 30),
        ((847130, 0, 9), 1, 60),
        ((847130, 5, 4), 2, 70),
        ((847130, 5, 9), 3, 100),
        ((847170, 0, 3), 4, 200),
        ((847999, 0, 3), 5, 200),
        ((10121, 0, 3), -1, 0),
        ((-1, 0, 3), -1, 0),
    ],
)
def test_a_thin_cell_falls_back_and_says_to_what(asked: tuple[int, int, int], level: int, count: int) -> None:
    quotes = learnt().quote(keys(*([one] for one in asked)))
    assert (quotes.level[0], quotes.count[0]) == (level, count)
    assert np.isnan(quotes.middle[0]) == (level < 0)


def test_a_fifth_of_wrong_prices_does_not_move_the_reference() -> None:
    price = np.concatenate([np.full(80, 2.0) + np.linspace(-0.2, 0.2, 80), np.full(20, -6.0)])
    same = keys([847130] * 100, [0] * 100, [1] * 100)
    quotes = ReferencePrices.learn(same, price).quote(same)
    assert quotes.middle[0] == pytest.approx(2.0, abs=0.15)
    assert quotes.deviation(price)[-1] < -2


def test_quartiles_are_those_of_numpy_and_survive_json() -> None:
    random = np.random.default_rng(2)
    hs, price = random.integers(100000, 100004, 400), random.normal(0, 1, 400)
    prices = ReferencePrices.learn(keys(hs.tolist(), [0] * 400, [0] * 400), price)
    cells = prices.levels[LEVELS.index(("hs6", "unit"))]
    for at, code in enumerate(np.unique(hs)):
        expected = np.quantile(price[hs == code], [0.25, 0.5, 0.75])
        assert [cells.low[at], cells.middle[at], cells.high[at]] == pytest.approx(expected)
    again = ReferencePrices.from_record(prices.as_record())
    asked = keys(hs.tolist(), [0] * 400, [0] * 400)
    assert np.array_equal(again.quote(asked).middle, prices.quote(asked).middle)


def test_nothing_is_learnt_from_prices_that_are_none() -> None:
    prices = ReferencePrices.learn(keys([847130], [0], [0]), np.array([np.nan]))
    assert prices.quote(keys([847130], [0], [0])).level[0] == -1
