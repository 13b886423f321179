"""What is kept of watchlists: lists, their versions, every version of every entry, hits and what officers said of them.

The tables belong to the screening room. Versions of entries and what a version of a list changed are never altered.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from otay.node.models import JobRun


class Category(models.TextChoices):
    """Why somebody or something is on a list."""

    WANTED = "wanted", _("Wanted by a court or police")
    MISSING = "missing", _("Missing or vulnerable person")
    SANCTION = "sanction", _("Sanction")
    IMMIGRATION = "immigration", _("Immigration measure")
    CUSTOMS = "customs", _("Customs or tax offence")
    SMUGGLING = "smuggling", _("Trafficking or smuggling")
    DOCUMENT = "document", _("Lost, stolen or invalid document")
    OTHER = "other", pgettext_lazy("watchlist", "Other")


class Watchlist(models.Model):
    """A list somebody answers for. ``active`` is the version in force; None until a first one is."""

    key = models.SlugField(_("key"), max_length=48, unique=True)
    title = models.CharField(_("title"), max_length=120)
    category = models.CharField(_("category"), max_length=16, choices=Category.choices)
    source = models.CharField(_("source"), max_length=200)
    basis = models.CharField(_("legal basis"), max_length=300)
    contact = models.CharField(_("who answers for it"), max_length=200)
    clearance_days = models.PositiveSmallIntegerField(_("days a cleared match holds"), default=365)
    invented = models.BooleanField(_("invented data"), default=False)
    active = models.ForeignKey("ListVersion", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=64)

    class Meta:
        app_label = "screening"
        ordering: ClassVar = ["key"]


class ListVersion(models.Model):
    """One import: what the list would be or became, who proposed it and who put it in force."""

    class State(models.TextChoices):
        """Where a version stands."""

        PROPOSED = "proposed", _("Waiting for a second person")
        ACTIVE = "active", pgettext_lazy("list version", "In force")
        REPLACED = "replaced", pgettext_lazy("list version", "Replaced")
        REFUSED = "refused", pgettext_lazy("list version", "Refused")

    class Mode(models.TextChoices):
        """What an import does with entries that it does not name."""

        REPLACE = "replace", _("The file is the whole list: entries that it lacks are removed")
        UPDATE = "update", _("The file adds and changes entries; the others stay")

    watchlist = models.ForeignKey(Watchlist, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    # Names this row for caches. Keys may be given twice, when the transaction that took one is rolled back.
    stamp = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    mode = models.CharField(max_length=8, choices=Mode.choices)
    base = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    format = models.CharField(max_length=16)
    file_name = models.CharField(max_length=120, blank=True)
    digest = models.BinaryField(max_length=32)
    why = models.CharField(max_length=300)
    total = models.PositiveIntegerField()
    added = models.PositiveIntegerField()
    changed = models.PositiveIntegerField()
    removed = models.PositiveIntegerField()
    findings = models.JSONField(default=list)
    proposed_by = models.CharField(max_length=64)
    proposed_by_name = models.CharField(max_length=150)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    decided_by_name = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        app_label = "screening"
        ordering: ClassVar = ["watchlist_id", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["watchlist", "number"], name="one_list_version_per_number"),
            models.CheckConstraint(
                condition=~Q(state__in=["active", "replaced"]) | ~Q(decided_by=F("proposed_by")),
                name="list_activated_by_a_second_person",
            ),
        ]


class ListImport(models.Model):
    """A file that was taken at the door: a job reads it and proposes a version, or says why not.

    ``data`` is the file, compressed, until the job has ended; ``digest`` stays.
    """

    class Outcome(models.TextChoices):
        """What came of it. What runs meanwhile is told by the job."""

        WAITING = "waiting", pgettext_lazy("import", "Being read")
        PROPOSED = "proposed", pgettext_lazy("import", "A version was proposed")
        REFUSED = "refused", pgettext_lazy("import", "Not taken")

    watchlist = models.ForeignKey(Watchlist, on_delete=models.PROTECT, related_name="imports")
    job = models.OneToOneField(JobRun, on_delete=models.SET_NULL, null=True, related_name="+")
    data = models.BinaryField()
    size = models.PositiveBigIntegerField()
    digest = models.BinaryField(max_length=32)
    file_name = models.CharField(max_length=120, blank=True)
    format = models.CharField(max_length=16, blank=True)
    mode = models.CharField(max_length=8, choices=ListVersion.Mode.choices)
    why = models.CharField(max_length=300)
    asked_by = models.CharField(max_length=64)
    asked_by_name = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.WAITING)
    version = models.OneToOneField(ListVersion, on_delete=models.PROTECT, null=True, related_name="came_from")
    problem = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "screening"
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome="proposed", version__isnull=False)
                | (~Q(outcome="proposed") & Q(version__isnull=True)),
                name="list_import_proposed_has_its_version",
            ),
        ]

    @property
    def state(self) -> str:
        """Its outcome; while there is none, where its job stands."""
        under_way = self.outcome == self.Outcome.WAITING and self.job is not None
        return self.job.state if under_way and self.job else self.outcome

    @property
    def digest_text(self) -> str:
        """The digest as a person compares it."""
        return bytes(self.digest).hex()

    @property
    def state_text(self) -> str:
        """The state in the reader's language."""
        under_way = self.outcome == self.Outcome.WAITING and self.job is not None
        return str(self.job.get_state_display() if under_way and self.job else self.get_outcome_display())


