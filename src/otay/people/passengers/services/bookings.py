"""Reservations (PNRGOV): the newest push of each record locator counts; its travellers join those of the lists."""

from __future__ import annotations

from typing import Any

from otay.node import clock
from otay.people.passengers.domain import identity
from otay.people.passengers.domain.roll import Outcome
from otay.people.passengers.models import Flight, Reservation, Traveller
from otay.people.passengers.services import travellers
from otay.people.passengers.services.work import Work


def take(work: Work, flight: Flight, sender: str) -> dict[int, Traveller]:
    """Keep the reservations of ``work``; the travellers touched, by ``id()``."""
    record = work.unit.record
    people: list[dict[str, Any]] = record["travellers"]
    locators = [str(one.get("locator") or "").upper()[:20] for one in record["reservations"]]
    held = {
        row.locator: row
        for row in Reservation.objects.select_for_update()
        .filter(flight=flight, sender=sender, locator__in=locators)
        .order_by("pk")
    }
    known: list[Traveller] = []
    register = identity.Register()
    for one in Traveller.objects.filter(flight=flight, sender=sender).order_by("pk"):
        one.flight = flight
        known.append(one)
        references = {"AVF": one.locator} if one.locator else {}
        found = {"surnames": one.surnames, "given": one.given, "birth_date": one.birth_date, "references": references}
        register.add(found, (one.reference_key, one.document_key, one.name_key))
    touched: dict[int, Traveller] = {}
    work.people = [None] * len(people)
    for data, locator in zip(record["reservations"], locators, strict=True):
        row = held.get(locator)
        if row is not None and row.stamp > work.stamp:
            continue
        row = _kept(row, data, locator, work, flight, sender)
        named = []
        for number in data["travellers"]:
            person = {name: value for name, value in people[number - 1].items() if name != "segment"}
            place = register.find(person)
            one = known[place] if place is not None else travellers.blank(flight, sender)
            if place is None:
                known.append(one)
                register.add(person, taken=True)
            outcome = _book(one, person, row, work)
            work.people[number - 1] = one
            work.outcomes[id(one)] = outcome
            touched[id(one)] = one
            named.append(one)
        touched |= _left(known, named, row, work)
    return touched


def _kept(
    row: Reservation | None, data: dict[str, Any], locator: str, work: Work, flight: Flight, sender: str
) -> Reservation:
    body = {name: value for name, value in data.items() if name != "travellers"}
    if row is None:
        row = Reservation(flight=flight, sender=sender, locator=locator, pushes=0)
    row.body, row.stamp, row.updated_at = body, work.stamp, clock.now()
    row.pushes += 1
    row.save()
    return row


def _book(one: Traveller, person: dict[str, Any], row: Reservation, work: Work) -> Outcome:
    """What the booking says of a traveller; a booking lists who was on no list before."""
    same = one.booking == person
    added = one.pk is None
    one.booking, one.booking_stamp, one.reservation = person, work.stamp, row
    one.message = work.message
    if not one.facts_stamp:
        one.listed_stamp = max(one.listed_stamp, work.stamp)
    travellers.describe(one)
    return Outcome.SAME if same else Outcome.ADDED if added else Outcome.CHANGED


def _left(known: list[Traveller], named: list[Traveller], row: Reservation, work: Work) -> dict[int, Traveller]:
    """Who was in the booking before and is no more, and on no list either, does not travel."""
    gone = {}
    for one in known:
        if one.pk is None or one.reservation_id != row.pk or one in named or one.facts_stamp:
            continue
        one.cancelled_stamp = max(one.cancelled_stamp, work.stamp)
        one.message = work.message
        work.outcomes[id(one)] = Outcome.CANCELLED
        gone[id(one)] = one
    return gone
