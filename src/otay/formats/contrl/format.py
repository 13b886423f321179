"""The syntax report's entry in the registry."""

from __future__ import annotations

from collections.abc import Sequence

from otay.core.i18n import N_
from otay.formats.edifact.detection import beginning, first_type
from otay.formats.registry import Format, ReadResult

MAX_BYTES = 4 * 1024 * 1024


def _detect(data: bytes, name: str) -> float:
    return 0.95 if first_type(beginning(data)) == "CONTRL" else 0.0


def _read(data: bytes, name: str) -> ReadResult:
    from otay.formats.contrl.reading import read

    return read(data, name)


def _write(result: ReadResult) -> Sequence[bytes]:
    from otay.formats.contrl.writing import write

    return write(result)


FORMATS = (Format("contrl", N_("Syntax report, EDIFACT CONTRL"), _detect, _read, _write, MAX_BYTES),)
