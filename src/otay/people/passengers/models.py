"""What is kept of flights and their travellers: as they stand now, and every version as it came."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

STAMP = 40


def new_uid() -> str:
    """A name for a traveller that says nothing about it."""
    return uuid.uuid4().hex


class CarrierCode(models.Model):
    """A carrier's code and the party that alone may send for it. Codes that nobody registered are open."""

    code = models.CharField(_("carrier code"), max_length=3, primary_key=True)
    party = models.CharField(_("party"), max_length=64)
    set_by = models.CharField(max_length=64)
    set_at = models.DateTimeField()


class Flight(models.Model):
    """A flight leg over the border on a day; number without leading zeros, times as the ports' clocks show them.

    A master crew list is kept as a flight of the kind ``crew`` without a day.
    """

    kind = models.CharField(max_length=8, default="flight")
    carrier = models.CharField(_("carrier"), max_length=3)
    number = models.CharField(_("flight number"), max_length=8)
    day = models.CharField(_("day"), max_length=10, blank=True, db_index=True)
    origin = models.CharField(_("from"), max_length=5, blank=True)
    destination = models.CharField(_("to"), max_length=5, blank=True)
    office = models.CharField(_("office"), max_length=8, db_index=True)
    direction = models.CharField(_("direction"), max_length=3)
    departure = models.CharField(_("departure"), max_length=19, blank=True)
    arrival = models.CharField(_("arrival"), max_length=19, blank=True)
    departs_at = models.DateTimeField(null=True, db_index=True)
    arrives_at = models.DateTimeField(null=True)
    legs = models.JSONField(default=list)
    facts_stamp = models.CharField(max_length=STAMP, blank=True)
    cancelled_stamp = models.CharField(max_length=STAMP, blank=True)
    version = models.PositiveIntegerField(default=0)
    seen_at = models.DateTimeField(_("first heard of"))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["carrier", "number", "day", "origin", "destination", "kind"], name="passengers_one_flight"
            )
        ]

    @property
    def name(self) -> str:
        """``AM 498``."""
        return f"{self.carrier} {self.number}".strip()

    @property
    def cancelled(self) -> bool:
        """True if it was cancelled and not changed since."""
        return self.cancelled_stamp > self.facts_stamp


class Roll(models.Model):
    """What one sender says of one flight: above all, its close-out."""

    flight = models.ForeignKey(Flight, on_delete=models.PROTECT, related_name="rolls")
    sender = models.CharField(max_length=64, db_index=True)
    header = models.JSONField(default=dict)
    closed_stamp = models.CharField(max_length=STAMP, blank=True)
    closed_subcode = models.CharField(max_length=8, blank=True)
    named = models.JSONField(default=list)
    unlisted = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["flight", "sender"], name="passengers_one_roll")]


class Reservation(models.Model):
    """A booking as the last PNRGOV push gave it; earlier pushes are in the message log."""

    flight = models.ForeignKey(Flight, on_delete=models.PROTECT, related_name="reservations")
    sender = models.CharField(max_length=64)
    locator = models.CharField(_("record locator"), max_length=20, db_index=True)
    body = models.JSONField(default=dict)
    stamp = models.CharField(max_length=STAMP)
    pushes = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["flight", "sender", "locator"], name="passengers_one_reservation")
        ]


class Traveller(models.Model):
    """A person on a flight, as the newest messages of one sender give it.

    ``facts`` is what advance passenger information says, ``booking`` what the reservation says; columns repeat what is
    searched for. ``answer`` is what holds now, ``told`` what the carrier was told last. ``lane`` is where screening's
    rules direct the traveller, ``directed`` the version they looked at.
    """

    uid = models.CharField(max_length=32, unique=True, default=new_uid)
    flight = models.ForeignKey(Flight, on_delete=models.PROTECT, related_name="travellers")
    sender = models.CharField(max_length=64)
    role = models.CharField(_("role"), max_length=20)
    given = models.CharField(_("given names"), max_length=200, blank=True)
    surnames = models.CharField(_("surnames"), max_length=200, blank=True)
    full_name = models.CharField(_("name"), max_length=400, blank=True)
    sort_name = models.CharField(max_length=200, blank=True, db_index=True)
    birth_date = models.CharField(_("date of birth"), max_length=10, blank=True)
    sex = models.CharField(_("sex"), max_length=8, blank=True)
    nationality = models.CharField(_("nationality"), max_length=8, blank=True)
    document = models.CharField(_("document"), max_length=40, blank=True, db_index=True)
    seat = models.CharField(_("seat"), max_length=8, blank=True)
    locator = models.CharField(_("record locator"), max_length=20, blank=True, db_index=True)
    facts = models.JSONField(default=dict)
    booking = models.JSONField(null=True)
    reservation = models.ForeignKey(Reservation, on_delete=models.SET_NULL, null=True, related_name="travellers")
    findings = models.JSONField(default=list)
    reference_key = models.CharField(max_length=120, blank=True)
    document_key = models.CharField(max_length=120, blank=True)
    name_key = models.CharField(max_length=120, blank=True)
    facts_stamp = models.CharField(max_length=STAMP, blank=True)
    listed_stamp = models.CharField(max_length=STAMP, blank=True)
    cancelled_stamp = models.CharField(max_length=STAMP, blank=True)
    booking_stamp = models.CharField(max_length=STAMP, blank=True)
    state = models.CharField(_("state"), max_length=10)
    answer = models.CharField(_("answer"), max_length=2, blank=True)
    answer_text = models.CharField(max_length=120, blank=True)
    why = models.CharField(max_length=16, blank=True)
    told = models.CharField(max_length=2, blank=True)
    answered_at = models.DateTimeField(null=True)
    decided = models.CharField(max_length=10, blank=True)
    decided_for = models.CharField(max_length=250, blank=True)
    open_hits = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=0)
    lane = models.CharField(_("lane"), max_length=8, blank=True)
    directed = models.PositiveIntegerField(default=0)
    message = models.BigIntegerField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("traveller")
        verbose_name_plural = _("travellers")
        indexes: ClassVar = [
            models.Index(fields=["flight", "sender", "reference_key"], name="passengers_by_reference"),
            models.Index(fields=["flight", "sender", "name_key"], name="passengers_by_name"),
            models.Index(fields=["flight", "sender", "document_key"], name="passengers_by_document"),
            models.Index(fields=["document_key"], condition=~Q(document_key=""), name="passengers_journeys"),
            models.Index(fields=["open_hits", "flight"], condition=Q(open_hits__gt=0), name="passengers_open_hits"),
            models.Index(
                fields=["id"], condition=Q(directed__lt=F("version"), erased_at=None), name="passengers_to_direct"
            ),
        ]


