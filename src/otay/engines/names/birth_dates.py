"""Dates of birth as lists and travellers know them: whole, or only year and month, or only the year; and how two agree.

A date is a number, ``YYYYMMDD``, with zeros for what is not known; 0 is no date at all.
"""

from __future__ import annotations

import re
from datetime import date
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Dates = NDArray[np.int64]

_ISO = re.compile(r"(\d{4})(?:[-/.]?(\d{2})(?:[-/.]?(\d{2}))?)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_PLACES = 10 ** np.arange(7, -1, -1, dtype=np.int64)


class BirthAgreement(IntEnum):
    """How two dates of birth agree, from worst to best."""

    DIFFERS = 0
    UNKNOWN = 1  # one of them is missing
    PARTIAL = 2  # what both know is equal: the year, or year and month
    MISTYPED = 3  # one digit differs, two neighbours are exchanged, or the year is one off
    SWAPPED = 4  # day and month exchanged
    EQUAL = 5


def read_birth_date(text: str) -> int:
    """``1980-03-15``, ``1980-03``, ``1980``, ``19800315``, or the year last where only one can be the day.

    Raises:
        ValueError: if it is no such date, or could be two.
    """
    plain = text.strip().upper().replace("-XX", "-00").replace("-00", "")
    if not plain:
        return 0
    if found := _ISO.fullmatch(plain):
        year, month, day = (int(part or 0) for part in found.groups())
    elif found := _DAY_FIRST.fullmatch(plain):
        day, month, year = map(int, found.groups())
        if day <= 12 and month <= 12 and day != month:
            raise ValueError(text)
        if month > 12:
            day, month = month, day
    else:
        raise ValueError(text)
    date(year, month or 1, day or 1)  # refuses what the calendar does not have
    return year * 10_000 + month * 100 + day


def birth_text(value: int) -> str:
    """As it is shown: ``1980-03-15``, ``1980-03``, ``1980`` or nothing."""
    year, month, day = value // 10_000, value // 100 % 100, value % 100
    return "-".join(f"{part:0{width}}" for part, width in ((year, 4), (month, 2), (day, 2)) if part)


def compare_birth_dates(first: Dates, second: Dates) -> NDArray[np.int64]:
    """The :class:`BirthAgreement` of each pair of two arrays of equal length."""
    agreement = np.full(len(first), BirthAgreement.DIFFERS, np.int64)
    year, month, day = first // 10_000, first // 100 % 100, first % 100
    other_year, other_month, other_day = second // 10_000, second // 100 % 100, second % 100
    whole = (day > 0) & (other_day > 0)
    digits = first[:, None] // _PLACES % 10
    others = second[:, None] // _PLACES % 10
    different = digits != others
    exchanged = (
        different[:, :-1] & different[:, 1:] & (digits[:, :-1] == others[:, 1:]) & (digits[:, 1:] == others[:, :-1])
    ).any(axis=1)
    count = different.sum(axis=1)
    months_agree = (month == other_month) | (month == 0) | (other_month == 0)
    agreement[~whole & (year == other_year) & months_agree] = BirthAgreement.PARTIAL
    year_off = (np.abs(year - other_year) == 1) & (month == other_month) & (day == other_day)
    agreement[whole & ((count == 1) | ((count == 2) & exchanged) | year_off)] = BirthAgreement.MISTYPED
    swapped = (year == other_year) & (day == other_month) & (month == other_day)
    agreement[whole & swapped] = BirthAgreement.SWAPPED
    agreement[whole & (count == 0)] = BirthAgreement.EQUAL
    agreement[(first == 0) | (second == 0)] = BirthAgreement.UNKNOWN
    return agreement
