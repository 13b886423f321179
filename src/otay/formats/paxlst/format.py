"""The passenger list's entry in the registry."""

from __future__ import annotations

import re
from collections.abc import Sequence

from otay.core.i18n import N_
from otay.formats.registry import Format, ReadResult

MAX_BYTES = 16 * 1024 * 1024
_HEADER = re.compile(rb"UNH[^\r\n]{1,60}PAXLST", re.I)
_OLD = re.compile(rb"PAXLST.001.0|UNS.D.{0,4}PDT", re.I | re.S)
# a list without its envelope
_BARE = re.compile(rb"BGM[^\w](?:745|250|266|336|655)[^\d]", re.I)


def _detect(data: bytes, name: str) -> float:
    head = data[:65536].replace(b"\x00", b"")
    if _OLD.search(head):
        return 0.0
    if _HEADER.search(head):
        return 0.95
    return 0.7 if _BARE.search(head) and not head.lstrip().startswith((b"<", b"{")) else 0.0


def _read(data: bytes, name: str) -> ReadResult:
    from otay.formats.paxlst.reading import read

    return read(data, name)


def _write(result: ReadResult) -> Sequence[bytes]:
    from otay.formats.paxlst.writing import write

    return write(result)


FORMATS = (Format("paxlst", N_("Passenger list, UN/EDIFACT PAXLST"), _detect, _read, _write, MAX_BYTES),)
