"""The border drawn by the server: land, states, rails and the line as one picture, ports as markers kept apart.

Pure geometry: what goes in are positions and sizes, what comes out are paths and places on a canvas. Two layouts, a
wide one and one for a phone, because a line of 3,000 km with 28 ports does not survive being shrunk.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from otay.core.geography import (
    Box,
    LambertConformal,
    Line,
    Position,
    clip_ring,
    rings_of,
    simplify,
    topology_arcs,
)

PROJECTION = LambertConformal(26.0, 33.0, (-107.3, 29.3))
TOLERANCE = 0.5
"""Lines are drawn with this many units of the canvas to spare."""
Circle = tuple[float, float, float]
"""x, y, radius."""
LETTER = 0.56
"""Width of a letter over the font's size, for keeping labels apart."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A canvas: ``width`` units for the piece of the globe in ``box``; font size and radii in the same units;
    ``label_reach``: how many lines of text a name may stand off its marker."""

    key: str
    width: int
    box: Box
    font: float
    smallest: float
    largest: float
    label_reach: tuple[float, ...]


WIDE = Layout("wide", 1000, Box(-118.4, 24.6, -96.2, 34.0), 12.5, 5.5, 15, (0.0, 1.1, 2.2, 3.3, 4.4))
PHONE = Layout("phone", 360, Box(-118.4, 22.4, -96.2, 36.4), 10, 4.5, 8, (0.0, 1.1, 2.2, 3.3, 4.4))
LAYOUTS = {layout.key: layout for layout in (WIDE, PHONE)}


@dataclass(frozen=True, slots=True)
class Spot:
    """A port to mark. ``size``: what the marker's area stands for."""

    key: str
    name: str
    longitude: float
    latitude: float
    size: float


@dataclass(frozen=True, slots=True)
class Label:
    """Where a name stands; ``anchor`` is the SVG word for which end of it, ``led`` if it needs a line to its marker."""

    x: float
    y: float
    anchor: str
    led: bool = False


@dataclass(frozen=True, slots=True)
class Marker:
    """A port on the canvas: the circle, and the true place when the circle had to make room. ``label`` is None where no
    free place was found for the name: it shows on focus."""

    key: str
    x: float
    y: float
    radius: float
    true_x: float
    true_y: float
    label: Label | None

    @property
    def moved(self) -> bool:
        """True if a leader line is needed."""
        return math.hypot(self.x - self.true_x, self.y - self.true_y) > 0.5


@dataclass(frozen=True, slots=True)
class Canvas:
    """A layout with its scale: turns positions into units, downwards as on a screen."""

    layout: Layout
    scale: float
    left: float
    top: float
    height: int

    @property
    def frame(self) -> Box:
        """The canvas with a little more around it, for cutting off what nobody sees."""
        return Box(-5, -5, self.layout.width + 5, self.height + 5)

    def place(self, positions: Iterable[Position]) -> Line:
        """Positions in units of the canvas."""
        return [
            ((x - self.left) * self.scale, (self.top - y) * self.scale) for x, y in PROJECTION.project_all(positions)
        ]


@lru_cache(maxsize=4)
def canvas(layout: Layout) -> Canvas:
    """The canvas whose width is filled by the middle of the layout's box."""
    box = layout.box
    middle = (box.south + box.north) / 2
    (left, _), (right, _) = PROJECTION.project_all([(box.west, middle), (box.east, middle)])
    centre = PROJECTION.origin[0]
    (_, top), (_, bottom) = PROJECTION.project_all([(centre, box.north), (centre, box.south)])
    scale = layout.width / (right - left)
    return Canvas(layout, scale, left, top, round((top - bottom) * scale))


def draw_markers(layout: Layout, spots: tuple[Spot, ...]) -> tuple[Marker, ...]:
    """Markers for ``spots``, largest first: none covers another, none leaves the canvas, names stay apart."""
    return _draw_markers(layout, tuple(sorted(spots, key=lambda spot: (-spot.size, spot.key))))


