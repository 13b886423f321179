from __future__ import annotations

from typing import Any

from factories.passengers import interchange, message
from otay.formats.paxlst_us.reading import read
from otay.formats.registry import detect

HEADER = (
    "CTA+IC+:FRED? SAMPLES+1-703-555-0100:TE+1-703-555-0101:FX",
    "TDT++OT812+40+OT",
    "LOC+005+NZAKL:50",
    "DTM+136+260301+1030+M05",
    "LOC+008+USLAX:50",
    "DTM+132+260301+2200+M05",
    "UNS+D",
)


def old(*segments: Any) -> bytes:
    return interchange(message(*segments, type="PAXLST:001:000:NZ", rest="+OT812/260301/2300"))


def test_a_list() -> None:
    data = old(
        HEADER,
        "PDT+P/182345345:290909:US+MANGUS:SIMON:P:590429:M+PAX+NZAKL:USLAX",
        "PDT+P/E54321A:300831:IE+O?'LEARY:KRIS:ANN:331231:F+CRW+NZAKL:USLAX",
        "PDT+:+SUKARNO:::000229:U+ITI+NZAKL:USLAX",
    )
    assert detect(data) == "paxlst-us"
    result = read(data)
    assert result.findings == ()
    (record,) = result.records
    first, second, third = record["travellers"]
    assert first["documents"] == [{"type": "P", "number": "182345345", "issuer": "US", "expiry": "2029-09-09"}]
    assert (first["birth_date"], first["sex"], first["embark"], first["debark"]) == (
        "1959-04-29",
        "M",
        "AKL",
        "LAX",
    )
    assert (second["full_name"], second["role"]) == ("KRIS ANN O'LEARY", "crew")
    assert (third["full_name"], third["role"], third["documents"]) == ("SUKARNO", "transit passenger", [])
    assert record["flights"] == [
        {
            "carrier": "OT",
            "number": "812",
            "origin": "AKL",
            "destination": "LAX",
            "departure": "2026-03-01T10:30",
            "arrival": "2026-03-01T22:00",
        }
    ]
    assert record["message"]["reporting_party"]["name"] == "FRED SAMPLES"
    assert record["totals"] == {"stated": None, "travellers": 3, "passengers": 2, "crew": 1}


def test_a_port_on_the_way() -> None:
    data = old("TDT++OT812+40+OT", "LOC+005+NZAKL", "LOC+PT+AUSYD", "LOC+008+USLAX", "UNS+D")
    legs = [(leg["origin"], leg["destination"]) for leg in read(data).records[0]["flights"]]
    assert legs[0][0] == "AKL"
    assert legs[-1][1] == "LAX"


def test_bad_ones_cost_nobody_else() -> None:
    data = old(
        HEADER,
        "PDT+P/1:290909:US+MANGUS:SIMON:P:591399:M+PAX+NZAKL:USLAX",
        "PDT+P/2:290230:US+GOOD:ONE::590429:M+PAX+NZAKL:USLAX",
        "PDT+P/3:290909:US",
        "QQQ+1",
    )
    result = read(data)
    assert [(finding.rule, finding.place) for finding in result.findings] == [
        ("date.calendar", "message 1, segment 9, PDT 2.4"),
        ("date.calendar", "message 1, segment 10, PDT 1.2"),
        ("paxlst.name", "message 1, segment 11, PDT 2"),
        ("paxlst.segment", "message 1"),
    ]
    assert len(result.records[0]["travellers"]) == 3


def test_a_crew_list() -> None:
    record = read(old(HEADER, "PDT+P/1:290909:US+MANGUS:SIMON:P:590429:M+CRW+NZAKL:USLAX")).records[0]
    assert record["message"]["function"] == "crew list"


def test_a_time_that_is_none() -> None:
    (finding,) = read(old("TDT++OT812", "LOC+005+NZAKL", "DTM+136+261301+1030", "UNS+D")).findings
    assert finding.rule == "date.calendar"
