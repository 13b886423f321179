from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.passengers import interchange, message
from otay.core.findings import Severity
from otay.formats.edifact.dates import Calendar
from otay.formats.paxlst.reading import read as read_paxlst
from otay.formats.pnrgov.names import same_person, without_title
from otay.formats.pnrgov.reading import read
from otay.formats.pnrgov.ssr import contact, docs, infant
from otay.formats.pnrgov.writing import write, write_record
from otay.formats.registry import detect

LEVEL_0 = ("MSG+:22", "ORG+OT:TIJ", "TVL+010326:1042:010326:1142+TIJ+SAN+OT+498", "EQN+1")
BOOKING = (
    "SRC",
    "RCI+OT:ABC123::200226:0439+KE:EDP2RW",
    "DAT+700:010326:0718+710:250226:1120",
    "ORG+1A:MUC+32393340:TIJOT08AA+NCE+OT:NCE+A+MX:MXN+GNPD",
    "ADD++702:12 CALLE INVENTADA:TIJUANA:BC::MX:22000:526645550100",
    "IFT+4:28::YY+CTCE ANA..GARCIA//EXAMPLE.TEST",
)
ANA = (
    "TIF+GARCIA LOPEZ:I+ANA MRS:A:1:1",
    "FTI+OT:8794285757",
    "REF+:001435199A918A76",
    "TKT+1392178947000:T:1",
    "MON+B:94.34:USD+T:100.00:USD",
    "FOP+CC::100.00:VI:4111111111111111:0328",
    "SSR+DOCS:HK:1:OT:::::/P/MEX/G12345678/MEX/29FEB80/F/15APR31/GARCIA LOPEZ/ANA+::1",
    "SSR+DOCO:HK:1:OT:::::TIJUANA/V/20261234/TIJUANA/22DEC25/USA+::1",
    "SSR+DOCA:HK:1:OT:::::D/USA/301 PARK AVE/SAN DIEGO/CA/92101+::1",
)
BABY = ("TIF+GARCIA LOPEZ+BEBE:IN:2",)
LEG = (
    "TVL+010326:1042:010326:1142+TIJ+SAN+KE:OT+498:B",
    "TVL+++++303:Y",
    "RPI+1+HK",
    "APD+737",
    "SSR+SEAT:HK:1:OT:::TIJ:SAN+12A::1",
    "SSR+DOCS:HK:1:OT:::TIJ:SAN:/P/MEX/G87654321/MEX/10AUG25/FI/21DEC30/GARCIA LOPEZ/BEBE/+::1",
    "RCI+OT:ABC123::200226:0439",
    "TRI++TIJ-188:::1",
    "TIF+GARCIA LOPEZ:I+ANA MRS:A:1",
    "SSD+012A++++Y",
    "TBD++2:34:700++MP+618:1026000001:2:SAN+618:1026000002:3:SAN",
)


def pnrgov(*parts: Any) -> bytes:
    return interchange(message(*parts, type="PNRGOV:11:1:IA"))


def one(data: bytes) -> dict[str, Any]:
    (record,) = read(data).records
    return record


