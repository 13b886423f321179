"""Reservations to PNRGOV 11.1: what Otay's records hold, in the order of the guide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from otay.formats.edifact.dates import Calendar
from otay.formats.edifact.interchange import EPOCH
from otay.formats.edifact.writing import Writer, envelope_of, interchange
from otay.formats.registry import ReadResult

_VERSION = "11:1"
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_CATEGORIES = {"adult": "A", "child": "C", "infant": "IN"}

Person = Mapping[str, Any]


def write(result: ReadResult) -> Sequence[bytes]:
    """One interchange a record."""
    return [write_record(record) for record in result.records]


def write_record(record: Mapping[str, Any]) -> bytes:
    """The record as one interchange of one message. Travellers without a reservation are grouped by their locator."""
    about: Mapping[str, Any] = record.get("message") or {}
    flights = record.get("flights") or []
    prepared = about.get("prepared") or ""
    days = [prepared[:10] or f"{EPOCH}-12-31", *(str(leg.get("departure") or "")[:10] for leg in flights[:1])]
    calendar = Calendar(date.fromisoformat(max(days)))
    groups = _reservations(record)
    writer = Writer()
    code = str(about.get("code") or "") if about.get("type") == "PNRGOV" else ""
    writer.add("MSG", ["", code or "22"])
    party = about.get("reporting_party") or {}
    writer.add("ORG", [party.get("id") or about.get("sender") or "", party.get("place") or ""])
    for leg in flights[:1]:
        _leg(writer, leg)
    stated = (record.get("totals") or {}).get("stated")
    writer.add("EQN", str(len(groups) if stated is None else stated))
    for reservation, travellers in groups:
        _Reservation(writer, reservation, calendar).write(travellers, flights[0] if flights else {})
    reference = about.get("reference") or "1"
    access = [about["access_reference"]] if about.get("access_reference") else []
    message = writer.message(reference, f"PNRGOV:{_VERSION}:IA", *access)
    envelope = envelope_of(about, "PNRGOV")
    group = ["PNRGOV", "IA", _VERSION.split(":")]
    return interchange([message], syntax=["IATA", "1"], envelope=envelope, group=group)


def _reservations(record: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], list[Person]]]:
    travellers: list[Person] = record.get("travellers") or []
    reservations = record.get("reservations")
    if reservations is not None:
        return [
            (one, [travellers[n - 1] for n in one.get("travellers") or [] if 0 < n <= len(travellers)])
            for one in reservations
        ]
    by_locator: dict[str, list[Person]] = {}
    for person in travellers:
        by_locator.setdefault((person.get("references") or {}).get("AVF") or "", []).append(person)
    flights = record.get("flights") or []
    return [({"locator": locator, "flights": flights}, people) for locator, people in by_locator.items()]


def _moment(value: str | None) -> tuple[str, str]:
    """ISO text as DDMMYY and hhmm."""
    if not value:
        return "", ""
    return value[8:10] + value[5:7] + value[2:4], value[11:16].replace(":", "")


def _leg(writer: Writer, leg: Mapping[str, Any]) -> None:
    carriers = [leg.get("carrier") or "", leg.get("operating_carrier") or ""]
    times = [*_moment(leg.get("departure")), *_moment(leg.get("arrival"))]
    number = [leg.get("number") or "", leg.get("class") or ""]
    writer.add("TVL", times, leg.get("origin") or "", leg.get("destination") or "", carriers, number)
    if leg.get("operating_number"):
        writer.add("TVL", "", "", "", "", [leg["operating_number"], leg.get("operating_class") or ""])


class _Reservation:
    def __init__(self, writer: Writer, data: Mapping[str, Any], calendar: Calendar) -> None:
        self.writer, self.data, self.calendar = writer, data, calendar

    def write(self, travellers: Sequence[Person], border: Mapping[str, Any]) -> None:
        """SRC and all that is below it."""
        add, data = self.writer.add, self.data
        add("SRC")
        created = _moment(data.get("created"))
        others = [
            [other.get("carrier") or "", other.get("locator") or ""] for other in data.get("other_locators") or []
        ]
        add("RCI", [data.get("carrier") or "", data.get("locator") or "", "", *created], *others)
        moments = [
            [code, *_moment(data[key])] for key, code in (("changed", "700"), ("ticketed", "710")) if data.get(key)
        ]
        if moments:
            add("DAT", *moments)
        self._ways_to_reach()
        for number, person in enumerate(travellers, 1):
            self._traveller(person, person.get("reference") or str(number))
        self._payments()
        for leg in data.get("flights") or []:
            _leg(self.writer, leg)
            if leg.get("status"):
                add("RPI", str(len(travellers)), leg["status"])
            if leg.get("equipment"):
                add("APD", leg["equipment"])
            self._checked_in(leg, travellers, border)
        if data.get("split_to"):
            add("EQN", data.get("split_count") or str(len(data["split_to"])))
            add("RCI", *(["", locator] for locator in data["split_to"]))

    def _ways_to_reach(self) -> None:
        add, data = self.writer.add, self.data
        for contact in data.get("contacts") or []:
            if contact["type"] == "email":
                add("IFT", ["4", "28"], f"CTCE {contact['value'].upper().replace('@', '//')}")
        for address in data.get("addresses") or []:
            keys = ("purpose", "street", "city", "region", "region_name", "country", "postcode", "contact")
            add("ADD", "", [address.get(key) or "" for key in keys])

    def _payments(self) -> None:
        for payment in self.data.get("payments") or []:
            keys = ("form", "", "amount", "card", "account", "expires")
            self.writer.add("FOP", [payment.get(key) or "" for key in keys])

    def _traveller(self, person: Person, reference: str) -> None:
        add = self.writer.add
        given = f"{person.get('given') or ''} {person.get('title') or ''}".strip()
        category = _CATEGORIES.get(person.get("category") or "", "A")
        add("TIF", person.get("surnames") or "", [given, category, reference])
        for member in person.get("frequent_flyer") or []:
            add("FTI", [member.get("carrier") or "", member.get("number") or ""])
        if (person.get("references") or {}).get("REF"):
            add("REF", ["", person["references"]["REF"]])
        for ticket in person.get("tickets") or []:
            add("TKT", ticket)
        self._seats_elsewhere(person, reference)
        papers = [paper for paper in person.get("documents") or [] if "issued_at" not in paper]
        if papers or person.get("birth_date") or person.get("sex") or person.get("nationality"):
            for paper in papers or [{}]:
                self._ssr("DOCS", self._docs(person, paper), reference)
        visas = [paper for paper in person.get("documents") or [] if "issued_at" in paper]
        place = (person.get("birth_place") or {}).get("place") or ""
        for visa in visas or ([{}] if place else []):
            fields = (place, visa.get("type") if visa else "", visa.get("number"), visa.get("issued_at"))
            rest = (_named(visa.get("issued")), visa.get("issuer"))
            self._ssr("DOCO", "/" + "/".join(_plain(field) for field in (*fields, *rest)), reference)
        for address in person.get("addresses") or []:
            keys = ("type", "country", "street", "city", "region", "postcode")
            self._ssr("DOCA", "/" + "/".join(_plain(address.get(key)) for key in keys), reference)

    def _seats_elsewhere(self, person: Person, reference: str) -> None:
        """Seats on legs that the reservation does not tell."""
        legs = [(leg.get("origin"), leg.get("destination")) for leg in self.data.get("flights") or []]
        for seat in person.get("seats") or []:
            ports = (seat.get("origin") or "", seat.get("destination") or "")
            if ports not in legs and seat.get("seat"):
                self.writer.add(
                    "SSR", ["SEAT", "HK", "1", "YY", "", "", *ports], [seat.get("seat") or "", "", reference]
                )

    def _ssr(self, code: str, text: str, reference: str) -> None:
        self.writer.add("SSR", [code, "HK", "1", "YY", "", "", "", "", text], ["", "", reference])

    def _docs(self, person: Person, paper: Mapping[str, Any]) -> str:
        sex = person.get("sex") or ""
        infant = person.get("category") == "infant" and sex in ("M", "F")
        fields = (
            paper.get("type"),
            paper.get("issuer"),
            paper.get("number"),
            person.get("nationality"),
            self._short(person.get("birth_date"), birth=True),
            f"{sex}I" if infant else sex,
            self._short(paper.get("expiry"), birth=False),
            person.get("surnames"),
            person.get("given"),
        )
        return "/" + "/".join(_plain(field) for field in fields)

    def _short(self, day: str | None, *, birth: bool) -> str:
        """The year with two digits, where that will be understood."""
        full = _named(day)
        two = full[:5] + full[-2:]
        return two if day and self.calendar.named(two, birth=birth).value == day else full

    def _checked_in(self, leg: Mapping[str, Any], travellers: Sequence[Person], border: Mapping[str, Any]) -> None:
        ports = (leg.get("origin"), leg.get("destination"))
        for number, person in enumerate(travellers, 1):
            seats = [
                seat.get("seat") or ""
                for seat in person.get("seats") or []
                if (seat.get("origin"), seat.get("destination")) == ports
            ]
            bags = person.get("bags") if ports == (border.get("origin"), border.get("destination")) else None
            if not seats and not bags:
                continue
            reference = person.get("reference") or str(number)
            self.writer.add("TRI", "", ["", "", "", reference])
            given = f"{person.get('given') or ''} {person.get('title') or ''}".strip()
            self.writer.add("TIF", person.get("surnames") or "", [given, "", reference])
            for seat in seats:
                self.writer.add("SSD", seat)
            if bags:
                self._bags(bags)

    def _bags(self, bags: Mapping[str, Any]) -> None:
        weight = bags.get("weight") or {}
        unit = {"KGM": "700", "LBR": "701"}.get(weight.get("unit") or "", "")
        count = "" if bags.get("count") is None else str(bags["count"])
        tags = [
            [tag.get("airline") or "", tag["number"], _more_than_one(tag), tag.get("destination") or ""]
            for tag in bags.get("tags") or []
        ]
        self.writer.add("TBD", "", [count, weight.get("value") or "", unit], "", "", *tags)


def _more_than_one(tag: Mapping[str, Any]) -> str:
    count = tag.get("count") or 1
    return str(count) if count > 1 else ""


def _plain(value: str | None) -> str:
    """A field of an SSR, which slashes part."""
    return (value or "").replace("/", " ")


def _named(day: str | None) -> str:
    """``30MAY1976``."""
    if not day:
        return ""
    return f"{day[8:10]}{_MONTHS[int(day[5:7]) - 1]}{day[:4]}"
