"""Our declarations beside the neighbour's records: pairs, and what the comparison found."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from otay.goods.declarations.models import Declaration


class MirrorCursor(models.Model):
    """How far the matching has looked at our versions and at the neighbour's records."""

    name = models.CharField(max_length=16, primary_key=True)
    last = models.BigIntegerField(default=0)


class MirrorPair(models.Model):
    """One declaration of ours and what the neighbour says of the same goods. A row for each of our declarations that
    was looked at, and for each record of the neighbour that none of ours answers to."""

    class State(models.TextChoices):
        """Whether the other side was found."""

        MATCHED = "matched", _("Matched")
        OURS_ONLY = "ours_only", _("Ours only")
        THEIRS_ONLY = "theirs_only", _("The neighbour's only")

    declaration = models.OneToOneField(Declaration, on_delete=models.PROTECT, null=True, related_name="mirror")
    peer = models.CharField(max_length=8, blank=True)
    number = models.CharField(_("the neighbour's number"), max_length=70, blank=True)
    state = models.CharField(max_length=12, choices=State.choices)
    method = models.CharField(max_length=12, blank=True)
    score = models.DecimalField(max_digits=5, decimal_places=3, null=True)
    port = models.CharField(max_length=8, blank=True)
    day = models.DateField()
    lines = models.JSONField(default=list)
    causes = models.JSONField(default=list)
    differing = models.PositiveSmallIntegerField(default=0)
    value_ratio = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    #: Duty missing from our import if the neighbour's record is right (``domain.recovering``); empty: not known.
    duty = models.JSONField(default=dict)
    inputs = models.BinaryField(max_length=32)
    matched_at = models.DateTimeField()
    #: Further records of a pair that is about to be kept; None: read them from ``further``.
    beside: list[Any] | None = None

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["peer", "number"], name="pair_of_a_neighbour_record"),
            models.Index(fields=["state", "day"], name="pairs_by_state_and_day"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["peer", "number"], condition=Q(declaration__isnull=True), name="one_row_for_their_unmatched"
            ),
            models.CheckConstraint(
                condition=Q(declaration__isnull=False) | ~Q(number=""), name="a_pair_has_at_least_one_side"
            ),
        ]


class PairedRecord(models.Model):
    """A further record of the neighbour in a pair: a part of the consignment that our declaration is the whole of."""

    pair = models.ForeignKey(MirrorPair, on_delete=models.CASCADE, related_name="further")
    peer = models.CharField(max_length=8)
    number = models.CharField(max_length=70)

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [models.Index(fields=["peer", "number"], name="pairs_of_a_further_record")]


class MirrorFinding(models.Model):
    """What the books of both sides, or a price, say against a declaration. Kept when it no longer holds, as gone."""

    class State(models.TextChoices):
        """What an officer made of it."""

        OPEN = "open", _("Open")
        EXPLAINED = "explained", _("Explained")
        CONFIRMED = "confirmed", _("Confirmed")
        GONE = "gone", _("No longer holds")

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=24)
    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, null=True, related_name="findings")
    peer = models.CharField(max_length=8, blank=True)
    number = models.CharField(_("the neighbour's number"), max_length=70, blank=True)
    port = models.CharField(_("port of entry"), max_length=8, blank=True)
    trader = models.CharField(_("trader"), max_length=35, blank=True, db_index=True)
    hs6 = models.CharField(_("goods code"), max_length=6, blank=True)
    weight = models.PositiveSmallIntegerField(default=0)
    facts = models.JSONField(default=dict)
    causes = models.JSONField(default=list)
    duty = models.DecimalField(_("duty at stake"), max_digits=19, decimal_places=2, null=True)
    duty_currency = models.CharField(max_length=3, blank=True)
    day = models.DateField()
    found_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    reviewed_by = models.CharField(max_length=64, blank=True)
    reviewed_at = models.DateTimeField(null=True)
    review = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "port", "-weight"], name="open_findings_of_a_port")]
