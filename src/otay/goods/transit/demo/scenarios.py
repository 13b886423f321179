"""Who drives where, and what goes wrong. Everything is a function of the scenario and the time, so that a
second telling of the same minute is the same report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from otay.core.geography import Position
from otay.engines.corridor import Corridor

FILE = Path(__file__).parents[1] / "data" / "corridors.json"
EVERY = timedelta(minutes=10)
BORDER_STOP = timedelta(minutes=40)
DARK = timedelta(minutes=80)
"""How long the dead zone lasts in which a seal is cut."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A movement of the demonstration. ``legs``: names of corridor legs from departure to destination; ``border``: the
    office between them. ``done``: how much of the way lies behind it when the demonstration begins. ``trouble``:
    ``cut``, ``strays``, ``late`` or nothing."""

    key: str
    departure: str
    border: str
    destination: str
    legs: tuple[str, ...]
    vehicle: str
    holder: str
    goods: tuple[str, str]
    done: float
    speed_kmh: float = 82.0
    trouble: str = ""
    departed_at: datetime | None = None

    @property
    def country(self) -> str:
        """Where it departs."""
        return self.departure[:2]

    @property
    def device(self) -> str:
        """The device of its electronic seal."""
        return f"DEMO-{self.key}"

    @property
    def name(self) -> str:
        """The name of its route."""
        return " + ".join(self.legs)


_L, _E, _N, _O, _H, _P = "US002304", "US002402", "US002604", "US002506", "US002305", "US002303"
_MTY, _QRO, _CUU, _GYM, _ENS, _TRC = "MX000520", "MX000640", "MX000670", "MX000120", "MX000110", "MX000460"
_SAT, _DFW, _ABQ, _PHX, _LAX = "US005507", "US005501", "US002407", "US002605", "US002704"
_I35, _I35N, _M85 = "I-35 Laredo - San Antonio", "I-35 San Antonio - Dallas", "MEX-85D Monterrey - Laredo"
_M57Q, _M45, _I25 = "MEX-57 Monterrey - Querétaro", "MEX-45 El Paso - Chihuahua", "I-25 El Paso - Albuquerque"
_I19, _M15 = "I-19, I-10 Nogales - Phoenix", "MEX-15 Nogales - Guaymas"
_I5, _M1 = "I-5 Otay Mesa - Los Angeles", "MEX-1D Otay Mesa - Ensenada"
_M40, _U281 = "MEX-40D Hidalgo - Monterrey", "US-281 Hidalgo - San Antonio"
_M57, _U57 = "MEX-57 Eagle Pass - Torreón", "US-57, I-35 Eagle Pass - San Antonio"
TRIPS: tuple[Trip, ...] = (
    Trip("U1", _SAT, _L, _MTY, (_I35, _M85), "TX-D41", "Lone Heron Logistics (invented)",
         ("853710", "Control panels"), 0.35, trouble="strays"),
    Trip("U2", _DFW, _L, _QRO, (_I35N, _I35, _M85, _M57Q), "TX-D42", "Blue Mesa Freight (invented)",
         ("848180", "Industrial valves"), 0.2),
    Trip("U3", _PHX, _N, _GYM, (_I19, _M15), "AZ-D43", "Saguaro Lines (invented)",
         ("870829", "Body parts for vehicles"), 0.5, speed_kmh=47, trouble="late"),
    Trip("U4", _LAX, _O, _ENS, (_I5, _M1), "CA-D44", "Pelican Carriers (invented)",
         ("854231", "Integrated circuits"), 0.15),
    Trip("U5", _ABQ, _E, _CUU, (_I25, _M45), "NM-D45", "Sandia Transport (invented)",
         ("847130", "Portable computers"), 0.82, trouble="cut"),
    Trip("U6", _SAT, _H, _MTY, (_U281, _M40), "TX-D46", "Lone Heron Logistics (invented)",
         ("390120", "Polyethylene"), 0.6),
    Trip("M1", _MTY, _L, _SAT, (_M85, _I35), "NL-D51", "Transportes Cerro Azul (inventado)",
         ("854430", "Wiring sets for vehicles"), 0.4, trouble="strays"),
    Trip("M2", _CUU, _E, _ABQ, (_M45, _I25), "CH-D52", "Autolíneas del Mezquite (inventado)",
         ("901890", "Medical instruments"), 0.3),
    Trip("M3", _GYM, _N, _PHX, (_M15, _I19), "SO-D53", "Fletes Bahía Clara (inventado)",
         ("852872", "Television sets"), 0.8, trouble="cut"),
    Trip("M4", _ENS, _O, _LAX, (_M1, _I5), "BC-D54", "Autotransportes Vigía (inventado)",
         ("220421", "Wine in bottles"), 0.25),
    Trip("M5", _TRC, _P, _SAT, (_M57, _U57), "CO-D55", "Transportes Laguna Seca (inventado)",
         ("732690", "Articles of steel"), 0.55),
    Trip("M6", _QRO, _L, _DFW, (_M57Q, _M85, _I35, _I35N), "QT-D56", "Transportes Cerro Azul (inventado)",
         ("841810", "Refrigerators"), 0.45, speed_kmh=52, trouble="late"),
)  # fmt: skip


@cache
def _legs() -> dict[str, list[Position]]:
    content = json.loads(FILE.read_text(encoding="utf-8"))
    return {name: [(lon, lat) for lat, lon in line] for name, line in content["legs"].items()}


def source() -> str:
    """Where the lines come from."""
    return str(json.loads(FILE.read_text(encoding="utf-8"))["source"])


@cache
def corridor(legs: tuple[str, ...], start: Position) -> Corridor:
    """The legs one after the other, each turned so that it joins, beginning at the end that lies at ``start``."""
    line: list[Position] = []
    here = start
    for name in legs:
        leg = _legs()[name]
        ahead = leg if _near(leg[0], here) <= _near(leg[-1], here) else leg[::-1]
        line += ahead[1:] if line and _near(line[-1], ahead[0]) < 0.01 else ahead
        here = line[-1]
    return Corridor(line)


def _near(a: Position, b: Position) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def route_of(trip: Trip) -> Corridor:
    """The route of a trip."""
    from otay.goods.transit.offices import office

    place = office(trip.departure)
    return corridor(trip.legs, (place.lon, place.lat))


def border_progress(trip: Trip) -> float:
    """How far along the border lies, in metres."""
    from otay.goods.transit.offices import office

    place = office(trip.border)
    return route_of(trip).locate((place.lon, place.lat)).progress


def duration(trip: Trip) -> timedelta:
    """From departure to arrival, the stop at the border included."""
    return timedelta(hours=route_of(trip).length / 1000 / trip.speed_kmh) + BORDER_STOP


def starting(trip: Trip, now: datetime) -> Trip:
    """The trip as it is when the demonstration begins at ``now``."""
    behind = duration(trip) * trip.done
    minutes = int(behind.total_seconds() // 600) * 10
    return replace(trip, departed_at=now - timedelta(minutes=minutes))


def left(trip: Trip) -> datetime:
    """When the trip began.

    Raises:
        ValueError: for a trip of the table, which has not begun.
    """
    if trip.departed_at is None:
        raise ValueError(f"{trip.key} has not departed")
    return trip.departed_at


def limit(trip: Trip) -> datetime:
    """The time limit: comfortable, but for the late one."""
    departed_at = left(trip)
    share = 0.7 if trip.trouble == "late" else 1.5
    return departed_at + duration(trip) * share + timedelta(minutes=0 if trip.trouble == "late" else 120)


def progress_at(trip: Trip, at: datetime) -> float:
    """Metres along the route at a time."""
    departed_at = left(trip)
    hours = (at - departed_at).total_seconds() / 3600
    metres = max(0.0, hours * trip.speed_kmh * 1000)
    border = border_progress(trip)
    if metres > border:
        metres = max(border, metres - BORDER_STOP.total_seconds() / 3600 * trip.speed_kmh * 1000)
    return min(metres, route_of(trip).length)


@dataclass(frozen=True, slots=True)
class Told:
    """A report of the demonstration, and when it is delivered."""

    trip: Trip
    time: datetime
    heard: datetime
    lat: float
    lon: float
    speed: int
    battery: int
    alarms: tuple[str, ...] = ()


def reports_of(trip: Trip, since: datetime, until: datetime) -> Iterator[Told]:
    """Reports of a trip that are delivered after ``since`` and not after ``until``."""
    departed_at = left(trip)
    arrival = departed_at + duration(trip)
    number, time = 0, departed_at
    while time <= min(until, arrival + EVERY):
        if time > since - DARK - EVERY:
            told = _told(trip, time, number)
            if since < told.heard <= until:
                yield told
        number, time = number + 1, time + EVERY


def _told(trip: Trip, time: datetime, number: int) -> Told:
    whole = duration(trip)
    departed_at = left(trip)
    progress = progress_at(trip, time)
    lon, lat = route_of(trip).at(progress)
    moving = progress_at(trip, time + EVERY) > progress
    heard = time
    alarms: tuple[str, ...] = ()
    if trip.trouble == "strays" and 0.2 <= (time - departed_at) / whole < 0.28:
        lon, lat = lon + 0.07, lat + 0.05
    if trip.trouble == "cut":
        cut = departed_at + int(whole * 0.55 / EVERY) * EVERY
        if cut <= time < cut + DARK:
            heard = cut + DARK
        alarms = ("rope_cut",) if time == cut else ()
    battery = max(25, 96 - number // 3)
    return Told(trip, time, heard, lat, lon, round(trip.speed_kmh) if moving else 0, battery, alarms)
