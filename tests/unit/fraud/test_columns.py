"""Columns are recognised by name, alias or mapping; cells are read as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from otay.core.errors import Refused
from otay.engines.fraud.columns import COLUMNS, plain, recognise
from otay.goods.investigations.declaration_files import read_declarations
from otay.goods.investigations.tables import read


def test_no_alias_stands_for_two_columns() -> None:
    names = [name for column in COLUMNS for name in {plain(one) for one in (column.name, *column.aliases)}]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("header", "column"),
    [("HS6 Code", "hs"), ("Net Mass", "net_mass"), ("fracción arancelaria", "hs"), ("INCOTERM", "basis"),
     ("Country of Departure", "exporting_country"), ("Fraud", "found"), ("UCR", "reference")],
)  # fmt: skip
def test_headers_are_recognised(header: str, column: str) -> None:
    assert recognise([header])[0] == {column: header}


def test_a_mapping_works_both_ways_round_and_goes_first() -> None:
    headers = ["importer", "boss"]
    assert recognise(headers, {"importer": "boss"})[0]["importer"] == "boss"
    assert recognise(headers, {"boss": "importer"})[0]["importer"] == "boss"
    assert [one.rule for one in recognise(headers, {"nobody": "there"})[1]] == ["table.mapping"]


def test_of_two_headers_for_one_column_one_is_taken_and_the_other_named() -> None:
    found, findings = recognise(["cif_value", "value"])
    assert found == {"value": "value"}
    assert [one.value for one in findings] == ["cif_value"]


def test_cells_are_read_as_people_write_them(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        'hs;date;value;net_mass;fraud\n71080;15/03/2026;"1.234,50";1,234.5;sí\n0710.80;2026-03-16;12,5;7;0\n'
    )
    frame = read(path).frame
    assert frame["hs"].to_list() == ["071080", "071080"]
    assert [str(day) for day in frame["date"]] == ["2026-03-15", "2026-03-16"]
    assert frame["value"].to_list() == [1234.5, 12.5]
    assert frame["net_mass"].to_list() == [1234.5, 7.0]
    assert frame["found"].to_list() == [1, 0]


def test_a_gap_in_the_history_is_named(tmp_path: Path) -> None:
    days = [f"2026-01-{day:02d}" for day in range(1, 29)] + [f"2026-05-{day:02d}" for day in range(1, 20)]
    path = tmp_path / "t.csv"
    path.write_text("id,date\n" + "".join(f"{at},{day}\n" for at, day in enumerate(days)))
    found = read_declarations([path])
    assert [one.rule for one in found.findings] == ["history.gap"]
    assert found.frame.height == len(days)


def test_a_label_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,date\n1,2026-01-01\n")
    with pytest.raises(Refused) as refused:
        read_declarations([path], label="Fraud", need_label=True)
    assert refused.value.findings
