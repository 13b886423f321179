from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.passengers import ANA, HEADER, JOHN, interchange, large_manifest, manifest, message
from otay.core.findings import Finding, Severity
from otay.formats.paxlst.functions import FUNCTIONS, codes, function
from otay.formats.paxlst.reading import read
from otay.formats.paxlst.writing import write, write_record
from otay.formats.registry import ReadResult, detect
from otay.formats.registry import read as read_any


def one(data: bytes) -> dict[str, Any]:
    (record,) = read(data).records
    return record


def test_everything_that_a_traveller_has() -> None:
    result = read(manifest(ANA, JOHN))
    assert result.findings == ()
    (record,) = result.records
    assert record["travellers"][0] == {
        "role": "passenger",
        "given": "ANA MARIA",
        "surnames": "GARCIA LOPEZ",
        "full_name": "ANA MARIA GARCIA LOPEZ",
        "sex": "F",
        "birth_date": "1980-02-29",
        "nationality": "MEX",
        "documents": [
            {"type": "P", "number": "G12345678", "issuer": "MEX", "expiry": "2031-04-15"},
            {"type": "V", "number": "20261234", "issuer": "USA", "expiry": None},
        ],
        "embark": "TIJ",
        "debark": "SAN",
        "references": {"AVF": "ABC123", "ABO": "ABC12301", "SEA": "12A"},
        "bags": {"count": 2, "weight": {"value": "31", "unit": "KGM"}, "tags": [{"number": "OT000123", "count": 1}]},
        "segment": 11,
        "verified": True,
        "clearance_port": "SAN",
        "residence": "MEX",
        "birth_place": {"country": "MEX", "place": "TIJUANA"},
    }
    assert record["flights"] == [
        {
            "carrier": "OT",
            "number": "498",
            "origin": "TIJ",
            "destination": "SAN",
            "departure": "2026-03-01T10:42",
            "arrival": "2026-03-01T11:42",
            "border": True,
        }
    ]
    assert record["totals"] == {"stated": 2, "travellers": 2, "passengers": 2, "crew": 0}
    about = record["message"]
    assert (about["function"], about["sender"], about["references"]) == ("passenger list", "OT", {"TN": "OTAY0001"})
    assert about["revision"] == "1"
    assert about["reporting_party"]["name"] == "APIS DESK"
    assert [contact["type"] for contact in about["reporting_party"]["contacts"]] == ["TE", "FX", "EM"]


@settings(deadline=None, max_examples=40)
@given(st.permutations(ANA[1:16]))
def test_the_order_within_a_group_does_not_matter(segments: list[str]) -> None:
    found = one(manifest((ANA[0], *segments), JOHN))["travellers"][0]
    usual = one(manifest(ANA[:16], JOHN))["travellers"][0]
    assert found == usual


def test_it_is_the_same_with_and_without_release_characters() -> None:
    plain = one(manifest(ANA, JOHN))["travellers"]
    released = one(manifest(ANA, JOHN).replace(b"APIS DESK", b"APIS ?+ DESK"))["travellers"]
    assert released == plain


def findings_of(data: bytes) -> list[Finding]:
    return [finding for finding in read(data).findings if finding.severity is not Severity.INFO]


