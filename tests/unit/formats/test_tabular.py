from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from factories.declarations_data import complete_data, declaration_data
from otay.core.findings import Severity
from otay.formats.declaration import read_declaration
from otay.formats.registry import ReadResult, formats, read, write
from otay.formats.tabular import workbook
from otay.formats.tabular.text import safe

CSV = """reference,type,importer_name,item_number,hs,description,net_mass_kg,gross_mass_kg
A-1,import,Invented,1,847130,Computers,10,11
A-1,,,2,940360,Furniture,20,21
B-1,import,Invented,1,847130,Computers,12,11
C-1,import,Invented,1,847130,Computers,1,1
"""


def sheet(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_rows_of_one_reference_are_one_declaration() -> None:
    result = read(CSV.encode())
    assert [record["reference"] for record in result.records] == ["A-1", "C-1"]
    assert [item["hs"] for item in result.records[0]["items"]] == ["847130", "940360"]


def test_a_finding_names_line_and_column_and_refuses_its_declaration_only() -> None:
    (finding,) = read(CSV.encode()).findings
    assert (finding.place, finding.value) == ("line 4, column net_mass_kg", "12")
    (missing,) = read(CSV.replace("B-1,import", "B-1,").replace(",12,11", ",1,11").encode()).findings
    assert (missing.rule, missing.place) == ("D02", "line 4, column type")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_and_encodings(mark: str, encoding: str) -> None:
    text = CSV.replace(",", mark).replace("Invented", "Compañía inventada").replace("\n", "\r\n")
    result = read(text.encode(encoding))
    assert result.format == "csv"
    assert result.records[0]["importer"]["name"] == "Compañía inventada"


def test_windows_latin_is_read_and_said() -> None:
    result = read(CSV.replace("Invented", "Compañía").encode("cp1252"))
    assert result.records[0]["importer"]["name"] == "Compañía"
    assert [finding.rule for finding in result.findings if finding.severity is Severity.INFO] == ["table.encoding"]


def test_spanish_headings() -> None:
    headings = "Referencia;Tipo operación;Nombre importador;Fracción;Descripción;Peso neto (kg);Contenedor 2;Contenedor"
    text = f"sep=;\n{headings}\nA;import;X;847130;Y;1;B;A\n"
    (record,) = read(text.encode()).records
    assert record["items"] == [{"number": 1, "hs": "847130", "description": "Y", "net_mass_kg": "1"}]
    assert record["containers"] == ["A", "B"]


def test_a_multi_line_cell_counts_its_lines() -> None:
    text = CSV.replace("A-1,import,Invented", 'A-1,import,"Invented\nLtd"').replace("B-1,import", "B-1,sideways")
    places = [finding.place for finding in read(text.encode()).findings]
    assert places == ["line 5, column type", "line 5, column net_mass_kg"]


@pytest.mark.parametrize(
    ("text", "rule", "place"),
    [
        ("type,hs\nimport,847130\n", "table.reference", "line 1"),
        ("reference,hs,colour\nA,1,red\n", "table.column", "line 1, column colour"),
        ("reference,hs,hs\nA,1,1\n", "table.column_twice", "line 1, column hs"),
        ("reference,hs\n,847130\n", "table.no_reference", "line 2, column reference"),
        ("reference,type,hs\nA,import,847130\nA,export,847130\n", "table.contradiction", "line 3, column type"),
        ("reference,hs\nA,847130,surplus\n", "table.cells", "line 2"),
        ('reference,hs\nA,"847130\n', "table.syntax", ""),
        ("reference/0,reference,hs\nA,A,847130\n", "structure.extra_forbidden", "line 2"),
    ],
)
def test_tables_that_are_wrong(text: str, rule: str, place: str) -> None:
    found = {finding.rule: finding.place for finding in read(text.encode(), format="csv").findings}
    assert rule in found or rule.startswith("structure")
    if rule in found:
        assert found[rule] == place
    assert read(text.encode(), format="csv").records == []


@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.parametrize("data", [declaration_data(), complete_data()])
def test_nothing_is_lost_in_a_table(format: str, data: dict[str, Any]) -> None:
    records = [{"function": 9, **data}, {"function": 9, **data, "reference": "OTHER"}]
    back = read(write(ReadResult("declaration", records), format))
    assert back.format == format
    assert back.records == records


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_the_template_is_a_correct_declaration(format: str, language: str) -> None:
    template = formats()[format].template
    assert template is not None
    result = read(template(language))
    assert (len(result.records), result.findings) == (1, ())


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\tx"])
def test_no_formula_is_written(text: str) -> None:
    assert safe(text).startswith("'")
    record = declaration_data()
    record["items"][0]["description"] = text if text.strip() == text else f"={text.strip()}"
    declaration, _ = read_declaration(record)
    assert declaration is not None
    for format in ("csv", "xlsx"):
        written = write(ReadResult("declaration", [record]), format)
        assert read(written).records[0]["items"][0]["description"] == record["items"][0]["description"]
    cells = [cell for row in load_workbook(io.BytesIO(written)).active for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}


def test_numbers_stay_numbers() -> None:
    assert safe("-12.5") == "-12.5"


def test_cells_of_a_workbook() -> None:
    import datetime

    header = [
        "reference",
        "type",
        "importer_name",
        "hs",
        "net_mass_kg",
        "invoice_date",
        "packages_total",
        "package_count",
    ]
    data = sheet(header, [1001, "import", "X", 847130, 0.1 + 0.2, datetime.datetime(2026, 1, 15), 3.0, 3])  # noqa: DTZ001
    result = read(data)
    assert result.findings == ()
    (record,) = result.records
    assert record["reference"] == "1001"
    assert record["items"][0]["net_mass_kg"] == "0.3"
    assert record["invoice"]["date"] == "2026-01-15"
    assert record["packages_total"] == 3


def test_a_workbook_names_its_lines_too() -> None:
    (finding,) = read(sheet(["reference", "type", "importer_name", "hs"], [], ["A", "import", "X", "776611"])).findings
    assert finding.place == "line 3, column hs"


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/") + ".xml", content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (archive(xl__bomb=b"0" * 5_000_000), "xlsx.size"),
        (archive(**{f"xl__{n}": b"" for n in range(1_001)}), "xlsx.size"),
        (archive(xl__workbook=b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"), "xlsx.doctype"),
        (archive(xl__workbook="<x/>".encode("utf-16")), "xlsx.doctype"),
        (archive(xl__workbook=b"<x/>"), "xlsx.archive"),
        (sheet(["reference"])[:-30], "xlsx.archive"),
        (b"PK\x03\x04xl/", "xlsx.archive"),
    ],
)  # fmt: skip
def test_dangerous_and_broken_workbooks(data: bytes, rule: str) -> None:
    result = read(data, format="xlsx")
    assert [finding.rule for finding in result.findings] == [rule]


def test_an_archive_that_lies_about_its_size_is_not_believed() -> None:
    honest = bytearray(archive(xl__workbook=b"0" * 900_000))
    for position in [at for at in range(len(honest) - 4) if honest[at : at + 4] == (900_000).to_bytes(4, "little")]:
        honest[position : position + 4] = (10).to_bytes(4, "little")
    assert workbook.danger(bytes(honest)) is not None


def test_a_sheet_that_claims_to_be_huge_is_read_as_it_is() -> None:
    made = sheet(["reference", "type", "importer_name", "hs"], ["A", "import", "X", "847130"])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace(b'ref="A1:D2"', b'ref="A1:XFD1048576"'))
    assert len(read(out.getvalue()).records) == 1


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    read(text.encode("utf-8", "replace"), format="csv")
    read(("reference,hs,invoice_amount\n" + text).encode("utf-8", "replace"), format="csv")
