"""CUSRES to records: travellers are known by their references only, each with its ``answer``."""

from __future__ import annotations

from collections import Counter
from typing import Any

from otay.core.findings import Finding, info, warning
from otay.core.i18n import N_
from otay.formats.cusres.answers import FUNCTIONS, meaning
from otay.formats.edifact.interchange import Elements, Message, component, read_file, transfers
from otay.formats.manifest import PASSENGER, Record, Traveller, flight, flight_number, traveller
from otay.formats.paxlst.functions import UNKNOWN
from otay.formats.paxlst.itinerary import ARRIVALS, DEPARTURES
from otay.formats.paxlst.reading import about, calendar_of, capped, other_types
from otay.formats.registry import ReadResult

KEY = "cusres"
TYPE = "CUSRES"
_DETAIL = "2"
_MAX_TEXT = 2_000
_KNOWN = (
    "LOC",
    "DTM",
    "GIS",
    "NAD",
    "TDT",
    "COM",
    "DOC",
    "PAC",
    "CNT",
    "MOA",
    "TAX",
    "UNS",
    "EQD",
    "GEI",
    "CST",
    "MEA",
)


def read(data: bytes, name: str = "") -> ReadResult:
    """All answers in ``data``."""
    file = read_file(data)
    findings = [*file.findings, *other_types(file.messages, TYPE)]
    records = []
    for parts in transfers([message for message in file.messages if message.type in (TYPE, "")]):
        readers = [_MessageReader(part) for part in parts]
        for reader in readers:
            reader.read()
            findings += [*reader.message.findings, *reader.findings]
        first = readers[0]
        first.travellers = [person for reader in readers for person in reader.travellers]
        records.append(first.record())
    return ReadResult(KEY, records, capped(findings))


class _MessageReader:
    """Reads one message. What stands before the first ERP belongs to the header."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.calendar = calendar_of(message)
        self.about = about(message, TYPE) | {"accepted": None, "errors": []}
        self.flights: list[dict[str, Any]] = []
        self.travellers: list[Traveller] = []
        self.findings: list[Finding] = []
        self.unknown: Counter[str] = Counter()
        self.target: dict[str, Any] | None = None

    def read(self) -> None:
        """All segments in their order."""
        for position, segment in enumerate(self.message.segments):
            elements = self.message.elements(segment)
            tag = elements[0][0].strip().upper()
            handler = getattr(self, "_" + tag.lower(), None) if tag in _HANDLED else None
            if handler is not None:
                handler(elements, position)
            elif tag in ("LOC", "DTM"):
                self._journey(tag, elements, position)
            elif tag not in _KNOWN:
                self.unknown[tag[:10]] += 1
        for tag, count in self.unknown.items():
            text = N_("Segments %(tag)s are not known here and were not read: %(count)s of them.")
            place = f"message {self.message.index}"
            self.findings.append(info(place, "paxlst.segment", text, tag, tag=tag, count=count))

    def record(self) -> Record:
        """In the shape of all passenger messages."""
        counts = Counter(person["answer"]["code"] for person in self.travellers)
        totals = {"stated": None, "travellers": len(self.travellers), "answers": dict(sorted(counts.items()))}
        return {"message": self.about, "flights": self.flights, "travellers": self.travellers, "totals": totals}

    def _bgm(self, elements: Elements, position: int) -> None:
        code = component(elements, 1)
        self.about |= {"code": code, "function": FUNCTIONS.get(code, UNKNOWN)}
        if component(elements, 2):
            self.about["document"] = component(elements, 2)

    def _rff(self, elements: Elements, position: int) -> None:
        qualifier, value = component(elements, 1).upper(), component(elements, 1, 1)
        if self.target is not None and self.target is not self.about:
            self.target["references"].setdefault(qualifier, value)
        elif qualifier == "AF" and self.target is None:
            self.flights.append(flight(*flight_number(value)))
        else:
            self.about["references"].setdefault(qualifier, value)

    def _journey(self, tag: str, elements: Elements, position: int) -> None:
        if self.target is not None or not self.flights:
            return
        now = self.flights[-1]
        if tag == "LOC":
            key = {"125": "origin", "87": "destination", "5": "origin", "8": "destination"}.get(component(elements, 1))
            if key:
                now[key] = component(elements, 2).upper()
            return
        qualifier, value, code = (component(elements, 1, part) for part in range(3))
        found = self.calendar.event(value, code)
        if found.problem:
            text = N_("The time of the flight is not a date and time.")
            place = self.message.place(position, "DTM", 1, 2)
            self.findings.append(warning(place, f"date.{found.problem}", text, value))
        if qualifier in DEPARTURES + ARRIVALS:
            now["departure" if qualifier in DEPARTURES else "arrival"] = found.value or None

    def _erp(self, elements: Elements, position: int) -> None:
        if component(elements, 1) == _DETAIL:
            person = traveller(PASSENGER, "", "")
            person |= {"answer": {"code": "", "meaning": "", "text": ""}, "segment": position + 2}
            self.travellers.append(person)
            self.target = person
        else:
            self.target = self.about

    def _erc(self, elements: Elements, position: int) -> None:
        code = component(elements, 1).upper()
        if self.target is None or self.target is self.about:
            self.about["errors"].append({"code": code, "text": ""})
            if code in ("0", "1"):
                self.about["accepted"] = code == "0"
            return
        answer = self.target["answer"]
        if answer["code"]:  # a second code says more about the first
            self.target.setdefault("more_codes", []).append(code)
            return
        answer |= {"code": code, "meaning": meaning(code)}
        if not answer["meaning"]:
            text = N_("This answer code is not known.")
            self.findings.append(warning(self.message.place(position, "ERC", 1), "cusres.code", text, code))

    def _ftx(self, elements: Elements, position: int) -> None:
        parts = [*(elements[4] if len(elements) > 4 else []), *(elements[3] if len(elements) > 3 else [])]
        text = " ".join(part.strip() for part in parts if part.strip())
        if self.target is not None and self.target is not self.about:
            answer = self.target["answer"]
            answer["text"] = f"{answer['text']} {text}".strip()[:_MAX_TEXT]
        elif self.about["errors"]:
            last = self.about["errors"][-1]
            last["text"] = f"{last['text']} {text}".strip()[:_MAX_TEXT]
        else:
            self.about["text"] = f"{self.about.get('text', '')} {text}".strip()[:_MAX_TEXT]


_HANDLED = ("BGM", "RFF", "ERP", "ERC", "FTX")
