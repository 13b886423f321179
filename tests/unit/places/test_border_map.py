"""The drawn border: markers apart and on the canvas, names apart, a picture also without an atlas."""

from __future__ import annotations

import math
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otay.places.border_map import LAYOUTS, PHONE, WIDE, Land, Layout, Spot, canvas, draw_markers, picture

spots = st.lists(
    st.builds(
        Spot,
        st.uuids().map(str),
        st.text("abcdefgh ", min_size=3, max_size=18),
        st.floats(-117.2, -97.2),
        st.floats(25.8, 32.8),
        st.floats(0, 2e7),
    ),
    max_size=30,
    unique_by=lambda spot: spot.key,
)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
@given(given_spots=spots)
@settings(max_examples=25, deadline=None)
def test_no_marker_covers_another_or_leaves_the_canvas(layout: Layout, given_spots: list[Spot]) -> None:
    markers = draw_markers(layout, tuple(given_spots))
    assert {marker.key for marker in markers} == {spot.key for spot in given_spots}
    height = canvas(layout).height
    for index, marker in enumerate(markers):
        assert marker.radius - 0.2 <= marker.x <= layout.width - marker.radius + 0.2
        assert marker.radius - 0.2 <= marker.y <= height - marker.radius + 0.2
        for other in markers[:index]:
            assert math.hypot(marker.x - other.x, marker.y - other.y) >= marker.radius + other.radius


def test_one_marker_stays_where_it_belongs_and_is_named() -> None:
    (marker,) = draw_markers(WIDE, (Spot("a", "Laredo", -99.5, 27.5, 1),))
    assert not marker.moved
    assert marker.label is not None
    assert marker.label.anchor == "start"
    assert marker.radius == WIDE.largest


def test_the_second_of_two_at_one_place_moves_and_keeps_its_true_place() -> None:
    first, second = draw_markers(PHONE, (Spot("a", "One", -106.4, 31.7, 9), Spot("b", "Two", -106.4, 31.7, 1)))
    assert not first.moved
    assert second.moved
    assert (second.true_x, second.true_y) == (first.x, first.y)


def test_the_area_of_a_marker_follows_its_size() -> None:
    large, small = draw_markers(WIDE, (Spot("a", "A", -99, 27, 400), Spot("b", "B", -110, 31, 100)))
    assert small.radius == pytest.approx(WIDE.smallest + (WIDE.largest - WIDE.smallest) / 2, abs=0.1)
    assert large.radius == WIDE.largest


LINE = [(-117.1, 32.5), (-106.5, 31.8), (-97.2, 25.9)]


def test_without_an_atlas_the_line_still_shows() -> None:
    root = ET.fromstring(picture(WIDE, [LINE], [], Land()))
    paths = [node.get("d", "") for node in root.iter("{http://www.w3.org/2000/svg}path")]
    assert any(path.startswith("M") and path.count("L") >= 1 for path in paths)
    assert root.get("viewBox") == f"0 0 1000 {canvas(WIDE).height}"


def test_countries_that_meet_here_are_told_from_the_rest() -> None:
    square = [[[-110, 26], [-100, 26], [-100, 30], [-110, 30], [-110, 26]]]
    atlas = {
        "type": "Topology",
        "arcs": square,
        "objects": {"countries": {"geometries": [{"type": "Polygon", "id": "484", "arcs": [[0]]}]}},
    }
    drawn = picture(WIDE, [LINE], [], Land(countries=atlas, here=("840", "484")))
    assert 'Z" fill="#f7f3e8"' in drawn
    assert 'Z" fill="#ececec"' not in drawn
