"""What a node keeps about its neighbours: who they are, what was agreed, what was sent and what came."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from otay.exchange.domain import agreement as terms
from otay.exchange.domain.envelope import Record, genesis, stream_name


class Direction(models.TextChoices):
    """Which of the two streams between this node and a neighbour."""

    OUT = "out", _("sent")
    IN = "in", _("received")


class Peer(models.Model):
    """A neighbour's node. Its keys are trusted by an administrator's hand, never by first contact."""

    class State(models.TextChoices):
        """A suspended peer is neither sent to nor listened to."""

        TRUSTED = "trusted", _("trusted")
        SUSPENDED = "suspended", _("suspended")

    country = models.CharField(_("country"), max_length=2, unique=True)
    name = models.CharField(_("name"), max_length=120)
    url = models.CharField(_("address"), max_length=300)
    door = models.CharField(_("door"), max_length=300, blank=True, default="")
    authority = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.TRUSTED)
    trusted_at = models.DateTimeField()
    trusted_by = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("neighbour")
        verbose_name_plural = _("neighbours")

    def stream(self, direction: str, own: str) -> str:
        """The name of one of the two streams, seen from the node of country ``own``."""
        return stream_name(own, self.country) if direction == Direction.OUT else stream_name(self.country, own)

    def genesis(self, direction: str, own: str) -> bytes:
        """The link before the first record of that stream."""
        return genesis(self.stream(direction, own))


class PeerKey(models.Model):
    """A neighbour's public key; a revoked or retired one still verifies what it signed before."""

    class State(models.TextChoices):
        """Only a trusted key may sign anything new. Retired: the neighbour has replaced it in its chain."""

        TRUSTED = "trusted", _("trusted")
        RETIRED = "retired", _("retired")
        REVOKED = "revoked", _("revoked")

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="keys")
    key = models.CharField(_("key"), max_length=32, unique=True)
    public = models.BinaryField(max_length=32)
    state = models.CharField(max_length=10, choices=State.choices, default=State.TRUSTED)
    since = models.DateTimeField()
    replaces = models.CharField(max_length=32, blank=True, default="")


class Agreement(models.Model):
    """One version of an agreement with a neighbour, and the signatures under it."""

    class State(models.TextChoices):
        """The states of :class:`otay.exchange.domain.agreement.State`, with their names for people."""

        PROPOSED = "proposed", _("proposed")
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        ENDED = "ended", _("ended")
        SUPERSEDED = "superseded", _("superseded")

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="agreements")
    reference = models.CharField(_("reference"), max_length=60)
    version = models.PositiveIntegerField(_("version"))
    document = models.JSONField()
    signatures = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    retention_days = models.PositiveIntegerField()
    reason = models.CharField(max_length=300, blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["reference", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reference", "version"], name="one_agreement_per_version"),
            models.UniqueConstraint(
                fields=["reference"], condition=Q(state__in=["active", "suspended"]), name="one_version_in_force"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in terms.State]), name="known_agreement_state"
            ),
        ]

    @property
    def citation(self) -> str:
        """How records cite it."""
        return f"{self.reference}/{self.version}"

    @property
    def terms(self) -> terms.Terms:
        """What it says."""
        return terms.read_terms(self.document)


class Exchanged(models.Model):
    """A record in a stream: sent or received. The chain covers the columns of its header; ``body`` may go."""

    sequence = models.BigIntegerField()
    record_type = models.CharField(_("record type"), max_length=80)
    business_key = models.CharField(_("key"), max_length=80)
    version = models.PositiveIntegerField(_("version"))
    citation = models.CharField(_("agreement"), max_length=80)
    created_at = models.DateTimeField()
    body_digest = models.BinaryField(max_length=32)
    body = models.TextField(blank=True)
    corrects = models.BinaryField(
        max_length=32, default=bytes, help_text=_("Digest of the version that this one replaces; empty for the first.")
    )
    link = models.BinaryField(max_length=32)
    erased_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)
    port = models.CharField(_("port of entry"), max_length=8, blank=True)

    class Meta:
        abstract = True

    @cached_property
    def parsed(self) -> dict[str, Any]:
        """The body as it was signed; empty when it is gone."""
        return dict(json.loads(self.body)) if self.body else {}

    def record(self, *, with_body: bool = True) -> Record:
        """The record as it travels."""
        return Record(
            self.record_type,
            self.business_key,
            self.version,
            self.citation,
            self.created_at,
            bytes(self.body_digest),
            self.body.encode() if with_body else b"",
            bytes(self.corrects),
        )


