"""The JSON manifest's entry in the registry."""

from __future__ import annotations

from collections.abc import Sequence

from otay.core.i18n import N_
from otay.formats.registry import Format, ReadResult

MAX_BYTES = 32 * 1024 * 1024


def _detect(data: bytes, name: str) -> float:
    head = data[:65536].removeprefix(b"\xef\xbb\xbf").lstrip()
    return 0.8 if head[:1] in (b"{", b"[") and b'"travellers"' in data else 0.0


def _read(data: bytes, name: str) -> ReadResult:
    from otay.formats.manifest_json.reading import read

    return read(data, name)


def _write(result: ReadResult) -> Sequence[bytes]:
    from otay.formats.manifest_json.reading import write

    return write(result)


FORMATS = (Format("manifest", N_("Passenger list, JSON"), _detect, _read, _write, MAX_BYTES),)
