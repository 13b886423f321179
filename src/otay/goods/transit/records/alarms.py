"""Alarms as they stand, what people did about them, and what was suppressed for how long."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from otay.goods.transit.records.movements import Movement


class Alarm(models.Model):
    """An alarm. ``time``, ``detected_at``, ``ended_at`` and ``details`` are the judgement's, made anew whenever
    something is heard late; ``state`` and what follows are people's. ``withdrawn_at``: late reports took its ground
    away."""

    movement = models.ForeignKey(Movement, models.PROTECT, related_name="alarms")
    kind = models.CharField(_("kind"), max_length=16)
    severity = models.CharField(_("severity"), max_length=6)
    device_id = models.CharField(_("device"), max_length=64, blank=True)
    time = models.DateTimeField(_("when it happened"))
    detected_at = models.DateTimeField(_("when it could be known"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    details = models.JSONField(default=dict)
    raised_at = models.DateTimeField(_("raised"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)
    source = models.CharField(max_length=8, default="reports")  # or "officer", "peer": no judgement withdraws those
    state = models.CharField(_("state"), max_length=12, default="raised")
    assigned_to = models.CharField(_("assigned to"), max_length=70, blank=True)
    finding = models.CharField(_("finding"), max_length=10, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    acted_at = models.DateTimeField()
    level = models.PositiveSmallIntegerField(_("escalation"), default=0)

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["movement", "kind", "device_id", "time"], name="transit_one_alarm")
        ]
        indexes: ClassVar = [models.Index(fields=["state", "withdrawn_at", "severity"], name="transit_alarm_queue")]


class AlarmEvent(models.Model):
    """What happened to an alarm. Append-only."""

    alarm = models.ForeignKey(Alarm, models.PROTECT, related_name="events")
    act = models.CharField(max_length=12)
    at = models.DateTimeField()
    actor = models.CharField(max_length=64)
    text = models.CharField(max_length=500, blank=True)
    detail = models.JSONField(default=dict)


class Suppression(models.Model):
    """Alarms of a movement (of one kind, or all) that do not ring for a while. They are raised and kept."""

    movement = models.ForeignKey(Movement, models.PROTECT, related_name="suppressions")
    kind = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=300)
    since = models.DateTimeField()
    until = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=64)
    lifted_at = models.DateTimeField(null=True)
