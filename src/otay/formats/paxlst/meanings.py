"""What one segment of a traveller's group means, by itself.

A segment means the same wherever it stands in the group, so order does not matter; and most segments of a manifest are
repeated word for word (sex, ports, nationality), so each is interpreted once a message.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

from otay.core.findings import Finding, warning
from otay.core.i18n import N_
from otay.formats.edifact.dates import Calendar, Problem
from otay.formats.edifact.interchange import Elements, component
from otay.formats.manifest import (
    CREW,
    OTHER,
    PASSENGER,
    SEXES,
    TRANSIT_CREW,
    TRANSIT_PASSENGER,
    country_codes,
    document,
    name_part,
    traveller,
)

MAX_CONTACTS = 50
_LONGEST_COUNT = 3


class Kind(IntEnum):
    """Where the value of a segment goes."""

    PERSON = 0
    REFERENCE = 1
    DOCUMENT_FIELD = 2
    DOCUMENT = 3
    TRAVELLER = 4
    BAGS = 5
    CONTACT = 6
    TOTAL = 7
    IGNORED = 8
    UNKNOWN = 9


# kinds whose segments a manifest repeats word for word
REPEATED = (Kind.PERSON, Kind.DOCUMENT_FIELD, Kind.BAGS, Kind.IGNORED)


class Meaning(NamedTuple):
    """One segment, interpreted. ``trouble`` makes the finding, given its place and the traveller's name."""

    kind: Kind
    key: str = ""
    value: Any = None
    trouble: Trouble | None = None


class Trouble(NamedTuple):
    """What is wrong with a segment: at which element, with which value."""

    element: int
    part: int
    value: str
    problem: Problem | None = None
    what: str = ""
    make: Callable[[str, str, str], Finding] | None = None


IGNORED = Meaning(Kind.IGNORED)
UNKNOWN = Meaning(Kind.UNKNOWN)

ROLES = {
    "FL": PASSENGER,
    "FM": CREW,
    "DDU": TRANSIT_PASSENGER,
    "DDT": TRANSIT_CREW,
    "ZZZ": PASSENGER,
    "VW": CREW,  # driver of a truck, in road manifests
}
# qualifiers that nearly all travellers come with
PLAIN_ROLES = {qualifier: ROLES[qualifier] for qualifier in ("FL", "FM", "DDU", "DDT")}
_PARTIES = frozenset(["MS", "MR", "CN", "AG", "CA", "CZ", "FX", "GM", "OY", "UC", "FR"])
_LOCATIONS = {"178": "embark", "179": "debark", "174": "residence", "22": "clearance_port"}
DOCUMENT_DATES = {"36": "expiry", "182": "issued", "192": "expiry"}
_SEXES = {"MALE": "M", "FEMALE": "F", "MI": "M", "FI": "F", "1": "M", "2": "F"}
_REST = frozenset(["GID", "CPI", "QTY", "AUT", "TXT", "UNS", "TDT", "PAC", "IDE", "NAA", "LAN", "PCD", "DLI", "RCS"])


def _unknown_country(place: str, value: str, named: str) -> Finding:
    text = N_("Traveller %(traveller)s: this is not a known country code.")
    return warning(place, "paxlst.country", text, value, N_("Use the three letters of Doc 9303."), traveller=named)


def _unknown_sex(place: str, value: str, named: str) -> Finding:
    text = N_("Traveller %(traveller)s: this is not a known code for the sex.")
    return warning(place, "paxlst.sex", text, value, N_("Use M, F, X or U."), traveller=named)


def _no_number(place: str, value: str, named: str) -> Finding:
    text = N_("Traveller %(traveller)s: the document has no number.")
    return warning(place, "paxlst.document_number", text, value, traveller=named)


def _unknown_role(place: str, value: str, named: str) -> Finding:
    text = N_("Traveller %(traveller)s: it is not said whether this is a passenger or a member of the crew.")
    return warning(place, "paxlst.role", text, value, N_("Use FL, FM, DDU or DDT."), traveller=named)


