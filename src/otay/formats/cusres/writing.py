"""Answers to passenger lists, keyed by record locator (AVF) and passenger reference (ABO) as the carrier sent them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from otay.formats.cusres.answers import (
    ACKNOWLEDGEMENT,
    BOARD,
    CODES,
    INSUFFICIENT,
    RESPONSE,
    TEXTS,
    Answer,
    meaning,
)
from otay.formats.edifact.writing import Part, Writer, envelope_of, interchange
from otay.formats.registry import ReadResult

_VERSION = "D:05B"
_CARRIER_ERROR = "118"

Record = Mapping[str, Any]


def verdict(person: Record) -> Answer:
    """What can be said of a traveller without any list: board, or insufficient data.

    Sufficient is a name, a real date of birth and a document's number; a number that the government gave before (AEA)
    stands for the document.
    """
    missing = []
    if not person["full_name"]:
        missing.append("NAME")
    if not person["birth_date"]:
        missing.append("DATE OF BIRTH")
    if not any(paper["number"] for paper in person["documents"]) and not person["references"].get("AEA"):
        missing.append("DOCUMENT")
    if missing:
        return Answer(INSUFFICIENT, f"{TEXTS[INSUFFICIENT]} - {', '.join(missing)}")
    return Answer(BOARD)


def answered(manifest: Record, answers: Sequence[Answer], *, function: str = RESPONSE, prepared: str = "") -> Record:
    """The record of a CUSRES to the sender of ``manifest``: one answer a traveller, or none where the list as a whole
    is accepted. ``prepared`` is when it is made (``2026-03-01T08:30``, UTC)."""
    about = manifest["message"]
    travellers = [
        {
            "references": {code: value for code, value in person["references"].items() if code in ("AVF", "ABO")},
            "full_name": person["full_name"],
            "answer": {"code": answer.code, "meaning": meaning(answer.code), "text": answer.text},
        }
        for person, answer in zip(manifest["travellers"], answers, strict=True)
    ]
    return {
        "message": _mirrored(about, function, prepared) | {"accepted": None if travellers else True},
        "flights": [leg for leg in manifest["flights"] if leg.get("border", True)] or list(manifest["flights"]),
        "travellers": travellers,
        "totals": {},
    }


def refused(manifest: Record, text: str, *, prepared: str = "") -> Record:
    """The record of a CUSRES that takes exception to the whole list."""
    about = _mirrored(manifest["message"], RESPONSE, prepared)
    about |= {"accepted": False, "errors": [{"code": "1", "text": text}]}
    return {"message": about, "flights": list(manifest["flights"]), "travellers": [], "totals": {}}


def acknowledged(change: Record, *, error: bool = False, prepared: str = "") -> Record:
    """The record of a carrier's acknowledgement of a status change (BGM 312): an echo, or that it is unusable."""
    about = _mirrored(change["message"], ACKNOWLEDGEMENT, prepared)
    if error:
        about["errors"] = [{"code": _CARRIER_ERROR, "text": ""}]
        return {"message": about, "flights": [], "travellers": [], "totals": {}}
    return {**change, "message": about}


def _mirrored(about: Record, function: str, prepared: str) -> dict[str, Any]:
    return {
        "function": function,
        "code": CODES[function],
        "sender": about["recipient"],
        "sender_qualifier": about.get("recipient_qualifier", ""),
        "recipient": about["sender"],
        "recipient_qualifier": about.get("sender_qualifier", ""),
        "prepared": prepared or about.get("prepared"),
        "test": about.get("test", False),
        "interchange": about["interchange"],
        "reference": about["reference"],
        "access_reference": about.get("access_reference", ""),
        "references": {code: value for code, value in about["references"].items() if code == "TN"},
        "errors": [],
        "accepted": None,
    }


def write(result: ReadResult) -> Sequence[bytes]:
    """One interchange a record."""
    return [write_record(record) for record in result.records]


def write_record(record: Record) -> bytes:
    """The record as one interchange of one message."""
    about = record.get("message") or {}
    writer = Writer()
    writer.add("BGM", about.get("code") or CODES.get(about.get("function") or "", CODES[RESPONSE]))
    for code, value in (about.get("references") or {}).items():
        writer.add("RFF", [code, value])
    for leg in record.get("flights") or []:
        _flight(writer, leg)
    _header_errors(writer, about)
    for person in record.get("travellers") or []:
        _traveller(writer, person)
    reference = about.get("reference") or "1"
    rest: list[Part] = [about["access_reference"]] if about.get("access_reference") else []
    message = writer.message(reference, f"CUSRES:{_VERSION}:UN:IATA", *rest)
    envelope = envelope_of(about, "IAPI")
    group: list[Part] = ["CUSRES", "UN", _VERSION.split(":")]
    return interchange([message], syntax=["UNOA", "4"], envelope=envelope, group=group)


def _flight(writer: Writer, leg: Record) -> None:
    writer.add("RFF", ["AF", f"{leg.get('carrier') or ''}{leg.get('number') or ''}"])
    for qualifier, key in (("189", "departure"), ("232", "arrival")):
        digits = "".join(mark for mark in leg.get(key) or "" if mark.isdigit())
        if len(digits) == 12:
            writer.add("DTM", [qualifier, digits[2:], "201"])
        elif digits:
            writer.add("DTM", [qualifier, digits, "102" if len(digits) == 8 else "204"])
    for qualifier, key in (("125", "origin"), ("87", "destination")):
        if leg.get(key):
            writer.add("LOC", qualifier, leg[key])


def _header_errors(writer: Writer, about: Record) -> None:
    errors = about.get("errors") or []
    if not errors and about.get("accepted") is not None:
        errors = [{"code": "0" if about["accepted"] else "1", "text": ""}]
    if errors:
        writer.add("ERP", "1")
    for error in errors:
        writer.add("ERC", error["code"])
        if error["text"]:
            writer.add("FTX", "AAO", "", "", error["text"])


def _traveller(writer: Writer, person: Record) -> None:
    """A carrier that gave neither reference finds its traveller by name, in the text."""
    answer = person["answer"]
    writer.add("ERP", "2")
    references = person.get("references") or {}
    for code, value in references.items():
        writer.add("RFF", [code, value])
    writer.add("ERC", answer["code"])
    text = [answer.get("text") or TEXTS.get(answer["code"], "")]
    if not references and person.get("full_name"):
        text.append(person["full_name"])
    if any(text):
        writer.add("FTX", "AAP", "", "", text)
