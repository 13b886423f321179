"""XLSX: the archive is measured before it is opened, and cells are written as text, never as formulas."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.formats.registry import ReadResult
from otay.formats.tabular.columns import heading
from otay.formats.tabular.rows import MAX_ROWS, Row, read_rows, table

KEY = "xlsx"
MAX_UNPACKED = 256 * 1024 * 1024
MAX_RATIO = 200
MAX_PARTS = 1_000
MAX_COLUMNS = 512
_SMALL = 1024 * 1024


def danger(data: bytes) -> Finding | None:
    """Why this archive must not be opened; None where it may."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            packed = sum(part.compress_size for part in parts) or 1
            if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED:
                return _bomb(unpacked)
            if unpacked > _SMALL and unpacked / packed > MAX_RATIO:
                return _bomb(unpacked)
            if any(part.flag_bits & 1 for part in parts):
                return error(
                    "", "xlsx.encrypted", N_("The workbook is encrypted."), remedy=N_("Save it without password.")
                )
            for part in parts:
                if part.filename.endswith((".xml", ".rels")) and _declares(archive, part):
                    return error("", "xlsx.doctype", N_("A document type declaration is not accepted."), part.filename)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError) as failure:
        message = N_("This is not an XLSX workbook: %(reason)s.")
        return error("", "xlsx.archive", message, remedy=N_("Save it again as .xlsx."), reason=str(failure)[:100])
    return None


def _bomb(size: int) -> Finding:
    message = N_("The workbook unpacks to %(size)s bytes, more than is safe.")
    return error("", "xlsx.size", message, remedy=N_("Split it."), size=size)


def _declares(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """True if a part has a DTD, or is in an encoding in which one could hide."""
    tail = b""
    left = part.file_size + 1
    with archive.open(part) as stream:
        while chunk := stream.read(min(_SMALL, left)):
            left -= len(chunk)
            if left <= 0 or chunk.startswith((b"\xff\xfe", b"\xfe\xff")) or b"<!DOCTYPE" in tail + chunk:
                return True
            tail = chunk[-9:]
    return False


def read(data: bytes, name: str) -> ReadResult:
    """The declarations on the first sheet."""
    if finding := danger(data):
        return ReadResult(KEY, [], (finding,))
    try:
        rows = list(_rows(data))
    except Exception as failure:  # openpyxl lets through whatever its parts raise
        message = N_("This is not an XLSX workbook: %(reason)s.")
        reason = f"{type(failure).__name__} {failure}"[:100]
        return ReadResult(
            KEY, [], (error("", "xlsx.archive", message, remedy=N_("Save it again as .xlsx."), reason=reason),)
        )
    return read_rows(rows, KEY)


def _rows(data: bytes) -> Iterator[Row]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # what a sheet says of its own size is not to be trusted
    rows = sheet.iter_rows(max_row=MAX_ROWS + 2, max_col=MAX_COLUMNS, values_only=True)
    for line, cells in enumerate(rows, start=1):
        texts = [_text(cell) for cell in cells]
        if any(texts):
            yield line, texts
    book.close()


def _text(cell: Any) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case float():
            return format(Decimal(format(cell, ".15g")), "f")
        case datetime():
            return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat()
        case date():
            return cell.isoformat()
    return str(cell)


def write(result: ReadResult) -> list[bytes]:
    """All records as one workbook."""
    paths, rows = table(result.records)
    return [_bytes([heading(path) for path in paths], ([row.get(path, "") for path in paths] for row in rows))]


def template(headings: Sequence[str], example: Sequence[str]) -> bytes:
    """A heading line and an example."""
    return _bytes(headings, [example])


def _bytes(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("declarations")
    sheet.freeze_panes = "A2"
    for cells in (headings, *rows):
        line = []
        for text in cells:
            cell = WriteOnlyCell(sheet, value=text)
            if text:
                cell.data_type = "s"
            line.append(cell)
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
