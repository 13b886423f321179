"""One list on its way from the message to the travellers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from otay.core.findings import Finding
from otay.people.passengers import reading
from otay.people.passengers.domain import roll
from otay.people.passengers.domain.roll import Effect, Outcome
from otay.people.passengers.models import Flight, Traveller
from otay.people.passengers.services.flights import Named

FULL = (Effect.LIST, Effect.CHANGE)


@dataclass(slots=True)
class Work:
    """One list on its way: what came, and what is made of it. ``people`` has an entry for each traveller of the list,
    None for those who could not be taken."""

    unit: reading.Unit
    message: int
    received: datetime
    findings: list[Finding] = field(default_factory=list)
    named: Named | None = None
    flight: Flight | None = None
    people: list[Traveller | None] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    @property
    def effect(self) -> Effect:
        """What the list does."""
        about = self.unit.record["message"]
        if self.unit.format == reading.PNRGOV or about.get("type") == "PNRGOV":
            return Effect.LIST
        return roll.effect_of(about.get("code") or "", about.get("subcode") or "")

    @property
    def is_booking(self) -> bool:
        """True for reservations."""
        return self.unit.format == reading.PNRGOV or bool(self.unit.record.get("reservations"))

    @property
    def answers(self) -> bool:
        """True where every traveller of the list gets an answer."""
        return self.effect in FULL and not self.is_booking

    @property
    def stamp(self) -> str:
        """The moment it speaks of."""
        return roll.stamp(self.unit.record["message"].get("prepared"), self.received, self.message)
