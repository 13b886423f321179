"""The passenger list's entry in the registry."""

from __future__ import annotations

import re
from collections.abc import Sequence

from otay.core.i18n import N_
from otay.formats.edifact.detection import beginning, first_type, found
from otay.formats.registry import Format, ReadResult

MAX_BYTES = 16 * 1024 * 1024
_OLD = re.compile(rb"PAXLST[^\w]001[^\w]0")
_OLD_TRAVELLER = re.compile(rb"PDT[^\w][PVAI]")
# a list without its envelope
_BARE = re.compile(rb"BGM[^\w](?:745|250|266|336|655)[^\d]")


def _detect(data: bytes, name: str) -> float:
    text = beginning(data)
    kind = first_type(text)
    if kind == "PAXLST":
        old = found(_OLD, b"PAXLST", text) or found(_OLD_TRAVELLER, b"PDT", text)
        return 0.0 if old else 0.95
    return 0.7 if not kind and found(_BARE, b"BGM", text) and not text.lstrip().startswith((b"<", b"{")) else 0.0


def _read(data: bytes, name: str) -> ReadResult:
    from otay.formats.paxlst.reading import read

    return read(data, name)


def _write(result: ReadResult) -> Sequence[bytes]:
    from otay.formats.paxlst.writing import write

    return write(result)


FORMATS = (Format("paxlst", N_("Passenger list, UN/EDIFACT PAXLST"), _detect, _read, _write, MAX_BYTES),)