def test_a_booking_with_an_infant() -> None:
    result = read(pnrgov(LEVEL_0, BOOKING, ANA, BABY, LEG))
    assert result.findings == ()
    (record,) = result.records
    mother, baby = record["travellers"]
    assert {key: mother[key] for key in ("given", "surnames", "title", "sex", "birth_date", "nationality")} == {
        "given": "ANA",
        "surnames": "GARCIA LOPEZ",
        "title": "MRS",
        "sex": "F",
        "birth_date": "1980-02-29",
        "nationality": "MEX",
    }
    assert mother["documents"] == [
        {"type": "P", "number": "G12345678", "issuer": "MEX", "expiry": "2031-04-15"},
        {
            "type": "V",
            "number": "20261234",
            "issuer": "USA",
            "expiry": None,
            "issued": "2025-12-22",
            "issued_at": "TIJUANA",
        },
    ]
    assert mother["references"] == {"AVF": "ABC123", "REF": "001435199A918A76", "SEA": "12A"}
    assert mother["bags"] == {
        "count": 2,
        "weight": {"value": "34", "unit": "KGM"},
        "tags": [
            {"number": "1026000001", "count": 1, "airline": "618", "destination": "SAN"},
            {"number": "1026000002", "count": 1, "airline": "618", "destination": "SAN"},
        ],
    }
    assert mother["addresses"][0]["city"] == "SAN DIEGO"
    assert mother["birth_place"]["place"] == "TIJUANA"
    assert (mother["embark"], mother["debark"]) == ("TIJ", "SAN")
    assert (baby["category"], baby["birth_date"], baby["sex"]) == ("infant", "2025-08-10", "F")
    assert [paper["number"] for paper in baby["documents"]] == ["G87654321"]
    (reservation,) = record["reservations"]
    assert reservation["locator"] == "ABC123"
    assert reservation["created"] == "2026-02-20T04:39"
    assert reservation["other_locators"] == [{"carrier": "KE", "locator": "EDP2RW"}]
    assert reservation["agency"]["iata_number"] == "32393340"
    assert reservation["contacts"] == [
        {"type": "phone", "value": "526645550100"},
        {"type": "email", "value": "ana_garcia@example.test"},
    ]
    assert reservation["payments"][0]["account"] == "************1111"
    assert reservation["travellers"] == [1, 2]
    assert reservation["flights"] == [
        {
            "carrier": "KE",
            "number": "498",
            "origin": "TIJ",
            "destination": "SAN",
            "departure": "2026-03-01T10:42",
            "arrival": "2026-03-01T11:42",
            "class": "B",
            "operating_carrier": "OT",
            "operating_number": "303",
            "operating_class": "Y",
            "status": "HK",
            "equipment": "737",
        }
    ]
    assert record["flights"][0]["number"] == "498"
    assert record["totals"] == {"stated": 1, "reservations": 1, "travellers": 2, "passengers": 2, "crew": 0}
    assert record["message"]["function"] == "reservations"


def test_an_infant_told_only_beside_the_adult_is_a_traveller() -> None:
    told = "SSR+INFT:NN:1:OT:::::RUIZ/BEBE/10AUG25+::1"
    record = one(pnrgov(LEVEL_0, BOOKING, "TIF+RUIZ+EVA:A:1:1", told, told))
    mother, baby = record["travellers"]
    assert (baby["full_name"], baby["birth_date"], baby["travels_with"]) == ("BEBE RUIZ", "2025-08-10", "EVA RUIZ")
    assert mother["birth_date"] is None
    record = one(pnrgov(LEVEL_0, BOOKING, "TIF+RUIZ+EVA:A:1:1", told.replace("RUIZ", "RU IZ"), "TIF+RUIZ+BEBE:IN:2"))
    assert [person["full_name"] for person in record["travellers"]] == ["EVA RUIZ", "BEBE RUIZ"]


def test_the_infant_s_passport_is_not_the_adult_s() -> None:
    papers = (
        "SSR+DOCS:HK:1:OT:::::/P/GBR/512731999/GBR/20SEP25/FI/25OCT30/BEL T/SOPHY OLIVIA/",
        "SSR+DOCS:HK:1:OT:::::/P/GBR/509229987/GBR/01JUL78/F/12NOV32/BELT/ISABELLE RUTH/",
    )
    record = one(pnrgov(LEVEL_0, BOOKING, "TIF+BELT:I+ISABELLE MRS:A:2:1", papers, "TIF+BELT:I+SOPHY:IN:3"))
    assert [(p["full_name"], [d["number"] for d in p["documents"]]) for p in record["travellers"]] == [
        ("ISABELLE BELT", ["509229987"]),
        ("SOPHY OLIVIA BELT", ["512731999"]),
    ]


def test_a_traveller_without_documents_is_kept() -> None:
    (person,) = one(pnrgov(LEVEL_0, BOOKING, "TIF+SUKARNO"))["travellers"]
    assert (person["full_name"], person["documents"]) == ("SUKARNO", [])


