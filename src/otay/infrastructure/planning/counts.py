"""The monthly counts, hours and lanes that ship with the project, read straight from their files: no node is needed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from otay.core.errors import NotFound
from otay.core.i18n import N_

COUNTS = "bts_us_mexico_2010_2023.csv"
SOURCE = "Border Crossing/Entry Data, US Bureau of Transportation Statistics"


def content(name: str) -> bytes:
    """A data file of places."""
    return files("otay.places").joinpath("data", name).read_bytes()


def rows(name: str) -> Iterator[dict[str, str]]:
    """A data file of places, line by line."""
    return csv.DictReader(content(name).decode("utf-8").splitlines())


@cache
def port_names() -> dict[str, str]:
    """Name by port code."""
    return {row["port"]: row["name"] for row in rows("ports.csv")}


def port_counts(port: str) -> dict[str, dict[str, float]]:
    """Counts of ``port`` by measure and month.

    Raises:
        NotFound: for a code that the statistics do not know.
    """
    found = _all_counts().get(port)
    if not found:
        raise NotFound(N_("There is no port %(port)s in the statistics"), port=port)
    return found


@cache
def _all_counts() -> dict[str, dict[str, dict[str, float]]]:
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows(COUNTS):
        found.setdefault(row["port_code"], {}).setdefault(row["measure"], {})[row["month"]] = float(row["value"])
    return found


def crossings_of(port: str) -> list[str]:
    """Keys of the port's crossings."""
    return [row["crossing"] for row in rows("crossings.csv") if row["port"] == port]
