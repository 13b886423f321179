"""From bytes to text by the syntax identifier of UNB, and by what the bytes are."""

from __future__ import annotations

import codecs
import re

# ISO 9735 syntax identifiers; A and B are subsets of ASCII that senders overstep
_CHARSETS = {
    "UNOC": "iso8859-1",
    "UNOD": "iso8859-2",
    "UNOE": "iso8859-5",
    "UNOF": "iso8859-7",
    "UNOG": "iso8859-3",
    "UNOH": "iso8859-4",
    "UNOI": "iso8859-6",
    "UNOJ": "iso8859-8",
    "UNOK": "iso8859-9",
}
_FALLBACK = "cp1252"
_IDENTIFIER = re.compile(rb"UNB.([A-Z]{4})", re.S)


def decode(data: bytes) -> tuple[str, str]:
    """The text and the character set it was read in.

    Bytes that are valid UTF-8 are UTF-8, whatever UNB says: text in another set is not valid UTF-8 by chance.
    """
    if data.isascii():
        return data.decode("ascii"), "ascii"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace"), "utf-16"
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        pass
    found = _IDENTIFIER.search(data[:4096])
    charset = _CHARSETS.get(found[1].decode("ascii"), _FALLBACK) if found else _FALLBACK
    return data.decode(charset, "replace"), charset