def test_several_in_one_tif() -> None:
    record = one(pnrgov(LEVEL_0, BOOKING, "TIF+RUIZ+EVA MRS:A:1+JUAN MSTR:C:2"))
    assert [(person["given"], person["category"]) for person in record["travellers"]] == [
        ("EVA", "adult"),
        ("JUAN", "child"),
    ]


def test_documents_find_their_traveller_by_reference_or_name() -> None:
    people = ("TIF+RUIZ+EVA MRS:A:1", "TIF+RUIZ+JUAN MR:A:2")
    late = (
        "TVL+010326:1042+TIJ+SAN+OT+498",
        "SSR+DOCS:HK:1:OT:::TIJ:SAN:/P/MEX/G1/MEX/01JAN80/F/15APR31/RUIZ/EVA/+::01",
        "SSR+DOCS:HK:1:OT:::TIJ:SAN:/P/MEX/G2/MEX/02JAN80/M/15APR31/RU IZ/JUAN PABLO/",
    )
    eva, juan = one(pnrgov(LEVEL_0, BOOKING, people, late))["travellers"]
    assert ([p["number"] for p in eva["documents"]], [p["number"] for p in juan["documents"]]) == (["G1"], ["G2"])


@pytest.mark.parametrize(
    ("segment", "departure", "arrival"),
    [
        ("TVL+010326:1042:010326:1142+TIJ+SAN+OT+1", "2026-03-01T10:42", "2026-03-01T11:42"),
        ("TVL+010326:1042::1142+TIJ+SAN+OT+1", "2026-03-01T10:42", "2026-03-01T11:42"),
        ("TVL+010326:1042:1142+TIJ+SAN+OT+1", "2026-03-01T10:42", "2026-03-01T11:42"),
        ("TVL+010326:2342::0142+TIJ+SAN+OT+1", "2026-03-01T23:42", "2026-03-02T01:42"),
        ("TVL+010326:2342::0142:2+TIJ+SAN+OT+1", "2026-03-01T23:42", "2026-03-03T01:42"),
        ("TVL+010326+TIJ+SAN+OT+1", "2026-03-01", None),
        ("TVL+320326:1042+TIJ+SAN+OT+1", None, None),
    ],
)
def test_times_of_a_leg(segment: str, departure: str | None, arrival: str | None) -> None:
    (reservation,) = one(pnrgov(LEVEL_0, BOOKING, "TIF+RUIZ+EVA", segment))["reservations"]
    assert (reservation["flights"][0]["departure"], reservation["flights"][0]["arrival"]) == (departure, arrival)


def test_splits_services_and_history() -> None:
    rest = (
        "TVL+010326:1042+TIJ+SAN+OT+498",
        "EQN+1",
        "RCI+OT:ZLM123::010326:1148",
        "MSG+8",
        "TVL+020326:1200+SAN++ZE",
        "ABI+4+:LHRRR+LON++OT",
        "DAT+T:230226:1813",
        "SAC+++X",
        "TVL+020326::020326+SIN+OOL+OT+6:S",
        "SRC",
        "RCI+OT:SECOND",
        "TIF+RUIZ+JUAN",
    )
    result = read(pnrgov(LEVEL_0[:3], "EQN+2", BOOKING, "TIF+RUIZ+EVA", rest))
    assert result.findings == ()
    first, second = result.records[0]["reservations"]
    assert first["split_to"] == ["ZLM123"]
    assert len(first["flights"]) == 1
    assert first["history"] == [
        {
            "by": "4 LHRRR LON OT",
            "at": "2026-02-23T18:13",
            "changes": [{"action": "X", "what": ["TVL+020326::020326+SIN+OOL+OT+6:S"]}],
        }
    ]
    assert (second["locator"], second["travellers"]) == ("SECOND", [2])


