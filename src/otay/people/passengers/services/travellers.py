"""A traveller's row from what a message says: columns, state, answer, and the version that is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otay.core.canonical import canonical_json, digest
from otay.formats.cusres.answers import TEXTS
from otay.node import clock
from otay.people.passengers.domain import answers, identity, roll
from otay.people.passengers.domain.answers import Given, Kind
from otay.people.passengers.models import Flight, Roll, Traveller, TravellerVersion

WRITTEN = (
    "role", "given", "surnames", "full_name", "sort_name", "birth_date", "sex", "nationality", "document", "seat",
    "locator", "facts", "booking", "reservation", "findings", "reference_key", "document_key", "name_key",
    "facts_stamp", "listed_stamp", "cancelled_stamp", "booking_stamp", "state", "answer", "answer_text", "why", "told",
    "answered_at", "decided", "decided_for", "open_hits", "version", "message",
)  # fmt: skip


def said_of(traveller: Traveller) -> Mapping[str, Any]:
    """What counts of a traveller: advance information, else the booking."""
    return traveller.facts or traveller.booking or {}


def describe(traveller: Traveller) -> None:
    """Copy to the columns what searches and lists need."""
    said, booking = said_of(traveller), traveller.booking or {}
    references = {**(booking.get("references") or {}), **(said.get("references") or {})}
    traveller.role = said.get("role") or "passenger"
    traveller.given = said.get("given") or ""
    traveller.surnames = said.get("surnames") or ""
    traveller.full_name = said.get("full_name") or ""
    traveller.sort_name = identity.folded(f"{traveller.surnames} {traveller.given}")[:200]
    traveller.birth_date = said.get("birth_date") or ""
    traveller.sex = (said.get("sex") or "")[:8]
    traveller.nationality = (said.get("nationality") or "")[:8]
    papers = [*(said.get("documents") or ()), *(booking.get("documents") or ())]
    numbers = [identity.plain_number(paper.get("number") or "") for paper in papers]
    traveller.document = next(filter(None, numbers), "")[:40]
    traveller.seat = str(references.get("SEA") or "")[:8]
    traveller.locator = str(references.get("AVF") or "").upper()[:20]
    traveller.reference_key, traveller.document_key, traveller.name_key = identity.keys_of(said)


def keys(traveller: Traveller) -> tuple[str, ...]:
    """Everything by which a close-out may name the traveller."""
    locator = f"L:{traveller.locator}" if traveller.locator else ""
    found = (traveller.reference_key, traveller.document_key, traveller.name_key, locator)
    return tuple(filter(None, found))


def closing_of(row: Roll) -> roll.Closing:
    """The close-out that counts."""
    return roll.Closing(row.closed_stamp, row.closed_subcode, frozenset(row.named))


def place(traveller: Traveller, row: Roll) -> bool:
    """Say where the traveller stands now; True if that is new."""
    before = traveller.state
    crew = "crew" in traveller.role
    traveller.state = roll.state_of(traveller, keys(traveller), closing_of(row), crew=crew)
    return traveller.state != before


def who(traveller: Traveller) -> str:
    """The identity that a decision rests on: of another name, birth or document it says nothing."""
    return f"{traveller.name_key} {traveller.document_key}"[:250]


def answer(traveller: Traveller, matches: list[answers.Match]) -> bool:
    """Decide anew what the carrier is to be told; True if that is new."""
    decided = Kind(traveller.decided) if traveller.decided and traveller.decided_for == who(traveller) else None
    said = said_of(traveller)
    person = {"full_name": "", "birth_date": None, "documents": [], "references": {}, **said}
    given: Given = answers.decide(person, matches, decided=decided)
    before = traveller.answer
    traveller.answer, traveller.why = given.answer.code, str(given.why)
    traveller.answer_text = (given.answer.text or TEXTS[given.answer.code])[:120]
    traveller.open_hits = sum(not match.cleared and not match.confirmed for match in matches)
    if traveller.answer != before:
        traveller.answered_at = clock.now()
    return traveller.answer != before


def version_of(traveller: Traveller, kind: str, stamp: str) -> TravellerVersion:
    """The traveller as it is now, to be kept for good. The caller has counted ``version`` up."""
    body = {"facts": traveller.facts, "booking": traveller.booking, "state": traveller.state}
    return TravellerVersion(
        traveller=traveller, version=traveller.version, kind=kind, message=traveller.message, stamp=stamp,
        at=clock.now(), body=body, digest=digest(canonical_json(_exact(body))),
    )  # fmt: skip


def _exact(value: Any) -> Any:
    """JSON without floats, which have no canonical form."""
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return str(value) if isinstance(value, float) else value


def blank(flight: Flight, sender: str) -> Traveller:
    """A traveller of whom nothing is known yet."""
    return Traveller(flight=flight, sender=sender, role="passenger", state=roll.State.LISTED)
