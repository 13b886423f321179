"""A transit declaration as it is lodged, and what is wrong with it, all at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from otay.core.findings import Finding, error, warning
from otay.core.i18n import N_

LONGEST = timedelta(days=45)
MAX_LINES = 999
TYPES = {"ncts": ("T", "T1", "T2", "T2F", "TIR"), "tir": ("TIR",)}
_HS = re.compile(r"\d{6}")
_PLATE = re.compile(r"[A-Z0-9][A-Z0-9 .-]{1,34}")
_OFFICE = re.compile(r"[A-Z]{2}[A-Z0-9]{6}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the consignment; ``declaration``: the goods declaration that it stands for."""

    description: str
    hs6: str = ""
    packages: int | None = None
    gross_mass_kg: Decimal | None = None
    declaration: str = ""


@dataclass(frozen=True, slots=True)
class Security:
    """A part of a guarantee to be taken."""

    grn: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Declared:
    """What a declaration says. ``route``: positions of the prescribed itinerary; ``route_id``: one of the library."""

    lrn: str
    holder: str
    holder_id: str
    vehicle: str
    departure: str
    destination: str
    time_limit: datetime
    procedure: str = "ncts"
    type: str = "T1"
    pre_lodged: bool = False
    carrier: str = ""
    container: str = ""
    transit_offices: Sequence[str] = ()
    countries: Sequence[str] = ()
    binding: bool = True
    route: Sequence[tuple[float, float]] = ()
    route_id: int | None = None
    rules: dict[str, Any] = field(default_factory=dict)
    gross_mass_kg: Decimal | None = None
    lines: Sequence[Line] = ()
    securities: Sequence[Security] = ()
    seals: Sequence[str] = ()


def findings(declared: Declared, *, known_offices: Collection[str], country: str, now: datetime) -> list[Finding]:
    """Everything that is wrong; an error refuses the declaration."""
    return [*_header(declared), *_offices(declared, known_offices, country), *_limits(declared, now), *_goods(declared)]


def _header(one: Declared) -> Iterator[Finding]:
    for place, text, most in (("lrn", one.lrn, 22), ("holder", one.holder, 70), ("holder_id", one.holder_id, 35)):
        if not text.strip() or len(text) > most:
            message = N_("Expected between 1 and %(most)s characters.")
            yield error(f"/{place}", "transit.header", message, text[:50], most=most)
    if not _PLATE.fullmatch(one.vehicle.upper()):
        remedy = N_("Give the plate in letters and digits.")
        yield error("/vehicle", "transit.vehicle", N_("This is not a plate."), one.vehicle[:50], remedy)
    if one.procedure not in TYPES or one.type not in TYPES[one.procedure]:
        message = N_("This declaration type does not exist in the procedure.")
        yield error("/type", "transit.type", message, one.type[:10], "T1, T2, T2F, T, TIR")
    if one.procedure == "tir" and one.pre_lodged:
        yield error("/pre_lodged", "transit.pre_lodged", N_("A TIR operation is not pre-lodged here."))


def _offices(one: Declared, known: Collection[str], country: str) -> Iterator[Finding]:
    named = [("departure", one.departure), ("destination", one.destination)]
    named += [(f"transit_offices/{index}", code) for index, code in enumerate(one.transit_offices)]
    for place, code in named:
        if not _OFFICE.fullmatch(code) or code not in known:
            message = N_("This office is not known here.")
            remedy = N_("Name an office of the list of offices, such as US002304.")
            yield error(f"/{place}", "transit.office", message, code[:20], remedy)
    if one.departure in known and not one.departure.startswith(country):
        message = N_("A movement is lodged where it departs: this office is of the neighbour.")
        yield error("/departure", "transit.departure", message, one.departure)
    if len(one.transit_offices) > 9:
        message = N_("At most nine offices of transit are named.")
        yield error("/transit_offices", "transit.offices", message, len(one.transit_offices))
    if one.departure == one.destination:
        yield error("/destination", "transit.same_office", N_("It arrives where it departs."), one.destination)
    if one.departure[:2] != one.destination[:2] and not one.transit_offices:
        message = N_("A movement that crosses the border names an office of transit.")
        yield error("/transit_offices", "transit.no_border", message, "", N_("Name the office where it crosses."))


def _limits(one: Declared, now: datetime) -> Iterator[Finding]:
    if not now < one.time_limit <= now + LONGEST:
        message = N_("The time limit lies between now and %(days)s days from now.")
        yield error("/time_limit", "transit.time_limit", message, one.time_limit.isoformat(), days=LONGEST.days)
    if one.binding and not one.route and one.route_id is None:
        message = N_("The itinerary is binding, but no route is given.")
        tell = warning if one.countries else error  # NCTS prescribes countries (C0586); a line is what we can watch
        yield tell("/route", "transit.route", message, "", N_("Choose a route, or say that it is not binding."))


def _goods(one: Declared) -> Iterator[Finding]:
    if not 1 <= len(one.lines) <= MAX_LINES:
        message = N_("A consignment has between 1 and %(most)s lines.")
        yield error("/lines", "transit.lines", message, len(one.lines), most=MAX_LINES)
    for index, line in enumerate(one.lines[:MAX_LINES]):
        if line.hs6 and not _HS.fullmatch(line.hs6):
            message = N_("A goods code here has six digits of the Harmonized System.")
            yield error(f"/lines/{index}/hs6", "transit.hs6", message, line.hs6[:20])
        if not line.description.strip() and not line.hs6:
            message = N_("Describe the goods or give their code.")
            yield error(f"/lines/{index}/description", "transit.description", message)
        if line.gross_mass_kg is not None and not 0 < line.gross_mass_kg < 10**9:
            message = N_("A mass is above zero.")
            yield error(f"/lines/{index}/gross_mass_kg", "transit.mass", message, line.gross_mass_kg)
    if one.procedure == "ncts" and not one.securities:
        message = N_("Without a guarantee the goods are not released for transit.")
        yield warning("/securities", "transit.guarantee", message, "", N_("Name a guarantee and the amount to cover."))
    for index, security in enumerate(one.securities):
        if security.amount <= 0 or not re.fullmatch(r"[A-Z]{3}", security.currency):
            message = N_("A guarantee is taken with an amount above zero and a currency.")
            yield error(f"/securities/{index}", "transit.amount", message, f"{security.amount} {security.currency}")
