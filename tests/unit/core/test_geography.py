"""Positions, boxes, projection, lines and TopoJSON against values that can be known by other means."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otay.core.geography import (
    EARTH_RADIUS,
    Box,
    LambertConformal,
    TopologyError,
    clip_ring,
    distance_to_line,
    haversine,
    join_lines,
    rings_of,
    simplify,
    topology_arcs,
)

coordinates = st.tuples(st.floats(-120, -90), st.floats(20, 40))


@pytest.mark.parametrize(
    ("a", "b", "metres"),
    [
        ((0, 0), (0, 1), math.pi * EARTH_RADIUS / 180),
        ((0, 0), (180, 0), math.pi * EARTH_RADIUS),
        ((-117.0293, 32.5426), (-116.9386, 32.5502), 8_540),  # San Ysidro to Otay Mesa
        ((5, 5), (5, 5), 0),
    ],
)
def test_haversine_gives_known_distances(a: tuple[float, float], b: tuple[float, float], metres: float) -> None:
    assert haversine(a, b) == pytest.approx(metres, rel=0.005)


@given(coordinates, coordinates)
def test_haversine_is_the_same_both_ways(a: tuple[float, float], b: tuple[float, float]) -> None:
    assert haversine(a, b) == pytest.approx(haversine(b, a))


def test_distance_to_line_finds_the_piece_not_the_corner() -> None:
    line = [(-100.0, 30.0), (-98.0, 30.0)]
    assert distance_to_line((-99.0, 30.1), line) == pytest.approx(0.1 * math.radians(1) * EARTH_RADIUS, rel=0.001)
    assert distance_to_line((-101.0, 30.0), line) == pytest.approx(haversine((-101, 30), (-100, 30)), rel=0.001)


def test_distance_to_an_empty_line_is_refused() -> None:
    with pytest.raises(ValueError, match="without positions"):
        distance_to_line((0, 0), [])


def test_box_holds_and_touches() -> None:
    box = Box.around([(-100, 25), (-95, 30)], margin=1)
    assert box == Box(-101, 24, -94, 31)
    assert box.holds((-101, 24))
    assert not box.holds((-101.1, 24))
    assert box.touches([(-94, 31), (-90, 35)])
    assert not box.touches([(-93.9, 31), (-90, 35)])


def test_lambert_gives_the_worked_example_of_snyder() -> None:
    """Page 295 of Professional Paper 1395: unit sphere, parallels 33 and 45, origin 23 N 96 W, point 35 N 75 W."""
    x, y = LambertConformal(33, 45, (-96, 23)).project((-75, 35))
    assert x == pytest.approx(0.2966785, abs=1e-7)
    assert y == pytest.approx(0.2462112, abs=1e-7)


def test_lambert_with_one_parallel_is_true_to_scale_there() -> None:
    x, _ = LambertConformal(30, 30, (-100, 30)).project((-99, 30))
    assert x == pytest.approx(math.radians(1) * math.cos(math.radians(30)), rel=1e-4)


@given(st.lists(coordinates, min_size=2, max_size=40), st.floats(0.01, 5))
def test_simplified_line_stays_within_the_tolerance(line: list[tuple[float, float]], tolerance: float) -> None:
    short = simplify(line, tolerance)
    assert short[0] == line[0]
    assert short[-1] == line[-1]
    assert set(short) <= set(line)
    for point in line:
        assert min(_plane_distance(point, a, b) for a, b in pairwise(short)) <= tolerance + 1e-9


def _plane_distance(p: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    t = 0 if length == 0 else max(0, min(1, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length))
    return math.hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy)


def test_join_puts_pieces_together_in_any_direction() -> None:
    pieces = [[(0, 0), (1, 0)], [(2, 0), (1, 0)], [(5, 5), (6, 6)], [(0, 0), (-1, 0)]]
    joined = join_lines(pieces)
    assert sorted(len(line) for line in joined) == [2, 4]
    long = max(joined, key=len)
    assert long in ([(2, 0), (1, 0), (0, 0), (-1, 0)], [(-1, 0), (0, 0), (1, 0), (2, 0)])


TOPOLOGY = {
    "type": "Topology",
    "transform": {"scale": [0.5, 2], "translate": [10, 20]},
    "arcs": [[[0, 0], [2, 0], [0, 1]], [[0, 0], [0, 1], [2, 0]]],
    "objects": {},
}


def test_quantised_arcs_are_differences() -> None:
    assert topology_arcs(TOPOLOGY) == [[(10, 20), (11, 20), (11, 22)], [(10, 20), (10, 22), (11, 22)]]


def test_arcs_without_transform_are_positions() -> None:
    assert topology_arcs({"type": "Topology", "arcs": [[[1, 2], [3, 4]]]}) == [[(1, 2), (3, 4)]]


def test_a_ring_takes_an_arc_backwards_without_doubling_its_corner() -> None:
    ring = next(rings_of({"type": "Polygon", "arcs": [[0, ~1]]}, topology_arcs(TOPOLOGY)))
    assert ring == [(10, 20), (11, 20), (11, 22), (10, 22), (10, 20)]


def test_other_shapes_have_no_rings() -> None:
    assert list(rings_of({"type": "Point", "coordinates": [0, 0]}, [])) == []
    assert len(list(rings_of({"type": "MultiPolygon", "arcs": [[[0]], [[1]]]}, topology_arcs(TOPOLOGY)))) == 2


@pytest.mark.parametrize("document", [{}, {"type": "FeatureCollection", "features": []}])
def test_what_is_no_topology_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(TopologyError):
        topology_arcs(document)


def test_a_missing_arc_is_named() -> None:
    with pytest.raises(TopologyError, match="no arc 7"):
        list(rings_of({"type": "Polygon", "arcs": [[7]]}, topology_arcs(TOPOLOGY)))


def test_clip_cuts_a_square_in_half_and_drops_what_is_outside() -> None:
    square = [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)]
    assert set(clip_ring(square, Box(1, -1, 3, 3))) == {(1, 0), (2, 0), (2, 2), (1, 2)}
    assert clip_ring(square, Box(5, 5, 6, 6)) == []


@given(st.lists(coordinates, min_size=3, max_size=20))
def test_nothing_clipped_is_outside(ring: list[tuple[float, float]]) -> None:
    box = Box(-110, 25, -100, 35)
    assert all(-110 - 1e-6 <= x <= -100 + 1e-6 and 25 - 1e-6 <= y <= 35 + 1e-6 for x, y in clip_ring(ring, box))
