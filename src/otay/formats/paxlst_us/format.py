"""The older US passenger list's entry in the registry."""

from __future__ import annotations

import re

from otay.core.i18n import N_
from otay.formats.registry import Format, ReadResult

MAX_BYTES = 16 * 1024 * 1024
_HEADER = re.compile(rb"PAXLST[^\w]001[^\w]0", re.I)
_BARE = re.compile(rb"UNS[^\w]D.{0,4}PDT[^\w][PVAI]", re.I | re.S)


def _detect(data: bytes, name: str) -> float:
    head = data[:65536]
    return 0.96 if _HEADER.search(head) or _BARE.search(head) else 0.0


def _read(data: bytes, name: str) -> ReadResult:
    from otay.formats.paxlst_us.reading import read

    return read(data, name)


FORMATS = (Format("paxlst-us", N_("Passenger list, older US-EDIFACT PAXLST"), _detect, _read, None, MAX_BYTES),)
