"""The machine-readable zone's entry in the registry."""

from __future__ import annotations

import re
from collections.abc import Sequence

from otay.core.i18n import N_
from otay.formats.registry import Format, ReadResult

MAX_BYTES = 4 * 1024 * 1024
_FIRST_LINE = re.compile(rb"[PVIAC][A-Z0-9<][A-Z<]{3}[A-Z0-9<]{25,85}", re.I)


def _detect(data: bytes, name: str) -> float:
    for raw in data[:2048].removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        line = raw.strip().replace(b" ", b"")
        if line:
            return 0.9 if _FIRST_LINE.fullmatch(line) and b"<" in line else 0.0
    return 0.0


def _read(data: bytes, name: str) -> ReadResult:
    from otay.formats.mrz.reading import read

    return read(data, name)


def _write(result: ReadResult) -> Sequence[bytes]:
    from otay.formats.mrz.writing import write

    return write(result)


FORMATS = (Format("mrz", N_("Machine-readable travel document"), _detect, _read, _write, MAX_BYTES),)
