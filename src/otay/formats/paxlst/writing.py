"""Manifests to PAXLST (D.05B), in the order of the WCO/IATA/ICAO guide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from otay.formats.edifact.dates import Calendar
from otay.formats.edifact.interchange import EPOCH
from otay.formats.edifact.writing import Part, Writer, envelope_of, interchange
from otay.formats.manifest import CREW, OTHER, PASSENGER, TRANSIT_CREW, TRANSIT_PASSENGER
from otay.formats.paxlst.functions import codes
from otay.formats.registry import ReadResult

_VERSION = "D:05B"
_QUALIFIERS = {PASSENGER: "FL", CREW: "FM", TRANSIT_PASSENGER: "DDU", TRANSIT_CREW: "DDT", OTHER: "FL"}
_LOCATIONS = {"clearance_port": "22", "residence": "174", "embark": "178", "debark": "179"}


def write(result: ReadResult) -> Sequence[bytes]:
    """One interchange a record."""
    return [write_record(record) for record in result.records]


def write_record(record: Mapping[str, Any]) -> bytes:
    """The record as one interchange of one message."""
    about: Mapping[str, Any] = record.get("message") or {}
    prepared = about.get("prepared") or ""
    calendar = _calendar(prepared, record.get("flights") or [])
    writer = Writer()
    _header(writer, about, record.get("flights") or [])
    travellers = record.get("travellers") or []
    for person in travellers:
        _traveller(writer, person, calendar)
    stated = (record.get("totals") or {}).get("stated")
    crew_only = bool(travellers) and all(person.get("role") in (CREW, TRANSIT_CREW) for person in travellers)
    writer.add("CNT", ["41" if crew_only else "42", str(len(travellers) if stated is None else stated)])
    reference = about.get("reference") or "1"
    rest: list[Part] = [about["access_reference"]] if about.get("access_reference") else []
    message = writer.message(reference, f"PAXLST:{_VERSION}:UN:IATA", *rest)
    envelope = envelope_of(about, "APIS")
    group: list[Part] = ["PAXLST", "UN", _VERSION.split(":")]
    return interchange([message], syntax=["UNOA", "4"], envelope=envelope, group=group)


def _calendar(prepared: str, flights: Sequence[Mapping[str, Any]]) -> Calendar:
    """The day that the reader will take two-digit years from."""
    days = [prepared[:10] or f"{EPOCH}-12-31", *(str(leg.get("departure") or "")[:10] for leg in flights)]
    return Calendar(date.fromisoformat(max(day for day in days if day)))


def _header(writer: Writer, about: Mapping[str, Any], flights: Sequence[Mapping[str, Any]]) -> None:
    code, subcode = about.get("code") or "", about.get("subcode") or ""
    if not code:
        code, subcode = codes(about.get("function") or "")
    writer.add("BGM", code, subcode)
    for qualifier, value in (about.get("references") or {}).items():
        revision = about.get("revision") if qualifier == "TN" else ""
        writer.add("RFF", [qualifier, value, "", "", revision or ""])
    party = about.get("reporting_party") or {}
    if any(party.values()):
        writer.add("NAD", "MS", party.get("id") or "", "", party.get("name") or "")
        _contacts(writer, party.get("contacts") or [])
    previous = None
    for leg in flights:
        flight = (leg.get("carrier") or "", leg.get("number") or "")
        if flight != previous:
            writer.add("TDT", "20", "".join(flight), leg.get("mode") or "", "", flight[0])
            previous = flight
        border = leg.get("border", True)
        _call(writer, "125" if border else "92", leg.get("origin"), "189", leg.get("departure"))
        _call(writer, "87" if border else "92", leg.get("destination"), "232", leg.get("arrival"))


def _call(writer: Writer, qualifier: str, port: str | None, moment: str, time: str | None) -> None:
    if port:
        writer.add("LOC", qualifier, port)
    if not time:
        return
    plain = "".join(part for part in time if part.isdigit())
    if len(plain) == 8:
        writer.add("DTM", [moment, plain, "102"])
    elif len(plain) == 12:
        writer.add("DTM", [moment, plain[2:], "201"])
    else:
        writer.add("DTM", [moment, plain, "204"])


def _contacts(writer: Writer, contacts: Sequence[Mapping[str, str]]) -> None:
    if contacts:
        writer.add("COM", *([contact["value"], contact["type"]] for contact in contacts))


def _traveller(writer: Writer, person: Mapping[str, Any], calendar: Calendar) -> None:
    unnamed = not person.get("full_name") and not person.get("surnames")
    qualifier = "ZZZ" if unnamed else _QUALIFIERS.get(person.get("role") or "", "FL")
    address = person.get("address") or {}
    names = [person.get("surnames") or "", person.get("given") or ""]
    keys = ("street", "city", "region", "postcode", "country")
    writer.add("NAD", qualifier, "", "", names, *(address.get(key) or "" for key in keys))
    _particulars(writer, person, calendar)
    _contacts(writer, person.get("contacts") or [])
    if person.get("nationality"):
        writer.add("NAT", "2", person["nationality"])
    for code, value in (person.get("references") or {}).items():
        writer.add("RFF", [code.partition(".")[0], value])
    for paper in person.get("documents") or []:
        _document(writer, paper, calendar)


def _particulars(writer: Writer, person: Mapping[str, Any], calendar: Calendar) -> None:
    if person.get("sex"):
        writer.add("ATT", "2", "", person["sex"])
    born = person.get("birth_date")
    if born:
        _day(writer, "329", born, calendar.plain_birth(_short(born)))
    elif person.get("birth_date_sent"):
        writer.add("DTM", ["329", person["birth_date_sent"]])
    _bags(writer, person.get("bags"))
    if person.get("verified") is not None:
        writer.add("GEI", "4", "173" if person["verified"] else "174")
    for key, location in _LOCATIONS.items():
        if person.get(key):
            writer.add("LOC", location, person[key])
    birth_place = person.get("birth_place") or {}
    if any(birth_place.values()):
        writer.add("LOC", "180", [birth_place.get("country") or "", "", "", birth_place.get("place") or ""])


def _bags(writer: Writer, bags: Mapping[str, Any] | None) -> None:
    if not bags:
        return
    if bags.get("count") is not None:
        writer.add("MEA", "CT", "", ["", str(bags["count"])])
    if bags.get("weight"):
        writer.add("MEA", "WT", "", [bags["weight"]["unit"], bags["weight"]["value"]])
    for tag in bags.get("tags") or []:
        writer.add("FTX", "BAG", "", "", [tag["number"], str(tag["count"])])


def _document(writer: Writer, paper: Mapping[str, Any], calendar: Calendar) -> None:
    kind = [paper["type"], "110", "111"] if paper.get("type") else ""
    writer.add("DOC", kind, paper.get("number") or "")
    for qualifier, key in (("36", "expiry"), ("182", "issued")):
        day = paper.get(key)
        if day:
            _day(writer, qualifier, day, calendar.plain_event(_short(day)))
    if paper.get("issuer"):
        writer.add("LOC", "91", paper["issuer"])


def _short(day: str) -> str:
    return day[2:].replace("-", "")


def _day(writer: Writer, qualifier: str, day: str, understood: str | None) -> None:
    """Two digits for the year, as carriers write, where they will be understood; else four and the format code."""
    if understood == day:
        writer.add("DTM", [qualifier, _short(day)])
    else:
        writer.add("DTM", [qualifier, day.replace("-", ""), "102"])
