"""NCTS messages are read without loss, written back the same, and their faults are named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.ncts import DECLARATION, INCIDENT, MRN, group_of
from otay.core.errors import Refused
from otay.core.findings import Severity
from otay.formats.ncts.elements import MESSAGES, REQUIRED, groups, key_of
from otay.formats.ncts.reading import read_message
from otay.formats.ncts.values import fits
from otay.formats.ncts.writing import write_message
from otay.formats.registry import ReadResult, detect, read, write
from otay.formats.wco.tree import to_tree
from otay.formats.wco.validation import parse


def shape(tree: dict[str, Any]) -> Any:
    """A document without the white space between its elements and the prefix of its root."""
    children = [shape(child) for child in tree.get("children", ()) if isinstance(child, dict)]
    return tree["name"], tree.get("namespace"), tree.get("text"), tree.get("attributes"), children


def document(data: bytes) -> Any:
    root, problem = parse(data)
    assert problem is None
    return shape(to_tree(root))


@pytest.mark.parametrize("text", [DECLARATION, INCIDENT])
def test_a_message_is_read_and_written_back_the_same(text: str) -> None:
    data = text.encode()
    assert detect(data) == "ncts"
    result = read(data)
    assert result.findings == ()
    stored = ReadResult("ncts", json.loads(json.dumps(result.records)))
    assert document(write(stored, "ncts")) == document(data)


def test_the_record_says_what_the_declaration_says() -> None:
    (record,) = read(DECLARATION.encode()).records
    assert record["message"] == "CC015C"
    assert record["transit_operation"]["binding_itinerary"] is True
    assert record["guarantee"][0]["guarantee_reference"][0]["amount_to_be_covered"] == "25000.00"
    (equipment,) = record["consignment"]["transport_equipment"]
    assert [seal["identifier"] for seal in equipment["seal"]] == ["EXAMPLE0001", "EXAMPLE0002"]


def test_the_table_is_sound() -> None:
    for name, members in groups().items():
        assert len({member.key for member in members}) == len(members), name
        assert all(member.type or member.xml in groups() for member in members), name
    assert set(REQUIRED) <= set(MESSAGES)
    assert key_of("TIRCarnetNumber") == "tir_carnet_number"


def rules_of(text: str) -> list[str]:
    return [finding.rule for finding in read(text.encode(), format="ncts").findings]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("<numberOfSeals>2<", "<numberOfSeals>0<", "ncts.C0569"),
        ("<numberOfSeals>2<", "<numberOfSeals>3<", "ncts.R0106"),
        ("<CountryOfRoutingOfConsignment>", "<Unheard>", "ncts.C0586"),
        ("<limitDate>2026-01-18<", "<limitDate>2026-02-30<", "ncts.value"),
        ("<bindingItinerary>1<", "<bindingItinerary>yes<", "ncts.value"),
        ("<grossMass>18450.5<", "<grossMass>18450.5000001<", "ncts.value"),
        ("US002506", "us2506", "ncts.value"),
        ("<security>0</security>", "<strange>0</strange>", "ncts.element"),
        ("<security>0</security>", "<security>0</security><security>1</security>", "ncts.twice"),
        ("<security>0</security>", "<LRN>EXAMPLE-0001</LRN>", "ncts.order"),
        ("<LRN>EXAMPLE-0001</LRN>", "", "ncts.missing"),
    ],
)
def test_each_fault_of_a_declaration_is_named(old: str, new: str, rule: str) -> None:
    text = DECLARATION.replace(old, new)
    if new == "<Unheard>":
        text = text.replace("</CountryOfRoutingOfConsignment>", "</Unheard>")
    assert rule in rules_of(text)
    result = read(text.encode())
    assert bool(result.records) == (rule != "ncts.missing")
    if result.records and rule not in ("ncts.order", "ncts.twice", "ncts.element", "ncts.C0586"):
        assert document(write(result, "ncts")) == document(text.encode())


@pytest.mark.parametrize(
    ("code", "right"), [("1", False), ("2", True), ("3", False), ("4", True), ("5", False), ("6", False)]
)
def test_an_incident_with_new_seals_fits_its_code(code: str, right: bool) -> None:
    assert ("ncts.C0240" not in rules_of(INCIDENT.replace("<code>2<", f"<code>{code}<"))) == right


def test_ten_incidents_are_too_many() -> None:
    begin, end = INCIDENT.index("<Incident>"), INCIDENT.index("</Incident>") + len("</Incident>")
    assert "ncts.incidents" in rules_of(INCIDENT[:begin] + INCIDENT[begin:end] * 10 + INCIDENT[end:])
    assert "ncts.incidents" not in rules_of(INCIDENT[:begin] + INCIDENT[begin:end] * 9 + INCIDENT[end:])


def test_broken_seals_at_destination_are_explained() -> None:
    remark = "<conform>0</conform><stateOfSeals>0</stateOfSeals>"
    text = (
        f'<CC044C xmlns="http://ncts.dgtaxud.ec"><TransitOperation><MRN>{MRN}</MRN></TransitOperation>'
        "<CustomsOfficeOfDestinationActual><referenceNumber>MX000240</referenceNumber></CustomsOfficeOfDestinationActual>"
        f"<UnloadingRemark>{remark}</UnloadingRemark></CC044C>"
    )
    assert rules_of(text) == ["ncts.remark"]
    result = read(text.encode())
    assert result.records[0]["qualified"] is True
    assert document(write(result, "ncts"))[1] == "http://ncts.dgtaxud.ec"
    explained = text.replace("</UnloadingRemark>", "<unloadingRemark>cut</unloadingRemark></UnloadingRemark>")
    assert rules_of(explained) == []


def test_messages_in_an_envelope_are_found() -> None:
    body = DECLARATION.partition("?>")[2]
    result = read(f"<envelope>{body}{INCIDENT}</envelope>".encode(), format="ncts")
    assert [record["message"] for record in result.records] == ["CC015C", "CC182C"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("<a/>", "ncts.root"),
        ("<CC015C", "xml.syntax"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]><CC015C>&a;</CC015C>', "xml.doctype"),
        ("<CC015C>" + "<a>" * 100 + "</a>" * 100 + "</CC015C>", "xml.depth"),
    ],
)
def test_what_is_no_safe_message_is_refused(text: str, rule: str) -> None:
    result = read(text.encode(), format="ncts")
    assert result.records == []
    assert [finding.rule for finding in result.findings] == [rule]


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"message": "CC015C/../x"},
        {"message": "CC015C", "surprise": 1},
        {"message": "CC015C", "consignment": "x"},
        {"message": "CC015C", "message_sender": "a\x00b"},
        {"message": "CC015C", "message_sender": ["x"]},
    ],
)
def test_what_has_no_element_is_not_written(record: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        write_message(record)
    assert refused.value.findings


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(MESSAGES)), group_of("MESSAGE"))
def test_any_record_of_the_table_comes_back(message: str, content: dict[str, Any]) -> None:
    root, problem = parse(write_message({"message": message, **content}))
    assert problem is None
    record, findings = read_message(to_tree(root))
    assert {key: value for key, value in record.items() if key not in ("message", "meaning", "phase")} == content
    assert all(finding.rule != "ncts.order" for finding in findings)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(DECLARATION) - 1), st.integers(0, 40), st.text(max_size=8))
def test_no_damage_crashes_the_reader(at: int, length: int, put: str) -> None:
    text = DECLARATION[:at] + put + DECLARATION[at + length :]
    result = read(text.encode(), format="ncts")
    json.dumps(result.records)
    for record in result.records:
        write_message(record)
    assert all(finding.severity in Severity for finding in result.findings)


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("d16.6", "1000.000000000000", "1.1234567"),
        ("date", "2026-01-15+01:00", "2026-13-01"),
        ("datetime", "2026-01-15T08:30:00Z", "2026-01-15T25:00:00"),
        ("n4", "0012", "-1"),
        ("an2", "ab", "abc"),
        ("mrn", MRN, "1234"),
    ],
)
def test_types_tell_right_from_wrong(kind: str, right: str, wrong: str) -> None:
    assert fits(right, kind)
    assert not fits(wrong, kind)
