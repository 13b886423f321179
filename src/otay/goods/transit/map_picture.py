"""The map below the movements: one picture of both countries on a plane whose axes are longitude and latitude.

Straight axes, so that the browser can turn a click into a position and a position into a place with two divisions; the
scale is true at 28 degrees north.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders

from otay.core.geography import Box, Line, Position, clip_ring, rings_of, simplify, topology_arcs
from otay.goods.transit.offices import offices
from otay.places import reference

BOX = Box(-119.6, 19.6, -94.4, 36.2)
WIDTH = 1000
PER_DEGREE = WIDTH / (BOX.east - BOX.west)
TALLER = 1 / math.cos(math.radians(28))
HEIGHT = round((BOX.north - BOX.south) * PER_DEGREE * TALLER)
TOLERANCE = 0.15
_FILL = {"US": "#f6f8fa", "MX": "#f7f3e8"}
_NUMERIC = {"840": "US", "484": "MX"}


def place(position: Position) -> Position:
    """A position in units of the picture, downwards."""
    lon, lat = position
    return (lon - BOX.west) * PER_DEGREE, (BOX.north - lat) * PER_DEGREE * TALLER


def points(line: Iterable[Position], tolerance: float = TOLERANCE) -> str:
    """A line as the ``points`` of an SVG polyline, with no more of them than are seen."""
    drawn = simplify([place((lon, lat)) for lon, lat in line], tolerance)
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in drawn)


def scale() -> dict[str, float]:
    """What a script needs to turn positions into places and back."""
    return {"west": BOX.west, "north": BOX.north, "x": PER_DEGREE, "y": PER_DEGREE * TALLER}


@lru_cache(maxsize=1)
def base() -> str:
    """The picture as an SVG document, drawn once a process. Without the atlases the border line still shows."""
    shapes = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#e4eef5"/>']
    countries, states = _topology("countries-50m.json"), _topology("states-10m.json")
    if countries:
        for code, rings in _shapes(countries, "countries"):
            fill = _FILL.get(_NUMERIC.get(code, ""), "#ececec")
            shapes.append(f'<path d="{"".join(_rings(rings))}" fill="{fill}" stroke="#a9aeb1" stroke-width="0.4"/>')
    if states:
        for _code, rings in _shapes(states, "states"):
            shapes.append(f'<path d="{"".join(_rings(rings))}" fill="none" stroke="#c9ced3" stroke-width="0.5"/>')
    shapes += [
        f'<polyline points="{points(line)}" fill="none" stroke="#3d4551" stroke-width="1.4"/>'
        for line in reference.border_line()
    ]
    shapes += _office_marks()
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(shapes)}</svg>'


def _shapes(atlas: Mapping[str, Any], name: str) -> Iterator[tuple[str, list[Line]]]:
    arcs = topology_arcs(atlas)
    around = Box(BOX.west - 1, BOX.south - 1, BOX.east + 1, BOX.north + 1)
    for shape in atlas["objects"][name]["geometries"]:
        rings = [ring for ring in rings_of(shape, arcs) if around.touches(ring)]
        if rings:
            yield str(shape.get("id", "")), [clip_ring(ring, around) for ring in rings]


def _rings(rings: Iterable[Line]) -> Iterator[str]:
    for ring in rings:
        drawn = simplify([place(position) for position in ring], TOLERANCE)
        if len(drawn) > 3:
            yield "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in drawn) + "Z"


def _office_marks() -> Iterator[str]:
    for one in offices().values():
        if not one.port and BOX.holds((one.lon, one.lat)):
            x, y = place((one.lon, one.lat))
            yield f'<rect x="{x - 2:.1f}" y="{y - 2:.1f}" width="4" height="4" fill="#565c65"/>'
            yield (
                f'<text x="{x + 4:.1f}" y="{y + 3:.1f}" font-size="8" font-family="sans-serif" fill="#3d4551">'
                f"{one.name}</text>"
            )


def _topology(name: str) -> Mapping[str, Any] | None:
    found = finders.find(f"vendor/geo/{name}")
    return json.loads(Path(str(found)).read_text(encoding="utf-8")) if found else None
