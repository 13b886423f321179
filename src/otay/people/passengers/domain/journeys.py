"""Flights: how they are named, and which of a message's legs crosses the border."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

Leg = Mapping[str, Any]
_NUMBER = re.compile(r"0*(\d{1,5})([A-Z]?)")
NUMBER_LENGTH = 8


def plain_flight_number(number: str) -> str:
    """``0498`` and ``498`` are one flight; what is no number stays as it is."""
    found = _NUMBER.fullmatch(number.strip().upper())
    return f"{found[1]}{found[2]}" if found else number.strip().upper()[:NUMBER_LENGTH]


def border_leg(legs: Sequence[Leg]) -> Leg | None:
    """The leg that the list is about: the first that is said to cross the border, else the first."""
    return next((leg for leg in legs if leg.get("border")), legs[0] if legs else None)


def day_of(leg: Leg) -> str:
    """The local date of departure (``2026-03-01``), of arrival where only that is known, else empty."""
    return str(leg.get("departure") or leg.get("arrival") or "")[:10]


def moment(local: str | None, zone: str) -> datetime | None:
    """A port's local time as an instant; None where only the day is known. Without a known zone it is taken as UTC."""
    if not local or len(local) < 16:
        return None
    return datetime.fromisoformat(local[:16]).replace(tzinfo=ZoneInfo(zone or "UTC"))
