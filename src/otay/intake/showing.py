"""A message made readable: its bytes as text or as a hex dump, its records as the reader sees them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from otay.intake import recognition

TEXT_SHOWN = 64 * 1024
HEX_SHOWN = 4096
PARSED_SHOWN = 64 * 1024


@dataclass(frozen=True, slots=True)
class Shown:
    """``text`` to show; ``cut``: there is more than is shown; ``kind``: ``text`` or ``hex``."""

    text: str
    cut: bool
    kind: str


def raw_view(raw: bytes) -> Shown:
    """Text where the bytes are UTF-8 without control characters, else a hex dump."""
    try:
        text = raw[: TEXT_SHOWN + 4].decode("utf-8")
    except UnicodeDecodeError as problem:
        if len(raw) <= TEXT_SHOWN or problem.start < TEXT_SHOWN:
            return Shown(hex_dump(raw[:HEX_SHOWN]), len(raw) > HEX_SHOWN, "hex")
        text = raw[: problem.start].decode("utf-8")
    if any(ord(character) < 32 and character not in "\t\r\n\x0c" for character in text):
        return Shown(hex_dump(raw[:HEX_SHOWN]), len(raw) > HEX_SHOWN, "hex")
    return Shown(text[:TEXT_SHOWN], len(raw) > TEXT_SHOWN, "text")


def hex_dump(raw: bytes) -> str:
    """Sixteen bytes a line: offset, hexadecimal, printable ASCII."""
    lines = []
    for start in range(0, len(raw), 16):
        part = raw[start : start + 16]
        printable = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{start:08x}  {part.hex(' '):<47}  {printable}")
    return "\n".join(lines)


def parsed_view(raw: bytes, format: str, name: str) -> Shown | None:
    """The records that the reader of ``format`` finds; None when there is no such reader or it finds none."""
    records = recognition.records(raw, format, name)
    if not records:
        return None
    text = json.dumps(records, ensure_ascii=False, indent=2, default=str)
    return Shown(text[:PARSED_SHOWN], len(text) > PARSED_SHOWN, "text")
