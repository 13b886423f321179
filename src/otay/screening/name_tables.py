"""CSV tables of names, read with a finding for everything that is wrong; nothing is left out silently."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from otay.core.errors import Refused
from otay.core.findings import Finding, error, warning
from otay.core.i18n import N_
from otay.engines.names.birth_dates import read_birth_date
from otay.engines.names.screening import Party
from otay.engines.names.structure import MAX_WORDS, Name, parse_name, parse_parts

_KINDS = {
    "person": False, "persona": False, "people": False, "individual": False,
    "organization": True, "organisation": True, "organizacion": True, "company": True, "empresa": True, "entity": True,
    "vessel": True,
}  # fmt: skip
_ABSENT = frozenset(("", "-", "N/A", "NA", "NULL", "NONE", "UNKNOWN"))


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a table: its number (the first below the header is 1), its line, and its cells by column."""

    number: int
    line: int
    cells: Mapping[str, str]


@dataclass(slots=True)
class Table:
    """The rows of a file, its columns, and what was found wrong."""

    columns: tuple[str, ...]
    rows: list[Row]
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Listed:
    """A party with the row it came from."""

    row: Row
    party: Party


def _decoded(data: bytes, name: str, findings: list[Finding]) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        findings.append(
            warning(
                f"{name}, line {line}",
                "names.encoding",
                N_("This is not UTF-8; the file is read as Windows-1252."),
                remedy=N_("Check accented letters, or save the file as UTF-8."),
            )
        )
        return data.decode("cp1252", "replace")


def _delimiter(header: str) -> str:
    return max(",;\t|", key=header.count)


def read_table(path: Path, *needed: Sequence[str]) -> Table:
    """Read a table that has all columns of at least one of the groups ``needed``. Names of columns ignore case.

    Raises:
        Refused: if there is no header, or columns are missing, or the file is not a table.
    """
    return table_of(path.read_bytes(), path.name, *needed)


def table_of(data: bytes, name: str, *needed: Sequence[str]) -> Table:
    """Read a table from ``data``; ``name`` is what findings call it. Otherwise as :func:`read_table`."""
    findings: list[Finding] = []
    text = _decoded(data, name, findings)
    lines = text.split("\n", 1)
    reader = csv.reader(io.StringIO(text), delimiter=_delimiter(lines[0]), strict=True)
    try:
        columns = tuple(cell.strip().lower() for cell in next(reader, []))
        _check_columns(name, columns, needed)
        rows = list(_rows(name, reader, columns, findings))
    except csv.Error as problem:
        place = f"{name}, line {reader.line_num}"
        raise Refused(
            N_("%(file)s is not a table."),
            file=name,
            findings=[error(place, "names.table", N_("The line cannot be read: %(reason)s."), reason=str(problem))],
        ) from None
    return Table(columns, rows, findings)


def _check_columns(name: str, columns: Sequence[str], needed: Sequence[Sequence[str]]) -> None:
    twice = sorted({column for column in columns if column and columns.count(column) > 1})
    if not twice and any(set(group) <= set(columns) for group in needed):
        return
    choices = " / ".join(", ".join(group) for group in needed)
    finding = (
        error(f"{name}, line 1, column {twice[0]}", "names.column_twice", N_("The column stands twice."), twice[0])
        if twice
        else error(
            f"{name}, line 1",
            "names.columns",
            N_("Columns are missing: %(needed)s."),
            ", ".join(columns),
            N_("Name the columns in the first line."),
            needed=choices,
        )
    )
    raise Refused(N_("%(file)s cannot be used."), file=name, findings=[finding])


def _rows(name: str, reader: Iterator[list[str]], columns: Sequence[str], findings: list[Finding]) -> Iterator[Row]:
    number = 0
    line = 1
    for cells in reader:
        first, line = line + 1, reader.line_num  # type: ignore[attr-defined]
        if not any(cell.strip() for cell in cells):
            continue
        number += 1
        if len(cells) != len(columns):
            findings.append(
                error(
                    f"{name}, line {first}",
                    "names.cells",
                    N_("The row has %(found)d cells, the header %(expected)d; the row is left out."),
                    found=len(cells),
                    expected=len(columns),
                    remedy=N_("Put a name that holds a comma in quotation marks."),
                )
            )
            continue
        yield Row(number, first, dict(zip(columns, (cell.strip() for cell in cells), strict=True)))


def read_parties(path: Path) -> tuple[list[Listed], list[Finding]]:
    """Read people and organisations: ``name``, or ``given``, ``surname1`` and ``surname2``; and what else is known.

    Raises:
        Refused: if the table cannot be used at all.
    """
    table = read_table(path, ("name",), ("given", "surname1"))
    found: list[Listed] = []
    for row in table.rows:
        name = _name(path, row, table.findings)
        if name is None:
            continue
        party = Party(
            name=name,
            birth_date=_birth_date(path, row, table.findings),
            document=_known(row, "document"),
            nationality=_known(row, "nationality"),
            sex=_known(row, "sex"),
        )
        found.append(Listed(row, party))
    return found, table.findings


def _known(row: Row, column: str) -> str:
    value = row.cells.get(column, "")
    return "" if value.upper() in _ABSENT else value


def _name(path: Path, row: Row, findings: list[Finding]) -> Name | None:
    kind = row.cells.get("kind") or row.cells.get("schema") or ""
    organisation = _KINDS.get(kind.lower())
    whole, parts = row.cells.get("name", ""), [row.cells.get(part, "") for part in ("given", "surname1", "surname2")]
    apart = any(parts[1:]) and not organisation
    name = parse_parts(*parts) if apart else parse_name(whole or " ".join(parts), organisation)
    column = "given" if any(parts) else "name"
    if not name.words:
        findings.append(
            error(
                f"{path.name}, line {row.line}, column {column}",
                "names.no_name",
                N_("There is no name here; the row is not screened."),
                whole or " ".join(parts),
            )
        )
        return None
    if len(name.words) == MAX_WORDS:
        message = N_("Only the first %(most)d words of the name are compared.")
        place = f"{path.name}, line {row.line}, column {column}"
        findings.append(warning(place, "names.long", message, whole, most=MAX_WORDS))
    return name


def _birth_date(path: Path, row: Row, findings: list[Finding]) -> int:
    text = _known(row, "birth_date")
    try:
        return read_birth_date(text)
    except ValueError:
        findings.append(
            warning(
                f"{path.name}, line {row.line}, column birth_date",
                "names.birth_date",
                N_("This is no date of birth, or could be two; the row is screened without one."),
                text,
                N_("Write it as 1980-03-15; where less is known, 1980-03 or 1980."),
            )
        )
        return 0


def organisation_of(row: Row) -> bool | None:
    """What the column ``kind`` or ``schema`` says a name is; None where it does not say."""
    return _KINDS.get((row.cells.get("kind") or row.cells.get("schema") or "").lower())


def write_table(columns: Sequence[str], rows: Sequence[Mapping[str, object]], write: Callable[[str], object]) -> None:
    """Write a CSV table; cells that a spreadsheet would run as formulas get an apostrophe."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows([{column: _safe(row.get(column, "")) for column in columns} for row in rows])
    write(stream.getvalue())


def _safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "@", "\t", "\r") else value
