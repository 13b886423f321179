"""Lists as they come: CSV, our JSON, FollowTheMoney entities; read to entries, with a finding for all that is wrong."""

from __future__ import annotations

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.screening.name_tables import table_of
from otay.screening.watchlists.reading.entries import MAX_BYTES, MAX_ENTRIES, MAX_FINDINGS, Entry, Read, Report
from otay.screening.watchlists.reading.ftm import is_ftm, read_ftm
from otay.screening.watchlists.reading.records import NEEDED, read_csv, read_json
from otay.screening.watchlists.reading.text import documents_of

__all__ = ["FORMATS", "MAX_BYTES", "MAX_ENTRIES", "MAX_FINDINGS", "Entry", "Read", "check_start", "read_list"]

FORMATS = ("csv", "json", "ftm")
_START = 64 * 1024
_KINDS = (
    (b"PK\x03\x04", "XLSX/ZIP"), (b"\xd0\xcf\x11\xe0", "XLS"), (b"%PDF", "PDF"), (b"\x1f\x8b", "GZIP"),
    (b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"<", "XML/HTML"),
    (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"),
)  # fmt: skip


def check_start(data: bytes, name: str = "", *, format: str = "") -> None:
    """Refuse at once what cannot be a list, by its size and how it begins; what stands further in is not read.

    Raises:
        Refused: when it is too large, empty, of another kind, or a table without the columns it needs.
    """
    place = name or N_("list")
    if len(data) > MAX_BYTES:
        _refuse("watchlist.size", N_("A file has at most %(limit)d MiB."), place, limit=MAX_BYTES // 1024**2)
    if format and format not in FORMATS:
        _refuse("watchlist.format", N_("Expected csv, json or ftm."), place, format)
    start = _trimmed(data[:_START])
    if not start:
        _refuse("watchlist.empty", N_("There is no entry in this file."), place)
    kind = next((kind for mark, kind in _KINDS if start.startswith(mark)), "NUL" if b"\0" in start else "")
    if kind:
        _refuse(
            "watchlist.type", N_("This is no list: it begins as %(kind)s does."), place,
            remedy=N_("Save it as CSV in UTF-8, or send JSON."), kind=kind,
        )  # fmt: skip
    if _is_table(start, format):
        header = start.split(b"\n", 1)[0].rstrip(b"\r")
        if header.count(b'"') % 2 == 0:  # else the cell goes on in the next line, and the reader judges it
            table_of(header, place, *NEEDED)
    elif start[:1] not in (b"{", b"["):
        _refuse("watchlist.json", N_("JSON begins with { or [."), place, start[:20].decode("utf-8", "replace"))


def read_list(
    data: bytes, name: str = "", *, category: str = "other", format: str = "", report: Report | None = None
) -> Read:
    """The entries of a list. ``category`` is that of an entry which names none; ``format`` is told from the content
    where it is empty.

    Raises:
        Refused: when ``data`` cannot be used at all: too large, or no list in any of the formats.
    """
    check_start(data, name, format=format)
    place = name or N_("list")
    if _is_table(_trimmed(data[:_START]), format):
        return read_csv(data, place, category, report)
    found = documents_of(data, place)
    if format == "ftm" or (not format and is_ftm(found)):
        return read_ftm(found, category, report)
    return read_json(found, category, report)


def _trimmed(start: bytes) -> bytes:
    return start.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")


def _is_table(start: bytes, format: str) -> bool:
    return format == "csv" or (not format and start[:1] not in (b"{", b"["))


def _refuse(rule: str, message: str, place: str, value: object = "", remedy: str = "", **params: object) -> None:
    raise Refused(N_("The list cannot be read"), findings=[error(place, rule, message, value, remedy, **params)])
