"""The older US passenger list's entry in the registry."""

from __future__ import annotations

import re

from otay.core.i18n import N_
from otay.formats.edifact.detection import beginning, first_type, found
from otay.formats.registry import Format, ReadResult

MAX_BYTES = 16 * 1024 * 1024
_HEADER = re.compile(rb"PAXLST[^\w]001[^\w]0")
_TRAVELLER = re.compile(rb"PDT[^\w][PVAI]")


def _detect(data: bytes, name: str) -> float:
    text = beginning(data)
    if first_type(text) not in ("PAXLST", "") or text.lstrip().startswith((b"<", b"{")):
        return 0.0
    return 0.96 if found(_HEADER, b"PAXLST", text) or found(_TRAVELLER, b"PDT", text) else 0.0


def _read(data: bytes, name: str) -> ReadResult:
    from otay.formats.paxlst_us.reading import read

    return read(data, name)


FORMATS = (Format("paxlst-us", N_("Passenger list, older US-EDIFACT PAXLST"), _detect, _read, None, MAX_BYTES),)