def test_a_terminator_forgotten_before_a_traveller() -> None:
    glued = BOOKING[3] + "+9TIF+RUIZ+EVA"
    result = read(pnrgov(LEVEL_0, BOOKING[:3], glued).replace(b"UNT+11", b"UNT+11"))
    assert [person["full_name"] for person in result.records[0]["travellers"]] == ["EVA RUIZ"]
    assert [finding.rule for finding in result.findings] == ["edifact.terminator"]
    (person,) = one(pnrgov(LEVEL_0, BOOKING, "TIF+LATIF+AHMED"))["travellers"]
    assert person["surnames"] == "LATIF"


@pytest.mark.parametrize(
    ("docs_text", "rule", "value"),
    [
        ("/P/MEX/G1/MEX/31FEB80/F/15APR31/RUIZ/EVA", "date.calendar", "31FEB80"),
        ("/P/MEX/G1/MEX/1980-01-01/F/15APR31/RUIZ/EVA", "date.shape", "1980-01-01"),
        ("/P/MEX/G1/MEX/01JAN80/F/99APR31/RUIZ/EVA", "date.calendar", "99APR31"),
    ],
)
def test_a_bad_date_is_one_finding(docs_text: str, rule: str, value: str) -> None:
    people = ("TIF+RUIZ+JUAN:A:1", "TIF+RUIZ+EVA:A:2", f"SSR+DOCS:HK:1:OT:::::{docs_text}+::2")
    (finding,) = read(pnrgov(LEVEL_0, BOOKING, people)).findings
    assert (finding.rule, finding.value, finding.severity) == (rule, value, Severity.ERROR)
    assert "2 EVA RUIZ" in finding.text("en")
    assert finding.place.endswith("SSR 1.9")


@pytest.mark.parametrize(
    ("text", "number", "birth", "surname"),
    [
        ("/P/USA/4487/USA/02JUN70/F/18MAY22/FENNER/JACKI/ANJA", "4487", "1970-06-02", "FENNER"),
        ("P/USA/4487/USA/02JUN1970/F/18MAY22/FENNER/JACKI", "4487", "1970-06-02", "FENNER"),
        ("//USA/4487//02JUN70/F/18MAY22/FENNER/JACKI", "4487", "1970-06-02", "FENNER"),
        ("/////05FEB53/F//DORON/NINA", "", "1953-02-05", "DORON"),
        ("", "", None, ""),
    ],
)
def test_docs(text: str, number: str, birth: str | None, surname: str) -> None:
    said = docs(text, Calendar(date(2026, 3, 1)))
    assert ((said.document or {}).get("number", ""), said.birth_date, said.surnames) == (number, birth, surname)


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("NINA MS", ("NINA", "MS")),
        ("SEJOONMR", ("SEJOON", "MR")),
        ("JACKIMRS", ("JACKI", "MRS")),
        ("AMR", ("AMR", "")),
        ("ADAMS", ("ADAMS", "")),
        ("ANA", ("ANA", "")),
        ("SOPHY(ADT)", ("SOPHY", "")),
    ],
)
def test_titles(given_name: str, expected: tuple[str, str]) -> None:
    assert without_title(given_name) == expected


def test_names_torn_by_lines_are_the_same() -> None:
    assert same_person("TESTSURNA METHREE", "ANA MRS", "TESTSURNAMETHREE", "ANA MARIA")
    assert not same_person("RUIZ", "ANA", "RUIZ", "EVA")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CTCE ANA..GARCIA//EXAMPLE.TEST", {"type": "email", "value": "ana_garcia@example.test"}),
        ("OT CTCM 526645550100", {"type": "mobile", "value": "526645550100"}),
        ("AM CTCP MEX1800 002 5200", {"type": "phone", "value": "MEX1800 002 5200"}),
        ("CTCT TIJ 571", {"type": "agency", "value": "TIJ 571"}),
        ("NOTHING", None),
        ("CTCM", None),
    ],
)
def test_contacts(text: str, expected: dict[str, str] | None) -> None:
    assert contact(text) == expected


