"""What is kept of exchange rates and the tariff. A corrected row stays, marked with when it was replaced."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

CURRENT = Q(replaced_at__isnull=True)


class Kept(models.Model):
    """Who put a row there, and when another one took its place."""

    source = models.CharField(_("source"), max_length=200)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=64)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class ExchangeRate(Kept):
    """Units of ``base`` for one of ``currency``, from ``since`` until the next."""

    base = models.CharField(max_length=3)
    currency = models.CharField(_("currency"), max_length=3)
    since = models.DateField(_("holds from"))
    rate = models.DecimalField(_("rate"), max_digits=24, decimal_places=12)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["base", "currency", "since"], condition=CURRENT, name="one_rate_a_day"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="a_rate_is_positive"),
        ]


class TariffLine(Kept):
    """Duty on goods whose code begins with ``hs``; ``origin`` empty: of any origin."""

    hs = models.CharField(_("goods code"), max_length=12)
    origin = models.CharField(_("origin"), max_length=2, blank=True)
    start = models.DateField(_("holds from"))
    end = models.DateField(_("until"), null=True)
    ad_valorem = models.DecimalField(_("per cent of the value"), max_digits=9, decimal_places=4)
    specific = models.DecimalField(_("amount for a unit"), max_digits=19, decimal_places=6, null=True)
    unit = models.CharField(_("unit"), max_length=3, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hs", "origin", "start"], condition=CURRENT, name="one_line_from_a_day"),
            models.CheckConstraint(condition=Q(end=None) | Q(end__gte=F("start")), name="a_line_ends_after_its_start"),
        ]


class TableState(models.Model):
    """How often a table was changed; locked while it is."""

    key = models.CharField(max_length=8, primary_key=True)
    version = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(null=True)


class TableFile(models.Model):
    """A file as it was uploaded: looked at first, then applied or left."""

    table = models.CharField(max_length=8)
    name = models.CharField(max_length=120)
    content = models.BinaryField()
    source = models.CharField(max_length=200, blank=True)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=64)
    applied_at = models.DateTimeField(null=True)
    fresh = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