@pytest.mark.parametrize(
    ("old", "new", "rule", "element", "value"),
    [
        ("DTM+329:750101", "DTM+329:751399", "date.calendar", "DTM 1.2", "751399"),
        ("DTM+329:750101", "DTM+329:20991231:102", "date.future", "DTM 1.2", "20991231"),
        ("DTM+329:750101", "DTM+329:UNKNOWN", "date.shape", "DTM 1.2", "UNKNOWN"),
        ("DTM+329:750101", "DTM+329:750000", "date.unknown_day", "DTM 1.2", "750000"),
        ("DTM+329:750101", "DTM+329:19750101:101", "date.format", "DTM 1.2", "19750101"),
        ("DTM+36:290101", "DTM+36:290230", "date.calendar", "DTM 1.2", "290230"),
        ("NAT+2+USA", "NAT+2+QQQ", "paxlst.country", "NAT 2", "QQQ"),
        ("LOC+91+USA", "LOC+91+ATLANTIS", "paxlst.country", "LOC 2", "ATLANTIS"),
        ("ATT+2++M", "ATT+2++Q", "paxlst.sex", "ATT 3", "Q"),
        ("DOC+P:110:111+500000001", "DOC+P:110:111", "paxlst.document_number", "DOC 2", "P"),
        ("NAD+FL+++SMITH:JOHN", "NAD+FL", "paxlst.name", "NAD 4", ""),
        ("NAD+FL+++SMITH:JOHN", "NAD+FL++SMITH:JOHN", "paxlst.name_place", "NAD 3", "SMITH:JOHN"),
        ("NAD+FL+++SMITH:JOHN", "NAD+QQ+++SMITH:JOHN", "paxlst.role", "NAD 1", "QQ"),
        ("DTM+329:750101", "RFF+XX:1", "paxlst.missing", "", ""),
    ],
)
def test_one_bad_traveller_is_one_finding_and_costs_nobody_else(
    old: str, new: str, rule: str, element: str, value: str
) -> None:
    bad = tuple(segment.replace(old, new) for segment in JOHN)
    data = manifest(ANA, bad, ANA)
    (finding,) = findings_of(data)
    assert (finding.rule, finding.value) == (rule, value)
    assert finding.place.startswith("message 1, segment ")
    assert finding.place.endswith(element)
    assert "raveller 2" in finding.text("en")
    people = one(data)["travellers"]
    assert len(people) == 3
    good = one(manifest(ANA))["travellers"][0]
    assert [{**people[index], "segment": 11} for index in (0, 2)] == [good, good]


def test_the_place_counts_as_edifact_counts() -> None:
    bad = (JOHN[0], "DTM+329:751399")
    (finding,) = findings_of(manifest(bad))
    assert finding.place == "message 1, segment 12, DTM 1.2"
    assert finding.as_dict("en")["message"] == (
        "Traveller 1 JOHN SMITH: the date of birth is not a day of the calendar."
    )


@pytest.mark.parametrize(
    ("segment", "given_names", "surnames"),
    [
        ("NAD+FL+++SUKARNO", "", "SUKARNO"),
        ("NAD+FL+++SUKARNO:", "", "SUKARNO"),
        ("NAD+FL+++:SUKARNO", "", "SUKARNO"),
        ("NAD+FL+++GARCIA LOPEZ:ANA:MARIA", "ANA MARIA", "GARCIA LOPEZ"),
        ("NAD+FL+++GARCIA<LOPEZ:ANA<MARIA", "ANA MARIA", "GARCIA LOPEZ"),
        ("NAD+FL+++GARCIA  LOPEZ: ANA ", "ANA", "GARCIA LOPEZ"),
        ("NAD+FL+++GARCIA/ANA MARIA", "ANA MARIA", "GARCIA"),
        ("NAD+FL+++TURNER:BILL:BOOTSTRAP:::1", "BILL BOOTSTRAP", "TURNER"),
        ("NAD+FL+++O?'HARA:ANA", "ANA", "O'HARA"),
        ("nad+fl+++Steur:Andrea:Pat", "Andrea Pat", "Steur"),
    ],
)
def test_names(segment: str, given_names: str, surnames: str) -> None:
    (person,) = one(manifest((segment, *JOHN[1:])))["travellers"]
    assert (person["given"], person["surnames"]) == (given_names, surnames)
    assert person["full_name"] == f"{given_names} {surnames}".strip()


