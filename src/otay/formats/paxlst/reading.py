"""A PAXLST file to manifests: one record a message, or a transfer in parts. A bad traveller costs nobody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from otay.core.findings import Finding, error, info, warning
from otay.core.i18n import N_, Term
from otay.formats.edifact.dates import Calendar
from otay.formats.edifact.interchange import (
    EPOCH,
    MAX_FINDINGS,
    Elements,
    Message,
    component,
    read_file,
    transfers,
)
from otay.formats.manifest import CREW, TRANSIT_CREW, Record, Traveller, titled
from otay.formats.paxlst.functions import FULL, FUNCTIONS, UNKNOWN, function
from otay.formats.paxlst.itinerary import Itinerary
from otay.formats.paxlst.meanings import MAX_CONTACTS, ROLES, contacts
from otay.formats.paxlst.travellers import Travellers
from otay.formats.registry import ReadResult

KEY = "paxlst"
TYPE = "PAXLST"
MAX_TRAVELLERS = 20_000
_LONGEST_SUBCODE = 4


def read(data: bytes, name: str = "") -> ReadResult:
    """All passenger and crew lists in ``data``."""
    file = read_file(data)
    findings = list(file.findings)
    ours = [message for message in file.messages if message.type in (TYPE, "")]
    findings += other_types(file.messages, TYPE)
    records = []
    for parts in transfers(ours):
        record, found = read_transfer(parts)
        records.append(record)
        findings += found
    return ReadResult(KEY, records, capped(findings))


def other_types(messages: Sequence[Message], type: str) -> Iterator[Finding]:
    """Mentions messages of other types, which the reader of ``type`` passes over."""
    for other in sorted({message.type for message in messages} - {type, ""}):
        yield info("", "edifact.other_type", N_("Messages of the type %(type)s are not read."), other, type=other)


def capped(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """At most :data:`MAX_FINDINGS`, and one more that says so."""
    if len(findings) <= MAX_FINDINGS:
        return tuple(findings)
    text = N_("There are %(count)s findings; the first %(limit)s are shown.")
    more = warning("", "edifact.findings", text, count=len(findings), limit=MAX_FINDINGS)
    return (*findings[:MAX_FINDINGS], more)


def read_transfer(parts: Sequence[Message]) -> tuple[Record, list[Finding]]:
    """One record of the parts of a transfer."""
    readers = [_MessageReader(part) for part in parts]
    for reader in readers:
        reader.read()
    first = readers[0]
    travellers = [person for reader in readers for person in reader.travellers]
    findings = [finding for reader in readers for finding in (*reader.message.findings, *reader.findings)]
    stated = _stated(readers)
    totals = _totals(stated, travellers)
    flights = first.itinerary.flights() if first.itinerary.transports else []
    record = {"message": first.about, "flights": flights, "travellers": travellers, "totals": totals}
    if len(readers) > 1:
        first.about["parts"] = [part.part[0] for part in parts]
    findings += _check_totals(readers[-1].message, stated, totals)
    return record, findings


def _stated(readers: Sequence[_MessageReader]) -> dict[str, str]:
    """What CNT says of the transfer. Some senders count each part by itself, others all of them in each."""
    own = [{str(len(reader.travellers))} & set(reader.stated.values()) for reader in readers]
    if len(readers) > 1 and all(own):
        return {"42": str(sum(len(reader.travellers) for reader in readers))}
    return next((reader.stated for reader in reversed(readers) if reader.stated), {})


def _totals(stated: dict[str, str], travellers: Sequence[Traveller]) -> dict[str, Any]:
    crew = sum(1 for person in travellers if person["role"] in (CREW, TRANSIT_CREW))
    said = next(iter(stated.values()), "")
    return {
        "stated": int(said[:9]) if said.isascii() and said.isdigit() else None,
        "travellers": len(travellers),
        "passengers": len(travellers) - crew,
        "crew": crew,
    }


def _check_totals(message: Message, stated: dict[str, str], totals: dict[str, Any]) -> Iterator[Finding]:
    counted = {totals["travellers"], totals["passengers"], totals["crew"]}
    for said in stated.values():
        if not (said.isascii() and said.isdigit()) or int(said[:9]) not in counted:
            text = N_("CNT says %(said)s travellers, but there are %(counted)s.")
            yield warning(
                message.place(len(message.segments) - 1, "CNT", 1, 2),
                "paxlst.total",
                text,
                said,
                said=said or "-",
                counted=totals["travellers"],
            )


class _MessageReader:
    """Reads one message."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.findings: list[Finding] = []
        self.travellers: list[Traveller] = []
        self.stated: dict[str, str] = {}
        self.about = about(message, TYPE)
        self.calendar = calendar_of(message)
        self.itinerary = Itinerary(message, self.calendar)
        self.codes = ("", "")
        self.unknown: Counter[str] = Counter()

    def read(self) -> None:
        start = self._header()
        departure = self.itinerary.departure()[:10]
        if departure > self.calendar.reference.isoformat():
            self.calendar = Calendar(date.fromisoformat(departure))
        people = Travellers(self.message, self.calendar)
        people.read(start)
        self.travellers, self.stated = people.found, people.stated
        self.unknown.update(people.unknown)
        self.findings += [*self.itinerary.findings, *people.findings]
        self._check_travellers()
        for tag, count in self.unknown.items():
            text = N_("Segments %(tag)s are not known here and were not read: %(count)s of them.")
            place = f"message {self.message.index}"
            self.findings.append(info(place, "paxlst.segment", text, tag, tag=tag, count=count))

    def _header(self) -> int:
        """Reads up to the first traveller, and says where that is."""
        for position, segment in enumerate(self.message.segments):
            elements = self.message.elements(segment)
            tag = elements[0][0].strip().upper()
            if tag == "NAD":
                if _is_traveller(component(elements, 1).upper(), bool(self.itinerary.transports)):
                    return position
                self._party(elements)
            elif tag == "CNT":
                return position
            else:
                self._header_segment(tag, elements, position)
        return len(self.message.segments)

    def _header_segment(self, tag: str, elements: Elements, position: int) -> None:
        if tag == "BGM":
            self._bgm(elements, position)
        elif tag == "RFF":
            self._reference(elements)
        elif tag in ("TDT", "LOC", "DTM"):
            getattr(self.itinerary, tag.lower())(elements, position)
        elif tag == "COM":
            party = self.about["reporting_party"]
            party["contacts"] = [*party.get("contacts", []), *contacts(elements)][:MAX_CONTACTS]
        elif tag == "CTA":
            self.about["reporting_party"]["contact"] = component(elements, 2, 1) or component(elements, 2)
        elif tag not in ("GIS", "GEI", "FTX", "UNS", "QTY", "AUT", "MEA"):
            self.unknown[tag[:10]] += 1

    def _party(self, elements: Elements) -> None:
        party = self.about["reporting_party"]
        names = [part.strip() for part in (elements[4] if len(elements) > 4 else []) if part.strip()]
        party["name"] = " ".join(reversed(names)) if len(names) == 2 else " ".join(names)
        party["id"] = component(elements, 2)

    def _reference(self, elements: Elements) -> None:
        qualifier, value = component(elements, 1).upper(), component(elements, 1, 1)
        self.about["references"].setdefault(qualifier, value)
        revision = component(elements, 1, 4) or component(elements, 1, 3) or component(elements, 1, 2)
        if qualifier == "TN" and revision:
            self.about["revision"] = revision

    def _bgm(self, elements: Elements, position: int) -> None:
        code, subcode = component(elements, 1).upper(), component(elements, 2).upper()
        if not subcode and (code, component(elements, 1, 1).upper()) in FUNCTIONS:
            subcode = component(elements, 1, 1).upper()
        if len(code) > 3 and code[:3].isdigit():  # both in one element
            code, subcode = code[:3], code[3:] or subcode
        if (code, subcode) not in FUNCTIONS and len(subcode) > _LONGEST_SUBCODE:
            self.about["document"], subcode = subcode, ""  # a document number, as in other EDIFACT messages
        self.codes = (code, subcode)
        named = function(code, subcode)
        self.about |= {"function": named, "code": code, "subcode": subcode}
        if (code, subcode) not in FUNCTIONS:
            text = N_("BGM does not say what is to be done with the list in a way that is known here.")
            place = self.message.place(position, "BGM", 1 if named == UNKNOWN else 2)
            self.findings.append(warning(place, "paxlst.function", text, f"{code} {subcode}".strip()))

    def _check_travellers(self) -> None:
        if len(self.travellers) > MAX_TRAVELLERS:
            text = N_("The list has more than %(limit)s travellers; the rest is not read.")
            self.findings.append(warning(f"message {self.message.index}", "paxlst.size", text, limit=MAX_TRAVELLERS))
            del self.travellers[MAX_TRAVELLERS:]
        full = self.codes in FULL or not self.codes[0]
        for number, person in enumerate(self.travellers, 1):
            if not person["full_name"] and (full or not person["references"]):
                text = N_("Traveller %(traveller)s has no name.")
                place = self.message.place(person["segment"] - 2, "NAD", 4)
                self.findings.append(error(place, "paxlst.name", text, traveller=number))
            elif full and person["birth_date"] is None and "birth_date_sent" not in person:
                text = N_("Traveller %(traveller)s: the %(what)s is missing.")
                place = self.message.place(person["segment"] - 2)
                what = Term(N_("date of birth"))
                named = titled(number, person)
                self.findings.append(warning(place, "paxlst.missing", text, traveller=named, what=what))


def _is_traveller(qualifier: str, after_flight: bool) -> bool:
    return qualifier in ROLES or (after_flight and qualifier not in ("MS", "MR", "CA", "AG"))


def about(message: Message, type: str) -> dict[str, Any]:
    """What the envelope says, in the shape of a record's ``message``."""
    envelope = message.interchange
    return {
        "type": message.type or type,
        "version": message.version,
        "function": UNKNOWN,
        "code": "",
        "subcode": "",
        "sender": envelope.sender,
        "sender_qualifier": envelope.sender_qualifier,
        "recipient": envelope.recipient,
        "recipient_qualifier": envelope.recipient_qualifier,
        "prepared": envelope.prepared or None,
        "test": envelope.test,
        "interchange": envelope.reference,
        "reference": message.reference,
        "access_reference": component(message.header, 3),
        "references": {},
        "reporting_party": {},
    }


def calendar_of(message: Message) -> Calendar:
    """Two-digit years are read as seen on the day the message was made."""
    prepared = message.interchange.prepared or (message.group.prepared if message.group else "")
    return Calendar(date.fromisoformat(prepared[:10]) if prepared else date(EPOCH, 12, 31))
