from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.declarations_data import complete_data, declaration_data
from factories.wco_documents import canonical, random_document
from otay.core.errors import Refused
from otay.core.findings import Severity
from otay.formats.declaration import core_record, lenient, read_declaration
from otay.formats.registry import ReadResult, read, write
from otay.formats.wco.to_xml import write_declaration
from otay.formats.wco.validation import locate, parse, validate

SAMPLES = sorted((Path(__file__).parents[2] / "data" / "wco").glob("*.xml"))
DEC = "urn:wco:datamodel:WCO:DEC-DMS:2"


def valid(data: bytes) -> bool:
    root, finding = parse(data)
    message = locate(root)
    return finding is None and message is not None and validate(message) == []


def core(result: ReadResult) -> dict[str, Any]:
    return {key: value for key, value in result.records[0].items() if key != "document"}


def bare(body: str) -> bytes:
    return f'<Declaration xmlns="{DEC}">{body}</Declaration>'.encode()


SHIPMENT = "<GoodsShipment><GovernmentAgencyGoodsItem/></GoodsShipment>"
LOWER = "<InvoiceAmount currencyID='usd'>1</InvoiceAmount>"
ORIGINAL = "<FunctionCode>9</FunctionCode><FunctionalReferenceID>R</FunctionalReferenceID>"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_read_without_loss_and_written_back_valid(path: Path) -> None:
    data = path.read_bytes()
    result = read(data)
    assert result.format == "wco"
    assert [finding for finding in result.findings if finding.severity is Severity.ERROR] == []
    stored = ReadResult("wco", json.loads(json.dumps(result.records)))
    written = write(stored, "wco")
    assert canonical(written) == canonical(data)
    assert valid(written)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_core_of_every_sample_makes_a_valid_message_of_its_own(path: Path) -> None:
    record = core(read(path.read_bytes()))
    written = write(ReadResult("declaration", [record]), "wco")
    assert valid(written)
    assert core(read(written)) == record


def test_the_samples_fill_the_core() -> None:
    records = [core(read(path.read_bytes())) for path in SAMPLES]
    assert len(records) == 40
    assert sum(record["function"] == 13 for record in records) == sum("amendments" in record for record in records) > 0
    originals = [record for record in records if record["function"] == 9]
    for record in originals:
        assert record["reference"]
        assert record["type"] in ("import", "export")
        assert all(item.get("hs") or item.get("description") for item in record["items"])
    assert {record["type"] for record in originals} == {"import", "export"}


def test_an_amendment_says_what_it_points_at() -> None:
    (path,) = [path for path in SAMPLES if "IM016a" in path.name]
    record = core(read(path.read_bytes()))
    assert record["declaration_number"] == "23GB66GVO0X3GBZAR3"
    assert record["amendments"][0]["path"].startswith("42A")
    assert record["amendments"][0]["statement"].startswith("Adding AdditionalDocument 9WKS Identifier")


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9), density=st.sampled_from([0.02, 0.2, 0.7]))
def test_no_schema_valid_document_loses_anything(seed: int, density: float) -> None:
    data = random_document(Random(seed), density=density)
    result = read(data)
    assert result.records, result.findings
    written = write(ReadResult("wco", json.loads(json.dumps(result.records))), "wco")
    assert canonical(written) == canonical(data)
    assert valid(written)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_schema_valid_document_loses_anything_at_length() -> None:
    for seed in range(1_500):
        data = random_document(Random(seed), density=[0.05, 0.3, 0.9][seed % 3])
        result = read(data)
        assert result.records, (seed, result.findings)
        assert canonical(write(result, "wco")) == canonical(data), seed


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_the_core_of_any_document_survives_a_message_of_its_own(seed: int) -> None:
    record = core(read(random_document(Random(seed), density=0.4)))
    assert core_record(lenient(record)[0]) == record


def test_a_complete_declaration_survives_the_way_through_xml() -> None:
    declaration, _ = read_declaration(complete_data())
    assert declaration is not None
    written = write_declaration(declaration, country="MX", agency="Invented agency")
    assert valid(written)
    assert core(read(written)) == core_record(declaration)


def test_a_cancellation_is_an_amendment_of_type_inv() -> None:
    declaration, _ = lenient({"function": 1, "reference": "R", "declaration_number": "26MX1"})
    written = write_declaration(declaration)
    assert b"<FunctionCode>13</FunctionCode>" in written
    assert b"<TypeCode>INV</TypeCode>" in written


def test_the_narrow_cancellation_schema_is_known_too() -> None:
    data = bare(
        "<FunctionCode>13</FunctionCode><FunctionalReferenceID>R</FunctionalReferenceID><ID>26MX1</ID>"
        "<TypeCode>INV</TypeCode><Submitter><ID>GB1</ID></Submitter><AdditionalInformation>"
        "<StatementDescription>Duplicate</StatementDescription><StatementTypeCode>AES</StatementTypeCode>"
        "<Pointer><SequenceNumeric>1</SequenceNumeric><DocumentSectionCode>42A</DocumentSectionCode></Pointer>"
        "<Pointer><DocumentSectionCode>06A</DocumentSectionCode></Pointer></AdditionalInformation>"
        "<Amendment><ChangeReasonCode>1</ChangeReasonCode></Amendment>"
    )
    result = read(data)
    assert core(result)["declaration_number"] == "26MX1"
    assert canonical(write(result, "wco")) == canonical(data)