@pytest.mark.parametrize(
    ("segment", "bags"),
    [
        ("MEA+CT++:2", {"count": 2, "weight": None, "tags": []}),
        ("MEA+CT++2", {"count": 2, "weight": None, "tags": []}),
        ("MEA+WT++KGM:21.5", {"count": None, "weight": {"value": "21.5", "unit": "KGM"}, "tags": []}),
        ("MEA+WT++:40", {"count": None, "weight": {"value": "40", "unit": "KGM"}, "tags": []}),
        ("FTX+BAG+++OT1:3", {"count": None, "weight": None, "tags": [{"number": "OT1", "count": 3}]}),
        ("MEA+CT++:many", None),
    ],
)
def test_bags(segment: str, bags: dict[str, Any] | None) -> None:
    assert one(manifest((*JOHN, segment)))["travellers"][0]["bags"] == bags


def test_a_reference_given_twice_is_kept_twice() -> None:
    (person,) = one(manifest((*JOHN, "RFF+SEA:1A", "RFF+SEA:2B", "RFF+SEA:1A")))["travellers"]
    assert {key: value for key, value in person["references"].items() if key.startswith("SEA")} == {
        "SEA": "1A",
        "SEA.2": "2B",
    }


def test_roles_and_totals() -> None:
    crew = ("NAD+FM+++CREW:ONE", "DTM+329:800101")
    transit = ("NAD+DDU+++TRANSIT:ONE", "DTM+329:800101")
    record = one(interchange(message("BGM+250+C", HEADER[1:], crew, transit, "CNT+41+1")))
    assert [person["role"] for person in record["travellers"]] == ["crew", "transit passenger"]
    assert record["totals"] == {"stated": 1, "travellers": 2, "passengers": 1, "crew": 1}
    assert record["message"]["function"] == "crew list"


@pytest.mark.parametrize(("codes_", "name"), list(FUNCTIONS.items()))
def test_what_is_to_be_done(codes_: tuple[str, str], name: str) -> None:
    code, subcode = codes_
    data = interchange(message(f"BGM+{code}+{subcode}", HEADER[1:], JOHN, "CNT+42:1"))
    result = read(data)
    about = result.records[0]["message"]
    assert (about["function"], about["code"], about["subcode"]) == (name, code, subcode)
    assert result.findings == ()
    assert function(*codes(name)) == name


@pytest.mark.parametrize("segment", ["BGM+266CLOB", "BGM+266:::X+CLOB", "bgm+266+clob"])
def test_close_out_lists_references_only(segment: str) -> None:
    people = (("NAD+ZZZ", f"RFF+AVF:ABC{n}", f"RFF+ABO:{n}") for n in range(3))
    result = read(interchange(message(segment, HEADER[1:], *people, "CNT+42:3")))
    assert result.findings == ()
    (record,) = result.records
    assert record["message"]["function"] == "close flight, on board"
    assert [person["references"]["ABO"] for person in record["travellers"]] == ["0", "1", "2"]


def test_a_document_number_is_no_function() -> None:
    result = read(interchange(message("BGM+745+987654321+9", HEADER[1:], JOHN)))
    assert result.findings == ()
    about = result.records[0]["message"]
    assert (about["function"], about["subcode"], about["document"]) == ("passenger list", "", "987654321")


def test_an_unknown_function_is_said() -> None:
    (finding,) = findings_of(interchange(message("BGM+999+QQ", HEADER[1:], JOHN)))
    assert (finding.rule, finding.value) == ("paxlst.function", "999 QQ")


@pytest.mark.parametrize(
    ("total", "found"),
    [
        ("CNT+42:1", []),
        ("CNT+41:1", []),
        ("CNT+42+1", []),
        ("", []),
        ("CNT+42:99", ["paxlst.total"]),
        ("CNT+42:all", ["paxlst.total"]),
    ],
)
def test_totals_are_findings_not_refusals(total: str, found: list[str]) -> None:
    data = interchange(message(HEADER, JOHN, *([total] if total else [])))
    assert [finding.rule for finding in findings_of(data)] == found
    assert len(one(data)["travellers"]) == 1


def legs(*segments: str) -> list[tuple[str, ...]]:
    record = one(interchange(message("BGM+745", segments, JOHN)))
    keys = ("carrier", "number", "origin", "destination", "departure", "arrival")
    return [tuple(str(leg[key] or "")[-16:] for key in keys) for leg in record["flights"]]


