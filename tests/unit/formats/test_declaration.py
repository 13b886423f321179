from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.declarations_data import complete_data, declaration_data
from otay.core.canonical import canonical_json
from otay.core.findings import Severity
from otay.formats.declaration import core_record, json_schema, lenient, read_declaration, softened


def places(data: dict[str, Any] | bytes) -> dict[str, str]:
    return {finding.place: finding.rule for finding in read_declaration(data)[1]}


@pytest.mark.parametrize("data", [declaration_data(), complete_data()])
def test_a_correct_declaration_has_no_error_and_survives(data: dict[str, Any]) -> None:
    declaration, findings = read_declaration(json.dumps(data).encode())
    assert declaration is not None
    assert [finding for finding in findings if finding.severity is Severity.ERROR] == []
    record = core_record(declaration)
    assert record == {"function": 9, **data}
    assert read_declaration(record)[0] == declaration
    assert canonical_json(record)


def test_numbers_are_exact() -> None:
    declaration, _ = read_declaration(json.dumps(declaration_data(gross_mass_kg=110.1)).encode())
    assert declaration is not None
    assert declaration.gross_mass_kg == Decimal("110.1")
    assert read_declaration(declaration_data(gross_mass_kg=110.1))[0] == declaration


def test_codes_are_brought_into_their_shape() -> None:
    data = declaration_data(export_country=" us ", incoterm="dap", type_code=5)
    data["items"][0]["hs"] = "8471.30.01.00"
    declaration, _ = read_declaration(data)
    assert declaration is not None
    assert (declaration.export_country, declaration.incoterm, declaration.type_code) == ("US", "DAP", "5")
    assert (declaration.items[0].hs, declaration.items[0].hs6) == ("8471300100", "847130")


def test_all_findings_come_at_once() -> None:
    data = declaration_data(
        reference="A" * 36, type="sideways", accepted_at="2026-03-01T08:00:00", gross_mass_kg=True, office="\x00",
        transport=3, surprise=1, packages_total=11,
    )  # fmt: skip
    data["items"][0] |= {"hs": "84", "origin": "ZB", "net_mass_kg": "120"}
    data["items"][0]["price"] = {"amount": "a lot", "currency": "USD", "vat": 1}
    found = places(data)
    assert found == {
        "/reference": "structure.string_too_long",
        "/type": "structure.enum",
        "/accepted_at": "structure.timezone_aware",
        "/gross_mass_kg": "structure.value_error",
        "/office": "structure.value_error",
        "/transport": "structure.model_type",
        "/surprise": "structure.extra_forbidden",
        "/items/0/hs": "structure.string_pattern_mismatch",
        "/items/0/price/amount": "structure.decimal_parsing",
        "/items/0/price/vat": "structure.unexpected_keyword_argument",
        "/packages_total": "D34",
        "/items/0/origin": "D10",
        "/items/0/net_mass_kg": "D31",
    }


def test_a_finding_speaks_both_languages() -> None:
    for finding in read_declaration(declaration_data(incoterm="XYZ", reference=None, type="x", gross_mass_kg="1,5"))[1]:
        english, spanish = finding.as_dict("en"), finding.as_dict("es")
        assert english["message"] != spanish["message"]
        assert "%(" not in english["message"] + spanish["message"] + english["remedy"] + spanish["remedy"]


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"{", "json.syntax"),
        (b'{"a": 1, "a": 2}', "json.content"),
        (b'{"gross_mass_kg": NaN}', "json.content"),
        (b"\xff\xfe\xfa", "json.encoding"),
        (b"[1]", "declaration.object"),
        (b"[" * 100 + b"]" * 100, "json.depth"),
        (b"[" * 200_000, "json.content"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "json.depth"),
    ],
)
def test_json_that_is_no_declaration(data: bytes, rule: str) -> None:
    declaration, findings = read_declaration(data)
    assert declaration is None
    assert [finding.rule for finding in findings] == [rule]


@pytest.mark.parametrize("value", [math.inf, math.nan, "Infinity", "1e400", "-", "0x1"])
def test_no_number_that_is_none(value: object) -> None:
    assert places(declaration_data(gross_mass_kg=value))["/gross_mass_kg"].startswith("structure.")


def test_lenient_keeps_what_can_be_read() -> None:
    declaration, findings = lenient(declaration_data(office="x" * 40, items=[5]))
    assert declaration.reference == "TEST-0001"
    assert declaration.office is None
    assert {finding.severity for finding in softened(findings)} == {Severity.WARNING}


def test_the_schema_explains_every_element() -> None:
    schema = json_schema()
    properties = schema["properties"]
    assert properties["reference"]["wco"] == "D026"
    assert properties["declaration_number"]["pedimento"] == "NUM. PEDIMENTO"
    assert all("description" in element for element in properties.values())
    parts = [part for part in schema["$defs"].values() if part["type"] == "object" and part.get("title") != "Money"]
    assert all("description" in element for part in parts for element in part["properties"].values())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*complete_data(), "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*complete_data(), "surprise"]), json_values, max_size=8))
def test_no_data_breaks_the_reader(data: dict[str, Any]) -> None:
    declaration, findings = read_declaration(data)
    assert (declaration is None) is any(finding.severity is Severity.ERROR for finding in findings)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    read_declaration(data)
