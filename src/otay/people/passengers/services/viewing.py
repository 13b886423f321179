"""Looks at people's data, each with its line in the audit log."""

from __future__ import annotations

from otay.intake.models import StoredMessage
from otay.intake.queries import raw_bytes
from otay.node import audit
from otay.node.actors import Actor
from otay.people.passengers import hits, queries
from otay.people.passengers.models import Flight, ListMessage, Traveller


def look_at_flight(*, actor: Actor, pk: int) -> Flight:
    """The flight whose manifest is about to be shown."""
    found = queries.flight(actor, pk)
    audit.record(actor=actor, action="passengers.flight_viewed", subject=f"flight:{pk}")
    return found


def look_at_traveller(*, actor: Actor, uid: str) -> Traveller:
    """The traveller who is about to be shown."""
    found = queries.traveller(actor, uid)
    audit.record(actor=actor, action="passengers.viewed", subject=hits.subject(found))
    return found


def look_at_message(*, actor: Actor, pk: int) -> tuple[ListMessage, StoredMessage, bytes]:
    """The message as it came, which is about to be shown."""
    found = queries.message(actor, pk)
    stored = StoredMessage.objects.get(pk=found.message)
    audit.record(actor=actor, action="passengers.message_viewed", subject=f"message:{found.message}")
    return found, stored, raw_bytes(stored)


def searched(*, actor: Actor, text: str, count: int) -> None:
    """A list was shown; what was searched for may be somebody's name or document, so the log says only that it was."""
    audit.record(actor=actor, action="passengers.listed", subject="passengers", count=count, searched=bool(text))
