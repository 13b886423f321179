"""The register of seized goods."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from otay.goods.declarations.models import Declaration
from otay.goods.investigations.models.cases import Case
from otay.node.custody import CustodyEvent


class Seizure(models.Model):
    """Goods taken at one place and time. What happens to them is in their custody chain."""

    reference = models.CharField(_("reference"), max_length=24, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="seizures")
    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, null=True, related_name="seizures")
    port = models.CharField(_("port of entry"), max_length=8)
    state = models.CharField(max_length=10)
    at = models.DateTimeField(_("seized"))
    ground = models.CharField(_("legal ground"), max_length=300)
    held_from = models.CharField(_("taken from"), max_length=150, blank=True)
    holder = models.CharField(_("holder"), max_length=150)
    place = models.CharField(_("place of storage"), max_length=150)
    disposition = models.CharField(max_length=10, blank=True)
    disposed_at = models.DateTimeField(null=True)
    entries_count = models.PositiveIntegerField(default=0)
    shared = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["port", "state"], name="seizures_of_a_port")]


class SeizedItem(models.Model):
    """One kind of goods in a seizure: quantity with its unit, value with its currency."""

    seizure = models.ForeignKey(Seizure, on_delete=models.PROTECT, related_name="items")
    number = models.PositiveSmallIntegerField()
    hs6 = models.CharField(_("goods code"), max_length=6)
    description = models.CharField(_("description"), max_length=200)
    quantity = models.DecimalField(_("quantity"), max_digits=16, decimal_places=3)
    unit = models.CharField(_("unit"), max_length=3)
    value = models.DecimalField(_("value"), max_digits=19, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["seizure", "number"], name="seized_items_are_numbered"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="seized_quantity_above_zero"),
            models.CheckConstraint(condition=models.Q(value__gte=0), name="seized_value_from_zero"),
        ]


class SeizureCustody(CustodyEvent):
    """The custody chain of each seizure."""

    class Meta(CustodyEvent.Meta):
        pass


class NeighbourSeizure(models.Model):
    """A seizure that the neighbour told of in a joint case; erased when it withdraws the case."""

    peer = models.CharField(max_length=8)
    reference = models.CharField(max_length=24)
    version = models.PositiveIntegerField()
    case = models.CharField(max_length=24, blank=True, db_index=True)
    body = models.JSONField()
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["peer", "reference", "version"], name="one_neighbour_seizure_per_version")
        ]
