"""What must hold of every reader, whatever bytes it gets: records that can be stored, real dates, findings in words.

Used by the property tests and by the harness that libFuzzer drives.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from factories.passengers import ANA, HEADER, JOHN, interchange, manifest, message
from otay.core.canonical import canonical_json
from otay.core.errors import Refused
from otay.formats import registry
from otay.screening.watchlists.reading import Read, read_list

# members of records that are days, and those that are moments; a moment may be a day where no hour was sent
DAYS = {"birth_date", "expiry", "issued"}
MOMENTS = {"departure", "arrival", "prepared"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """Every member of every object in ``value``."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield name, item
            yield from members(item)
    elif isinstance(value, list):
        for item in value:
            yield from members(item)


def dates_are_real(records: Any) -> None:
    """A day is a day of the calendar in its one way of writing, or nothing."""
    for name, value in members(records):
        if not isinstance(value, str):  # whether a check digit holds goes by the same names
            continue
        if name in DAYS and value:
            assert _DAY.fullmatch(value), (name, value)
            assert 1850 <= date.fromisoformat(value).year <= 2150, (name, value)
        elif name in MOMENTS and value:
            assert datetime.fromisoformat(value), (name, value)


def findings_speak(findings: Any) -> None:
    """Each finding can be shown in both languages and stored."""
    for finding in findings:
        json.dumps(finding.as_record())
        for language in ("en", "es"):
            assert finding.as_dict(language)["message"]


def reader(format: str) -> Callable[[bytes], None]:
    """A reader of ``otay read``: never raises, and what comes out is sound."""

    def run(data: bytes) -> None:
        result = registry.read(data, format=format)
        assert json.dumps(result.records)
        findings_speak(result.findings)
        dates_are_real(result.records)

    return run


def list_reader(format: str) -> Callable[[bytes], None]:
    """A reader of watchlists: refuses with findings, or gives entries that can be stored."""

    def run(data: bytes) -> None:
        try:
            read = read_list(data, "list", format=format)
        except Refused as refused:
            findings = refused.findings
        else:
            findings = read.findings
            entries_are_sound(read)
        assert findings or read.entries or read.format == "ftm"
        findings_speak(findings)

    return run


def entries_are_sound(read: Read) -> None:
    """Entries can be named, stored and told apart; their dates of birth are dates."""
    for entry in read.entries:
        assert entry.key
        assert entry.name
        assert len(entry.digest) == 32
        assert b"\\u0000" not in canonical_json(dict(entry.body))
        for text in entry.body["birth_dates"]:
            assert re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text), text
            date.fromisoformat(f"{text}-01-01"[:10] if len(text) < 7 else f"{text}-01"[:10])


TARGETS: dict[str, Callable[[bytes], None]] = {
    **{name: reader(name) for name in ("paxlst", "paxlst-us", "pnrgov", "cusres", "contrl", "mrz")},
    **{f"list-{name}": list_reader(name) for name in ("csv", "json", "ftm")},
    "list-auto": list_reader(""),
}

_DOCS = "SSR+DOCS:HK:1:OT:::::/P/MEX/G12345678/MEX/29FEB80/F/15APR31/GARCIA LOPEZ/ANA MARIA"
_US = (
    "CTA+IC+:FRED? SAMPLES+1-703-555-0100:TE", "TDT++OT812+40+OT", "LOC+005+NZAKL:50", "DTM+136+260301+1030+M05",
    "LOC+008+USLAX:50", "DTM+132+260301+2200+M05", "UNS+D",
    "PDT+P/182345345:290909:US+MANGUS:SIMON:P:590429:M+PAX+NZAKL:USLAX",
)  # fmt: skip
_MRZ = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
_ENTITIES = (
    {"id": "Q1", "schema": "Person", "properties": {"name": ["Inventada Uno"], "birthDate": ["1970-01"]}},
    {"id": "P1", "schema": "Passport", "properties": {"holder": ["Q1"], "number": ["G1234567"], "country": ["mx"]}},
    {"id": "O1", "schema": "Company", "properties": {"name": ["Inventada, S.A."], "topics": ["sanction"]}, "extra": 1},
)

SEEDS: dict[str, list[bytes]] = {
    "paxlst": [manifest(ANA, JOHN), interchange(message(HEADER, ANA), una="", end="'\r\n")],
    "paxlst-us": [interchange(message(_US, type="PAXLST:001:000:NZ", rest="+OT812/260301/2300"))],
    "pnrgov": [
        interchange(
            message(
                "MSG+:22", "ORG+OT:MEX", "TVL+010326:1042:010326:1142+TIJ+SAN+OT+498", "EQN+1", "SRC",
                "RCI+OT:ABC123::010126:0830", "DAT+700:010126:0830", "TIF+GARCIA LOPEZ+ANA:A:1", _DOCS,
                "TVL+010326:1042:010326:1142+TIJ+SAN+OT+498:Y", type="PNRGOV:11:1:IA",
            )
        )
    ],
    "cusres": [
        interchange(
            message("BGM+962", "RFF+TN:OTAY0001", "RFF+AF:OT498", "DTM+189:2603011042:201", "ERP+2", "RFF+AVF:ABC123",
                    "ERC+0Z", type="CUSRES:D:05B:UN:IATA")
        )
    ],
    "contrl": [interchange(message("UCI+REF1+OT+MXAPIS+7", "UCM+1+PAXLST:D:05B:UN+4+12", type="CONTRL:D:3:UN"))],
    "mrz": [
        _MRZ.encode(),
        b"I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    ],
    "list-csv": [
        b"id,kind,given,surname1,surname2,birth_date,nationality,document,valid_until\n"
        b"P-1,person,Ana,Ruiz,Tellez,1985-02-03,MX,G11112222,2027-01-31\nP-2,,,,,,,X7654321,\n",
        b"name;aliases;remarks\nTransportes Quetzal S.A.;Quetzal;\"a;b\"\n",
    ],
    "list-json": [
        b'{"entries": [{"key": "1", "names": [{"given": "Ana", "surnames": "Ruiz"}], "birth_dates": ["1985"],'
        b' "documents": [{"number": "G1111222", "issuer": "MX"}], "extra": [1.5, null]}]}',
        b'{"key": 7, "names": ["x y"]}\n{"key": 8, "kind": "document", "documents": ["A1234567"]}\n',
    ],
    "list-ftm": ["\n".join(map(json.dumps, _ENTITIES)).encode(), json.dumps(_ENTITIES).encode()],
}  # fmt: skip
SEEDS["list-auto"] = SEEDS["list-csv"] + SEEDS["list-json"] + SEEDS["list-ftm"]
