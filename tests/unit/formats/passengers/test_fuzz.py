"""Whatever comes, reading gives records and findings: no crash, no hang, nothing that a writer chokes on."""

from __future__ import annotations

import contextlib
import json
import re
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.passengers import ANA, HEADER, JOHN, interchange, manifest, message
from otay.core.errors import OtayError
from otay.formats.answering import reply
from otay.formats.registry import ReadResult, formats, messages, read

PASSENGER_FORMATS = ("contrl", "cusres", "manifest", "mrz", "paxlst", "paxlst-us", "pnrgov")
TAGS = re.findall(
    r"\w+",
    "UNA UNB UNG UNH UNT UNE UNZ UNS BGM RFF DTM NAD COM CTA TDT LOC ATT MEA GEI FTX NAT DOC CNT PDT ERP ERC UCI UCM "
    "UCS UCD MSG ORG TVL EQN SRC RCI SSR DAT IFT ADD EBD TIF FTI REF FAR TKT MON FOP RPI APD TRI SSD TBD ABI SAC LTS",
)
VALUES = [
    "",
    "1",
    "2",
    "22",
    "36",
    "42",
    "87",
    "91",
    "125",
    "178",
    "180",
    "189",
    "232",
    "329",
    "745",
    "250",
    "266",
    "CLOB",
    "FL",
    "FM",
    "ZZZ",
    "AVF",
    "ABO",
    "P",
    "CT",
    "WT",
    "BAG",
    "260301",
    "991399",
    "20260301",
    "201",
    "102",
    "999999999999",
    "A",
    "IN",
    "DOCS",
    "DOCO",
    "INFT",
    "SEAT",
    "/P/MEX/G1/MEX/31FEB80/FI/15APR31/RUIZ/EVA",
    "OT498",
    "0Z",
    "PAXLST",
    "PNRGOV",
    "CUSRES",
    "D",
    "05B",
    "01",
    "C",
    "F",
    "MUÑOZ",
    "?",
    "*",
    " ",
    "\x1d",
    "’",
    "٣",
    "²",
    "-",
    "1e9",
]

component = st.sampled_from(VALUES) | st.text(max_size=6)
element = st.lists(component, max_size=5).map(":".join)
segment = st.builds(lambda tag, rest: "+".join([tag, *rest]), st.sampled_from(TAGS), st.lists(element, max_size=6))
soup = st.lists(segment, max_size=25).map(lambda parts: "'".join([*parts, ""]).encode("utf-8", "replace"))
dressed = st.tuples(
    st.sampled_from(["PAXLST:D:05B:UN:IATA", "PAXLST:001:000", "PNRGOV:11:1:IA", "CUSRES:D:05B:UN", "CONTRL:D:3:UN"]),
    st.lists(segment, max_size=25),
).map(lambda pair: interchange(message(*pair[1], type=pair[0])))


def well_behaved(data: bytes, format: str) -> None:
    result = read(data, format=format)
    json.dumps(result.records)
    for finding in result.findings:
        assert finding.as_dict("es")["message"]
        assert finding.as_dict("en")["message"]
    for record in result.records:
        for person in record["travellers"]:
            assert person["birth_date"] is None or date.fromisoformat(person["birth_date"])
            for paper in person["documents"]:
                assert paper["expiry"] is None or date.fromisoformat(paper["expiry"])
    if result.records and formats()[format].write is not None:
        with contextlib.suppress(OtayError):  # what cannot be expressed is refused, and nothing else is raised
            messages(ReadResult(format, result.records), format)


@settings(deadline=None)
@given(soup | dressed | st.binary(max_size=300), st.sampled_from(PASSENGER_FORMATS))
def test_anything(data: bytes, format: str) -> None:
    well_behaved(data, format)


@settings(deadline=None)
@given(soup | dressed | st.binary(max_size=200))
def test_anything_is_answered(data: bytes) -> None:
    for sent in reply(data, prepared="2026-03-01T08:31").messages:
        assert sent.startswith(b"UNA")


@settings(deadline=None)
@given(st.data())
def test_a_good_manifest_with_a_piece_torn_out_or_put_in(data: st.DataObject) -> None:
    whole = manifest(ANA, JOHN)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    torn = whole[:start] + data.draw(st.binary(max_size=5)) + whole[end:]
    for format in ("paxlst", "pnrgov"):
        well_behaved(torn, format)


@pytest.mark.parametrize(
    "data",
    [
        b"UNA:+.? '" * 20_000,
        b"UNB+UNOA:" * 20_000,
        b"UNB" * 60_000,
        b"'" * 200_000,
        b"UNH+1+PAXLST:D:05B'" * 3_000,
        b"UNH+1+PAXLST:D:05B'BGM+745'" + b"+" * 200_000,
        b"UNH+1+PAXLST:D:05B'BGM+745'" + b"NAD+FL+++A:B'RFF+AVF:1'" * 4_000,
        b"UNH+1+PAXLST:D:05B'BGM+745'NAD+FL+++A:B'" + b"".join(b"RFF+AVF:%d'" % n for n in range(3_000)),
        b"UNH+1+PNRGOV:11:1:IA'MSG+:22'" + b"SRC'RCI+OT:A'TIF+A+B:A:1'" * 2_000,
        b"UNH+1+PNRGOV:11:1:IA'MSG+:22'SRC'" + b"TIF+A+B:IN:1'SSR+INFT:::::::::A/B 01JAN26'" * 700,
        b"UNH+1+PNRGOV:11:1:IA'MSG+:22'SRC'" + b"".join(b"TIF+A+B%d:A:%d'" % (n, n) for n in range(3_000)),
        b"UNH+1+PNRGOV:11:1:IA'MSG+:22'SRC'TIF+A+B'" + b"".join(b"IFT+4:28+CTCM %d'" % n for n in range(20_000)),
        b"UNH+1+PAXLST:D:05B'BGM+745'TDT+20+OT1'" + b"COM+1:TE'" * 20_000 + b"NAD+FL+++A:B'" + b"COM+1:TE'" * 20_000,
        b"".join(b"UNH+%d+PAXLST:D:05B+X+02:F'BGM+745'UNT+3+%d'" % (n, n) for n in range(1_500)),
        b"UNB+UNOA:4+A+B" + b"\n" * 200_000 + b"X",
        b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n" * 2_000,
        b"??" * 100_000,
        b"\n" * 100_000 + b"a" * 100_000,
    ],
    ids=lambda data: data[:24].decode(),
)
@pytest.mark.parametrize("format", ["paxlst", "pnrgov", "mrz"])
def test_bulk_takes_no_time(data: bytes, format: str) -> None:
    start = time.process_time()
    well_behaved(data, format)
    assert time.process_time() - start < 5


def test_a_reservation_is_bounded() -> None:
    segments = ["MSG+:22", "SRC", "RCI+OT:ABC123", *(f"TIF+A+B{number}:A:{number}" for number in range(600))]
    result = read(interchange(message(segments, type="PNRGOV:11:1:IA")), format="pnrgov")
    assert [finding.rule for finding in result.findings] == ["pnrgov.travellers"]
    assert len(result.records[0]["travellers"]) == 500


@pytest.mark.slow
def test_segments_are_bounded() -> None:
    found = read(interchange(message(HEADER, ["QQQ+1"] * 400_100)), format="paxlst").findings
    assert "edifact.segments" in {finding.rule for finding in found}
