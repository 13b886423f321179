"""What the node keeps about its people, its client programs and what they did."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person who signs in. ``party`` is set for traders and carriers: the identifier of the firm they speak for."""

    language = models.CharField(_("language"), max_length=8, blank=True)
    party = models.CharField(_("party"), max_length=35, blank=True)
    invented = models.BooleanField(_("invented for the demo"), default=False)
    session_epoch = models.PositiveIntegerField(default=0)

    # Brought along by the session's backend, so that a request needs no further query.
    held_roles: list[tuple[str, str]]

    class Meta(AbstractUser.Meta):
        verbose_name = _("person")  # type: ignore[assignment]
        verbose_name_plural = _("people")  # type: ignore[assignment]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Raising the epoch ends every session of this person at its next request, as a new password does.
        return salted_hmac(
            "otay.node.session", f"{self.password}:{self.session_epoch}", secret=secret, algorithm="sha256"
        ).hexdigest()


class RoleAssignment(models.Model):
    """A role given to a person, at one port (``port`` is its code) or everywhere (``*``)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_assignments")
    role = models.CharField(_("role"), max_length=32)
    port = models.CharField(_("port of entry"), max_length=8, default="*")
    given_at = models.DateTimeField(auto_now_add=True)
    given_by = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "role", "port"], name="one_role_per_user_and_port")
        ]


class ApiClient(models.Model):
    """A program that calls the API with a bearer token; only the token's digest is kept."""

    key = models.SlugField(max_length=48, unique=True)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=32)
    party = models.CharField(max_length=35, blank=True)
    token_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    invented = models.BooleanField(default=False)


class AuditEvent(models.Model):
    """One thing that one actor did or saw; append-only and hash-chained (see :mod:`otay.core.chain`)."""

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=64)
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=120)
    reason = models.CharField(max_length=300, blank=True)
    detail = models.JSONField(default=dict)
    body_digest = models.BinaryField(max_length=32)
    link = models.BinaryField(max_length=32)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["actor", "sequence"], name="audit_by_actor"),
            models.Index(fields=["action", "sequence"], name="audit_by_action"),
            models.Index(fields=["subject", "sequence"], name="audit_by_subject"),
        ]


class ChainHead(models.Model):
    """Last number and link of a hash chain; locked while the chain grows."""

    name = models.CharField(max_length=80, primary_key=True)
    sequence = models.BigIntegerField(default=0)
    link = models.BinaryField(max_length=32)


class Lease(models.Model):
    """Which process does a piece of background work now; free again when it lets go or falls silent."""

    name = models.CharField(max_length=80, primary_key=True)
    holder = models.CharField(max_length=120, blank=True)
    until = models.DateTimeField()


class ScheduledJob(models.Model):
    """When a periodic job ran last and runs next (see :mod:`otay.node.schedule`)."""

    key = models.CharField(max_length=80, primary_key=True)
    next_run = models.DateTimeField(_("next run"), db_index=True)
    last_run = models.DateTimeField(_("last run"), null=True, blank=True)
    last_seconds = models.DecimalField(_("seconds taken"), max_digits=10, decimal_places=3, null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)


class JobRun(models.Model):
    """One run of a long job: how far it is, where it can go on, how it ended (see :mod:`otay.node.jobs`)."""

    class State(models.TextChoices):
        """Where a run stands. ``INTERRUPTED``: its process died; it can be resumed."""

        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        INTERRUPTED = "interrupted", _("interrupted")

    job = models.CharField(_("job"), max_length=80)
    arguments = models.JSONField(default=dict)
    started_by = models.CharField(_("started by"), max_length=64)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.QUEUED, db_index=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    resume_state = models.JSONField(default=dict)
    lost = models.PositiveSmallIntegerField(default=0)  # how often its process died
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    cancel_asked = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    @property
    def percent(self) -> int | None:
        """How much is done, 0 to 100; None while the total is unknown."""
        return min(100, self.done * 100 // self.total) if self.total else None
