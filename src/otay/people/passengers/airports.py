"""Airports: country, time zone, and the office whose officers see their flights."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Airport:
    """An airport; ``office`` is the port of entry that grants name, or its own code."""

    iata: str
    name: str
    city: str
    country: str
    zone: str
    office: str


@cache
def airports() -> dict[str, Airport]:
    """All known airports by code."""
    path = Path(__file__).parent / "data" / "airports.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [Airport(**row) for row in csv.DictReader(file)]
    return {row.iata: row for row in rows}


def airport(code: str) -> Airport:
    """The airport ``code``; an unknown one is an office of its own in no country."""
    return airports().get(code) or Airport(code, code, code, "", "", "")


def office_of(origin: str, destination: str, country: str) -> str:
    """The office of the end that lies in ``country``; of the destination where none or both do."""
    for code in (destination, origin):
        found = airport(code)
        if found.country == country:
            return found.office or found.iata
    return airport(destination).office or destination or origin
