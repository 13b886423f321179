"""CSV: read in whatever encoding and with whatever separator it was saved, written so that no spreadsheet runs it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from otay.core.findings import Finding, error, info
from otay.core.i18n import N_
from otay.formats.registry import ReadResult
from otay.formats.tabular.columns import heading, path_of
from otay.formats.tabular.rows import Row, read_rows, table

KEY = "csv"
SEPARATORS = ",;\t|"
_HEAD = 100_000
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_NUMBER = re.compile(r"^[+-]?\d+(\.\d+)?$")


def decode(data: bytes) -> tuple[str, str]:
    """The text and the encoding it was in: UTF-8 or UTF-16 where marked or valid, else Windows Latin."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), "UTF-16"
    try:
        return data.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), "Windows-1252"


_DECLARED = re.compile(r"^sep=(.)\s*$")


def separator(text: str) -> str:
    """The separator: the one that the file declares, else the one that gives most columns we know."""
    first = next((line for line in text[:_HEAD].splitlines() if line.strip()), "")
    if declared := _DECLARED.match(first):
        return declared[1]
    line = _heading_line(text)

    def known(mark: str) -> tuple[int, int]:
        return sum(1 for cell in _cells(line, mark) if path_of(cell)), line.count(mark)

    return max(SEPARATORS, key=known)


def _heading_line(text: str) -> str:
    lines = (line for line in text[:_HEAD].splitlines() if line.strip())
    return next((line for line in lines if not _DECLARED.match(line)), "")


def _cells(line: str, mark: str) -> list[str]:
    return next(csv.reader([line], delimiter=mark), [])


def known_columns(data: bytes) -> int:
    """How many headings of the first line are ours."""
    text, _ = decode(data[:20_000])
    return sum(1 for cell in _cells(_heading_line(text), separator(text)) if path_of(cell))


def read(data: bytes, name: str) -> ReadResult:
    """The declarations of a CSV file."""
    text, encoding = decode(data)
    found: list[Finding] = []
    if encoding == "Windows-1252":
        message = N_("Read as Windows-1252, because it is not UTF-8.")
        found.append(info("", "table.encoding", message, remedy=N_("Check the accents; better save it as UTF-8.")))
    try:
        rows = list(_rows(text))
    except csv.Error as failure:
        message = N_("This is not a table: %(reason)s.")
        return ReadResult(KEY, [], (*found, error("", "table.syntax", message, reason=str(failure))))
    return read_rows(rows, KEY, found)


def _rows(text: str) -> Iterator[Row]:
    mark = separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    line = 1
    for cells in reader:
        start, line = line, reader.line_num + 1
        if cells and not (start == 1 and cells[0].startswith("sep=")):
            yield start, [_restored(cell) for cell in cells]


def _restored(cell: str) -> str:
    """Without the apostrophe that :func:`safe` put before a formula."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def safe(cell: str) -> str:
    """A cell that a spreadsheet shows rather than runs."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.match(cell) else cell


def write(result: ReadResult) -> list[bytes]:
    """All records as one CSV file: UTF-8 with its mark, so that spreadsheets see the accents."""
    paths, rows = table(result.records)
    return [_bytes([heading(path) for path in paths], ([row.get(path, "") for path in paths] for row in rows))]


def template(headings: Sequence[str], example: Sequence[str]) -> bytes:
    """A heading line and an example."""
    return _bytes(headings, [example])


def _bytes(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")
