from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.declarations_data import declaration_data
from otay.core.errors import OtayError, Refused
from otay.formats import registry
from otay.formats.registry import ReadResult, formats, messages, read, write

SAMPLE = next((Path(__file__).parents[2] / "data" / "wco").glob("*.xml")).read_bytes()


def test_formats_are_found() -> None:
    assert {"csv", "declaration", "wco", "xlsx"} <= set(formats())
    for key, item in formats().items():
        assert item.key == key


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (SAMPLE, "", "wco"),
        (b"\xef\xbb\xbf <a/>", "", "wco"),
        (json.dumps(declaration_data()).encode(), "", "declaration"),
        (b"\xef\xbb\xbf[]", "", "declaration"),
        (b"reference;hs\nA;847130\n", "", "csv"),
        (b"a,b\n1,2\n", "batch.csv", "csv"),
        (b"PK\x03\x04 xl/workbook.xml", "", "xlsx"),
        (b"\x00\x01\x02", "", "unknown"),
        (b"Dear sirs,", "letter.txt", "unknown"),
    ],
)
def test_detection(data: bytes, name: str, expected: str) -> None:
    assert registry.detect(data, name) == expected
    assert read(data, name=name).format == expected


@pytest.mark.parametrize("data", [b"", b" \r\n", b"\x00" * 10])
def test_an_empty_message(data: bytes) -> None:
    (finding,) = read(data).findings
    assert finding.rule == "message.empty"


def test_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MAX_BYTES", 10)
    (finding,) = read(b"<" + b"a" * 10).findings
    assert finding.rule == "message.size"
    monkeypatch.undo()
    (finding,) = read(b"<" + b"a" * formats()["wco"].max_bytes).findings
    assert finding.rule == "message.size"


def test_an_unknown_format_is_misuse() -> None:
    with pytest.raises(OtayError, match="no format klingon: use one of cbp-waits, contrl, csv"):
        read(b"x", format="klingon")
    with pytest.raises(OtayError, match="no format klingon"):
        messages(ReadResult("x", []), "klingon")


def test_one_message_means_one() -> None:
    batch = ReadResult("declaration", [declaration_data(), declaration_data(reference="TEST-0002")])
    assert len(messages(batch, "wco")) == 2
    with pytest.raises(Refused):
        write(batch, "wco")
    assert read(write(batch, "declaration")).records == [{"function": 9, **record} for record in batch.records]


def test_a_refused_declaration_does_not_refuse_its_neighbours() -> None:
    batch = {"declarations": [declaration_data(), declaration_data(incoterm="XYZ"), 5]}
    result = read(json.dumps(batch).encode())
    assert [record["reference"] for record in result.records] == ["TEST-0001"]
    assert [finding.place for finding in result.findings] == ["/declarations/1/incoterm", "/declarations/2"]


@given(st.binary(max_size=200), st.sampled_from(["auto", "csv", "declaration", "wco", "xlsx"]))
def test_reading_never_raises(data: bytes, format: str) -> None:
    for finding in read(data, format=format, name="x.csv").findings:
        assert finding.as_dict("es")["message"]
