"""US-EDIFACT passenger lists to manifests.

A flight is TDT with LOC 005 (from), 008 (to) and DTM 136 (left), 132 (arrives); PT is a port on the way. A traveller is
one PDT: ``document + name : given : second : birth : sex + PAX or CRW or ITI + embark : debark``, where the document is
``type / number : expiry : issuer``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from otay.core.findings import Finding, error, info, warning
from otay.core.i18n import N_
from otay.formats.edifact.dates import Problem, Read
from otay.formats.edifact.interchange import Elements, Message, component, read_file, transfers
from otay.formats.manifest import (
    CREW,
    OTHER,
    PASSENGER,
    SEXES,
    TRANSIT_PASSENGER,
    Record,
    Traveller,
    date_finding,
    document,
    flight,
    flight_number,
    name_part,
    titled,
    traveller,
)
from otay.formats.paxlst.reading import about, calendar_of, capped, other_types
from otay.formats.registry import ReadResult

KEY = "paxlst-us"
_COUNTRY, _COUNTRY_AND_AIRPORT = 2, 5
_ROLES = {"PAX": PASSENGER, "CRW": CREW, "ITI": TRANSIT_PASSENGER}


def read(data: bytes, name: str = "") -> ReadResult:
    """All passenger lists of the older form in ``data``."""
    file = read_file(data)
    findings = [*file.findings, *other_types(file.messages, "PAXLST")]
    records = []
    for parts in transfers([message for message in file.messages if message.type in ("PAXLST", "")]):
        record, found = read_transfer(parts)
        records.append(record)
        findings += found
    return ReadResult(KEY, records, capped(findings))


def read_transfer(parts: Sequence[Message]) -> tuple[Record, list[Finding]]:
    """One record of the parts of a transfer."""
    readers = [_MessageReader(part) for part in parts]
    for reader in readers:
        reader.read()
    first = readers[0]
    if len(readers) > 1:
        first.about["parts"] = [part.part[0] for part in parts]
    travellers = [person for reader in readers for person in reader.travellers]
    crew = sum(person["role"] == CREW for person in travellers)
    if crew and crew == len(travellers):
        first.about["function"] = "crew list"
    totals = {
        "stated": next((reader.stated for reader in reversed(readers) if reader.stated is not None), None),
        "travellers": len(travellers),
        "passengers": len(travellers) - crew,
        "crew": crew,
    }
    record = {"message": first.about, "flights": first.flights, "travellers": travellers, "totals": totals}
    return record, [finding for reader in readers for finding in (*reader.message.findings, *reader.findings)]


def _port(code: str) -> str:
    """The airport of ``NZAKL``: this form writes the country before it."""
    code = code.upper()
    return code[_COUNTRY:] if len(code) == _COUNTRY_AND_AIRPORT and code.isalpha() else code


class _MessageReader:
    """Reads one message."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.calendar = calendar_of(message)
        self.about = about(message, "PAXLST") | {"function": "passenger list"}
        self.flights: list[dict[str, Any]] = []
        self.travellers: list[Traveller] = []
        self.findings: list[Finding] = []
        self.stated: int | None = None
        self.unknown: Counter[str] = Counter()
        self.number = ("", "")
        self.at_destination = False

    def read(self) -> None:
        handlers = {
            "CTA": self._cta,
            "TDT": self._tdt,
            "LOC": self._loc,
            "DTM": self._dtm,
            "PDT": self._pdt,
            "CNT": self._cnt,
        }
        for position, segment in enumerate(self.message.segments):
            elements = self.message.elements(segment)
            tag = elements[0][0].strip().upper()
            handler = handlers.get(tag)
            if handler is not None:
                handler(elements, position)
            elif tag not in ("UNS", "BGM", "RFF", "MSG"):
                self.unknown[tag[:10]] += 1
        for tag, count in self.unknown.items():
            text = N_("Segments %(tag)s are not known here and were not read: %(count)s of them.")
            place = f"message {self.message.index}"
            self.findings.append(info(place, "paxlst.segment", text, tag, tag=tag, count=count))

    def _cta(self, elements: Elements, position: int) -> None:
        contacts = [
            {"type": component(elements, number, 1).upper(), "value": component(elements, number)}
            for number in range(3, len(elements))
            if component(elements, number)
        ]
        name = component(elements, 2, 1) or component(elements, 2)
        self.about["reporting_party"] = {"name": name, "contacts": contacts}

    def _tdt(self, elements: Elements, position: int) -> None:
        self.number = flight_number(component(elements, 2), component(elements, 4))
        self.flights.append(flight(*self.number))
        self.at_destination = False

    def _current(self) -> dict[str, Any]:
        if not self.flights:
            self.flights.append(flight(*self.number))
        return self.flights[-1]

    def _loc(self, elements: Elements, position: int) -> None:
        qualifier, port = component(elements, 1).upper().lstrip("0"), _port(component(elements, 2))
        now = self._current()
        if qualifier == "5" and not now["origin"]:
            now["origin"], self.at_destination = port, False
        elif qualifier == "8" or (qualifier == "PT" and not now["destination"]):
            now["destination"], self.at_destination = port, True
        elif qualifier in ("PT", "5"):  # the flight goes on
            self.flights.append(flight(*self.number, now["destination"] or port))
            self.flights[-1]["destination"] = port if qualifier == "PT" else ""
            self.at_destination = qualifier == "PT"

    def _dtm(self, elements: Elements, position: int) -> None:
        qualifier = component(elements, 1)
        day, time = component(elements, 2), component(elements, 3)
        value = day + time
        # a day cut short and a time must not make another day together
        found = self.calendar.event(value) if not time or len(day) in (6, 8) else Read("", Problem.SHAPE)
        if found.problem:
            text = N_("The time of the flight is not a date and time.")
            place = self.message.place(position, "DTM", 2)
            self.findings.append(warning(place, f"date.{found.problem}", text, value))
        key = {"136": "departure", "189": "departure", "132": "arrival", "232": "arrival"}.get(qualifier)
        if key:
            self._current()[key] = found.value or None

    def _cnt(self, elements: Elements, position: int) -> None:
        said = component(elements, 1, 1) or component(elements, 2)
        self.stated = int(said[:9]) if said.isascii() and said.isdigit() else None

    def _pdt(self, elements: Elements, position: int) -> None:
        kind, _, number = component(elements, 1).partition("/")
        role = _ROLES.get(component(elements, 3).upper(), OTHER if component(elements, 3) else PASSENGER)
        names = [name_part(component(elements, 2, part)) for part in range(3)]
        person = traveller(role, " ".join(name for name in names[1:] if name), names[0])
        person |= {
            "embark": _port(component(elements, 4)),
            "debark": _port(component(elements, 4, 1)),
            "segment": position + 2,
        }
        self.travellers.append(person)
        sex = component(elements, 2, 4).upper()
        person["sex"] = sex if sex in SEXES else ""
        born = component(elements, 2, 3)
        person["birth_date"] = self._day(self.calendar.birth(born), born, N_("date of birth"), person, position, 2, 4)
        ends = component(elements, 1, 1)
        expiry = self._day(
            self.calendar.event(ends), ends, N_("end of the document's validity"), person, position, 1, 2
        )
        if number:
            person["documents"].append(document(kind.upper(), number, component(elements, 1, 2).upper(), expiry))
        if not person["full_name"]:
            text = N_("Traveller %(traveller)s has no name.")
            place = self.message.place(position, "PDT", 2)
            self.findings.append(error(place, "paxlst.name", text, traveller=len(self.travellers)))

    def _day(
        self, found: Read, value: str, what: str, person: Traveller, position: int, element: int, part: int
    ) -> str | None:
        if not value:
            return None
        problem: Problem | None = found.problem
        if problem is not None:
            place = self.message.place(position, "PDT", element, part)
            named = titled(len(self.travellers), person)
            self.findings.append(date_finding(place, problem, what, value, named))
        return found.value[:10] or None