class EntryVersion(models.Model):
    """One version of one entry: immutable, guarded by a trigger in the database."""

    class Kind(models.TextChoices):
        """What an entry is."""

        PERSON = "person", pgettext_lazy("watchlist", "Person")
        ORGANISATION = "organisation", pgettext_lazy("watchlist", "Organisation")
        DOCUMENT = "document", pgettext_lazy("watchlist", "Document")

    watchlist = models.ForeignKey(Watchlist, on_delete=models.PROTECT, related_name="entries")
    key = models.CharField(max_length=120)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    category = models.CharField(max_length=16, choices=Category.choices)
    name = models.CharField(max_length=300)
    body = models.JSONField()
    digest = models.BinaryField(max_length=32)
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)

    class Meta:
        app_label = "screening"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["watchlist", "key", "number"], name="one_entry_version_per_number")
        ]


class EntryChange(models.Model):
    """What one version of a list does to one entry: immutable, guarded by a trigger in the database."""

    class Kind(models.TextChoices):
        """Added, changed or removed."""

        ADDED = "added", pgettext_lazy("entry", "Added")
        CHANGED = "changed", pgettext_lazy("entry", "Changed")
        REMOVED = "removed", pgettext_lazy("entry", "Removed")

    version = models.ForeignKey(ListVersion, on_delete=models.PROTECT, related_name="changes")
    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    before = models.ForeignKey(EntryVersion, on_delete=models.PROTECT, null=True, related_name="+")
    after = models.ForeignKey(EntryVersion, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        app_label = "screening"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "key"], name="one_change_per_version_and_entry")
        ]


class ListedEntry(models.Model):
    """The version of an entry that is in force."""

    watchlist = models.ForeignKey(Watchlist, on_delete=models.PROTECT, related_name="listed")
    key = models.CharField(max_length=120)
    entry = models.OneToOneField(EntryVersion, on_delete=models.PROTECT, related_name="listed")

    class Meta:
        app_label = "screening"
        constraints: ClassVar = [models.UniqueConstraint(fields=["watchlist", "key"], name="one_listed_entry_per_key")]


class ListHit(models.Model):
    """A party that may be an entry, as it was screened, and what an officer said of it."""

    class State(models.TextChoices):
        """Where a hit stands."""

        OPEN = "open", pgettext_lazy("hit", "To review")
        CONFIRMED = "confirmed", pgettext_lazy("hit", "Confirmed: the same")
        CLEARED = "cleared", pgettext_lazy("hit", "Cleared: another")
        GONE = "gone", pgettext_lazy("hit", "No longer holds")

    party_key = models.CharField(max_length=120)
    fingerprint = models.CharField(max_length=64)
    party = models.JSONField()
    label = models.CharField(max_length=300)
    url = models.CharField(max_length=300, blank=True)
    port = models.CharField(max_length=8, blank=True)
    entry = models.ForeignKey(EntryVersion, on_delete=models.PROTECT, related_name="hits")
    band = models.CharField(max_length=8)
    score = models.DecimalField(max_digits=5, decimal_places=4)
    reasons = models.JSONField()
    found_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    decided_by = models.CharField(max_length=64, blank=True)
    decided_by_name = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        app_label = "screening"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["party_key", "fingerprint", "entry"], name="one_hit_per_party_and_entry")
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "band", "-found_at"], name="hits_to_review"),
        ]


class Clearance(models.Model):
    """An officer's word that an identity is not an entry. It holds for these versions of both, until it expires."""

    fingerprint = models.CharField(max_length=64, db_index=True)
    party_key = models.CharField(max_length=120)
    label = models.CharField(max_length=300)
    party = models.JSONField()
    entry = models.ForeignKey(EntryVersion, on_delete=models.PROTECT, related_name="clearances")
    reason = models.CharField(max_length=300)
    cleared_by = models.CharField(max_length=64)
    cleared_by_name = models.CharField(max_length=150)
    cleared_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by_name = models.CharField(max_length=150, blank=True)
    revoked_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        app_label = "screening"
        indexes: ClassVar = [models.Index(fields=["entry", "expires_at"], name="clearances_of_an_entry")]


class RedressRequest(models.Model):
    """Somebody asked that what a list or a match says of them be corrected; and what was answered."""

    class State(models.TextChoices):
        """Where a request stands."""

        OPEN = "open", pgettext_lazy("redress", "To answer")
        CORRECTED = "corrected", pgettext_lazy("redress", "Corrected")
        PARTLY = "partly", pgettext_lazy("redress", "Corrected in part")
        UNCHANGED = "unchanged", pgettext_lazy("redress", "Left as it was")
        ELSEWHERE = "elsewhere", pgettext_lazy("redress", "Passed to who keeps the list")

    reference = models.CharField(_("reference"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=200)
    contact = models.CharField(_("address for the answer"), max_length=300)
    identity_seen = models.CharField(_("how identity was shown"), max_length=200)
    asks = models.TextField(_("what is asked"), max_length=2000)
    hit = models.ForeignKey(ListHit, on_delete=models.PROTECT, null=True, related_name="redress")
    received_on = models.DateField(_("received on"))
    answer_by = models.DateField(_("answer by"))
    recorded_by = models.CharField(max_length=64)
    recorded_by_name = models.CharField(max_length=150)
    recorded_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    answered_by_name = models.CharField(max_length=150, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "screening"
        ordering: ClassVar = ["answer_by", "pk"]
