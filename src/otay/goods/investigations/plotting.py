"""Drawings made on the server, as shapes that a template writes as SVG: the outlier plot and a case's network.

Every drawing has a table of the same content beside it on its page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

WIDTH, HEIGHT = 720, 360
LEFT, BOTTOM, TOP, RIGHT = 56, 44, 12, 12


class Located(Protocol):
    """A declaration that has a place on the plot."""

    @property
    def number(self) -> str:
        """What names the declaration."""

    @property
    def price_ratio(self) -> Decimal:
        """Its value over the reference price."""

    @property
    def mirror_ratio(self) -> Decimal | None:
        """Its value over what the neighbour recorded; None without a record."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A point in the drawing. ``far``: so far off that it is named and linked."""

    x: float
    y: float
    number: str
    far: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """The whole drawing. ``one_x``, ``one_y``: where the ratios are one."""

    dots: list[Dot]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    one_x: float
    one_y: float
    width: int = WIDTH
    height: int = HEIGHT
    unknown_y: float = HEIGHT - BOTTOM + 2.0


_MARKS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_LOW, _HIGH = math.log(0.08), math.log(6.0)


def _scaled(ratio: float, start: float, end: float) -> float:
    place = (min(max(math.log(max(ratio, 1e-9)), _LOW), _HIGH) - _LOW) / (_HIGH - _LOW)
    return round(start + place * (end - start), 1)


def outliers(points: Sequence[Located], *, named: int = 25) -> Plot:
    """Price over reference from left to right, value over the neighbour's from below to above, both logarithmic.
    Points without a neighbour's record stand on the line at one."""
    left, right, low, high = float(LEFT), float(WIDTH - RIGHT), float(HEIGHT - BOTTOM), float(TOP)
    dots = [
        Dot(
            _scaled(float(point.price_ratio), left, right),
            _scaled(float(point.mirror_ratio) if point.mirror_ratio is not None else 1.0, low, high),
            point.number, at < named and point.price_ratio < Decimal("0.6"),
        )
        for at, point in enumerate(points)
    ]  # fmt: skip
    return Plot(
        dots=dots,
        x_ticks=[Tick(_scaled(mark, left, right), f"{mark:g}") for mark in _MARKS],
        y_ticks=[Tick(_scaled(mark, low, high), f"{mark:g}") for mark in _MARKS],
        one_x=_scaled(1.0, left, right),
        one_y=_scaled(1.0, low, high),
    )


@dataclass(frozen=True, slots=True)
class Node:
    """Something in a case's network. ``kind`` chooses its mark; ``url`` may be empty."""

    key: str
    kind: str
    label: str
    url: str
    x: float
    y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes and the lines between them."""

    nodes: list[Node]
    edges: list[tuple[float, float, float, float]]
    width: int
    height: int
    pairs: list[tuple[Node, Node]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Thing:
    """A node before it has a place."""

    key: str
    kind: str
    label: str
    url: str = ""


def network(centre: Thing, things: Sequence[Thing], ties: Sequence[tuple[str, str]]) -> Network:
    """The case in the middle, what it is linked to on an ellipse around it, grouped by kind; ``ties`` are further
    lines between keys (a declaration and its trader). The same input gives the same drawing."""
    width, height = 720, max(300, 160 + 14 * len(things))
    middle = (width / 2, height / 2)
    ordered = sorted(things, key=lambda one: (one.kind, one.label, one.key))
    nodes = {centre.key: Node(centre.key, centre.kind, centre.label, centre.url, *middle, "middle")}
    for at, thing in enumerate(ordered):
        angle = 2 * math.pi * at / max(1, len(ordered)) - math.pi / 2
        x = round(middle[0] + 190 * math.cos(angle), 1)
        y = round(middle[1] + (height / 2 - 40) * math.sin(angle), 1)
        anchor = "middle" if abs(math.cos(angle)) < 0.15 else "start" if math.cos(angle) > 0 else "end"
        nodes[thing.key] = Node(thing.key, thing.kind, thing.label, thing.url, x, y, anchor)
    pairs = [(nodes[centre.key], nodes[thing.key]) for thing in ordered]
    pairs += [(nodes[left], nodes[right]) for left, right in ties if left in nodes and right in nodes]
    edges = [(left.x, left.y, right.x, right.y) for left, right in pairs]
    return Network(list(nodes.values()), edges, width, height, pairs)
