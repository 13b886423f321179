"""Customs offices: those at the border are the ports of entry seen from each side, inland ones stand in a file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.places.domain import Mode
from otay.places.queries import ports

FILE = Path(__file__).with_name("data") / "offices.csv"
BORDER_RADIUS_M = 3000.0
INLAND_RADIUS_M = 5000.0


@dataclass(frozen=True, slots=True)
class Office:
    """A customs office. ``port``: the port of entry that it stands at; empty inland. Within ``radius_m`` of its
    position a seal may be opened and a truck may stand."""

    code: str
    country: str
    name: str
    lat: float
    lon: float
    radius_m: float
    time_zone: str
    port: str = ""


def office(code: str) -> Office:
    """One office.

    Raises:
        NotFound: when no office has that code.
    """
    found = offices().get(code.strip().upper())
    if found is None:
        raise NotFound(N_("There is no customs office %(code)s. The list of offices has them all."), code=code[:20])
    return found


def offices() -> dict[str, Office]:
    """Every office by its code; kept in memory as long as the ports stay the same."""
    return _offices(tuple(port.code for port in ports()))


@lru_cache(maxsize=2)
def _offices(_ports: tuple[str, ...]) -> dict[str, Office]:
    found: dict[str, Office] = {}
    freight: set[str] = set()
    for port in ports():
        if port.latitude is None or port.longitude is None:
            continue
        for crossing in port.crossings.all():
            carries = Mode.CARGO in crossing.mode_list
            for side in crossing.sides.all():
                code = _border_code(side.country, port.code, side.customs_office + side.customs_section)
                if code and (code not in found or (carries and code not in freight)):
                    found[code] = Office(
                        code, side.country, side.name, port.latitude, port.longitude, BORDER_RADIUS_M, side.time_zone,
                        port.code,
                    )  # fmt: skip
                    freight |= {code} if carries else set()
    return dict(sorted((found | _inland()).items()))


def _border_code(country: str, port: str, section: str) -> str:
    """The office's code: customs office and section filled up to six digits; the port's code where none is told."""
    number = section or port
    return f"{country}{number:0>6}" if number.isdecimal() and len(number) <= 6 else ""


def _inland() -> dict[str, Office]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: Office(
                row["code"], row["country"], row["name"], float(row["latitude"]), float(row["longitude"]),
                INLAND_RADIUS_M, row["time_zone"],
            )
            for row in csv.DictReader(file)
        }  # fmt: skip


def name_of(code: str) -> str:
    """The name of an office, or its code where it is not known here."""
    found = offices().get(code)
    return f"{found.name} ({code})" if found else code
