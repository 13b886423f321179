"""Which flight a message is about: found or made, and locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from otay.core.findings import Finding, error, warning
from otay.core.i18n import N_
from otay.node import clock
from otay.node.prepared import prepared
from otay.people.passengers.airports import airport, office_of
from otay.people.passengers.domain import journeys
from otay.people.passengers.domain.roll import MASTER_CREW, Effect
from otay.people.passengers.models import Flight

Key = tuple[str, str, str, str, str, str]
#: What messages change of a flight.
WRITTEN = ("departure", "arrival", "departs_at", "arrives_at", "legs", "facts_stamp", "cancelled_stamp", "version")


@dataclass(frozen=True, slots=True)
class Named:
    """A flight as a message names it: its key, the leg that crosses the border, and all legs."""

    key: Key
    leg: dict[str, Any]
    legs: list[dict[str, Any]]
    findings: tuple[Finding, ...] = ()


def named(record: dict[str, Any], received: str) -> Named | Finding:
    """The flight that ``record`` is about, or why none can be told. ``received``: the day the message came."""
    about, legs = record["message"], list(record["flights"])
    leg = dict(journeys.border_leg(legs) or {})
    carrier, number = str(leg.get("carrier") or "")[:3], journeys.plain_flight_number(str(leg.get("number") or ""))
    if about.get("code") == MASTER_CREW:
        carrier = carrier or str(about.get("sender") or "")[:3]
        return Named((carrier, "MCL", "", "", "", "crew"), leg, legs)
    if not number:
        return error(
            "/flights", "passengers.flight", N_("The list does not say which flight it is about"), "",
            N_("Name it with its carrier, number, day, origin and destination (TDT, LOC, DTM)."),
        )  # fmt: skip
    day, found = journeys.day_of(leg), []
    if not day:
        day = str(about.get("prepared") or "")[:10] or received
        text = N_("The list does not say on which day the flight leaves; it is taken for that of the message")
        found.append(warning("/flights", "passengers.day", text, day, N_("Give DTM 189 with a date.")))
    origin, destination = str(leg.get("origin") or "")[:5], str(leg.get("destination") or "")[:5]
    return Named((carrier, number[:8], day, origin, destination, "flight"), leg, legs, tuple(found))


def find_or_make(wanted: Sequence[Named]) -> dict[Key, Flight]:
    """The flights with these keys, locked one after the other in the order of their keys."""
    flights: dict[Key, Flight] = {}
    for one in sorted(wanted, key=lambda one: one.key):
        if one.key not in flights:
            flights[one.key] = _found(one) or _made(one)
    return flights


def _where(key: Key) -> dict[str, str]:
    return dict(zip(("carrier", "number", "day", "origin", "destination", "kind"), key, strict=True))


def _found(one: Named) -> Flight | None:
    """The flight by its whole key; where a message leaves a port out, the one of that day that agrees."""
    where = _where(one.key)
    exact = next(iter(_exact(**where)), None)
    if exact is not None or one.key[5] == "crew" or (one.key[3] and one.key[4]):
        return exact
    rest = {name: value for name, value in where.items() if value}
    rows = list(Flight.objects.select_for_update().filter(**rest).order_by("pk")[:2])
    return rows[0] if len(rows) == 1 else None


@prepared
def _exact(**where: str) -> QuerySet[Flight]:
    return Flight.objects.select_for_update().filter(**where)


def _made(one: Named) -> Flight:
    origin, destination = one.key[3], one.key[4]
    country = settings.OTAY.country
    row = Flight(**_where(one.key), office=office_of(origin, destination, country)[:8], seen_at=clock.now())
    ends = airport(origin).country, airport(destination).country
    row.direction = "in" if ends[1] == country else "out" if ends[0] == country else ""
    set_times(row, one.leg, one.legs)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # another message about it was faster
        return Flight.objects.select_for_update().get(**_where(one.key))
    return row


def set_times(row: Flight, leg: dict[str, Any], legs: list[dict[str, Any]]) -> None:
    """Times and legs as a message gives them; what it leaves out stays."""
    row.departure = str(leg.get("departure") or row.departure)[:16]
    row.arrival = str(leg.get("arrival") or row.arrival)[:16]
    row.departs_at = journeys.moment(row.departure, airport(row.origin).zone)
    row.arrives_at = journeys.moment(row.arrival, airport(row.destination).zone)
    row.legs = legs or row.legs


def take_facts(row: Flight, one: Named, effect: Effect, stamp: str) -> bool:
    """What a message stamped ``stamp`` says of the flight itself; True if the row changed."""
    if effect is Effect.CANCEL_FLIGHT:
        changed = stamp > row.cancelled_stamp
        row.cancelled_stamp = max(row.cancelled_stamp, stamp)
        return changed
    if stamp <= row.facts_stamp:
        return False
    before = (row.departure, row.arrival, row.legs, row.cancelled)
    revives = effect is not Effect.CLOSE or stamp > row.cancelled_stamp
    set_times(row, one.leg, one.legs)
    if revives:
        row.facts_stamp = stamp
    return before != (row.departure, row.arrival, row.legs, row.cancelled)


def follow_move(one: Named) -> bool:
    """A change (266 CF) may put a flight on another day: the one of the same number and ports a day before or after
    gets the new day, unless there is a flight of that day already. True if one was moved."""
    carrier, number, day, origin, destination, _kind = one.key
    rows = Flight.objects.select_for_update().filter(
        carrier=carrier, number=number, origin=origin, destination=destination, kind="flight"
    )
    near = [row for row in rows.order_by("pk") if abs(_days(row.day) - _days(day)) <= 1]
    if len(near) != 1 or near[0].day == day:
        return False
    near[0].day = day
    near[0].save(update_fields=["day"])
    return True


def _days(day: str) -> int:
    return date.fromisoformat(day).toordinal()
