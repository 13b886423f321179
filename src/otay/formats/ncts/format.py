"""The NCTS messages' entry in the registry."""

from __future__ import annotations

import re
from collections.abc import Sequence

from otay.core.i18n import N_
from otay.formats.registry import Format, ReadResult

MAX_BYTES = 16 * 1024 * 1024
_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?CC\d{3}[A-Z][\s>/]")


def _detect(data: bytes, name: str) -> float:
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").lstrip(b"\xff\xfe \t\r\n")
    return 0.95 if head.startswith(b"<") and _ROOT.search(head) else 0


def _read(data: bytes, name: str) -> ReadResult:
    from otay.formats.ncts.reading import read

    return read(data, name)


def _write(result: ReadResult) -> Sequence[bytes]:
    from otay.formats.ncts.writing import write

    return write(result)


FORMATS = (Format("ncts", N_("Transit procedure, NCTS phase 5 XML"), _detect, _read, _write, MAX_BYTES),)
