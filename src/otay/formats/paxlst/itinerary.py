"""Flights and their legs from TDT, LOC and DTM (groups 2 and 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from otay.core.findings import Finding, warning
from otay.core.i18n import N_
from otay.formats.edifact.dates import Calendar
from otay.formats.edifact.interchange import Elements, Message, component
from otay.formats.manifest import flight, flight_number

DEPARTURES = ("189", "133", "136", "186")
ARRIVALS = ("232", "132", "178", "234")
# places that are told but not called at: where the list was filed, who reports
_NOT_CALLED_AT = ("172", "188")
_BORDER = ("125", "87")


@dataclass(slots=True)
class _Call:
    """A port at which the aircraft calls."""

    qualifier: str
    port: str
    departure: str | None = None
    arrival: str | None = None


@dataclass(slots=True)
class _Transport:
    carrier: str
    number: str
    stage: str
    mode: str
    calls: list[_Call] = field(default_factory=list)
    departure: str | None = None
    arrival: str | None = None


class Itinerary:
    """Collects the segments of groups 2 and 3."""

    def __init__(self, message: Message, calendar: Calendar) -> None:
        self.message, self.calendar = message, calendar
        self.transports: list[_Transport] = []
        self.findings: list[Finding] = []
        self.skipping = False

    def tdt(self, elements: Elements, position: int) -> None:
        """A flight begins."""
        reference, carrier = component(elements, 2), component(elements, 5)
        if not reference and not carrier:
            carrier = component(elements, 8, 3) or component(elements, 8)
        code, number = flight_number(reference, carrier)
        if not number:
            text = N_("The flight has no number.")
            self.findings.append(warning(self.message.place(position, "TDT", 2), "paxlst.flight", text, reference))
        self.transports.append(_Transport(code, number, component(elements, 1), component(elements, 3)))
        self.skipping = False

    def loc(self, elements: Elements, position: int) -> None:
        """The aircraft calls at a port; code-list qualifiers after it do not matter."""
        qualifier = component(elements, 1)
        self.skipping = qualifier in _NOT_CALLED_AT
        if self.skipping:
            return
        port = (component(elements, 2) or component(elements, 2, 3)).upper()
        self._current().calls.append(_Call(qualifier, port))

    def dtm(self, elements: Elements, position: int) -> None:
        """When it leaves or arrives there."""
        qualifier, value, code = (component(elements, 1, part) for part in range(3))
        if self.skipping or qualifier not in DEPARTURES + ARRIVALS:
            return
        found = self.calendar.event(value, code)
        if found.problem:
            text = N_("The time of the flight does not have the form that its format code says.")
            if not found.value:
                text = N_("The time of the flight is not a date and time.")
            remedy = N_("Write it as YYMMDDhhmm with the format code 201.")
            place = self.message.place(position, "DTM", 1, 2)
            self.findings.append(warning(place, f"date.{found.problem}", text, value, remedy))
        transport = self._current()
        target: Any = transport.calls[-1] if transport.calls else transport
        setattr(target, "departure" if qualifier in DEPARTURES else "arrival", found.value or None)

    def _current(self) -> _Transport:
        if not self.transports:
            self.transports.append(_Transport("", "", "", ""))
        return self.transports[-1]

    def departure(self) -> str:
        """The first departure that is known; empty where none is."""
        times = [call.departure for transport in self.transports for call in transport.calls if call.departure]
        return min(times, default="")

    def flights(self) -> list[dict[str, Any]]:
        """One entry a leg."""
        legs = [leg for transport in self.transports for leg in _legs(transport)]
        if len(legs) == 1:
            legs[0]["border"] = True
        return legs


def _legs(transport: _Transport) -> list[dict[str, Any]]:
    calls = _merged(transport.calls)
    legs = []
    for origin, destination in pairwise(calls):
        if origin.arrival and not origin.departure and destination.departure and not destination.arrival:
            continue  # one flight ends, the next begins elsewhere
        legs.append(_leg(transport, origin, destination))
    if legs:
        return legs
    nowhere = _Call("", "", transport.departure, transport.arrival)
    first = calls[0] if calls else nowhere
    arriving = first.qualifier == "87" or (first.arrival is not None and first.departure is None)
    return [_leg(transport, nowhere, first) if arriving else _leg(transport, first, nowhere)]


def _merged(calls: list[_Call]) -> list[_Call]:
    """The same port named twice in a row, once to arrive and once to leave, is one call."""
    if [call.qualifier for call in calls] == ["87", "125"]:
        calls = calls[::-1]
    merged: list[_Call] = []
    for call in calls:
        last = merged[-1] if merged else None
        if last is not None and last.port == call.port and not _a_round(last, call):
            last.departure = last.departure or call.departure
            last.arrival = last.arrival or call.arrival
            last.qualifier = call.qualifier if call.qualifier in _BORDER else last.qualifier
            continue
        merged.append(call)
    return merged


def _a_round(first: _Call, second: _Call) -> bool:
    """Left and come back to, with no call between."""
    return bool(first.departure and not first.arrival and second.arrival and not second.departure)


def _leg(transport: _Transport, origin: _Call, destination: _Call) -> dict[str, Any]:
    leg = flight(transport.carrier, transport.number, origin.port, destination.port)
    leg["departure"] = origin.departure or transport.departure
    leg["arrival"] = destination.arrival or transport.arrival
    # the leg that crosses the border of the state that asked for the list
    leg["border"] = origin.qualifier == "125" or destination.qualifier == "87"
    if transport.mode:
        leg["mode"] = transport.mode
    return leg
