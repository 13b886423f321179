"""What is kept of a declaration: the versions as they came, the events, and where it stands now."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from otay.goods.declarations.tariff.models import ExchangeRate, TableFile, TableState, TariffLine

__all__ = [
    "Declaration",
    "DeclarationEvent",
    "DeclarationVersion",
    "ExchangeRate",
    "NeighbourCrossing",
    "NeighbourDeclaration",
    "NumberSeries",
    "TableFile",
    "TableState",
    "TariffLine",
]


class Declaration(models.Model):
    """A goods declaration and where it stands. The declared facts are in its versions, never here alone."""

    number = models.CharField(_("number"), max_length=70, unique=True)
    sender = models.CharField(_("sender"), max_length=64)
    reference = models.CharField(_("reference"), max_length=35)
    type = models.CharField(_("type"), max_length=8)
    port = models.CharField(_("port of entry"), max_length=8)
    state = models.CharField(_("state"), max_length=10)
    lane = models.CharField(_("lane"), max_length=8, blank=True)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    ucr = models.CharField(_("unique consignment reference"), max_length=35, blank=True, db_index=True)
    vehicle = models.CharField(_("vehicle"), max_length=35, blank=True, db_index=True)
    declarant = models.CharField(_("declarant"), max_length=35, blank=True)
    importer = models.CharField(_("importer"), max_length=35, blank=True, db_index=True)
    exporter = models.CharField(_("exporter"), max_length=35, blank=True, db_index=True)
    hs6 = models.CharField(_("goods code"), max_length=6, blank=True)
    amount = models.DecimalField(_("invoice amount"), max_digits=19, decimal_places=3, null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    empty = models.BooleanField(_("empty conveyance"), default=False)
    lodged_at = models.DateTimeField(_("lodged"), db_index=True)
    arrived_at = models.DateTimeField(_("arrived"), null=True)
    released_at = models.DateTimeField(_("released"), null=True)

    class Meta:
        verbose_name = _("declaration")
        verbose_name_plural = _("declarations")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sender", "reference"], name="one_declaration_per_sender_and_reference")
        ]
        indexes: ClassVar = [
            models.Index(fields=["port", "state", "lane"], name="declaration_queue"),
        ]


class DeclarationVersion(models.Model):
    """The declaration as lodged (version 1) or as amended: immutable, guarded by a trigger in the database."""

    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField()
    core = models.JSONField()
    document = models.JSONField(null=True)
    digest = models.BinaryField(max_length=32)
    lodged_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["declaration", "version"], name="one_row_per_version")]


class DeclarationEvent(models.Model):
    """Something that happened: ``at`` is when, ``recorded_at`` is when this node learnt of it."""

    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=64)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "at"], name="event_kind_and_time")]


class NumberSeries(models.Model):
    """The last serial given in a year; locked while numbers are given."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.BigIntegerField(default=0)


class NeighbourDeclaration(models.Model):
    """The neighbour's record of goods that cross, as far as the agreement shows it."""

    peer = models.CharField(max_length=8)
    number = models.CharField(max_length=70)
    version = models.PositiveSmallIntegerField()
    ucr = models.CharField(max_length=35, blank=True, db_index=True)
    body = models.JSONField()
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["peer", "number", "version"], name="one_neighbour_record_per_version")
        ]


class NeighbourCrossing(models.Model):
    """What the neighbour tells of a crossing: arrived, inspected, released, refused, on its side."""

    peer = models.CharField(max_length=8)
    number = models.CharField(max_length=70)
    sequence = models.BigIntegerField()
    ucr = models.CharField(max_length=35, blank=True, db_index=True)
    kind = models.CharField(max_length=10)
    at = models.DateTimeField()
    body = models.JSONField()
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["peer", "number", "sequence"], name="one_neighbour_crossing_per_step")
        ]
