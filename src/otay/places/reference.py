"""The data files that ship with the project (``data/``), read into rows of the tables."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from otay.core.geography import Line, join_lines
from otay.places.domain import minutes_of, weekdays_of
from otay.places.models import (
    Crossing,
    CrossingSide,
    LaneGroup,
    OpeningHours,
    Port,
    Provenance,
    Source,
)

FOLDER = Path(__file__).parent / "data"
VOLUMES = "bts_us_mexico_2010_2023.csv"
TABLES = (
    "sources.csv",
    "provenance.csv",
    "ports.csv",
    "crossings.csv",
    "crossing_sides.csv",
    "lanes.csv",
    "hours.csv",
    VOLUMES,
)


def digest() -> str:
    """SHA-256 over all data files: the same files need not be loaded twice."""
    total = hashlib.sha256()
    for name in TABLES:
        total.update((FOLDER / name).read_bytes())
    return total.hexdigest()


def records(name: str) -> Iterator[dict[str, str]]:
    """The lines of one file as dictionaries."""
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def sources() -> list[Source]:
    """Where statements come from."""
    return [Source(**_renamed(line, source="key")) for line in records("sources.csv")]


def provenance() -> list[Provenance]:
    """Source of each column, and of rows that differ."""
    return [Provenance(**_renamed(line, source="source_id")) for line in records("provenance.csv")]


def ports() -> list[Port]:
    """Ports of entry."""
    return [
        Port(**{**_renamed(line, port="code"), **_position(line), **_validity(line)}) for line in records("ports.csv")
    ]


def crossings() -> list[Crossing]:
    """Bridges, gates, ferries, rail lines."""
    return [
        Crossing(
            key=line["crossing"],
            port_id=line["port"] or None,
            name=line["name"],
            wait_feed_id=line["wait_feed_id"],
            modes=line["modes"],
            **_position(line),
            **_validity(line),
        )
        for line in records("crossings.csv")
    ]


def crossing_sides() -> list[CrossingSide]:
    """Each crossing as each country knows it."""
    return [CrossingSide(**_renamed(line, crossing="crossing_id")) for line in records("crossing_sides.csv")]


def lane_groups() -> list[LaneGroup]:
    """Lanes by kind."""
    return [
        LaneGroup(
            crossing_id=line["crossing"],
            country=line["country"],
            kind=line["kind"],
            lanes=_number(line["lanes"]),
            booths=_number(line["booths"]),
            as_of=_day(line["as_of"]),
            source_id=line["source"],
            note=line["note"],
        )
        for line in records("lanes.csv")
    ]


def opening_hours() -> list[OpeningHours]:
    """Hours, one row for each weekday."""
    return [
        OpeningHours(
            crossing_id=line["crossing"],
            country=line["country"],
            mode=line["mode"],
            weekday=weekday,
            opens=minutes_of(line["opens"]),
            closes=minutes_of(line["closes"]),
            as_of=_day(line["as_of"]),
            source_id=line["source"],
            note=line["note"],
            **_validity(line),
        )
        for line in records("hours.csv")
        for weekday in weekdays_of(line["days"])
    ]


def monthly_volumes() -> list[tuple[str, str, str, int]]:
    """The monthly counts: port, first day of the month, measure, value.

    The file repeats seven lines (six alike, one with another value): the last one counts.
    """
    counts = {(line["port_code"], line["month"], line["measure"]): int(line["value"]) for line in records(VOLUMES)}
    return [(port, f"{month}-01", measure, value) for (port, month, measure), value in counts.items()]


@cache
def border_line() -> tuple[Line, ...]:
    """The land boundary as few long lines of (longitude, latitude)."""
    return tuple(join_lines(_lines("border_line.geojson")))


@cache
def railways() -> tuple[Line, ...]:
    """Railways within 100 km of the boundary."""
    return tuple(join_lines(_lines("railways.geojson")))


def _lines(name: str) -> Iterator[Line]:
    document = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    for feature in document["features"]:
        geometry = feature["geometry"]
        pieces = geometry["coordinates"] if geometry["type"] == "MultiLineString" else [geometry["coordinates"]]
        for piece in pieces:
            yield [(longitude, latitude) for longitude, latitude, *_ in piece]


def _renamed(line: dict[str, str], **names: str) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in line.items()}


def _position(line: dict[str, str]) -> dict[str, Any]:
    return {axis: float(line[axis]) if line[axis] else None for axis in ("latitude", "longitude")}


def _validity(line: dict[str, str]) -> dict[str, Any]:
    return {edge: _day(line[edge]) for edge in ("valid_from", "valid_to")}


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _number(text: str) -> int | None:
    return int(text) if text else None
