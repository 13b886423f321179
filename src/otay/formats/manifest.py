"""A passenger or crew manifest as plain data: the one shape that all passenger messages are read into.

A record is ``{"message", "flights", "travellers", "totals"}``. Codes stand as the carrier sent them, in capitals; dates
are ISO 8601, times the port's own; what was not said is an empty string, or None for a date.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from otay.core.codes import countries, countries_alpha3
from otay.core.findings import Finding, error, warning
from otay.core.i18n import N_, Term
from otay.formats.edifact.dates import Problem

PASSENGER: Final = "passenger"
CREW: Final = "crew"
TRANSIT_PASSENGER: Final = "transit passenger"
TRANSIT_CREW: Final = "transit crew"
OTHER: Final = "other"

# Doc 9303 part 3, section 5: codes of issuers and nationalities beyond ISO 3166-1
_MORE_COUNTRIES = frozenset(
    [
        "D",
        "GBD",
        "GBN",
        "GBO",
        "GBP",
        "GBS",
        "EUE",
        "UNO",
        "UNA",
        "UNK",
        "UNM",
        "XBA",
        "XIM",
        "XCC",
        "XCE",
        "XCO",
        "XEC",
        "XPO",
        "XES",
        "XMP",
        "XOM",
        "XDC",
        "XXA",
        "XXB",
        "XXC",
        "XXX",
        "RKS",
        "UTO",
        "XKX",
        "XAA",
        "ROM",
        "ZAR",
        "TMP",
        "SCG",
        "YUG",
    ]
)
SEXES = frozenset(["M", "F", "X", "U"])

_BLANKS = re.compile(r"[<\s]+")

Traveller = dict[str, Any]
Record = dict[str, Any]


@cache
def country_codes() -> frozenset[str]:
    """Codes that may stand for a nationality or an issuer, of two or three letters."""
    return frozenset(countries_alpha3()) | frozenset(countries()) | _MORE_COUNTRIES


def name_part(value: str) -> str:
    """A name without MRZ fillers and doubled blanks."""
    return " ".join(_BLANKS.sub(" ", value).split()) if "<" in value or "  " in value else value.strip()


def full_name(given: str, surnames: str) -> str:
    """Given names first."""
    return f"{given} {surnames}".strip()


def traveller(role: str, given: str, surnames: str) -> Traveller:
    """A traveller of whom only the name is known."""
    return {
        "role": role,
        "given": given,
        "surnames": surnames,
        "full_name": full_name(given, surnames),
        "sex": "",
        "birth_date": None,
        "nationality": "",
        "documents": [],
        "embark": "",
        "debark": "",
        "references": {},
        "bags": None,
    }


def document(type: str, number: str, issuer: str = "", expiry: str | None = None) -> dict[str, Any]:
    """A travel document."""
    return {"type": type, "number": number, "issuer": issuer, "expiry": expiry}


def flight(carrier: str, number: str, origin: str = "", destination: str = "") -> dict[str, Any]:
    """A flight leg whose times are not known."""
    return {
        "carrier": carrier,
        "number": number,
        "origin": origin,
        "destination": destination,
        "departure": None,
        "arrival": None,
    }


_FLIGHT = re.compile(r"([A-Z]{3}|[A-Z][A-Z0-9]|[0-9][A-Z])[ -]?(\d{1,4}[A-Z]?)")


def flight_number(reference: str, carrier: str = "") -> tuple[str, str]:
    """Carrier and number of ``AM0498``; the number keeps its zeros, and all that is not a flight number stays whole."""
    reference = reference.strip().upper()
    carrier = carrier.strip().upper()
    if carrier and reference.startswith(carrier) and reference[len(carrier) :].strip(" -"):
        return carrier, reference[len(carrier) :].strip(" -")
    match = _FLIGHT.fullmatch(reference)
    if match and (not carrier or not reference[:1].isdigit()):
        return match[1], match[2]
    return carrier, reference


def titled(number: int, person: Traveller) -> str:
    """How findings name a traveller: ``3 SUKARNO``."""
    return f"{number} {person['full_name']}".strip()


_DATE_MESSAGES = {
    Problem.SHAPE: (
        N_("Traveller %(traveller)s: the %(what)s cannot be read as a date."),
        N_("Write it as YYMMDD, or with its format code: 19640217:102."),
    ),
    Problem.CALENDAR: (
        N_("Traveller %(traveller)s: the %(what)s is not a day of the calendar."),
        N_("Compare it with the document."),
    ),
    Problem.UNKNOWN_DAY: (
        N_("Traveller %(traveller)s: the %(what)s is not fully known."),
        N_("It is kept as it was sent; compare it with the document."),
    ),
    Problem.FUTURE: (
        N_("Traveller %(traveller)s: the %(what)s lies after the message."),
        N_("Compare it with the document."),
    ),
    Problem.FORMAT: (
        N_("Traveller %(traveller)s: the %(what)s does not have the form that its format code says."),
        N_("It was read by its length; correct the format code."),
    ),
}
_MILD = (Problem.FORMAT, Problem.UNKNOWN_DAY)


def date_finding(place: str, problem: Problem, what: str, value: str, named: str) -> Finding:
    """What is wrong with a traveller's date; ``what`` is a term such as ``date of birth``."""
    message, remedy = _DATE_MESSAGES[problem]
    find = warning if problem in _MILD else error
    return find(place, f"date.{problem}", message, value, remedy, traveller=named, what=Term(what))
