"""The seal register, which seal is on which movement, the chained log and the photographs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from otay.goods.transit.records.movements import Movement


class Seal(models.Model):
    """A seal as a thing. ``device_id``: what the reports of an electronic seal call it; empty for a mechanical one."""

    identifier = models.CharField(_("seal number"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=10)
    iso17712 = models.CharField(_("ISO 17712 class"), max_length=1)
    maker = models.CharField(_("maker"), max_length=60, blank=True)
    model = models.CharField(_("model"), max_length=40, blank=True)
    serial = models.CharField(_("serial number"), max_length=40, blank=True)
    device_id = models.CharField(_("device"), max_length=64, blank=True)
    report_interval_s = models.PositiveIntegerField(_("reporting interval, seconds"), null=True)
    state = models.CharField(_("state"), max_length=10, db_index=True)
    sealed = models.BooleanField(_("ISO 18185 status: sealed"), default=False)
    battery_low = models.BooleanField(_("ISO 18185 status: battery low"), default=False)
    custody = models.CharField(_("in the hands of"), max_length=70, blank=True)
    registered_at = models.DateTimeField(_("registered"))

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["device_id"], condition=~models.Q(device_id=""), name="transit_one_seal_per_device"
            )
        ]


class MovementSeal(models.Model):
    """A seal on a movement, from when to when: the window in which its device's reports tell of the movement."""

    movement = models.ForeignKey(Movement, models.PROTECT, related_name="seals")
    seal = models.ForeignKey(Seal, models.PROTECT, related_name="uses")
    affixed_at = models.DateTimeField(_("affixed"))
    removed_at = models.DateTimeField(_("removed"), null=True)
    incident = models.PositiveSmallIntegerField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["seal", "affixed_at"], name="transit_seal_window")]


class SealPhoto(models.Model):
    """A photograph as it is kept: decoded, turned upright, bounded, written anew, without anything but its pixels."""

    digest = models.CharField(max_length=64, primary_key=True)
    content = models.BinaryField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    taken_in_at = models.DateTimeField()


class SealLogEntry(models.Model):
    """One permanent record of the seal log of this node; append-only and hash-chained (see :mod:`otay.core.chain`)."""

    sequence = models.BigIntegerField(primary_key=True)
    seal = models.ForeignKey(Seal, models.PROTECT, related_name="log")
    act = models.CharField(max_length=12)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=64)
    movement = models.CharField(max_length=22, blank=True, db_index=True)
    place = models.CharField(max_length=120, blank=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    photo = models.CharField(max_length=64, blank=True)
    detail = models.JSONField(default=dict)
    body_digest = models.BinaryField(max_length=32)
    link = models.BinaryField(max_length=32)
