"""The 22 points of the 2002 action plan and the working groups: data, in both languages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from otay.core.i18n import N_

_FILE = Path(__file__).parent / "data" / "points.json"

PILLARS: Mapping[str, str] = {
    "infrastructure": N_("Secure infrastructure"),
    "people": N_("Secure flow of people"),
    "goods": N_("Secure flow of goods"),
}


@dataclass(frozen=True, slots=True)
class Point:
    """One of the 22 points. ``room`` is the package of Otay that answers to it; empty where no software can."""

    number: int
    pillar: str
    room: str
    title: Mapping[str, str]
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """A working group. ``points``: numbers of the points that are its business; none for the committee over all."""

    key: str
    title: Mapping[str, str]
    task: Mapping[str, str]
    points: tuple[int, ...]


@cache
def points() -> Mapping[int, Point]:
    """All points by number, in order."""
    return {raw["number"]: Point(**raw) for raw in json.loads(_FILE.read_text(encoding="utf-8"))["points"]}


@cache
def groups() -> tuple[Group, ...]:
    """All working groups."""
    raw = json.loads(_FILE.read_text(encoding="utf-8"))["groups"]
    return tuple(Group(item["key"], item["title"], item["task"], tuple(item["points"])) for item in raw)


def in_language(texts: Mapping[str, str], language: str) -> str:
    """The text in ``language`` (``es-mx`` takes ``es``); English where there is none."""
    return texts.get(language.split("-")[0], texts["en"])
