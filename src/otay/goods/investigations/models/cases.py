"""Joint cases: members, timeline, links, tasks, evidence."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from otay.node.custody import CustodyEvent


class Series(models.Model):
    """The last serial given of a kind in a year; locked while one is given."""

    name = models.CharField(max_length=16, primary_key=True)
    last = models.PositiveIntegerField(default=0)


class Case(models.Model):
    """A case of this node, or the neighbour's as far as it shared it (``origin`` says whose)."""

    reference = models.CharField(_("reference"), max_length=24, unique=True)
    origin = models.CharField(max_length=2)
    kind = models.CharField(_("kind"), max_length=16)
    title = models.CharField(_("title"), max_length=150)
    summary = models.TextField(_("summary"), blank=True)
    state = models.CharField(max_length=10)
    port = models.CharField(_("port of entry"), max_length=8, blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=64)
    outcome = models.CharField(max_length=16, blank=True)
    penalty = models.DecimalField(max_digits=19, decimal_places=3, null=True)
    currency = models.CharField(max_length=3, blank=True)
    decided_at = models.DateTimeField(null=True)
    shared_with = models.CharField(max_length=2, blank=True)
    shared_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=0, help_text=_("How often the case's head was shared."))
    withdrawn_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)
    entries_count = models.PositiveIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "-opened_at"], name="cases_by_state")]


class CaseMember(models.Model):
    """Who works on a case. ``key`` is empty for the neighbour's people, who are known by name only."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="members")
    country = models.CharField(max_length=2)
    key = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=150)
    lead = models.BooleanField(default=False)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["key", "until"], name="cases_of_a_member")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "key"], condition=models.Q(until=None) & ~models.Q(key=""), name="a_member_is_one_once"
            )
        ]


class CaseEntry(models.Model):
    """What our side did in a case: a line of its timeline, immutable and chained."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="entries")
    serial = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=64)
    author = models.CharField(max_length=150)
    body = models.JSONField(default=dict)
    shared = models.BooleanField(default=False)
    body_digest = models.BinaryField(max_length=32)
    link = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "serial"], name="one_entry_per_serial")]


class NeighbourEntry(models.Model):
    """What the neighbour's side did in a case, as far as it told. Erased when the neighbour withdraws its case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="neighbour_entries")
    country = models.CharField(max_length=2)
    serial = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    at = models.DateTimeField()
    author = models.CharField(max_length=150, blank=True)
    body = models.JSONField(default=dict)
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "country", "serial"], name="one_neighbour_entry_per_serial")
        ]


class CaseLink(models.Model):
    """What a case is about: declarations, movements, traders, persons, findings, seizures."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="links")
    type = models.CharField(max_length=24)
    identifier = models.CharField(_("identifier"), max_length=80)
    note = models.CharField(max_length=300, blank=True)
    added_by = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["type", "identifier"], name="cases_of_a_subject")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "type", "identifier"], condition=models.Q(removed_at=None), name="linked_once"
            )
        ]


class Task(models.Model):
    """Something a member is to do in a case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tasks")
    title = models.CharField(_("task"), max_length=200)
    assignee = models.CharField(max_length=64)
    assignee_name = models.CharField(max_length=150)
    due = models.DateField(null=True)
    made_by = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=64, blank=True)


class Evidence(models.Model):
    """A file of evidence: kept by its digest, outside what the web server serves."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="evidence")
    number = models.PositiveIntegerField()
    item = models.CharField(max_length=40, unique=True)
    name = models.CharField(_("file name"), max_length=120)
    content_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    note = models.CharField(_("what it shows"), max_length=500, blank=True)
    added_by = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    entries_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "number"], name="evidence_is_numbered"),
            models.UniqueConstraint(fields=["case", "sha256"], name="evidence_is_kept_once_in_a_case"),
        ]


class EvidenceCustody(CustodyEvent):
    """The custody chain of each file of evidence."""

    class Meta(CustodyEvent.Meta):
        pass
