"""What is kept: scenarios with their versions and what was done with them, runs, searches, observations, forecasts."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from otay.node.models import JobRun


class PlanScenario(models.Model):
    """A plan for a port of entry. What it says is in its versions."""

    number = models.CharField(_("number"), max_length=20, unique=True)
    port = models.CharField(_("port of entry"), max_length=8, db_index=True)
    title = models.CharField(_("title"), max_length=200)
    owner = models.CharField(_("owner"), max_length=64)
    last_version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("scenario")
        verbose_name_plural = _("scenarios")


class PlanVersion(models.Model):
    """A scenario as it was saved: immutable, guarded by a trigger in the database."""

    scenario = models.ForeignKey(PlanScenario, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    body = models.JSONField()
    digest = models.CharField(max_length=64)
    origin = models.CharField(max_length=16)
    note = models.CharField(_("note"), max_length=500, blank=True)
    author = models.CharField(_("author"), max_length=64)
    made_at = models.DateTimeField(_("made"))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scenario", "number"], name="one_row_per_version_of_a_plan")
        ]


class PlanStep(models.Model):
    """Submitted, approved, returned, withdrawn or commented: append-only, guarded by a trigger."""

    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=12)
    actor = models.CharField(max_length=64)
    at = models.DateTimeField()
    text = models.CharField(max_length=2000, blank=True)


class SimulationRun(models.Model):
    """A version played so many times by one version of the engine. ``digest`` names what was played and by what, so
    that nothing is played twice. ``tallies``: the replications (a ZIP of arrays), also of a run that was stopped."""

    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="runs")
    digest = models.CharField(max_length=64, unique=True)
    engine = models.CharField(_("engine"), max_length=40)
    replications = models.PositiveIntegerField(_("replications"))
    job = models.ForeignKey(JobRun, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    milliseconds = models.PositiveIntegerField(null=True)
    result = models.JSONField(null=True)
    tallies = models.BinaryField(null=True)


class PlanSearch(models.Model):
    """A search for a better plan, and the version that it made."""

    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="searches")
    kind = models.CharField(max_length=16)
    arguments = models.JSONField(default=dict)
    job = models.ForeignKey(JobRun, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_by = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    result = models.JSONField(null=True)
    made = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, null=True, related_name="+")


class WaitObservation(models.Model):
    """A wait at a port as somebody or something measured it."""

    port = models.CharField(_("port of entry"), max_length=8)
    crossing = models.CharField(_("crossing"), max_length=40, blank=True)
    lane = models.CharField(_("lane group"), max_length=60)
    at = models.DateTimeField(_("time"))
    minutes = models.FloatField(_("minutes"))
    lanes_open = models.PositiveSmallIntegerField(_("lanes open"), null=True)
    method = models.CharField(_("method"), max_length=10)
    quality = models.CharField(_("quality"), max_length=10)
    source = models.CharField(_("source"), max_length=120, blank=True)
    recorded_by = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["port", "crossing", "lane", "at", "method", "source"], name="one_observation_per_moment"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["port", "lane", "at"], name="observation_by_lane")]


class DemandForecast(models.Model):
    """Monthly demand of a port and measure to come, made once for each state of the counts."""

    counts = models.CharField(max_length=64)
    port = models.CharField(max_length=8)
    measure = models.CharField(max_length=32)
    condition = models.CharField(max_length=12)
    months = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["counts", "port", "measure"], name="one_forecast_per_series")
        ]