@lru_cache(maxsize=32)
def _draw_markers(layout: Layout, spots: tuple[Spot, ...]) -> tuple[Marker, ...]:
    sheet = canvas(layout)
    most = max((spot.size for spot in spots), default=0) or 1
    circles: list[Circle] = []
    truths = sheet.place((spot.longitude, spot.latitude) for spot in spots)
    for spot, (x, y) in zip(spots, truths, strict=True):
        radius = layout.smallest + (layout.largest - layout.smallest) * math.sqrt(max(0.0, spot.size) / most)
        circles.append(_make_room(x, y, radius, circles, sheet))
    taken = [Box(x - radius, y - radius, x + radius, y + radius) for x, y, radius in circles]
    markers = []
    for spot, (x, y, radius), (true_x, true_y) in zip(spots, circles, truths, strict=True):
        label = _label(spot.name, (x, y, radius), circles, taken, sheet)
        markers.append(
            Marker(spot.key, round(x, 1), round(y, 1), round(radius, 1), round(true_x, 1), round(true_y, 1), label)
        )
    return tuple(markers)


def _make_room(x: float, y: float, radius: float, others: Sequence[Circle], sheet: Canvas) -> Circle:
    """The nearest free place for a circle, looked for on rings around its true place."""
    for ring in range(40):
        reach = ring * radius * 0.5
        for step in range(16 if ring else 1):
            angle = math.pi / 2 + step * math.pi / 8
            to_x, to_y = x + reach * math.cos(angle), y + reach * math.sin(angle)
            inside = radius <= to_x <= sheet.layout.width - radius and radius <= to_y <= sheet.height - radius
            if inside and all(math.hypot(to_x - ox, to_y - oy) >= radius + other + 1.5 for ox, oy, other in others):
                return to_x, to_y, radius
    return x, y, radius


def _label(name: str, own: Circle, circles: Sequence[Circle], taken: list[Box], sheet: Canvas) -> Label | None:
    """The first free place for a name that is nearer to its own circle than to any other, else one further off with a
    line to it; what it covers is added to ``taken``."""
    width = len(name) * sheet.layout.font * LETTER
    free = [
        (label, box)
        for label, box in _places(*own, width, sheet.layout)
        if _inside(box, sheet)
        and not any(box.touches([(other.west, other.south), (other.east, other.north)]) for other in taken)
    ]
    plain = [place for place in free if all(_gap(place[1], own) <= _gap(place[1], circle) for circle in circles)]
    for label, box in (plain or free)[:1]:
        taken.append(box)
        return label if plain else replace(label, led=True)
    return None


def _inside(box: Box, sheet: Canvas) -> bool:
    return box.west >= 2 and box.east <= sheet.layout.width - 2 and box.south >= 2 and box.north <= sheet.height - 2


def _gap(box: Box, circle: Circle) -> float:
    """Distance between a box and the edge of a circle."""
    x, y, radius = circle
    return math.hypot(max(box.west - x, 0, x - box.east), max(box.south - y, 0, y - box.north)) - radius


def _places(x: float, y: float, radius: float, width: float, layout: Layout) -> Iterator[tuple[Label, Box]]:
    font, gap, half = layout.font, radius + layout.font * 0.3, width / 2
    for away in layout.label_reach:
        for up in (0,) if not away else (-1, 1):
            base = y + font * 0.35 + up * away * font
            yield _text("start", x + gap, base, x + gap, width, font)
            yield _text("end", x - gap, base, x - gap - width, width, font)
        for up in (-1, 1):
            base = y + up * (gap + away * font) + (font * 0.75 if up > 0 else 0)
            yield _text("middle", x, base, x - half, width, font)


def _text(anchor: str, x: float, base: float, left: float, width: float, font: float) -> tuple[Label, Box]:
    """A line of text on ``base`` and the box that it fills."""
    return Label(round(x, 1), round(base, 1), anchor), Box(left, base - font * 0.85, left + width, base + font * 0.2)


