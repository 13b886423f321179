"""What pages, the API and services read. Officers see the flights of their offices, carriers what they sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.node import clock
from otay.node.actors import Actor
from otay.node.prepared import prepared
from otay.people.passengers.domain.identity import folded, plain_number
from otay.people.passengers.domain.journeys import plain_flight_number
from otay.people.passengers.domain.roll import State
from otay.people.passengers.models import (
    CarrierCode,
    Decision,
    Flight,
    Hit,
    ListMessage,
    NeighbourFlight,
    NeighbourTraveller,
    Notice,
    Roll,
    Traveller,
)

VIEW = "passengers.view"
VIEW_OWN = "passengers.view_own"
SEND = "passengers.send"
DECIDE = "passengers.decide"
#: Lanes of screening in which an officer looks at the traveller.
CHECKED = ("red", "yellow")
CONFIRM = "passengers.confirm"


def is_officer(actor: Actor) -> bool:
    """True for those who see the travellers of their offices; carriers see what they sent."""
    return not actor.party and actor.may(VIEW)


def own_identifier(actor: Actor) -> str:
    """Under which name ``actor`` sends: the party it speaks for, else its own key."""
    return actor.party or actor.key


def visible_flights(actor: Actor) -> QuerySet[Flight]:
    """The flights that ``actor`` may see."""
    flights = Flight.objects.filter(kind="flight")
    if is_officer(actor):
        offices = actor.ports(VIEW)
        return flights if offices is None else flights.filter(office__in=offices)
    actor.require(VIEW_OWN)
    return flights.filter(rolls__sender=own_identifier(actor))


def visible_travellers(actor: Actor) -> QuerySet[Traveller]:
    """The travellers that ``actor`` may see, with their flights."""
    travellers = Traveller.objects.select_related("flight")
    if is_officer(actor):
        offices = actor.ports(VIEW)
        return travellers if offices is None else travellers.filter(flight__office__in=offices)
    actor.require(VIEW_OWN)
    return travellers.filter(sender=own_identifier(actor))


def flight(actor: Actor, pk: int) -> Flight:
    """One flight.

    Raises:
        NotFound: when there is none, or none that ``actor`` may see: the answer is the same.
    """
    found = visible_flights(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound(N_("There is no flight %(id)s here, or none that you may see."), id=pk)
    return found


def traveller(actor: Actor, uid: str) -> Traveller:
    """One traveller.

    Raises:
        NotFound: when there is none, or none that ``actor`` may see.
    """
    found = visible_travellers(actor).filter(uid=uid).first()
    if found is None:
        raise NotFound(N_("There is no traveller %(id)s here, or none that you may see."), id=uid)
    return found


def search_flights(
    flights: QuerySet[Flight], *, text: str = "", day: str = "", direction: str = "", status: str = ""
) -> QuerySet[Flight]:
    """Those that match: a flight number, an airport, a traveller's surname, document or record locator."""
    if day:
        flights = flights.filter(day=day)
    if direction in ("in", "out"):
        flights = flights.filter(direction=direction)
    if status == "hits":
        flights = flights.filter(travellers__open_hits__gt=0).distinct()
    elif status == "coming":
        flights = flights.filter(departs_at__gte=clock.now() - timedelta(hours=1))
    elif status == "open":
        flights = flights.filter(rolls__closed_stamp="").distinct()
    return _with_text(flights, text)


def _with_text(flights: QuerySet[Flight], text: str) -> QuerySet[Flight]:
    plain = text.strip().upper()
    if not plain:
        return flights
    joined = plain.replace(" ", "")
    where = Q(origin=joined) | Q(destination=joined) | Q(carrier=joined)
    for cut in (2, 3):
        if joined[cut:] and any(mark.isdigit() for mark in joined[cut:]):
            where |= Q(carrier=joined[:cut], number=plain_flight_number(joined[cut:]))
    if joined.isdigit():
        where |= Q(number=plain_flight_number(joined))
    people = Q(travellers__locator=joined)
    if len(plain_number(joined)) >= 5:
        people |= Q(travellers__document=plain_number(joined))
    if len(folded(plain)) >= 3:
        people |= Q(travellers__sort_name__startswith=folded(plain))
    return flights.filter(where | people).distinct()


