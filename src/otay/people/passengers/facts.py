"""What screening's rules are told about a traveller: only what is known when the traveller is directed.

Sex, religion, language, meals and names are not among the facts; nationality is there to go with others, never to
decide alone (the default table has no rule that names one).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Min
from django.utils.translation import gettext_lazy as _

from otay.engines.conditions import FactType
from otay.people.passengers.domain import directing
from otay.people.passengers.domain.roll import State
from otay.people.passengers.models import Hit, Traveller, TravellerVersion
from otay.screening.domain import Subject
from otay.screening.registry import Fact, FactSet

KIND = "passengers.traveller"


def key_of(row: Traveller) -> str:
    """The subject's key: no name, no document."""
    return f"traveller:{row.uid}"


def subjects(rows: Sequence[Traveller]) -> list[Subject]:
    """Each traveller (with its flight and reservation) as screening wants it, in four queries."""
    parties, journeys, hits, heard = _parties(rows), _journeys(rows), _hits(rows), _heard(rows)
    return [
        Subject(
            key_of(row), KIND, row.flight.office,
            {
                **_facts(row, parties, journeys),
                **directing.lead(heard.get(row.pk), row.flight.departs_at),
                **directing.matches([(hit.band, hit.category, str(hit.state)) for hit in hits.get(row.pk, ())]),
            },
        )
        for row in rows
    ]  # fmt: skip


def recent(count: int) -> list[Subject]:
    """The last travellers with the facts they would have today: what a change of rules is tried on."""
    rows = Traveller.objects.filter(erased_at=None).select_related("flight", "reservation").order_by("-pk")
    return subjects(list(rows[:count]))


def _parties(rows: Sequence[Traveller]) -> Mapping[tuple[int, str], int]:
    booked = Traveller.objects.filter(flight__in={row.flight_id for row in rows}).exclude(state=State.CANCELLED)
    found = booked.exclude(locator="").values_list("flight", "locator").annotate(count=Count("pk"))
    return {(flight, locator): count for flight, locator, count in found}


def _journeys(rows: Sequence[Traveller]) -> Mapping[str, int]:
    keys = {row.document_key for row in rows if row.document_key}
    found = Traveller.objects.filter(document_key__in=keys).exclude(state__in=[State.CANCELLED, State.MISSING])
    return Counter(dict(found.values_list("document_key").annotate(Count("flight", distinct=True))))


def _hits(rows: Sequence[Traveller]) -> Mapping[int, Sequence[Hit]]:
    found: dict[int, list[Hit]] = defaultdict(list)
    held = Hit.objects.filter(traveller__in=[row.pk for row in rows]).exclude(state=Hit.State.GONE)
    for hit in held.only("traveller", "band", "category", "state", "score").order_by("-score"):
        found[hit.traveller_id].append(hit)
    return found


def _heard(rows: Sequence[Traveller]) -> Mapping[int, datetime]:
    """When each was first told of."""
    held = TravellerVersion.objects.filter(traveller__in=[row.pk for row in rows])
    return dict(held.values_list("traveller").annotate(Min("at")))


def _facts(row: Traveller, parties: Mapping[tuple[int, str], int], journeys: Mapping[str, int]) -> dict[str, Any]:
    said, flight = row.facts or row.booking or {}, row.flight
    booking = row.reservation.body if row.reservation else {}
    day = date.fromisoformat(flight.day) if flight.day else None
    return {
        "role": row.role,
        "port": flight.office,
        "direction": flight.direction,
        "carrier": flight.carrier,
        "flight": flight.name,
        "origin": flight.origin,
        "destination": flight.destination,
        "embark": said.get("embark") or flight.origin,
        "debark": said.get("debark") or flight.destination,
        "answer": row.answer,
        "findings": len(row.findings),
        "birth_date_missing": not row.birth_date,
        "nationality_missing": not row.nationality,
        "document_missing": not row.document,
        **directing.age(row.birth_date, day),
        **directing.documents(said, day),
        **directing.bags(said, row.booking or {}),
        **directing.reservation(booking, flight.departs_at),
        **({"nationality": row.nationality} if row.nationality else {}),
        **({"residence": said["residence"]} if said.get("residence") else {}),
        **({"party": parties[flight.pk, row.locator]} if (flight.pk, row.locator) in parties else {}),
        **({"other_journeys": journeys[row.document_key] - 1} if journeys.get(row.document_key) else {}),
    }


_TEXT, _NUMBER, _FLAG = FactType.TEXT, FactType.NUMBER, FactType.FLAG
FACTS = FactSet(
    KIND,
    _("Traveller"),
    (
        Fact("role", _TEXT, _("Role (passenger, crew, transit passenger...)")),
        Fact("port", _TEXT, _("Port of entry")),
        Fact("direction", _TEXT, _("Direction (in, out)")),
        Fact("carrier", _TEXT, _("Carrier code")),
        Fact("flight", _TEXT, _("Flight")),
        Fact("origin", _TEXT, _("Airport the flight leaves from")),
        Fact("destination", _TEXT, _("Airport the flight goes to")),
        Fact("embark", _TEXT, _("Airport where the traveller boarded")),
        Fact("debark", _TEXT, _("Airport where the journey ends")),
        Fact("nationality", _TEXT, _("Nationality")),
        Fact("nationality_missing", _FLAG, _("No nationality given")),
        Fact("residence", _TEXT, _("Country of residence")),
        Fact("age", _NUMBER, _("Age on the day of the flight, years")),
        Fact("birth_date_missing", _FLAG, _("No date of birth, or one that is none")),
        Fact("document_type", _TEXT, _("Type of the first document")),
        Fact("document_issuer", _TEXT, _("State that issued the first document")),
        Fact("document_missing", _FLAG, _("No document number given")),
        Fact("document_days_left", _NUMBER, _("Days from the flight to the end of the document's validity")),
        Fact("document_expired", _FLAG, _("The document is not valid on the day of the flight")),
        Fact("issuer_differs", _FLAG, _("Nationality differs from the state that issued the document")),
        Fact("documents", _NUMBER, _("Documents given")),
        Fact("findings", _NUMBER, _("Findings about the traveller's data")),
        Fact("bags", _NUMBER, _("Checked bags")),
        Fact("party", _NUMBER, _("Travellers under the same record locator")),
        Fact("booked_days", _NUMBER, _("Days from the booking to the departure")),
        Fact("paid_cash", _FLAG, _("Paid in cash")),
        Fact("legs", _NUMBER, _("Flights of the reservation")),
        Fact("lead_hours", _NUMBER, _("Hours from the first message to the departure")),
        Fact("other_journeys", _NUMBER, _("Other flights with the same document that this node knows")),
        Fact("answer", _TEXT, _("Answer to the carrier (0Z, 1Z, 2Z, 4Z)")),
        Fact("watchlist_hits", _NUMBER, _("Matches with watchlists that wait for review")),
        Fact("watchlist_band", _TEXT, _("Strongest open match (strong, probable, possible)")),
        Fact("watchlist_category", _TEXT, _("Category of the strongest open match")),
        Fact("watchlist_confirmed", _FLAG, _("An officer confirmed a match")),
    ),
    recent,
)