class SignedHead(models.Model):
    """A head of a stream as its sender signed it: what makes the records below it provable."""

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="+")
    direction = models.CharField(max_length=3, choices=Direction.choices)
    sequence = models.BigIntegerField()
    document = models.JSONField()
    signature = models.CharField(max_length=100)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["peer", "direction", "sequence"], name="one_signed_head_per_sequence")
        ]


class Receipt(models.Model):
    """A receipt: the neighbour's for what we sent (``out``), ours for what came (``in``)."""

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="+")
    direction = models.CharField(max_length=3, choices=Direction.choices)
    sequence = models.BigIntegerField()
    document = models.JSONField()
    signature = models.CharField(max_length=100)
    at = models.DateTimeField()
    stored_at = models.DateTimeField(help_text=_("Real time, also on a node whose clock is played faster."))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["peer", "direction", "sequence"], name="one_receipt_per_sequence")
        ]


class Outbox(Exchanged):
    """A record for a neighbour, written in the transaction of the change that it tells of."""

    class State(models.TextChoices):
        """What is known of it. All but the first two are told by the neighbour's receipt."""

        QUEUED = "queued", _("waiting")
        WITHHELD = "withheld", _("withheld")
        RECEIPTED = "receipted", _("receipted")
        QUARANTINED = "quarantined", _("held by the neighbour")
        REFUSED = "refused", _("refused by the neighbour")

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="sent")
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    published_by = models.CharField(max_length=64)
    trace = models.CharField(max_length=55, blank=True, default="")
    queued_at = models.DateTimeField(help_text=_("Real time, also on a node whose clock is played faster."))
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, null=True, blank=True, related_name="records")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["record_type", "business_key"], name="outbox_by_key"),
            models.Index(fields=["peer", "created_at"], name="outbox_by_time"),
            models.Index(fields=["peer", "sequence"], condition=Q(state="quarantined"), name="outbox_quarantined"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["peer", "sequence"], name="outbox_one_record_per_sequence"),
            models.UniqueConstraint(
                fields=["peer", "record_type", "business_key", "version"],
                condition=~Q(state__in=["withheld", "refused"]),
                name="outbox_a_version_is_sent_once",
            ),
            models.CheckConstraint(condition=Q(sequence__gt=0), name="outbox_sequence_from_one"),
            models.CheckConstraint(
                condition=~Q(state="receipted") | Q(receipt__isnull=False), name="outbox_receipted_has_receipt"
            ),
        ]


class Inbox(Exchanged):
    """A record from a neighbour, verified, stored once and handed to its room in the same transaction."""

    class State(models.TextChoices):
        """What became of it here."""

        APPLIED = "applied", _("applied")
        REPEATED = "repeated", _("known already")
        QUARANTINED = "quarantined", _("in quarantine")
        REFUSED = "refused", _("not agreed")
        WITHHELD = "withheld", _("without body")

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="received")
    state = models.CharField(max_length=12, choices=State.choices)
    received_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["record_type", "business_key"], name="inbox_by_key"),
            models.Index(fields=["peer", "received_at"], name="inbox_by_time"),
            models.Index(fields=["peer", "sequence"], condition=Q(state="quarantined"), name="inbox_quarantined"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["peer", "sequence"], name="inbox_one_record_per_sequence"),
            models.CheckConstraint(condition=Q(sequence__gt=0), name="inbox_sequence_from_one"),
        ]


