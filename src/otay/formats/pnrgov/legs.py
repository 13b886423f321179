"""Flight legs from TVL, with code shares."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from otay.core.findings import Finding, warning
from otay.core.i18n import N_
from otay.formats.edifact.dates import Calendar, Problem, Read
from otay.formats.edifact.interchange import Elements, component
from otay.formats.manifest import flight

_DAY = len("DDMMYY")
_DAYS = re.compile(r"-?[0-9]|[0-9]{2}")


def leg(elements: Elements, calendar: Calendar, place: str) -> tuple[dict[str, Any], list[Finding]]:
    """One leg. An arrival without a date is on the day of departure, or on the next if it would be too early."""
    findings: list[Finding] = []
    marketing, operating = component(elements, 4).upper(), component(elements, 4, 1).upper()
    number, booked = component(elements, 5).upper(), component(elements, 5, 1).upper()
    found = flight(marketing, number, component(elements, 2).upper(), component(elements, 3).upper())
    times = _Times(calendar, f"{place} 1", findings)
    parts = [part.strip() for part in elements[1]] if len(elements) > 1 else []
    found["departure"], found["arrival"] = times.read(parts)
    if booked:
        found["class"] = booked
    if operating and operating != marketing:
        found["operating_carrier"] = operating
    return found, findings


def continues(elements: Elements) -> bool:
    """``TVL+++++624:M`` gives the operating carrier's flight number for the leg before."""
    return not any(component(elements, number) for number in (1, 2, 3, 4)) and bool(component(elements, 5))


def continued(flight: dict[str, Any], elements: Elements) -> None:
    """Adds what a continuation says."""
    flight["operating_number"] = component(elements, 5).upper()
    if component(elements, 5, 1):
        flight["operating_class"] = component(elements, 5, 1).upper()


def moment(calendar: Calendar, day: str, time: str, place: str, findings: list[Finding]) -> str | None:
    """A day or a moment written day first; what is none is a finding, and nothing where nothing was sent.

    The two are judged apart first: a day cut short and a time must not make another day together.
    """
    value = day + time
    if not value:
        return None
    found = calendar.day_first(value) if len(day) == _DAY else Read("", Problem.SHAPE)
    if not found.value:
        text = N_("The time is not a date and time.")
        findings.append(warning(place, f"date.{found.problem}", text, value, N_("Write it as DDMMYY and hhmm.")))
    return found.value or None


class _Times:
    """Departure and arrival of one leg."""

    def __init__(self, calendar: Calendar, place: str, findings: list[Finding]) -> None:
        self.calendar, self.place, self.findings = calendar, place, findings

    def read(self, parts: list[str]) -> tuple[str | None, str | None]:
        day, time, *rest = [*parts, *[""] * 5][:5]
        if len(rest[0]) == 4 and not rest[1]:  # the empty date left out altogether
            rest = ["", rest[0], rest[2]]
        departure = self._moment(day, time)
        if rest[0]:
            return departure, self._moment(rest[0], rest[1])
        if departure is None or not rest[1]:
            return departure, None
        return departure, self._on_the_day(day, rest[1], rest[2], departure)

    def _on_the_day(self, day: str, time: str, change: str, departure: str) -> str | None:
        arrival = self._moment(day, time)
        days = int(change) if _DAYS.fullmatch(change) else 0
        if arrival and not days and arrival < departure:
            days = 1
        if arrival and days:
            arrival = (date.fromisoformat(arrival[:10]) + timedelta(days)).isoformat() + arrival[10:]
        return arrival

    def _moment(self, day: str, time: str) -> str | None:
        return moment(self.calendar, day, time, self.place, self.findings)
