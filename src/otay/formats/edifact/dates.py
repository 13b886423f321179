"""Dates and times by their format code (UN/EDIFACT code list 2379). Only real calendar dates come out.

Two-digit years: a time of travel or the end of a document lies in the century that brings it nearest to the message
(50 years back to 49 ahead); a birth lies in the last century that puts it no later than the message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache

# letters: C century and year, Y year of two digits, M month, D day, h hour, m minute, s second
FORMATS = {
    "2": "DDMMYY",
    "3": "MMDDYY",
    "4": "DDMMCCCC",
    "101": "YYMMDD",
    "102": "CCCCMMDD",
    "201": "YYMMDDhhmm",
    "202": "YYMMDDhhmmss",
    "203": "CCCCMMDDhhmm",
    "204": "CCCCMMDDhhmmss",
    "205": "CCCCMMDDhhmm",  # followed by a zone
    "301": "YYMMDDhhmm",  # followed by a zone
    "302": "YYMMDDhhmmss",
    "303": "CCCCMMDDhhmm",
    "304": "CCCCMMDDhhmmss",
}
# codes that say no day: a month, or a year
_PARTIAL = {"602": 4, "609": 4, "610": 6}
_ZONED = {"205", "301", "302", "303", "304"}
_BY_LENGTH = {6: "YYMMDD", 8: "CCCCMMDD", 10: "YYMMDDhhmm", 12: "CCCCMMDDhhmm", 14: "CCCCMMDDhhmmss"}
_TWO_DIGIT_YEAR = (6, 10)
_FULL_YEAR = 4
# nobody travels with a date outside these; it is a number that was never meant as one
_FIRST_YEAR, _LAST_YEAR = 1850, 2150
_NAMED = re.compile(r"(\d{1,2})([A-Z]{3})(\d{4}|\d{2})")
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


class Problem(StrEnum):
    """Why a date was not taken as it stands."""

    SHAPE = "shape"
    CALENDAR = "calendar"
    UNKNOWN_DAY = "unknown_day"
    FUTURE = "future"
    FORMAT = "format"
    """It was read, but not by the format code it came with."""


@dataclass(frozen=True, slots=True)
class Read:
    """``value`` is ISO 8601 text: a date, a local date and time, or empty."""

    value: str = ""
    problem: Problem | None = None


# the days that every year has: ``0229`` is none, ``0228`` is ``-02-28``
DAYS = {
    f"{month:02d}{day:02d}": f"-{month:02d}-{day:02d}"
    for month, days in enumerate([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], 1)
    for day in range(1, days + 1)
}


@lru_cache(maxsize=256)
def _years(first: int, end: int) -> dict[str, str]:
    return {f"{year % 100:02d}": f"{year:04d}" for year in range(first, end)}


class Calendar:
    """Turns the dates of one message into ISO text; ``reference`` is when the message was made."""

    def __init__(self, reference: date) -> None:
        self.reference = reference
        # a birth in the message's own year takes a closer look
        self.birth_years = _years(reference.year - 99, reference.year)
        self.event_years = _years(reference.year - 50, reference.year + 50)

    def plain_birth(self, value: str) -> str | None:
        """A birth written YYMMDD, at full speed; None where it takes :meth:`birth` to tell."""
        if len(value) != 6:
            return None
        year, day = self.birth_years.get(value[:2]), DAYS.get(value[2:])
        return year + day if year and day else None

    def plain_event(self, value: str) -> str | None:
        """A day written YYMMDD, at full speed; None where it takes :meth:`event` to tell."""
        if len(value) != 6:
            return None
        year, day = self.event_years.get(value[:2]), DAYS.get(value[2:])
        return year + day if year and day else None

    def event(self, value: str, code: str = "") -> Read:
        """A departure, an arrival, an expiry or an issue."""
        return _read(value, code, lambda year: near(year, self.reference.year))

    def birth(self, value: str, code: str = "") -> Read:
        """A date of birth, without a time."""
        today = self.reference.isoformat()
        found = _read(value, code, self._century)
        if found.value[:10] > today and len(_digits(value)) in _TWO_DIGIT_YEAR:  # later in the message's own year
            found = _read(value, code, lambda year: self._century(year) - 100)
        if found.value[:10] > today:
            return Read("", Problem.FUTURE)
        if found.problem is Problem.CALENDAR and _unknown_day(value):
            return Read("", Problem.UNKNOWN_DAY)
        return Read(found.value[:10], found.problem)

    def day_first(self, value: str) -> Read:
        """PADIS dates and times: DDMMYY, with hhmm after it or not."""
        if len(value) not in (6, 10, 12) or not (value.isascii() and value.isdigit()):
            return Read("", Problem.SHAPE)
        return self.event(value[4:6] + value[2:4] + value[:2] + value[6:10], "201" if len(value) > 6 else "101")

    def _century(self, year: int) -> int:
        return self.reference.year - (self.reference.year - year) % 100

    def named(self, value: str, *, birth: bool = False) -> Read:
        """A date with the month in letters, as airlines type it: ``30MAY76``, ``30MAY1976``."""
        digits, code = _spelled(value)
        if not digits:
            return Read("", Problem.SHAPE)
        return self.birth(digits, code) if birth else self.event(digits, code)


def near(year: int, reference: int) -> int:
    """The year of two digits ``year`` in the century that brings it nearest to ``reference``."""
    return reference - 50 + (year - (reference - 50)) % 100


def _plain(digits: str) -> bool:
    return digits.isascii() and digits.isdigit()


def _digits(value: str) -> str:
    return re.sub(r"[ \-:/.T]", "", value)


def _unknown_day(value: str) -> bool:
    """Doc 9303 and carriers write an unknown month or day as 00."""
    digits = _digits(value)
    return digits.isdigit() and len(digits) in (6, 8) and (digits.endswith("00") or digits[-4:-2] == "00")


def _shapes(digits: str, code: str) -> Iterator[tuple[str, bool]]:
    """Shapes to try, and whether the format code names them."""
    stated = FORMATS.get(code)
    if stated and (len(digits) == len(stated) or (code in _ZONED and len(digits) >= len(stated))):
        yield stated, True
        return
    by_length = _BY_LENGTH.get(len(digits))
    if by_length:
        yield by_length, not code


def _read(value: str, code: str, century: Callable[[int], int]) -> Read:
    digits = _digits(value)
    if len(digits) == _PARTIAL.get(code) and _plain(digits):
        return Read("", Problem.UNKNOWN_DAY)
    if code in _ZONED:
        digits = re.match(r"\d*", digits)[0]  # type: ignore[index]  # an empty match is a match
    if not _plain(digits):
        digits, code = _spelled(value)
        found = _read(digits, code, century) if digits else Read("", Problem.SHAPE)
        return Read(found.value, found.problem or Problem.FORMAT)
    for shape, agreed in _shapes(digits, code):
        parts = {letter: digits[shape.index(letter) : shape.rindex(letter) + 1] for letter in set(shape)}
        year = int(parts["C"]) if "C" in parts else century(int(parts["Y"]))
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            return Read("", Problem.CALENDAR)
        try:
            day = date(year, int(parts["M"]), int(parts["D"]))
            iso = _moment(day, parts) if "h" in parts else day.isoformat()
        except ValueError:
            return Read("", Problem.CALENDAR)
        return Read(iso, None if agreed else Problem.FORMAT)
    return Read("", Problem.SHAPE)


def _spelled(value: str) -> tuple[str, str]:
    """Digits and format code of a day whose month is in letters; empty where it is none."""
    match = _NAMED.fullmatch(value.strip().upper())
    if match is None or match[2] not in _MONTHS:
        return "", ""
    digits = f"{int(match[1]):02d}{_MONTHS.index(match[2]) + 1:02d}{match[3]}"
    return digits, "4" if len(match[3]) == _FULL_YEAR else "2"


def _moment(day: date, parts: dict[str, str]) -> str:
    hour, minute, second = int(parts["h"]), int(parts["m"]), int(parts.get("s", "0"))
    if (hour, minute, second) == (24, 0, 0):  # midnight at the end of the day, as timetables write it
        return f"{date.fromordinal(day.toordinal() + 1).isoformat()}T00:00"
    moment = datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001 local time of the port
    return moment.isoformat(timespec="seconds" if "s" in parts else "minutes")