def test_code_lists_after_a_port_do_not_hide_the_flight() -> None:
    assert legs("TDT+20+OT498+++OT", "LOC+125+LHR:139:6", "LOC+87+MXMEX:139:6") == [
        ("OT", "498", "LHR", "MXMEX", "", "")
    ]


@pytest.mark.parametrize(
    ("reference", "carrier", "expected"),
    [
        ("OT498", "OT", ("OT", "498")),
        ("OT0498", "", ("OT", "0498")),
        ("OTY498A", "", ("OTY", "498A")),
        ("9X12", "", ("9X", "12")),
        ("0498", "OT", ("OT", "0498")),
        ("498", "OT", ("OT", "498")),
        ("OT 498", "", ("OT", "498")),
        ("CHARTER", "", ("", "CHARTER")),
    ],
)
def test_flight_numbers(reference: str, carrier: str, expected: tuple[str, str]) -> None:
    ((found, number, *_),) = legs(f"TDT+20+{reference}+++{carrier}", "LOC+125+TIJ", "LOC+87+SAN")
    assert (found, number) == expected


def test_several_flights_and_a_flight_with_stops() -> None:
    assert legs(
        "TDT+20+OT877+++OT",
        "LOC+92+MEX",
        "DTM+189:2603010500:201",
        "LOC+92+TIJ",
        "DTM+232:2603010755:201",
        "TDT+20+OT827+++OT",
        "LOC+125+TIJ",
        "DTM+189:2603011000:201",
        "LOC+87+SAN",
        "DTM+232:2603011030:201",
        "LOC+92+SAN",
        "DTM+189:2603011130:201",
        "LOC+130+LAX",
        "DTM+232:202603011230:203",
    ) == [
        ("OT", "877", "MEX", "TIJ", "2026-03-01T05:00", "2026-03-01T07:55"),
        ("OT", "827", "TIJ", "SAN", "2026-03-01T10:00", "2026-03-01T10:30"),
        ("OT", "827", "SAN", "LAX", "2026-03-01T11:30", "2026-03-01T12:30"),
    ]


def test_half_a_flight() -> None:
    assert legs("TDT+20+OT1", "LOC+87+SAN", "DTM+232:2603011030:201") == [
        ("OT", "1", "", "SAN", "", "2026-03-01T10:30")
    ]
    assert legs("TDT+20+OT1", "LOC+87+SAN", "LOC+125+TIJ", "LOC+188+GDL") == [("OT", "1", "TIJ", "SAN", "", "")]
    assert legs("TDT+20+OT1", "DTM+189:2603011030:201") == [("OT", "1", "", "", "2026-03-01T10:30", "")]


def test_births_are_seen_from_the_flight_if_that_is_later() -> None:
    header = [segment.replace("260301", "260401") for segment in HEADER]
    (person,) = one(interchange(message(header, "NAD+FL+++BABY:NEW", "DTM+329:260330")))["travellers"]
    assert person["birth_date"] == "2026-03-30"


def test_a_transfer_in_parts_is_one_record() -> None:
    first = message(HEADER, ANA, rest="+X+01:C")
    second = message(HEADER, JOHN, "CNT+42:2", reference="2", rest="+X+02:F")
    result = read(interchange(first, second))
    assert result.findings == ()
    (record,) = result.records
    assert [person["full_name"] for person in record["travellers"]] == ["ANA MARIA GARCIA LOPEZ", "JOHN SMITH"]
    assert record["message"]["parts"] == ["01", "02"]
    assert len(record["flights"]) == 1


def test_unknown_segments_are_mentioned_once() -> None:
    result = read(manifest((*JOHN, "QQQ+1", "QQQ+2")))
    (finding,) = result.findings
    assert (finding.severity, finding.rule, finding.params["count"]) == (Severity.INFO, "paxlst.segment", 2)


def test_findings_are_bounded() -> None:
    bad = ("NAD+FL+++SMITH:JOHN", "DTM+329:751399", "NAT+2+QQQ")
    findings = read(manifest(*[bad] * 1200)).findings
    assert len(findings) == 1001
    assert findings[-1].rule == "edifact.findings"


