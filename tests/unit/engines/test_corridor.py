"""The grid gives what looking at every piece gives, plain and compiled."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from otay.core.geography import Position, distance_to_line, haversine
from otay.engines.corridor import Corridor

SQUARE = [(-117.0, 32.0), (-116.0, 32.0), (-116.0, 33.0)]
HIGHWAY = [(-117.0 + 0.01 * i, 32.5 - 0.003 * i + 0.004 * math.sin(i / 3)) for i in range(400)]

longitudes = st.floats(-118, -115)
latitudes = st.floats(30, 34)
positions = st.tuples(longitudes, latitudes)
lines = st.one_of(
    st.lists(positions, min_size=2, max_size=60),
    # many vertices close together, as roads are drawn
    st.lists(st.tuples(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)), min_size=2, max_size=120).map(
        lambda steps: [
            (-117 + float(x), 32 + float(y))
            for x, y in zip(*(np.cumsum(axis) for axis in zip(*steps, strict=True)), strict=True)
        ]
    ),
)


@settings(max_examples=200, deadline=None)
@given(
    lines, st.lists(st.one_of(positions, st.tuples(st.floats(-180, 180), st.floats(-89, 89))), min_size=1, max_size=15)
)
def test_distance_is_that_of_brute_force(line: list[Position], asked: list[Position]) -> None:
    assume(len(set(line)) > 1 and sum(haversine(a, b) for a, b in pairwise(line)) > 0)
    corridor = Corridor(line)
    for position in asked:
        found = corridor.locate(position)
        assert found.distance == pytest.approx(distance_to_line(position, line), rel=1e-12, abs=1e-6)
        assert 0 <= found.progress <= corridor.length


@settings(max_examples=30, deadline=None)
@given(lines, st.lists(positions, min_size=1, max_size=40))
def test_compiled_and_plain_are_the_same_function(line: list[Position], asked: list[Position]) -> None:
    assume(len(set(line)) > 1)
    corridor = Corridor(line)
    lons, lats = [lon for lon, _ in asked], [lat for _, lat in asked]
    plain = corridor.locate_all(lons, lats, compiled=False)
    fast = corridor.locate_all(lons, lats, compiled=True)
    assert np.allclose(plain[0], fast[0], rtol=0, atol=1e-6)
    assert np.allclose(plain[1], fast[1], rtol=0, atol=1e-3)


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 1))
def test_a_position_on_the_route_is_found_where_it_is(share: float) -> None:
    corridor = Corridor(HIGHWAY)
    found = corridor.locate(corridor.at(share * corridor.length))
    assert found.distance < 0.01
    assert found.progress == pytest.approx(share * corridor.length, abs=1)


def test_progress_counts_along_the_line() -> None:
    corridor = Corridor(SQUARE)
    first = haversine(SQUARE[0], SQUARE[1])
    assert corridor.length == pytest.approx(first + haversine(SQUARE[1], SQUARE[2]))
    assert corridor.locate((-116.5, 31.9)).progress == pytest.approx(first / 2, rel=1e-3)
    assert corridor.locate((-115.5, 31.5)).progress == pytest.approx(first)
    assert corridor.at(-5) == SQUARE[0]
    assert corridor.at(math.inf) == SQUARE[-1]


def test_of_two_equally_near_places_the_earlier_one_counts() -> None:
    there_and_back = [(-117.0, 32.0), (-116.0, 32.0), (-117.0, 32.0)]
    corridor = Corridor(there_and_back)
    assert corridor.locate((-116.75, 32.0)).progress == pytest.approx(corridor.length / 8, rel=1e-3)


def test_what_is_no_position_has_no_distance() -> None:
    corridor = Corridor(SQUARE)
    for compiled in (False, True):
        distances, progress = corridor.locate_all(
            [math.nan, -116.5, math.inf], [32.0, math.nan, 32.0], compiled=compiled
        )
        assert all(math.isnan(value) for value in (*distances, *progress))
    assert math.isnan(corridor.locate((0.0, 91.0)).distance)


def test_a_route_of_one_long_piece_and_one_of_many_short_ones() -> None:
    assert Corridor(SQUARE[:2]).locate((-116.5, 32.0)).distance < 60
    circle = [(-117 + 0.1 * math.cos(i / 500), 32 + 0.1 * math.sin(i / 500)) for i in range(5000)]
    corridor = Corridor(circle)
    for position in ((-117.0, 32.0), (-117.05, 32.02), (-100.0, 20.0)):
        assert corridor.locate(position).distance == pytest.approx(distance_to_line(position, circle), abs=1e-6)


@pytest.mark.parametrize(
    "line",
    [[], [(0.0, 0.0)], [(1.0, 1.0), (1.0, 1.0)], [(0.0, 0.0), (0.0, 95.0)], [(math.nan, 0.0), (1.0, 1.0)]],
)
def test_what_is_no_route_is_refused(line: list[Position]) -> None:
    with pytest.raises(ValueError, match=r"route"):
        Corridor(line)