def _misplaced_name(place: str, value: str, named: str) -> Finding:
    text = N_("Traveller %(traveller)s: the name stands in the wrong element.")
    return warning(place, "paxlst.name_place", text, value, N_("Write it in element 4 (C080)."), traveller=named)


class Interpreter:
    """Interprets segments of one message; dates depend on when it was made."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._by_tag: dict[str, Callable[[Elements], Meaning]] = {
            "NAD": self._nad,
            "ATT": self._att,
            "DTM": self._dtm,
            "MEA": self._mea,
            "GEI": self._gei,
            "FTX": self._ftx,
            "LOC": self._loc,
            "COM": self._com,
            "NAT": self._nat,
            "RFF": self._rff,
            "DOC": self._doc,
            "EMP": self._emp,
            "CNT": self._cnt,
        }

    def __call__(self, elements: Elements) -> Meaning:
        """The meaning of one segment."""
        tag = elements[0][0].strip().upper()
        handler = self._by_tag.get(tag)
        if handler is None:
            return IGNORED if tag in _REST else UNKNOWN
        return handler(elements)

    def _nad(self, elements: Elements) -> Meaning:
        qualifier = component(elements, 1).upper()
        if qualifier in _PARTIES:
            return IGNORED
        names = elements[4] if len(elements) > 4 else []
        trouble = None
        if not any(names):
            for number in (3, 2):
                if len(elements) > number and any(_is_name(part) for part in elements[number][:1]):
                    names = elements[number]
                    trouble = Trouble(number, 0, ":".join(names), make=_misplaced_name)
                    break
        surnames, given = _names(names)
        role = ROLES.get(qualifier)
        if role is None:
            role, trouble = OTHER, Trouble(1, 0, qualifier, make=_unknown_role)
        person = traveller(role, given, surnames)
        address = _address(elements)
        if address:
            person["address"] = address
        return Meaning(Kind.TRAVELLER, qualifier, person, trouble)

    def _att(self, elements: Elements) -> Meaning:
        if component(elements, 1) not in ("2", ""):
            return IGNORED
        sex = (component(elements, 3) or component(elements, 2)).upper()
        sex = _SEXES.get(sex, sex)
        return Meaning(Kind.PERSON, "sex", sex, None if sex in SEXES else Trouble(3, 0, sex, make=_unknown_sex))

    def _dtm(self, elements: Elements) -> Meaning:
        qualifier, value, code = component(elements, 1), component(elements, 1, 1), component(elements, 1, 2)
        if qualifier == "329":
            found = self.calendar.birth(value, code)
            if found.problem is None:
                return Meaning(Kind.PERSON, "birth_date", found.value)
            what = N_("date of birth")
            trouble = Trouble(1, 2, value, found.problem, what)
            return Meaning(Kind.PERSON, "birth_date", found.value or None, trouble)
        name = DOCUMENT_DATES.get(qualifier)
        if name is None:
            return IGNORED
        found = self.calendar.event(value, code)
        what = N_("end of the document's validity") if name == "expiry" else N_("document's date of issue")
        trouble_ = Trouble(1, 2, value, found.problem, what) if found.problem else None
        return Meaning(Kind.DOCUMENT_FIELD, name, found.value[:10] or None, trouble_)

    def _mea(self, elements: Elements) -> Meaning:
        kind = component(elements, 1).upper()
        values = [component(elements, number, part) for number in (2, 3, 4) for part in (1, 0)]
        number = next((value for value in values if _is_number(value)), "")
        if not number or kind not in ("CT", "WT"):
            return IGNORED
        if kind == "CT":
            return Meaning(Kind.BAGS, "count", int(float(number)))
        unit = next((value.upper() for value in values if value.isalpha()), "KGM")
        return Meaning(Kind.BAGS, "weight", {"value": number, "unit": unit})

    def _gei(self, elements: Elements) -> Meaning:
        codes = {part.strip() for element in elements[2:] for part in element} | {component(elements, 1)}
        if codes & {"173", "174"}:
            return Meaning(Kind.PERSON, "verified", "173" in codes)
        return IGNORED

    def _ftx(self, elements: Elements) -> Meaning:
        if component(elements, 1).upper() != "BAG":
            return IGNORED
        text = elements[4] if len(elements) > 4 else []
        tag, count, *more = [*(part.strip() for part in text), "", ""]
        if not tag:
            return IGNORED
        if len(count) > _LONGEST_COUNT:  # one tag after the other, without counts
            more, count = [count, *more], ""
        tags = [{"number": tag, "count": int(count) if _is_digits(count) else 1}]
        return Meaning(Kind.BAGS, "tags", [*tags, *({"number": number, "count": 1} for number in more if number)])

    def _emp(self, elements: Elements) -> Meaning:
        return Meaning(Kind.PERSON, "duty", (component(elements, 2) or component(elements, 3)).upper())

    def _loc(self, elements: Elements) -> Meaning:
        qualifier, value = component(elements, 1), component(elements, 2).upper()
        if qualifier == "91":
            issuer = value or component(elements, 2, 3).upper()
            return Meaning(Kind.DOCUMENT_FIELD, "issuer", issuer, _country_trouble(issuer, 2))
        if qualifier == "180":
            place = [component(elements, number, part) for number in (2, 3, 4) for part in (3, 0)]
            town = ", ".join(part for part in place if part and part.upper() != value)
            return Meaning(Kind.PERSON, "birth_place", {"country": value, "place": town})
        key = _LOCATIONS.get(qualifier)
        if key is None:
            return IGNORED
        return Meaning(Kind.PERSON, key, value or component(elements, 2, 3))

    def _com(self, elements: Elements) -> Meaning:
        return Meaning(Kind.CONTACT, "", contacts(elements))

    def _nat(self, elements: Elements) -> Meaning:
        code = (component(elements, 2) or component(elements, 2, 3)).upper()
        if component(elements, 1) not in ("2", ""):
            return IGNORED
        return Meaning(Kind.PERSON, "nationality", code, _country_trouble(code, 2))

    def _rff(self, elements: Elements) -> Meaning:
        return Meaning(Kind.REFERENCE, component(elements, 1).upper(), component(elements, 1, 1))

    def _doc(self, elements: Elements) -> Meaning:
        type, number = component(elements, 1).upper(), component(elements, 2)
        return Meaning(
            Kind.DOCUMENT,
            type,
            document(type, number),
            None if number else Trouble(2, 0, type, make=_no_number),
        )

    def _cnt(self, elements: Elements) -> Meaning:
        stated = component(elements, 1, 1) or component(elements, 2)
        return Meaning(Kind.TOTAL, component(elements, 1), stated)


def contacts(elements: Elements) -> list[dict[str, str]]:
    """Telephones, faxes and mail addresses of a COM segment, which may hold several."""
    return [
        {"type": component(elements, number, 1).upper(), "value": component(elements, number)}
        for number in range(1, len(elements))
        if component(elements, number)
    ]


def _names(parts: list[str]) -> tuple[str, str]:
    """Surnames and given names of C080. A single name stands as the surname, as in a passport."""
    kept = [name_part(part) for part in parts[:5]]  # the sixth is the format of the name
    surnames, given = (kept[0] if kept else ""), " ".join(part for part in kept[1:] if part)
    if not given and "/" in surnames:  # the way reservations write it
        surnames, _, given = (part.strip() for part in surnames.partition("/"))
    elif not surnames:
        surnames, given = given, ""
    return surnames, given


def _address(elements: Elements) -> dict[str, str]:
    if len(elements) <= 5:
        return {}
    lines = [part.strip() for part in elements[5] if part.strip()]
    parts = {
        "street": ", ".join(lines),
        "city": component(elements, 6),
        "region": component(elements, 7),
        "postcode": component(elements, 8),
        "country": component(elements, 9).upper(),
    }
    return parts if any(parts.values()) else {}


def _country_trouble(code: str, element: int) -> Trouble | None:
    return None if code in country_codes() else Trouble(element, 0, code, make=_unknown_country)


def _is_name(value: str) -> bool:
    return value.replace(" ", "").isalpha()


def _is_digits(value: str) -> bool:
    return value.isascii() and value.isdigit()


def _is_number(value: str) -> bool:
    return _is_digits(value.replace(".", "", 1)) and len(value) < 10
