"""A PNRGOV file to reservations: one record a message, or a transfer in parts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from otay.core.findings import Finding, info, warning
from otay.core.i18n import N_
from otay.formats.edifact.dates import Calendar
from otay.formats.edifact.interchange import MAX_FINDINGS, Elements, Message, component, read_file, transfers
from otay.formats.manifest import Record, Traveller
from otay.formats.paxlst.functions import UNKNOWN
from otay.formats.paxlst.reading import about, calendar_of, capped, other_types
from otay.formats.pnrgov.legs import leg
from otay.formats.pnrgov.reservation import Reservation
from otay.formats.registry import ReadResult

KEY = "pnrgov"
TYPE = "PNRGOV"
MAX_RESERVATIONS = 20_000
FUNCTIONS = {"22": "reservations", "141": "update of reservations"}


def read(data: bytes, name: str = "") -> ReadResult:
    """All messages of reservations in ``data``."""
    file = read_file(data)
    findings = [*file.findings, *other_types(file.messages, TYPE)]
    records = []
    for parts in transfers([message for message in file.messages if message.type in (TYPE, "")]):
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
    reservations = [reservation for reader in readers for reservation in reader.reservations]
    travellers: list[Traveller] = []
    for reservation in reservations:
        reservation.data["travellers"] = list(
            range(len(travellers) + 1, len(travellers) + len(reservation.travellers) + 1)
        )
        travellers += reservation.travellers
    if len(parts) > 1:
        first.about["parts"] = [part.part[0] for part in parts]
    totals = {
        "stated": _stated(readers),
        "reservations": len(reservations),
        "travellers": len(travellers),
        "passengers": len(travellers),
        "crew": 0,
    }
    record = {
        "message": first.about,
        "flights": first.flights,
        "travellers": travellers,
        "reservations": [reservation.data for reservation in reservations],
        "totals": totals,
    }
    findings = [finding for reader in readers for finding in reader.all_findings()]
    findings += _check_total(first.message, totals)
    return record, findings


def _stated(readers: Sequence[_MessageReader]) -> int | None:
    """What EQN says of the transfer. Some senders count each part by itself, others all of them in each."""
    counted = [len(reader.reservations) for reader in readers]
    if [reader.stated for reader in readers] == counted:
        return sum(counted)
    return next((reader.stated for reader in readers if reader.stated is not None), None)


def _check_total(message: Message, totals: dict[str, Any]) -> Iterator[Finding]:
    if totals["stated"] is not None and totals["stated"] != totals["reservations"]:
        text = N_("EQN says %(said)s reservations, but there are %(counted)s.")
        yield warning(
            f"message {message.index}, EQN 1.1",
            "pnrgov.total",
            text,
            totals["stated"],
            said=totals["stated"],
            counted=totals["reservations"],
        )


class _MessageReader:
    """Reads one message."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.about = about(message, TYPE)
        self.calendar = calendar_of(message)
        self.flights: list[dict[str, Any]] = []
        self.stated: int | None = None
        self.reservations: list[Reservation] = []
        self.findings: list[Finding] = []
        self.unknown: Counter[str] = Counter()

    def read(self) -> None:
        """Level 0 up to the first SRC, then reservations."""
        for position, elements in self._segments():
            tag = elements[0][0].strip().upper()
            if tag == "SRC":
                if len(self.reservations) >= MAX_RESERVATIONS:
                    text = N_("The message has more than %(limit)s reservations; the rest is not read.")
                    place = self.message.place(position, "SRC")
                    self.findings.append(warning(place, "pnrgov.size", text, limit=MAX_RESERVATIONS))
                    break
                self._begin()
            elif self.reservations:
                if not self.reservations[-1].take(tag, elements, position):
                    self.unknown[tag[:10]] += 1
            elif tag in ("RCI", "TIF"):  # the first SRC was forgotten
                self._begin()
                self.reservations[-1].take(tag, elements, position)
            else:
                self._level_0(tag, elements, position)

    def _begin(self) -> None:
        reservation = Reservation(self.message, self.calendar, self.flights[0] if self.flights else {})
        if self.reservations:
            last = self.reservations[-1]
            reservation.first_number = last.first_number + len(last.travellers)
        self.reservations.append(reservation)

    def _segments(self) -> Iterator[tuple[int, Elements]]:
        glued = re.compile(rf"(?<=\d)(?=(?:TIF|TVL|RCI|SSR){re.escape(self.message.separators.element)})")
        for position, segment in enumerate(self.message.segments):
            pieces = glued.split(segment) if "TIF" in segment[3:] or "TVL" in segment[3:] else [segment]
            for piece in pieces:
                yield position, self.message.elements(piece)
            if len(pieces) > 1:
                text = N_("The end of a segment is missing before %(tag)s.")
                place = self.message.place(position)
                self.findings.append(warning(place, "edifact.terminator", text, pieces[1][:20], tag=pieces[1][:3]))

    def _level_0(self, tag: str, elements: Elements, position: int) -> None:
        if tag == "MSG":
            code = component(elements, 1, 1) or component(elements, 1)
            self.about |= {"code": code, "function": FUNCTIONS.get(code, UNKNOWN)}
        elif tag == "ORG":
            party = {"id": component(elements, 1), "place": component(elements, 1, 1)}
            self.about["reporting_party"] = {key: value for key, value in party.items() if value}
        elif tag == "TVL":
            found, findings = leg(elements, self.calendar, self.message.place(position, "TVL"))
            self.flights.append(found | {"border": True})
            self.findings += findings[: max(0, MAX_FINDINGS - len(self.findings))]
            day = (self.flights[-1]["departure"] or "")[:10]
            if day > self.calendar.reference.isoformat():
                self.calendar = Calendar(date.fromisoformat(day))
        elif tag == "EQN":
            said = component(elements, 1)
            self.stated = int(said[:9]) if said.isascii() and said.isdigit() else None
        elif tag not in ("RFF", "DAT", "IFT", "RCI"):
            self.unknown[tag[:10]] += 1

    def all_findings(self) -> Iterator[Finding]:
        """Of the envelope, the message and its reservations."""
        yield from self.message.findings
        yield from self.findings
        for reservation in self.reservations:
            yield from reservation.findings
            if not reservation.travellers:
                text = N_("Reservation %(locator)s names no traveller.")
                locator = reservation.data["locator"]
                place = f"message {self.message.index}"
                yield warning(place, "pnrgov.nobody", text, locator, locator=locator or "-")
        for tag, count in self.unknown.items():
            text = N_("Segments %(tag)s are not known here and were not read: %(count)s of them.")
            yield info(f"message {self.message.index}", "pnrgov.segment", text, tag, tag=tag, count=count)