@dataclass(frozen=True, slots=True)
class Land:
    """The topologies a picture can be drawn from; either may be missing. ``here`` names the two countries (ISO 3166
    numeric codes, as the atlas has them)."""

    countries: Mapping[str, Any] | None = None
    states: Mapping[str, Any] | None = None
    here: tuple[str, ...] = ()


STYLE = {
    "sea": 'fill="#e4eef5"',
    "elsewhere": 'fill="#ececec" stroke="#c9c9c9" stroke-width="0.5"',
    "one": 'fill="#f6f8fa"',
    "other": 'fill="#f7f3e8"',
    "states": 'fill="none" stroke="#b9c0c7" stroke-width="0.8"',
    "rails": 'fill="none" stroke="#8a8f94" stroke-width="0.8" stroke-dasharray="3 2"',
    "border": 'fill="none" stroke="#3d4551" stroke-width="{width}" stroke-linejoin="round"',
}


def picture(layout: Layout, border: Iterable[Line], rails: Iterable[Line], land: Land) -> str:
    """The map without its ports as an SVG document. Without topologies the line and the rails still show."""
    sheet = canvas(layout)
    shapes = [
        f'<rect width="{layout.width}" height="{sheet.height}" {STYLE["sea"] if land.countries else STYLE["one"]}/>'
    ]
    if land.countries:
        shapes += _countries(sheet, land.countries, land.here)
    if land.states:
        rings = (ring for _code, rings in _rings(land.states, "states") for ring in rings)
        shapes.append(_path(_polygons(sheet, rings), STYLE["states"]))
    shapes.append(_path(_polylines(sheet, rails), STYLE["rails"]))
    width = f"{layout.width / 400:.1f}"
    shapes.append(_path(_polylines(sheet, border), STYLE["border"].format(width=width)))
    size = f'viewBox="0 0 {layout.width} {sheet.height}" width="{layout.width}" height="{sheet.height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(shapes)}</svg>'


def _countries(sheet: Canvas, atlas: Mapping[str, Any], here: Sequence[str]) -> Iterator[str]:
    styles = dict(zip(here, ("one", "other"), strict=False))
    drawn: dict[str, list[str]] = {"elsewhere": [], "one": [], "other": []}
    for code, rings in _rings(atlas, "countries"):
        drawn[styles.get(code, "elsewhere")] += _polygons(sheet, rings)
    for style, commands in drawn.items():
        if commands:
            yield _path(commands, STYLE[style])


def _rings(topology: Mapping[str, Any], name: str) -> Iterator[tuple[str, Iterator[Line]]]:
    """The shapes of an object of an atlas: their code and their rings."""
    arcs = topology_arcs(topology)
    for shape in topology["objects"][name]["geometries"]:
        yield str(shape.get("id", "")), rings_of(shape, arcs)


def _polygons(sheet: Canvas, rings: Iterable[Line]) -> Iterator[str]:
    box = sheet.layout.box
    around = Box(box.west - 4, box.south - 4, box.east + 4, box.north + 4)
    for ring in rings:
        if around.touches(ring):
            # Cut on the globe first: what lies behind the projection's cone would come out inside out.
            near = clip_ring(ring, Box(box.west - 25, box.south - 15, box.east + 25, box.north + 15))
            drawn = simplify(clip_ring(sheet.place(near), sheet.frame), TOLERANCE)
            if len(drawn) > 3:
                yield _commands(drawn) + "Z"


def _polylines(sheet: Canvas, lines: Iterable[Line]) -> Iterator[str]:
    for line in lines:
        yield _commands(simplify(sheet.place(line), TOLERANCE))


def _commands(line: Line) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line)


def _path(commands: Iterable[str], style: str) -> str:
    return f'<path d="{"".join(commands)}" {style}/>'