def counts(flights: Sequence[Flight], *, sender: str = "") -> dict[int, dict[str, int]]:
    """Per flight: how many travellers in each state, of each answer, crew, and with something to decide."""
    rows = Traveller.objects.filter(flight__in=flights)
    if sender:
        rows = rows.filter(sender=sender)
    crew = Q(role__contains="crew")
    grouped = rows.values_list("flight_id").annotate(
        passengers=Count("id", filter=~crew & ~Q(role="gate pass") & ~Q(state=State.CANCELLED)),
        crew=Count("id", filter=crew & ~Q(state=State.CANCELLED)),
        boarded=Count("id", filter=Q(state=State.BOARDED)),
        missing=Count("id", filter=Q(state=State.MISSING)),
        cancelled=Count("id", filter=Q(state=State.CANCELLED)),
        open=Count("id", filter=Q(open_hits__gt=0) & ~Q(state__in=[State.CANCELLED, State.MISSING])),
        no_board=Count("id", filter=Q(answer="1Z") & ~Q(state=State.CANCELLED)),
        insufficient=Count("id", filter=Q(answer="4Z") & ~Q(state=State.CANCELLED)),
    )
    names = ("passengers", "crew", "boarded", "missing", "cancelled", "hits", "no_board", "insufficient")
    found = {row[0]: dict(zip(names, row[1:], strict=True)) for row in grouped}
    return {one.pk: found.get(one.pk, dict.fromkeys(names, 0)) for one in flights}


def rolls(flights: Iterable[Flight]) -> dict[int, list[Roll]]:
    """Per flight, what each sender says of it."""
    found: dict[int, list[Roll]] = {}
    for row in Roll.objects.filter(flight__in=list(flights)).order_by("pk"):
        found.setdefault(row.flight_id, []).append(row)
    return found


def manifest(flight: Flight, *, sender: str = "") -> list[Traveller]:
    """Everybody on the flight: who needs an eye first, then by name."""
    rows = Traveller.objects.filter(flight=flight)
    if sender:
        rows = rows.filter(sender=sender)
    return list(rows.order_by("-open_hits", "sort_name", "pk"))


def companions(traveller: Traveller) -> list[Traveller]:
    """Others under the same record locator on the same flight."""
    if not traveller.locator:
        return []
    rows = Traveller.objects.filter(flight=traveller.flight_id, sender=traveller.sender, locator=traveller.locator)
    return list(rows.exclude(pk=traveller.pk).order_by("sort_name"))


def journeys(actor: Actor, traveller: Traveller) -> list[Traveller]:
    """Other flights of whoever travels with the same document, or has the same name and date of birth."""
    same = Q()
    if traveller.document_key:
        same |= Q(document_key=traveller.document_key)
    if traveller.name_key and traveller.birth_date:
        same |= Q(name_key=traveller.name_key)
    if not same:
        return []
    rows = visible_travellers(actor).filter(same).exclude(flight=traveller.flight_id)
    return list(rows.order_by("-flight__day")[:50])


def hits_of(traveller: Traveller) -> list[Hit]:
    """What screening found, what is still open first."""
    order = {Hit.State.OPEN: 0, Hit.State.CONFIRMED: 1, Hit.State.CLEARED: 2, Hit.State.GONE: 3}
    return sorted(traveller.hits.all(), key=lambda hit: (order[Hit.State(hit.state)], -hit.score))