def test_infants() -> None:
    calendar = Calendar(date(2026, 3, 1))
    assert infant("RUIZ/BEBE/10AUG25", calendar) == ("RUIZ", "BEBE", "2025-08-10")
    assert infant("RUIZ/BEBE 10AUG25", calendar) == ("RUIZ", "BEBE", "2025-08-10")
    assert infant("RUIZ/BEBE", calendar) == ("RUIZ", "BEBE", None)


def test_totals_and_empty_reservations_are_findings() -> None:
    result = read(pnrgov(LEVEL_0[:3], "EQN+7", BOOKING))
    assert {finding.rule for finding in result.findings} == {"pnrgov.total", "pnrgov.nobody"}


def test_parts_and_detection() -> None:
    parts = [
        message(
            LEVEL_0[:3], "EQN+2", BOOKING, f"TIF+RUIZ+{name}:A:1", type="PNRGOV:13:1:IA", reference=number, rest=rest
        )
        for name, number, rest in (("EVA", "1", "+X+01:C"), ("JUAN", "2", "+X+02:F"))
    ]
    data = interchange(*parts)
    result = read(data)
    assert result.findings == ()
    assert [reservation["travellers"] for reservation in result.records[0]["reservations"]] == [[1], [2]]
    assert detect(data) == "pnrgov"


# writing


def test_what_was_read_is_written_and_read_back() -> None:
    result = read(pnrgov(LEVEL_0, BOOKING, ANA, BABY, LEG))
    again = read(write(result)[0])
    assert again.findings == ()
    for found, sent in zip(again.records[0]["travellers"], result.records[0]["travellers"], strict=True):
        same = set(sent) - {"segment", "fare", "travels_with"}
        assert {key: found[key] for key in same} == {key: sent[key] for key in same}
    (found,), (sent,) = again.records[0]["reservations"], result.records[0]["reservations"]
    same = ("locator", "created", "changed", "ticketed", "other_locators", "flights", "addresses", "split_to")
    assert {key: found[key] for key in same} == {key: sent[key] for key in same}


names = st.text(alphabet="ABCDEFGHIJKLNÑ'+:?", min_size=1, max_size=10)
people = st.fixed_dictionaries(
    {
        "given": names,
        "surnames": names,
        "sex": st.sampled_from(["M", "F"]),
        "birth_date": st.dates(min_value=date(1900, 1, 1), max_value=date(2026, 3, 1)).map(str),
        "nationality": st.sampled_from(["MEX", "USA"]),
        "category": st.sampled_from(["adult", "child"]),
        "documents": st.lists(
            st.fixed_dictionaries(
                {
                    "type": st.sampled_from(["P", "I"]),
                    "number": st.from_regex(r"[A-Z0-9]{1,9}", fullmatch=True),
                    "issuer": st.sampled_from(["MEX", "USA"]),
                    "expiry": st.dates(
                        min_value=date(2000, 1, 1),
                        max_value=date(2140, 1, 1),
                    ).map(str),
                }
            ),
            max_size=2,
            unique_by=lambda paper: (paper["type"], paper["number"]),
        ),
    }
)


@settings(deadline=None, max_examples=40)
@given(st.lists(people, max_size=4))
def test_a_manifest_becomes_reservations_and_is_read_back(travellers: list[dict[str, Any]]) -> None:
    flights = [
        {"carrier": "OT", "number": "498", "origin": "TIJ", "destination": "SAN", "departure": "2026-03-01T10:42"}
    ]
    record = {"message": {"sender": "OT", "prepared": "2026-03-01T08:30"}, "flights": flights, "travellers": travellers}
    result = read(write_record(record))
    assert {finding.rule for finding in result.findings} == set()
    found = result.records[0]["travellers"]
    kept = [{key: back[key] for key in sent} for back, sent in zip(found, travellers, strict=True)]
    assert kept == travellers


def test_a_passenger_list_as_reservations() -> None:
    data = interchange(message("BGM+745", "TDT+20+OT1", "LOC+125+TIJ", "LOC+87+SAN", "NAD+FL+++A:B", "RFF+AVF:X1"))
    assert b"RCI+:X1'" in write(read_paxlst(data))[0]
