"""What is kept of places. Nothing here knows which two countries meet: sides are rows, countries are codes."""

from __future__ import annotations

from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from otay.places.domain import Hours


class Source(models.Model):
    """Where a statement comes from."""

    key = models.SlugField(primary_key=True, max_length=40)
    title = models.CharField(_("title"), max_length=200)
    publisher = models.CharField(_("publisher"), max_length=160, blank=True)
    date = models.CharField(_("date"), max_length=10, blank=True)
    url = models.URLField(_("address"), max_length=200, blank=True)
    licence = models.CharField(_("licence"), max_length=120, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)


class Provenance(models.Model):
    """Which source a column of a table rests on; ``row`` is set where one row differs from the rest."""

    table = models.CharField(max_length=20)
    column = models.CharField(max_length=20)
    row = models.CharField(max_length=60, blank=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["table", "column", "row"], name="one_source_per_cell")]


class Port(models.Model):
    """A port of entry under the code of the administration that counts it (``country``)."""

    code = models.CharField(_("code"), primary_key=True, max_length=8)
    country = models.CharField(_("country"), max_length=2)
    name = models.CharField(_("name"), max_length=80)
    state = models.CharField(_("state"), max_length=6, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    time_zone = models.CharField(_("time zone"), max_length=40)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        ordering: ClassVar = ["name"]

    @property
    def zone(self) -> ZoneInfo:
        """The port's own time zone."""
        return ZoneInfo(self.time_zone)


class Crossing(models.Model):
    """One bridge, gate, ferry or rail line. ``modes``: those it is known to serve, separated by spaces."""

    key = models.SlugField(primary_key=True, max_length=40)
    port = models.ForeignKey(Port, on_delete=models.CASCADE, null=True, related_name="crossings")
    name = models.CharField(_("name"), max_length=80)
    wait_feed_id = models.CharField(_("wait feed number"), max_length=8, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    modes = models.CharField(_("modes"), max_length=60, blank=True)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        ordering: ClassVar = ["name"]

    @property
    def mode_list(self) -> list[str]:
        """The modes, one by one."""
        return self.modes.split()


class CrossingSide(models.Model):
    """A crossing as one country knows it. ``customs_office`` and ``customs_section``: the country's own codes."""

    crossing = models.ForeignKey(Crossing, on_delete=models.CASCADE, related_name="sides")
    country = models.CharField(_("country"), max_length=2)
    name = models.CharField(_("name"), max_length=80, blank=True)
    state = models.CharField(_("state"), max_length=6, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=40)
    unlocode = models.CharField("UN/LOCODE", max_length=5, blank=True)
    customs_office = models.CharField(_("customs office"), max_length=8, blank=True)
    customs_section = models.CharField(_("customs section"), max_length=4, blank=True)

    class Meta:
        ordering: ClassVar = ["-country"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["crossing", "country"], name="one_side_per_country")]

    @property
    def zone(self) -> ZoneInfo:
        """The zone of this side: it may differ from the other's."""
        return ZoneInfo(self.time_zone)


class LaneGroup(models.Model):
    """Lanes of one kind into ``country``; a count that nobody told is empty."""

    crossing = models.ForeignKey(Crossing, on_delete=models.CASCADE, related_name="lane_groups")
    country = models.CharField(max_length=2)
    kind = models.CharField(_("kind"), max_length=12)
    lanes = models.PositiveSmallIntegerField(_("lanes"), null=True)
    booths = models.PositiveSmallIntegerField(_("booths"), null=True)
    as_of = models.DateField(null=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE)
    note = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["crossing", "country", "kind"], name="one_lane_group_per_kind")
        ]


class OpeningHours(models.Model):
    """When ``country`` takes in traffic of ``mode``: minutes since local midnight on one weekday (Monday is 0)."""

    crossing = models.ForeignKey(Crossing, on_delete=models.CASCADE, related_name="opening_hours")
    country = models.CharField(max_length=2)
    mode = models.CharField(max_length=10)
    weekday = models.PositiveSmallIntegerField()
    opens = models.PositiveSmallIntegerField()
    closes = models.PositiveSmallIntegerField()
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    as_of = models.DateField(null=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE)
    note = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering: ClassVar = ["country", "mode", "weekday", "opens"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(weekday__lte=6) & Q(closes__lte=1440) & Q(opens__lt=F("closes")), name="hours_within_a_day"
            )
        ]

    @property
    def hours(self) -> Hours:
        """These hours as the rules take them."""
        return Hours(self.weekday, self.opens, self.closes, self.valid_from, self.valid_to)


class MonthlyVolume(models.Model):
    """How many of ``measure`` entered at ``port`` in ``month`` (its first day), as the statistics say."""

    port = models.ForeignKey(Port, on_delete=models.CASCADE, related_name="volumes")
    month = models.DateField()
    measure = models.CharField(max_length=32)
    value = models.PositiveIntegerField()

    class Meta:
        ordering: ClassVar = ["port", "measure", "month"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["port", "measure", "month"], name="one_count_a_month")]
        indexes: ClassVar = [models.Index(fields=["month", "measure"], name="volumes_by_month")]

    def __str__(self) -> str:
        return f"{self.port_id} {self.month:%Y-%m} {self.measure}: {self.value}"


class ReferenceRelease(models.Model):
    """The data files that the tables were filled from: one row, so that a restart need not read them again."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    digest = models.CharField(max_length=64)
    last_month = models.DateField(null=True)