class TravellerVersion(models.Model):
    """A traveller as a message gave it; immutable, save that retention empties ``body`` (guarded by the database)."""

    traveller = models.ForeignKey(Traveller, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)
    message = models.BigIntegerField(null=True)
    stamp = models.CharField(max_length=STAMP)
    at = models.DateTimeField()
    body = models.JSONField(default=dict)
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["traveller", "version"], name="passengers_one_row_per_version")
        ]


class ListMessage(models.Model):
    """A message about a flight as it was taken; its bytes are in intake under ``message``."""

    message = models.BigIntegerField(db_index=True)
    flight = models.ForeignKey(Flight, on_delete=models.PROTECT, null=True, related_name="messages")
    sender = models.CharField(max_length=64, db_index=True)
    format = models.CharField(max_length=40)
    code = models.CharField(max_length=8, blank=True)
    subcode = models.CharField(max_length=8, blank=True)
    function = models.CharField(max_length=40)
    stamp = models.CharField(max_length=STAMP)
    reference = models.CharField(max_length=70, blank=True)
    parts = models.PositiveSmallIntegerField(default=1)
    stated = models.PositiveIntegerField(null=True)
    counts = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    taken_at = models.DateTimeField(db_index=True)


class Part(models.Model):
    """A part of a transfer that waits for the others."""

    sender = models.CharField(max_length=64)
    type = models.CharField(max_length=8)
    access_reference = models.CharField(max_length=70)
    sequence = models.PositiveSmallIntegerField()
    final = models.BooleanField(default=False)
    message = models.BigIntegerField()
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["sender", "type", "access_reference"],
                condition=Q(done_at=None),
                name="passengers_waiting_parts",
            )
        ]


class Hit(models.Model):
    """An entry of a watchlist that a traveller may be, as screening found it; ``review`` is its row in the review queue
    of screening, where matches are cleared."""

    class State(models.TextChoices):
        """Where a match stands."""

        OPEN = "open", _("To be decided")
        CLEARED = "cleared", _("Not this person")
        CONFIRMED = "confirmed", _("This person")
        GONE = "gone", _("No longer a match")

    traveller = models.ForeignKey(Traveller, on_delete=models.PROTECT, related_name="hits")
    review = models.BigIntegerField()
    entry_id = models.BigIntegerField()
    list_key = models.CharField(max_length=48)
    list_title = models.CharField(max_length=120)
    entry_name = models.CharField(max_length=300)
    category = models.CharField(max_length=16)
    band = models.CharField(max_length=10)
    score = models.DecimalField(max_digits=5, decimal_places=4)
    reasons = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    found_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["traveller", "entry_id"], name="passengers_one_hit_per_entry")
        ]
        indexes: ClassVar = [models.Index(fields=["state", "id"], name="passengers_hits_by_state")]


class Decision(models.Model):
    """What an officer decided about a traveller, or about a match. ``effective_at`` is empty while a second person has
    to agree."""

    traveller = models.ForeignKey(Traveller, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=10)
    reason = models.CharField(max_length=300)
    actor = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=120)
    at = models.DateTimeField()
    second = models.CharField(max_length=64, blank=True)
    second_name = models.CharField(max_length=120, blank=True)
    effective_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)


class Notice(models.Model):
    """A message of the border to a carrier that nobody asked for (BGM 132), until the carrier acknowledges it (312);
    or the answer to a transfer whose last parts never came."""

    sender = models.CharField(max_length=64, db_index=True)
    flight = models.ForeignKey(Flight, on_delete=models.PROTECT, null=True, related_name="notices")
    traveller = models.ForeignKey(Traveller, on_delete=models.PROTECT, null=True, related_name="notices")
    kind = models.CharField(max_length=10)
    reference = models.CharField(max_length=14, unique=True, null=True)
    before = models.CharField(max_length=2, blank=True)
    after = models.CharField(max_length=2, blank=True)
    body = models.TextField()
    made_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=120, blank=True)


class NeighbourFlight(models.Model):
    """The neighbour's record of a flight between the two countries."""

    peer = models.CharField(max_length=8)
    key = models.CharField(max_length=70)
    version = models.PositiveIntegerField()
    body = models.JSONField()
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["peer", "key"], name="passengers_neighbour_flight")]


class NeighbourTraveller(models.Model):
    """The neighbour's record of a traveller, as far as the agreement shows it."""

    peer = models.CharField(max_length=8)
    key = models.CharField(max_length=70)
    version = models.PositiveIntegerField()
    flight = models.CharField(max_length=70, blank=True, db_index=True)
    name_key = models.CharField(max_length=120, blank=True)
    body = models.JSONField()
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["peer", "key"], name="passengers_neighbour_traveller")]
