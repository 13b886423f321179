"""When a wait was observed: the feed's date and a lane's "At 6:00 am PST", "At Noon MDT"."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from otay.core.findings import Finding, error, warning
from otay.core.i18n import N_

ZONES = {
    "AST": -4, "ADT": -3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8,
}  # fmt: skip
"""Hours from UTC of the abbreviations that the feed uses."""
_AT = re.compile(r"^at\s+(noon|midnight|(\d{1,2})(?::(\d{2}))?\s*([ap])\.?m\.?)\s+([a-z]{3,4})$", re.IGNORECASE)
_DATES = ("%m/%d/%Y", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S")
LATEST = timedelta(hours=6)
"""A lane was not updated later than the feed: what reads so by more than this was the day before."""


def moment(date: str, clock: str, updated: str, place: str, findings: list[Finding]) -> str | None:
    """ISO 8601 with the offset; None (and a finding) where it cannot be told.

    ``date`` and ``clock`` are those of the feed, ``updated`` that of the lane.
    """
    if not updated:
        message = N_("The lane does not say when it was updated: no observation can be made of it.")
        findings.append(warning(f"{place}/update_time", "waits.time", message))
        return None
    found = _AT.match(updated)
    if not found or found[5].upper() not in ZONES:
        message = N_("This is not a time such as At 6:00 am PST.")
        findings.append(error(f"{place}/update_time", "waits.time", message, updated))
        return None
    hour, minute = _of_day(found)
    if hour is None:
        message = N_("This is not a time such as At 6:00 am PST.")
        findings.append(error(f"{place}/update_time", "waits.time", message, updated))
        return None
    day = _day(date)
    if day is None:
        top = place.split("/")[1]
        findings.append(error(f"/{top}/date", "waits.date", N_("This is not a date such as 7/14/2023."), date))
        return None
    at = day.replace(hour=hour, minute=minute, tzinfo=timezone(timedelta(hours=ZONES[found[5].upper()])))
    return (at - timedelta(days=1) if _later(at, day, clock) else at).isoformat()


def _of_day(found: re.Match[str]) -> tuple[int | None, int]:
    word = found[1].lower()
    if word in ("noon", "midnight"):
        return (12 if word == "noon" else 0), 0
    hour, minute = int(found[2]), int(found[3] or 0)
    if not 1 <= hour <= 12 or minute > 59:
        return None, 0
    return hour % 12 + (12 if found[4].lower() == "p" else 0), minute


def _day(text: str) -> datetime | None:
    for form in _DATES:
        try:
            return datetime.strptime(text, form).replace(hour=0, minute=0, second=0)  # noqa: DTZ007 the zone is the lane's
        except ValueError:
            continue
    return None


def _later(at: datetime, day: datetime, clock: str) -> bool:
    try:
        told = datetime.strptime(clock, "%H:%M:%S")  # noqa: DTZ007
    except ValueError:
        return False
    return at.replace(tzinfo=None) > day.replace(hour=told.hour, minute=told.minute) + LATEST
