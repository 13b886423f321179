"""The WCO format's entry in the registry."""

from __future__ import annotations

from collections.abc import Sequence

from otay.core.i18n import N_
from otay.formats.registry import Format, ReadResult

MAX_BYTES = 16 * 1024 * 1024


def _detect(data: bytes, name: str) -> float:
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").lstrip(b"\xff\xfe \t\r\n")
    if not head.startswith(b"<"):
        return 0
    return 0.9 if b"urn:wco:datamodel" in head else 0.3


def _read(data: bytes, name: str) -> ReadResult:
    from otay.formats.wco.reading import read

    return read(data, name)


def _write(result: ReadResult) -> Sequence[bytes]:
    from otay.formats.wco.to_xml import write

    return write(result)


FORMATS = (Format("wco", N_("Declaration, WCO Data Model XML"), _detect, _read, _write, MAX_BYTES),)
