"""What the neighbour hears of flights between the two countries, and what we keep of its own.

Facts of flights and travellers only: answers, matches, decisions, contacts, payments and remarks have no field here, so
no agreement can name them. Flights to anywhere else are never offered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from otay.exchange.models import Peer
from otay.exchange.queries import delivery_states
from otay.exchange.registry import Field, Forgotten, Publication, Received, RecordType
from otay.exchange.services.publishing import publish
from otay.node import clock
from otay.node.actors import SYSTEM, Actor
from otay.node.prepared import prepared
from otay.people.passengers.airports import airport
from otay.people.passengers.domain import identity
from otay.people.passengers.domain.roll import State
from otay.people.passengers.models import Flight, NeighbourFlight, NeighbourTraveller, Roll, Traveller

FLIGHT, TRAVELLER = "flight", "traveller"
_BAGS = ("count", "weight")
_PAPER = ("type", "number", "issuer", "expiry")


def flight_key(flight: Flight) -> str:
    """How both sides name a flight: ``AM498/2026-03-01/TIJ-SAN``."""
    return f"{flight.carrier}{flight.number}/{flight.day}/{flight.origin}-{flight.destination}"


def between(flight: Flight) -> bool:
    """True for a flight between this country and a neighbour whose node is trusted."""
    ends = {airport(flight.origin).country, airport(flight.destination).country}
    own = settings.OTAY.country
    others = ends - {own, ""}
    if own not in ends or len(ends) != 2 or not others or flight.kind != "flight":
        return False
    return bool(_trusted(countries=sorted(others)))


@prepared
def _trusted(*, countries: Sequence[str]) -> QuerySet[Peer, int]:
    return Peer.objects.filter(country__in=countries, state=Peer.State.TRUSTED).values_list("pk", flat=True)


def publish_flight(*, actor: Actor, flight: Flight) -> None:
    """Hand a flight that is :func:`between` to the exchange, which sends what the agreement allows."""
    publish(actor=actor, record_type=FLIGHT, publications=[_flight(flight)])


def publish_travellers(*, actor: Actor, flight: Flight, travellers: Sequence[Traveller]) -> None:
    """Hand changed travellers of a flight that is :func:`between` to the exchange. Gate passes stay at home."""
    publications = [_traveller(flight, one) for one in travellers if one.role != "gate pass" and one.full_name]
    publish(actor=actor, record_type=TRAVELLER, publications=publications)


def catch_up() -> int:
    """Offer what was taken before there was an agreement: flights that have not landed for a day, and their travellers.
    Returns how many records were queued."""
    since = clock.now() - timedelta(days=1)
    recent = Flight.objects.filter(kind="flight", day__gte=since.date().isoformat()).order_by("pk")
    flights = [row for row in recent if between(row)]
    if not flights:
        return 0
    sent = delivery_states(record_type=FLIGHT, business_keys=[flight_key(row) for row in flights])
    fresh = [row for row in flights if not sent.get(flight_key(row))]
    queued = publish(actor=SYSTEM, record_type=FLIGHT, publications=[_flight(row) for row in fresh])
    people = (
        Traveller.objects.filter(flight__in=flights, erased_at=None).exclude(role="gate pass").exclude(full_name="")
    )
    rows = list(people.select_related("flight").order_by("pk"))
    told = delivery_states(record_type=TRAVELLER, business_keys=[row.uid for row in rows])
    offered = [_traveller(row.flight, row) for row in rows if not told.get(row.uid)]
    return queued + publish(actor=SYSTEM, record_type=TRAVELLER, publications=offered)


def _flight(flight: Flight) -> Publication:
    states = list(Traveller.objects.filter(flight=flight).values_list("role", "state"))
    present = [(role, state) for role, state in states if state != State.CANCELLED and role != "gate pass"]
    body: dict[str, Any] = {
        "carrier": flight.carrier, "number": flight.number, "day": flight.day, "origin": flight.origin,
        "destination": flight.destination, "departure": flight.departure, "arrival": flight.arrival,
        "cancelled": flight.cancelled,
        "passengers": sum("crew" not in role for role, _state in present),
        "crew": sum("crew" in role for role, _state in present),
        "on_board": sum(state == State.BOARDED for _role, state in present),
        "closed": Roll.objects.filter(flight=flight).exclude(closed_stamp="").exists(),
    }  # fmt: skip
    return Publication(flight_key(flight), flight.version, body, flight.office)


def _traveller(flight: Flight, one: Traveller) -> Publication:
    said: Mapping[str, Any] = one.facts or one.booking or {}
    bags = said.get("bags") or {}
    body: dict[str, Any] = {
        "flight": flight_key(flight), "role": one.role, "state": one.state, "embark": said.get("embark") or "",
        "debark": said.get("debark") or "", "seat": one.seat,
        "bags": {name: bags[name] for name in _BAGS if bags.get(name) is not None},
        "given": one.given, "surnames": one.surnames, "birth_date": one.birth_date, "sex": one.sex,
        "nationality": one.nationality, "locator": one.locator,
        "documents": [{name: paper.get(name) for name in _PAPER} for paper in said.get("documents") or ()],
    }  # fmt: skip
    return Publication(one.uid, one.version, body, flight.office)


def past_flights(limit: int) -> list[Publication]:
    """The last flights as they would be shared with every field, for the dry run of an agreement."""
    return [_flight(row) for row in Flight.objects.filter(kind="flight").order_by("-pk")[:limit] if between(row)]


def past_travellers(limit: int) -> list[Publication]:
    """The same of travellers."""
    rows = Traveller.objects.filter(erased_at=None).select_related("flight").order_by("-pk")[:limit]
    return [_traveller(row.flight, row) for row in rows if between(row.flight)]


def keep_flights(records: Sequence[Received]) -> None:
    """Keep the neighbour's flights; a newer version takes the place of an older."""
    for record in records:
        _keep(NeighbourFlight, record, {})


