"""``otay names`` as a person runs it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from otay.screening.commands import names

QUERIES = """name,birth_date,document,nationality
GARCIA LOPEZ/MARIA,1980-03-15,,MEX
JUAN RODRIGUEZ,1975-05-05,,MEX
"""
LIST = """id,given,surname1,surname2,birth_date,document
A1,María,García,López,1980-03-15,G1234567
A2,Juan,Pérez,Rodríguez,1975-05-05,
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(names, [str(argument) for argument in arguments])


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "queries.csv").write_text(QUERIES, encoding="utf-8")
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    return tmp_path / "queries.csv", tmp_path / "list.csv"


def test_screen_writes_the_hits_with_their_reasons(tables: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "hits.csv"
    result = run("screen", *tables, "--out", out, "--lang", "es")
    assert result.exit_code == 0, result.output
    with out.open(encoding="utf-8") as stream:
        (hit,) = csv.DictReader(stream)
    assert (hit["query_row"], hit["entry_row"], hit["entry_id"], hit["tier"]) == ("1", "1", "A1", "strong")
    assert "la misma fecha de nacimiento" in hit["reasons"]


def test_screen_in_json(tables: tuple[Path, Path]) -> None:
    answer = json.loads(run("screen", *tables, "--json").stdout)
    assert (answer["queries"], answer["entries"], answer["hits"], answer["findings"]) == (2, 2, 1, [])
    assert answer["results"][0]["birth_date"] == "equal"


def test_score_adds_columns(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("id;a;b\n1;MARIA GARCIA;María García López\n2;MARIA LOPEZ;María García López\n", encoding="utf-8")
    rows = list(csv.DictReader(run("score", pairs).stdout.splitlines()))
    assert [(row["id"], row["hit"]) for row in rows] == [("1", "1"), ("2", "0")]
    assert "second surname" in rows[0]["reasons"]
    assert next(csv.DictReader(run("score", pairs, "--threshold", "0.99").stdout.splitlines()))["hit"] == "0"


def test_what_is_wrong_is_said_by_line_and_column(tables: tuple[Path, Path]) -> None:
    queries, listed = tables
    queries.write_text(
        "name,birth_date\nMARIA GARCIA,1980-02-31\n,1980-01-01\nA,B,C\nMARIA GARCIA,1980-03-15\n", encoding="utf-8"
    )
    result = run("screen", queries, listed)
    assert result.exit_code == 1
    assert "queries.csv, line 2, column birth_date" in result.stderr
    assert "queries.csv, line 3, column name" in result.stderr
    assert "queries.csv, line 4 The row has 3 cells, the header 2" in result.stderr
    assert result.stdout.count("A1") == 2, "the rows that can be screened are"


@pytest.mark.parametrize("content", ["", "surname\nx\n", "name,name\na,b\n", 'name\n"open\n', "a,c\n1,2\n"])
def test_a_table_that_cannot_be_used_is_refused(tables: tuple[Path, Path], content: str) -> None:
    queries, listed = tables
    queries.write_text(content, encoding="utf-8")
    result = run("screen", queries, listed)
    assert result.exit_code == 1
    assert "queries.csv, line" in result.stderr
    assert "Traceback" not in result.output


def test_windows_text_is_read_and_said(tables: tuple[Path, Path]) -> None:
    queries, listed = tables
    queries.write_bytes("name,birth_date\nMARÍA GARCÍA LÓPEZ,1980-03-15\n".encode("cp1252"))
    result = run("screen", queries, listed)
    assert result.exit_code == 0
    assert "not UTF-8" in result.stderr
    assert "A1" in result.stdout


def test_cells_that_a_spreadsheet_would_run_are_defused(tables: tuple[Path, Path]) -> None:
    queries, listed = tables
    queries.write_text('name,birth_date\n"=GARCIA LOPEZ, MARIA",1980-03-15\n', encoding="utf-8")
    assert "'=GARCIA" in run("screen", queries, listed).stdout


def test_help_has_examples_in_both_languages() -> None:
    assert "Examples:" in run("screen", "--help").output
    assert "Ejemplos:" in run("screen", "--lang", "es", "--help").output
    assert "Ejemplos:" in run("score", "--lang", "es", "--help").output