def test_detection() -> None:
    assert detect(manifest(JOHN)) == "paxlst"
    assert detect(b"\x01QU X\r\n\x02" + manifest(JOHN)) == "paxlst"
    assert detect(b"BGM+745'TDT+20+OT1'") == "paxlst"
    assert read_any(manifest(JOHN)).format == "paxlst"


def test_a_large_manifest() -> None:
    data = large_manifest()
    assert 58_000 < len(data) < 64_000
    result = read(data)
    assert result.findings == ()
    assert len(result.records[0]["travellers"]) == 200
    assert all(len(person["references"]) == 5 for person in result.records[0]["travellers"])


# writing

words = st.text(alphabet="ABCDEFGHIJKLMNÑÜ'+:?", min_size=1, max_size=12)
code3 = st.sampled_from(["MEX", "USA", "JPN", "D", "XXA"])
days = st.dates(min_value=date(1900, 1, 1), max_value=date(2026, 3, 1))
papers = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["P", "V", "I"]),
        "number": st.from_regex(r"[A-Z0-9]{1,12}", fullmatch=True),
        "issuer": code3,
        "expiry": st.none() | st.dates(min_value=date(1990, 1, 1)).map(str).filter(lambda d: d < "2150"),
    }
)
travellers = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["passenger", "crew", "transit passenger", "transit crew"]),
        "given": words,
        "surnames": words,
        "sex": st.sampled_from(["M", "F", "X", "U"]),
        "birth_date": days.map(str),
        "nationality": code3,
        "documents": st.lists(papers, max_size=3),
        "embark": st.sampled_from(["TIJ", "MEX"]),
        "debark": st.sampled_from(["SAN", "LAX"]),
        "references": st.dictionaries(st.sampled_from(["AVF", "ABO", "SEA"]), words, max_size=3),
        "bags": st.none()
        | st.fixed_dictionaries(
            {
                "count": st.integers(0, 9),
                "weight": st.none() | st.just({"value": "21.5", "unit": "KGM"}),
                "tags": st.lists(st.fixed_dictionaries({"number": words, "count": st.integers(1, 9)}), max_size=2),
            }
        ),
    }
)


@settings(deadline=None, max_examples=40)
@given(st.lists(travellers, max_size=4), st.sampled_from([*FUNCTIONS.values()]), words)
def test_what_is_written_is_read_back(people: list[dict[str, Any]], name: str, sender: str) -> None:
    flights = [
        {
            "carrier": "OT",
            "number": "498",
            "origin": "TIJ",
            "destination": "SAN",
            "departure": "2026-03-01T10:42",
            "arrival": "2026-03-01T11:42",
            "border": True,
        }
    ]
    code, subcode = codes(name)
    about = {
        "code": code,
        "subcode": subcode,
        "sender": sender,
        "prepared": "2026-03-01T08:30",
        "references": {"TN": "1"},
    }
    record = {"message": about, "flights": flights, "travellers": people, "totals": {}}
    result = read(write_record(record))
    assert [finding for finding in result.findings if finding.rule != "paxlst.missing"] == []
    (back,) = result.records
    assert {key: back["message"][key] for key in about} == about
    assert back["flights"] == flights
    kept = [{key: found[key] for key in sent} for found, sent in zip(back["travellers"], people, strict=True)]
    assert kept == people


def test_a_whole_manifest_survives() -> None:
    result = read(manifest(ANA, JOHN))
    (written,) = write(result)
    again = read(written)
    assert again.records == [{**record, "message": {**record["message"]}} for record in result.records]
    assert again.findings == ()


def test_a_date_that_was_not_read_is_written_as_it_came() -> None:
    result = read(manifest((JOHN[0], "DTM+329:751399")))
    assert b"DTM+329:751399'" in write(result)[0]


def test_an_empty_record_is_written() -> None:
    assert b"BGM+745'" in write(ReadResult("paxlst", [{}]))[0]