def open_cases(actor: Actor) -> QuerySet[Traveller]:
    """Travellers with something to decide, soonest departure first: a match, or a lane to which the rules send somebody
    who has not long landed and about whom nobody decided."""
    landed = Q(flight__arrives_at__lt=clock.now() - timedelta(days=1))
    return (
        visible_travellers(actor)
        .filter(Q(open_hits__gt=0) | Q(lane__in=CHECKED, decided="") & ~landed)
        .exclude(state__in=[State.CANCELLED, State.MISSING])
        .order_by("flight__departs_at", "-open_hits", "pk")
    )


def is_case(row: Traveller) -> bool:
    """True for one of :func:`open_cases`, cancelled travellers apart."""
    asked = row.lane in CHECKED and not row.decided
    return (row.open_hits > 0 or asked) and row.state != State.CANCELLED


def undecided(actor: Actor) -> QuerySet[Decision]:
    """Decisions that wait for a second person, of the travellers that ``actor`` may see."""
    return (
        Decision.objects.filter(effective_at=None, refused_at=None, traveller__in=visible_travellers(actor))
        .select_related("traveller__flight")
        .order_by("at")
    )


def messages(actor: Actor, *, flight: Flight | None = None) -> QuerySet[ListMessage]:
    """The messages about flights that ``actor`` may see, newest first."""
    rows = ListMessage.objects.select_related("flight").order_by("-pk")
    if flight is not None:
        rows = rows.filter(flight=flight)
    if is_officer(actor):
        offices = actor.ports(VIEW)
        return rows if offices is None else rows.filter(flight__office__in=offices)
    actor.require(VIEW_OWN)
    return rows.filter(sender=own_identifier(actor))


def message(actor: Actor, pk: int) -> ListMessage:
    """One message.

    Raises:
        NotFound: when there is none, or none that ``actor`` may see.
    """
    found = messages(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound(N_("There is no message %(id)s that you may see"), id=pk)
    return found


def notices(actor: Actor) -> QuerySet[Notice]:
    """The messages of the border to carriers that ``actor`` may see."""
    rows = Notice.objects.select_related("flight", "traveller")
    if is_officer(actor):
        offices = actor.ports(VIEW)
        return rows if offices is None else rows.filter(flight__office__in=offices)
    actor.require(VIEW_OWN)
    return rows.filter(sender=own_identifier(actor))


def notice(actor: Actor, pk: int) -> Notice:
    """One of them.

    Raises:
        NotFound: when there is none, or none that ``actor`` may see.
    """
    found = notices(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound(N_("There is no notice %(id)s that you may see."), id=pk)
    return found


def unacknowledged(before: datetime) -> QuerySet[Notice]:
    """Status changes that a carrier has not acknowledged since before a moment."""
    return Notice.objects.filter(kind="change", acknowledged_at=None, made_at__lt=before)


def registered_to(codes: Iterable[str]) -> dict[str, str]:
    """The party of each carrier code that is registered."""
    return dict(_parties(codes=sorted(set(codes))))


@prepared
def _parties(*, codes: Sequence[str]) -> QuerySet[CarrierCode, tuple[str, str]]:
    return CarrierCode.objects.filter(code__in=codes).values_list("code", "party")


def neighbour_flight(key: str) -> NeighbourFlight | None:
    """The neighbour's record of the flight."""
    return NeighbourFlight.objects.filter(key=key).first()


def neighbour_traveller(flight_key: str, name_key: str) -> NeighbourTraveller | None:
    """The neighbour's record of a traveller of that flight, where the agreement shows names."""
    if not name_key:
        return None
    return NeighbourTraveller.objects.filter(flight=flight_key, name_key=name_key).first()


def entry_of(hit: Hit) -> dict[str, Any]:
    """The entry of the watchlist as it stood when it was found."""
    from otay.screening.watchlists.models import EntryVersion

    row = EntryVersion.objects.filter(pk=hit.entry_id).first()
    return {"name": row.name, "kind": row.kind, "number": row.number, **row.body} if row else {"name": hit.entry_name}