class RangeDigest(models.Model):
    """The digest of 256 consecutive records as they stood in their rows; triggers remove it when one is touched
    (:mod:`otay.exchange.guards`). While it is being computed it holds a token shorter than a digest."""

    peer = models.ForeignKey(Peer, on_delete=models.CASCADE, related_name="+")
    direction = models.CharField(max_length=3, choices=Direction.choices)
    bucket = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["peer", "direction", "bucket"], name="one_digest_per_range")
        ]


class Reconciliation(models.Model):
    """One comparison of a stream with the neighbour's book, with the neighbour's signed word."""

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="reconciliations")
    direction = models.CharField(max_length=3, choices=Direction.choices)
    at = models.DateTimeField()
    by = models.CharField(max_length=64)
    records = models.BigIntegerField(help_text=_("Up to which record of the stream both sides were compared."))
    root = models.BinaryField(max_length=32)
    trips = models.PositiveIntegerField()
    milliseconds = models.PositiveIntegerField()
    differences = models.JSONField(default=list)
    found = models.PositiveIntegerField(help_text=_("How many differences there are; the first of them are listed."))
    repaired = models.PositiveIntegerField(default=0)
    answer = models.JSONField(help_text=_("The neighbour's signed answer."))

    class Meta:
        indexes: ClassVar = [models.Index(fields=["peer", "direction", "-at"], name="reconciliation_latest")]


class ErasureConfirmation(models.Model):
    """The neighbour's word, in its signed chain, that it dropped bodies of our records."""

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="erasures")
    citation = models.CharField(_("agreement"), max_length=80)
    at = models.DateTimeField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    ranges = models.JSONField(help_text=_("First and last number of each stretch of our stream."))
    records = models.BigIntegerField()
    sequence = models.BigIntegerField(help_text=_("Where the confirmation stands in the neighbour's stream."))
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["peer", "sequence"], name="one_erasure_per_record")]


class Consent(models.Model):
    """Somebody's consent that records about them go to a neighbour under a programme. A row is one giving; it is never
    taken up again: a new consent is a new row."""

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="consents")
    programme = models.CharField(_("programme"), max_length=40)
    subject = models.CharField(_("who consents"), max_length=80, help_text=_("Identifier: letters and digits."))
    basis = models.CharField(_("how it was given"), max_length=300)
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=64)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["peer", "programme", "subject"], condition=Q(withdrawn_at=None), name="one_consent_in_force"
            ),
            models.CheckConstraint(condition=~Q(subject=""), name="a_consent_is_somebodys"),
        ]


class ConsentedRecord(models.Model):
    """A record that was sent on a consent: what the neighbour is told to erase when it is withdrawn."""

    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="records")
    sent = models.ForeignKey(Outbox, on_delete=models.PROTECT, related_name="consents")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["consent", "sent"], name="one_use_of_a_consent")]


class RefusedRequest(models.Model):
    """A request or record that was turned down: kept, counted and listed."""

    at = models.DateTimeField(db_index=True)
    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, null=True, blank=True, related_name="refused")
    claimed_sender = models.CharField(max_length=80, blank=True)
    code = models.CharField(max_length=20)
    detail = models.CharField(max_length=400)
    sequence = models.BigIntegerField(null=True, blank=True)
    digest = models.BinaryField(max_length=32)


class PeerHealth(models.Model):
    """How things stand with a neighbour. Times are real time, also on a node whose clock is played faster."""

    peer = models.OneToOneField(Peer, on_delete=models.CASCADE, related_name="health")
    acknowledged = models.BigIntegerField(default=0, help_text=_("Last sequence that the neighbour has receipted."))
    failures = models.PositiveIntegerField(default=0)
    down_since = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    alarm = models.CharField(max_length=300, blank=True)
    alarm_at = models.DateTimeField(null=True, blank=True)
    restored_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=_("Set while a restored node has not learnt yet what the neighbour holds of it."),
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(acknowledged__gte=0), name="acknowledged_from_zero"),
            models.CheckConstraint(condition=Q(alarm="") | Q(alarm_at__isnull=False), name="an_alarm_has_a_time"),
        ]
