"""The entry of the wait-time feed in the registry."""

from __future__ import annotations

import re

from otay.core.i18n import N_
from otay.formats.registry import Format, ReadResult

MAX_BYTES = 8 * 1024 * 1024
_XML = re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<border_wait_time\b", re.DOTALL)
_JSON = re.compile(rb'\s*[\[{].{0,2000}?"port_number"\s*:.{0,4000}?"(port_status|crossing_name|hours)"\s*:', re.DOTALL)


def _detect(data: bytes, name: str) -> float:
    head = data[:8000].removeprefix(b"\xef\xbb\xbf")
    if _XML.match(head):
        return 0.95
    return 0.8 if _JSON.match(head) else 0


def _read(data: bytes, name: str) -> ReadResult:
    from otay.formats.cbp_waits.reading import read

    return read(data)


FORMATS = (
    Format("cbp-waits", N_("Wait times at ports of entry, CBP feed (XML, JSON)"), _detect, _read, None, MAX_BYTES),
)