def test_a_declaration_that_the_schema_cannot_hold_is_refused_on_writing() -> None:
    declaration, _ = lenient(
        declaration_data(packages_total=-5, aeo_parties=[{"id": "A"}], amendments=[{"path": "TOOLONG"}])
    )
    with pytest.raises(Refused) as refused:
        write_declaration(declaration)
    (finding,) = refused.value.findings
    assert finding.rule == "xsd.maxLength"
    assert "/Amendment/Pointer/DocumentSectionCode" in finding.place


@pytest.mark.parametrize(
    ("body", "rule", "place", "value", "expected"),
    [
        ("<FunctionCode>7</FunctionCode>", "enumeration", "FunctionCode", "7", "9"),
        (ORIGINAL + "<TypeCode>LONG</TypeCode>", "maxLength", "TypeCode", "LONG", "3"),
        (ORIGINAL + "<TypeCode> </TypeCode>", "blank", "TypeCode", "", "Empty"),
        (ORIGINAL + "<TotalPackageQuantity>x</TotalPackageQuantity>", "number", "TotalPackageQuantity", "x", "number"),
        (ORIGINAL + LOWER, "pattern", "InvoiceAmount/@currencyID", "usd", "A-Z"),
        (ORIGINAL + "<InvoiceAmount colour='red'>1</InvoiceAmount>", "attribute", "InvoiceAmount", "1", "colour"),
        (ORIGINAL + "<InvoiceAmount>1.2345</InvoiceAmount>", "fractionDigits", "InvoiceAmount", "1.2345", "3"),
        (ORIGINAL + "<ID>1</ID><FunctionCode>9</FunctionCode>", "unexpected", "FunctionCode[2]", "9", "TypeCode"),
        (ORIGINAL + "<GoodsShipment><UCR><X/></UCR></GoodsShipment>", "unexpected", "GoodsShipment/UCR/X", "", "ID"),
        (ORIGINAL + SHIPMENT, "missing", "GoodsShipment/GovernmentAgencyGoodsItem", "", "SequenceNumeric"),
        (ORIGINAL + "<AcceptanceDateTime/>", "unexpected", "AcceptanceDateTime", "", "ID"),
        ("", "missing", "", "", "FunctionCode"),
    ],
)  # fmt: skip
def test_what_the_schema_refuses_is_said_with_place_value_and_expectation(
    body: str, rule: str, place: str, value: str, expected: str
) -> None:
    result = read(bare("\n" + body))
    assert result.records == []
    (finding,) = result.findings
    assert (finding.rule, finding.value) == (f"xsd.{rule}", value)
    assert finding.place == (f"line 2: /Declaration/{place}" if place else "line 1: /Declaration")
    assert expected in finding.text()


def test_all_schema_findings_come_at_once() -> None:
    result = read(bare("<FunctionCode>7</FunctionCode>\n<TypeCode>LONG</TypeCode>\n<InvoiceAmount>x</InvoiceAmount>"))
    assert [finding.place.split(":")[0] for finding in result.findings] == ["line 1", "line 2", "line 3"]


@pytest.mark.parametrize(
    ("data", "rule", "place"),
    [
        (b"<a>\n <b></a>", "xml.syntax", "line 2, column 9"),
        (b"<a><!-- two -- hyphens --></a>", "xml.syntax", "line 1, column 13"),
        (b"<a>&undefined;</a>", "xml.syntax", "line 1, column 15"),
        (b"<?xml version='1.0' encoding='klingon'?><a/>", "xml.syntax", "line 1"),
        (b"<a/>", "wco.root", "line 1: /a"),
        (b"<a>\xff</a>", "xml.syntax", "line 1"),
        (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "xml.doctype", "line 1"),
        (b"<a>" * 100 + b"</a>" * 100, "xml.depth", "line 1"),
        (b"<a>" * 50_000, "xml.syntax", "line 1"),
    ],
)
def test_xml_that_is_no_declaration(data: bytes, rule: str, place: str) -> None:
    result = read(data)
    assert (result.format, result.records) == ("wco", [])
    (finding,) = result.findings
    assert finding.rule == rule
    assert finding.place.startswith(place)


BOMB = b"""<!DOCTYPE Declaration [<!ENTITY a "aaaaaaaaaaaaaaaa">%s]>
<Declaration xmlns="%s"><FunctionCode>&z;</FunctionCode></Declaration>""" % (
    b"".join(b'<!ENTITY %c "%s">' % (97 + n, b"&%c;" % (96 + n) * 16) for n in range(1, 26)),
    DEC.encode(),
)


@pytest.mark.parametrize(
    "data", [BOMB, BOMB.replace(b"&z;</", b"</").replace(b"<FunctionCode>", b'<FunctionCode listID="&z;">')]
)
def test_entities_are_never_expanded(data: bytes) -> None:
    result = read(data)
    assert result.records == []
    assert result.findings[0].rule in ("xml.doctype", "xml.syntax")


def test_an_external_entity_is_not_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("9")
    doctype = f'<!DOCTYPE Declaration [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    result = read(doctype.encode() + bare("<FunctionCode>&x;</FunctionCode>"))
    assert (result.records, result.findings[0].rule) == ([], "xml.doctype")


def test_two_declarations_in_one_envelope_are_refused_rather_than_one_forgotten() -> None:
    (finding,) = read(b"<batch>" + bare(ORIGINAL) * 2 + b"</batch>").findings
    assert finding.rule == "wco.several"


def test_a_comment_inside_a_value_does_not_cut_it() -> None:
    data = bare(ORIGINAL + "<ID>AB<!-- c -->CD</ID>")
    result = read(data)
    assert core(result)["declaration_number"] == "ABCD"
    assert canonical(write(result, "wco")) == canonical(data)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    assert read(b"<" + data, format="wco").format == "wco"
