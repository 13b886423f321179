"""Single values of NCTS messages: text to record and back, and whether a text is what its type asks for."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

_DECIMAL = re.compile(r"\d+(\.\d+)?")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
_PATTERNS = {
    "mrn": re.compile(r"[0-9]{2}[A-Z]{2}[A-Z0-9]{13}[0-9A-Z]"),
    "office": re.compile(r"[A-Z]{2}[A-Z0-9]{6}"),
    "country": re.compile(r"[A-Z]{2}"),
}


def from_text(text: str, kind: str) -> Any:
    """The value of ``text``: flags are true or false, whole numbers are numbers; anything else stays text.

    A text that would not come back the same stays as it is.
    """
    if kind == "flag" and text in ("0", "1"):
        return text == "1"
    if kind[0] == "n" and kind[1:].isdecimal() and re.fullmatch(r"0|[1-9][0-9]{0,17}", text):
        return int(text)
    return text


def to_text(value: Any) -> str:
    """The text of a value."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def fits(text: str, kind: str) -> bool:
    """True if ``text`` is what ``kind`` asks for."""
    if kind in _PATTERNS:
        return bool(_PATTERNS[kind].fullmatch(text))
    match kind:
        case "flag":
            return text in ("0", "1")
        case "date":
            return _is_date(text)
        case "datetime":
            return _is_datetime(text)
    if kind.startswith("an"):
        return 0 < len(text) <= int(kind[2:])
    if kind.startswith("n"):
        return bool(re.fullmatch(r"[0-9]+", text)) and len(text) <= int(kind[1:])
    return _is_decimal(text, kind)


def _is_decimal(text: str, kind: str) -> bool:
    """``d16.6``: at most 16 digits, 6 of them after the point; zeros at the end do not count."""
    if not _DECIMAL.fullmatch(text):
        return False
    digits, decimals = (int(part) for part in kind[1:].split("."))
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    return len(fraction) <= decimals and len(whole.lstrip("0")) + len(fraction) <= digits


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if not found:
        return False
    try:
        date.fromisoformat(found[1])
    except ValueError:
        return False
    return True


def _is_datetime(text: str) -> bool:
    if not _DATETIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
