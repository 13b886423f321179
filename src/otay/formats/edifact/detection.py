"""Which EDIFACT message a file holds, told from its beginning at the speed of a plain search."""

from __future__ import annotations

import re

_LOOKED_AT = 65_536
_HEADER = re.compile(rb"UNH[^\r\n]{1,60}?[^A-Z0-9]([A-Z]{6})[^A-Z0-9]", re.I)


def beginning(data: bytes) -> bytes:
    """As much as is looked at, in capitals, with UTF-16 made readable."""
    return data[:_LOOKED_AT].replace(b"\x00", b"").upper()


def found(pattern: re.Pattern[bytes], tag: bytes, text: bytes) -> re.Match[bytes] | None:
    """The first match of a pattern that begins with ``tag``."""
    position = text.find(tag)
    while position >= 0:
        match = pattern.match(text, position)
        if match:
            return match
        position = text.find(tag, position + 1)
    return None


def first_type(text: bytes) -> str:
    """PAXLST, PNRGOV...: what the first UNH says; empty without one."""
    match = found(_HEADER, b"UNH", text)
    return match[1].decode() if match else ""
