"""The entry of reservations in the registry."""

from __future__ import annotations

import re
from collections.abc import Sequence

from otay.core.i18n import N_
from otay.formats.edifact.detection import beginning, first_type, found
from otay.formats.registry import Format, ReadResult

MAX_BYTES = 32 * 1024 * 1024
# reservations without their envelope
_BARE = re.compile(rb"MSG[^\w].22.{0,200}TVL.{0,400}SRC", re.S)


def _detect(data: bytes, name: str) -> float:
    text = beginning(data)
    kind = first_type(text)
    if kind:
        return 0.95 if kind == "PNRGOV" else 0.0
    return 0.7 if found(_BARE, b"MSG", text) else 0.0


def _read(data: bytes, name: str) -> ReadResult:
    from otay.formats.pnrgov.reading import read

    return read(data, name)


def _write(result: ReadResult) -> Sequence[bytes]:
    from otay.formats.pnrgov.writing import write

    return write(result)


FORMATS = (Format("pnrgov", N_("Reservations, PNRGOV"), _detect, _read, _write, MAX_BYTES),)
