"""Lists as they come: CSV, our JSON, FollowTheMoney entities; read to entries, with a finding for all that is wrong."""

from __future__ import annotations

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.screening.watchlists.reading.entries import MAX_BYTES, MAX_ENTRIES, MAX_FINDINGS, Entry, Read
from otay.screening.watchlists.reading.ftm import is_ftm, read_ftm
from otay.screening.watchlists.reading.records import read_csv, read_json
from otay.screening.watchlists.reading.text import documents_of

__all__ = ["FORMATS", "MAX_BYTES", "MAX_ENTRIES", "MAX_FINDINGS", "Entry", "Read", "read_list"]

FORMATS = ("csv", "json", "ftm")


def read_list(data: bytes, name: str = "", *, category: str = "other", format: str = "") -> Read:
    """The entries of a list. ``category`` is that of an entry which names none; ``format`` is told from the content
    where it is empty.

    Raises:
        Refused: when ``data`` cannot be used at all: too large, or no list in any of the formats.
    """
    if len(data) > MAX_BYTES:
        raise Refused(
            N_("The list is too large"),
            findings=[
                error("", "watchlist.size", N_("A file has at most %(limit)d MiB."), limit=MAX_BYTES // 1024**2),
            ],
        )
    place = name or N_("list")
    if format == "csv" or (not format and data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"[")):
        return read_csv(data, place, category)
    found = documents_of(data, place)
    if format == "ftm" or (not format and is_ftm(found)):
        return read_ftm(found, category)
    return read_json(found, category)
