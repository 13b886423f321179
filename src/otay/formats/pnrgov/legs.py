"""Flight legs from TVL, with code shares."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from otay.formats.edifact.dates import Calendar
from otay.formats.edifact.interchange import Elements, component
from otay.formats.manifest import flight


def leg(elements: Elements, calendar: Calendar) -> dict[str, Any]:
    """One leg. An arrival without a date is on the day of departure, or on the next if it would be too early."""
    marketing, operating = component(elements, 4).upper(), component(elements, 4, 1).upper()
    number, booked = component(elements, 5).upper(), component(elements, 5, 1).upper()
    found = flight(marketing, number, component(elements, 2).upper(), component(elements, 3).upper())
    found["departure"], found["arrival"] = _times([part.strip() for part in elements[1]], calendar)
    if booked:
        found["class"] = booked
    if operating and operating != marketing:
        found["operating_carrier"] = operating
    return found


def continues(elements: Elements) -> bool:
    """``TVL+++++624:M`` gives the operating carrier's flight number for the leg before."""
    return not any(component(elements, number) for number in (1, 2, 3, 4)) and bool(component(elements, 5))


def continued(flight: dict[str, Any], elements: Elements) -> None:
    """Adds what a continuation says."""
    flight["operating_number"] = component(elements, 5).upper()
    if component(elements, 5, 1):
        flight["operating_class"] = component(elements, 5, 1).upper()


def _times(parts: list[str], calendar: Calendar) -> tuple[str | None, str | None]:
    day, time, *rest = [*parts, *[""] * 4][:5]
    if len(rest[0]) == 4 and not rest[1]:  # the empty date left out altogether
        rest = ["", rest[0], rest[2]]
    departure = calendar.day_first(day + time).value or None
    if rest[0]:
        return departure, calendar.day_first(rest[0] + rest[1]).value or None
    if departure is None or not rest[1]:
        return departure, None
    arrival = calendar.day_first(day + rest[1]).value or None
    days = int(rest[2]) if rest[2].lstrip("-").isdigit() and len(rest[2]) < 3 else 0
    if arrival and not days and arrival < departure:
        days = 1
    if arrival and days:
        arrival = (date.fromisoformat(arrival[:10]) + timedelta(days)).isoformat() + arrival[10:]
    return departure, arrival
