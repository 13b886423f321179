"""Selection: plans of offices, what was selected and why, overrides, models and what they rest on."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from otay.goods.declarations.models import Declaration


class HistoryStore(models.Model):
    """What a job keeps between days under ``name``: the history of one kind of key, or the reference prices, as they
    stood at the end of ``through``."""

    name = models.CharField(max_length=24, primary_key=True)
    through = models.DateField(null=True)
    rows = models.BigIntegerField(default=0)
    document = models.JSONField(default=dict)
    changed_at = models.DateTimeField(null=True)


class ModelVersion(models.Model):
    """A trained model: made by the job, never by hand. At most one is champion."""

    class Role(models.TextChoices):
        """What it is used for."""

        CHAMPION = "champion", _("Champion")
        CHALLENGER = "challenger", _("Challenger")
        RETIRED = "retired", _("Retired")

    version = models.PositiveIntegerField(unique=True)
    role = models.CharField(max_length=10, choices=Role.choices)
    trained_at = models.DateTimeField()
    trained_by = models.CharField(max_length=64)
    known_until = models.DateTimeField()
    rows = models.PositiveIntegerField()
    positives = models.PositiveIntegerField()
    card = models.JSONField()
    file = models.CharField(max_length=120)
    digest = models.BinaryField(max_length=32)
    drift = models.JSONField(default=dict)
    drift_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["role"], condition=Q(role="champion"), name="one_champion")
        ]


class Score(models.Model):
    """What is expected of a declaration: probability of an irregularity and duty that an inspection would recover."""

    declaration = models.OneToOneField(Declaration, on_delete=models.PROTECT, related_name="score")
    model = models.PositiveIntegerField(null=True)
    hs6 = models.CharField(_("goods code"), max_length=6, blank=True)
    origin = models.CharField(_("origin"), max_length=2, blank=True)
    mass = models.DecimalField(_("net mass"), max_digits=16, decimal_places=3, null=True)
    unit_price = models.DecimalField(_("value of a kilogram"), max_digits=16, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    features = models.JSONField(default=dict)
    probability = models.DecimalField(max_digits=6, decimal_places=5)
    duty = models.DecimalField(max_digits=16, decimal_places=2)
    price_ratio = models.DecimalField(
        _("price over reference"), max_digits=14, decimal_places=4, null=True, db_index=True
    )
    price_basis = models.JSONField(default=dict)
    criteria = models.JSONField(default=list)
    version = models.PositiveSmallIntegerField()
    considered = models.BooleanField(default=False, help_text=_("Selection has looked at this score."))
    times = models.PositiveSmallIntegerField(default=0, help_text=_("How often selection has looked at it."))
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["declaration"], condition=Q(considered=False), name="scores_to_select_from")
        ]


class Plan(models.Model):
    """How an office selects, from ``valid_from`` until the next version. ``port`` empty: every office without one.

    Rates and shares are of what the office has to look at, between 0 and 1."""

    port = models.CharField(_("port of entry"), max_length=8, blank=True)
    version = models.PositiveIntegerField()
    red_capacity = models.PositiveIntegerField(_("physical inspections a day"))
    yellow_capacity = models.PositiveIntegerField(_("documentary checks a day"))
    blue_capacity = models.PositiveIntegerField(_("audits after release a day"))
    query_capacity = models.PositiveIntegerField(_("queries to the trader a day"))
    random_share = models.DecimalField(_("reserved random share"), max_digits=5, decimal_places=4)
    exploration_share = models.DecimalField(_("share for exploration"), max_digits=5, decimal_places=4)
    trusted_share = models.DecimalField(_("most that trusted traders may take"), max_digits=5, decimal_places=4)
    expected_rate = models.DecimalField(
        _("expected share of traffic that is inspected"), max_digits=5, decimal_places=4
    )
    valid_from = models.DateTimeField()
    owner = models.CharField(max_length=150)
    actor = models.CharField(max_length=64)
    why = models.CharField(max_length=300)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["port", "version"], name="one_plan_per_version"),
            models.CheckConstraint(condition=Q(random_share__gt=0), name="a_plan_keeps_a_random_share"),
        ]


class Selected(models.Model):
    """What selection said of a declaration on an office's day. ``by``: rank, random, exploration."""

    declaration = models.OneToOneField(Declaration, on_delete=models.PROTECT, related_name="selected")
    port = models.CharField(max_length=8)
    day = models.DateField()
    lane = models.CharField(max_length=8)
    by = models.CharField(max_length=12)
    rank = models.PositiveIntegerField()
    score = models.DecimalField(max_digits=18, decimal_places=5)
    criteria = models.JSONField(default=list)
    reasons = models.JSONField(default=list)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="selections")
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["port", "day", "rank"], name="selection_of_an_office")]


class Override(models.Model):
    """An officer decided otherwise than selection or the lane said; a second person says whether that was right."""

    class Verdict(models.TextChoices):
        """What the reviewer says."""

        NONE = "", _("Waiting for review")
        JUSTIFIED = "justified", _("Justified")
        UNJUSTIFIED = "unjustified", _("Not justified")

    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="overrides")
    port = models.CharField(max_length=8)
    source = models.CharField(max_length=12)
    event = models.BigIntegerField(null=True, unique=True)
    lane = models.CharField(max_length=8)
    actor = models.CharField(max_length=64)
    at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True, default=Verdict.NONE)
    reviewed_by = models.CharField(max_length=64, blank=True)
    reviewed_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(verdict="") | ~Q(reviewed_by=F("actor")), name="an_override_is_reviewed_by_another"
            )
        ]


class TrustedTrader(models.Model):
    """A trader whose programme membership earns it fewer inspections, until ``valid_until``."""

    identifier = models.CharField(_("tax identifier"), max_length=35, unique=True)
    programme = models.CharField(_("programme"), max_length=40)
    valid_until = models.DateField()
    added_by = models.CharField(max_length=64)
    added_at = models.DateTimeField()
