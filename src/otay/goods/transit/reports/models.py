"""What devices sent, as it came and as it was read; which devices may speak; what is still to be judged."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Door(models.TextChoices):
    """Through which door a frame came."""

    MQTT = "mqtt", _("MQTT")
    TCP = "tcp", _("TCP")
    HTTP = "http", _("HTTP")


class Flag(models.IntegerChoices):
    """What is odd about a report; a report may have several."""

    FUTURE = 1, _("dated in the future")
    PAST = 2, _("dated implausibly long ago")
    NO_TIME = 4, _("without a time of its own")
    OTHER_SENDER = 8, _("sent in the name of another device")
    OTHER_FAMILY = 16, _("in the protocol of another maker")
    QUARANTINED = 32, _("from a device that was not admitted yet")
    BARRED = 64, _("from a device that was barred")


UNTRUSTED = Flag.FUTURE | Flag.PAST | Flag.OTHER_SENDER | Flag.OTHER_FAMILY | Flag.BARRED
"""A report with one of these flags is kept and shown, and judges nothing."""


class ReportBatch(models.Model):
    """The journal: bytes on the disk before anybody looks inside. A row lives until its frames are settled."""

    door = models.CharField(max_length=4, choices=Door.choices)
    received_at = models.DateTimeField()
    taken_at = models.DateTimeField()  # real time, also in the demo: tells which rows a dead process left behind
    attempts = models.PositiveSmallIntegerField(default=0)
    count = models.PositiveIntegerField()
    content = models.BinaryField()


class ReportingDevice(models.Model):
    """A device that has spoken or may speak; ``identifier`` is what its frames call it."""

    class State(models.TextChoices):
        """A device that nobody admitted is in quarantine: what it says is kept and judges nothing."""

        QUARANTINED = "quarantined", _("in quarantine")
        ADMITTED = "admitted", _("admitted")
        BARRED = "barred", _("barred")

    identifier = models.CharField(_("device"), max_length=64, unique=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.QUARANTINED)
    family = models.CharField(_("protocol"), max_length=16, blank=True)
    party = models.CharField(_("operator"), max_length=35, blank=True)
    first_heard_at = models.DateTimeField(_("first heard"), null=True)
    last_heard_at = models.DateTimeField(_("last heard"), null=True)  # of duplicates and frames without a time
    duplicates = models.BigIntegerField(_("duplicates"), default=0)
    flagged = models.BigIntegerField(_("flagged reports"), default=0)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        indexes: ClassVar = [models.Index(fields=["state", "identifier"], name="transit_device_state")]


class ReportFrame(models.Model):
    """One frame as it came. Its number is that of its batch times 2**16 plus its place in it.

    A frame without a device could not be read: ``findings`` say why, ``copies`` how often the same bytes came.
    """

    id = models.BigIntegerField(primary_key=True)
    device = models.ForeignKey(ReportingDevice, models.PROTECT, null=True, related_name="frames", db_index=False)
    door = models.CharField(_("door"), max_length=4, choices=Door.choices)
    source = models.CharField(_("sent by"), max_length=200)
    family = models.CharField(_("protocol"), max_length=16, blank=True)
    received_at = models.DateTimeField(_("received"))
    raw = models.BinaryField()
    digest = models.BinaryField(max_length=16)
    findings = models.JSONField(null=True)
    copies = models.BigIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["digest"], condition=models.Q(device__isnull=True), name="transit_one_row_per_unread_frame"
            )
        ]


class ReportWording(models.Model):
    """What a report says beside its numbers: type, flags and alarms. Few differ, so each is kept once."""

    digest = models.BinaryField(max_length=16, unique=True)
    content = models.JSONField()


class Report(models.Model):
    """One decoded report. ``at`` is when it was so (event time), ``received_at`` when we heard of it.

    Positions in degrees (WGS 84), ``speed`` in km/h, ``course`` in degrees, ``battery`` in per cent, ``battery_v`` in
    volts. ``part`` numbers the reports of one frame. ``flags`` is a sum of :class:`Flag`.
    """

    frame = models.ForeignKey(ReportFrame, models.DO_NOTHING, related_name="reports", db_constraint=False)
    part = models.PositiveSmallIntegerField(default=0)
    device = models.ForeignKey(ReportingDevice, models.PROTECT, related_name="reports", db_index=False)
    at = models.DateTimeField(_("event time"))
    received_at = models.DateTimeField(_("received"))
    flags = models.PositiveSmallIntegerField(default=0)
    own_time = models.BooleanField(default=True)
    valid = models.BooleanField(_("position from satellites"))
    lat = models.FloatField(_("latitude"), null=True)
    lon = models.FloatField(_("longitude"), null=True)
    speed = models.FloatField(_("speed"), null=True)
    course = models.FloatField(_("course"), null=True)
    battery = models.SmallIntegerField(_("battery"), null=True)
    battery_v = models.FloatField(_("battery voltage"), null=True)
    number = models.BigIntegerField(_("number"), null=True)
    card = models.CharField(_("card"), max_length=64, blank=True)
    alarmed = models.BooleanField(default=False)
    wording = models.ForeignKey(ReportWording, models.PROTECT, db_index=False, db_constraint=False)
    digest = models.BinaryField(max_length=16)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints: ClassVar = [
            # Serves queries by event time and keeps every frame once, close to the device's other rows.
            models.UniqueConstraint(fields=["device", "at", "digest", "part"], name="transit_one_report_per_frame"),
            models.UniqueConstraint(
                fields=["device", "digest", "part"],
                condition=models.Q(own_time=False),
                name="transit_one_report_per_timeless_frame",
            ),
        ]


class ReportMark(models.Model):
    """To judge: a device has new reports, the earliest of them from ``since``. Written with the reports, in one
    transaction; deleted by the judgement in its own, so that no crash loses one. ``urgent``: a seal complains."""

    device = models.ForeignKey(ReportingDevice, models.CASCADE, related_name="marks")
    since = models.DateTimeField()
    marked_at = models.DateTimeField()  # real time
    urgent = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-urgent", "id"], name="transit_mark_order")]


class ReportRetention(models.Model):
    """How long positions are kept; one row. Movements keep the evidence that belongs to them."""

    thin_after_days = models.PositiveIntegerField(_("thin positions after days"), default=30)
    keep_one_in_minutes = models.PositiveIntegerField(_("then keep one in minutes"), default=15)
    remove_after_days = models.PositiveIntegerField(_("remove positions after days"), default=365)
    unread_after_days = models.PositiveIntegerField(_("remove frames that could not be read after days"), default=90)
