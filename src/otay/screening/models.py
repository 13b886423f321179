"""What screening keeps: every version of every rule, every table that was ever in force, and each assessment."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from otay.engines.rules import Rule
from otay.engines.selection import Lane
from otay.screening.watchlists.models import (
    Clearance,
    EntryChange,
    EntryVersion,
    ListedEntry,
    ListHit,
    ListVersion,
    RedressRequest,
    Watchlist,
)

__all__ = [
    "Assessment",
    "Clearance",
    "DayCount",
    "EntryChange",
    "EntryVersion",
    "ListHit",
    "ListVersion",
    "ListedEntry",
    "PolicyProposal",
    "RedressRequest",
    "RuleSet",
    "RuleVersion",
    "Watchlist",
]


class RuleVersion(models.Model):
    """One version of one rule, as proposed: never altered. Only the decision of a second person is added, once."""

    class Decision(models.TextChoices):
        """What the second person said."""

        NONE = "", _("Waiting")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")

    kind = models.CharField(max_length=48)
    key = models.CharField(max_length=48)
    version = models.PositiveIntegerField()
    condition = models.JSONField()
    points = models.IntegerField(default=0)
    lane = models.CharField(max_length=8, blank=True)
    reason_en = models.CharField(max_length=300)
    reason_es = models.CharField(max_length=300)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    owner = models.CharField(max_length=80)
    why = models.CharField(max_length=300)
    author = models.CharField(max_length=64)
    author_name = models.CharField(max_length=150)
    proposed_at = models.DateTimeField()
    decision = models.CharField(max_length=8, choices=Decision.choices, default=Decision.NONE, blank=True)
    decided_by = models.CharField(max_length=64, blank=True)
    decided_by_name = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["kind", "key", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "key", "version"], name="one_rule_per_version"),
            models.CheckConstraint(
                condition=~Q(decision="approved") | ~Q(decided_by=F("author")), name="approved_by_a_second_person"
            ),
        ]

    def as_rule(self) -> Rule:
        """The rule as the engine knows it."""
        return Rule(
            key=self.key,
            version=self.version,
            condition=self.condition,
            reason={"en": self.reason_en, "es": self.reason_es},
            points=self.points,
            lane=Lane(self.lane) if self.lane else None,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )


class RuleSet(models.Model):
    """The table of rules of one kind, from ``made_at`` until the next version: which rules, and the policy."""

    kind = models.CharField(max_length=48)
    version = models.PositiveIntegerField()
    # Names this row for caches. Numbers may be given twice, when the transaction that took one is rolled back.
    stamp = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    policy = models.JSONField()
    rules = models.ManyToManyField(RuleVersion, related_name="rule_sets")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=64)
    made_by_name = models.CharField(max_length=150)
    why = models.CharField(max_length=300)

    class Meta:
        ordering: ClassVar = ["kind", "-version"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "version"], name="one_rule_set_per_version")]


class PolicyProposal(models.Model):
    """Other thresholds and random shares of a kind, as proposed; a second person decides, once."""

    kind = models.CharField(max_length=48)
    base = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="+")
    policy = models.JSONField()
    why = models.CharField(max_length=300)
    author = models.CharField(max_length=64)
    author_name = models.CharField(max_length=150)
    proposed_at = models.DateTimeField()
    decision = models.CharField(max_length=8, choices=RuleVersion.Decision.choices, default="", blank=True)
    decided_by = models.CharField(max_length=64, blank=True)
    decided_by_name = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(decision="approved") | ~Q(decided_by=F("author")), name="policy_by_a_second_person"
            ),
        ]


class Assessment(models.Model):
    """What one table said of one subject at one moment. A later assessment is a new row."""

    subject = models.CharField(max_length=120)
    kind = models.CharField(max_length=48)
    port = models.CharField(max_length=8, blank=True)
    at = models.DateTimeField(db_index=True)
    lane = models.CharField(max_length=8)
    rule_lane = models.CharField(max_length=8)
    random = models.BooleanField()
    score = models.IntegerField()
    fired = models.JSONField()
    missing = models.JSONField()
    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="assessments")
    facts_digest = models.BinaryField(max_length=32)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject", "-id"], name="assessments_of_a_subject")]


class DayCount(models.Model):
    """How many assessments of a kind were directed where at a port on one day (UTC).

    Kept beside the assessments, so that a page about weeks of traffic does not have to count a million rows.
    """

    kind = models.CharField(max_length=48)
    port = models.CharField(max_length=8, blank=True)
    day = models.DateField()
    lane = models.CharField(max_length=8)
    random = models.BooleanField()
    total = models.PositiveBigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "kind", "port", "lane", "random"], name="one_count_per_day_and_lane")
        ]