def keep_travellers(records: Sequence[Received]) -> None:
    """Keep the neighbour's travellers where our own find them: by flight and, where shared, name and date of birth."""
    for record in records:
        name = identity.name_key(record.body) if record.body.get("surnames") or record.body.get("given") else ""
        _keep(NeighbourTraveller, record, {"flight": str(record.body.get("flight", ""))[:70], "name_key": name})


def _keep(model: type[NeighbourFlight] | type[NeighbourTraveller], record: Received, more: dict[str, str]) -> None:
    row = model.objects.select_for_update().filter(peer=record.peer, key=record.business_key[:70]).first()
    if row is not None and row.version >= record.version:
        return
    values = {"version": record.version, "body": record.body, "received_at": record.received_at, **more}
    model.objects.update_or_create(peer=record.peer, key=record.business_key[:70], defaults=values)


def forget_travellers(records: Sequence[Forgotten]) -> None:
    """Drop the neighbour's travellers whom it may no longer tell us of; a version that came without need of consent
    stays."""
    for one in records:
        NeighbourTraveller.objects.filter(peer=one.peer, key=one.business_key[:70], version=one.version).delete()


def _papers(body: Mapping[str, Any]) -> set[str]:
    """A traveller's documents, each by issuer and number: any of them may stand on the form of consent."""
    return {f"{one.get('issuer') or ''}{one['number']}" for one in body.get("documents") or () if one.get("number")}


RECORD_TYPES = (
    RecordType(
        FLIGHT,
        _("Flights between the two countries"),
        (
            Field("carrier", _("Carrier")),
            Field("number", _("Flight number")),
            Field("day", _("Day")),
            Field("origin", _("From")),
            Field("destination", _("To")),
            Field("departure", _("Departure")),
            Field("arrival", _("Arrival")),
            Field("cancelled", _("Cancelled")),
            Field("passengers", _("Passengers")),
            Field("crew", _("Crew")),
            Field("on_board", _("On board")),
            Field("closed", _("Closed out")),
        ),
        keep_flights,
        past_flights,
    ),
    RecordType(
        TRAVELLER,
        _("Travellers on flights between the two countries"),
        (
            Field("flight", _("Flight")),
            Field("role", _("Passenger or crew")),
            Field("state", _("State")),
            Field("embark", _("Embarks at")),
            Field("debark", _("Debarks at")),
            Field("seat", _("Seat"), personal=True),
            Field("bags", _("Bags")),
            Field("given", _("Given names"), personal=True),
            Field("surnames", _("Surnames"), personal=True),
            Field("birth_date", _("Date of birth"), personal=True),
            Field("sex", _("Sex"), personal=True),
            Field("nationality", _("Nationality"), personal=True),
            Field("locator", _("Record locator"), personal=True),
            Field("documents", _("Documents"), personal=True),
        ),
        keep_travellers,
        past_travellers,
        {"traveller": _papers},
        forget_travellers,
    ),
)
