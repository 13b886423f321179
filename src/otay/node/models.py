"""What the node keeps about its people, its client programs and what they did."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person who signs in. ``party`` is set for traders and carriers: the identifier of the firm they speak for."""

    language = models.CharField(_("language"), max_length=8, blank=True)
    party = models.CharField(_("party"), max_length=35, blank=True)
    invented = models.BooleanField(_("invented for the demo"), default=False)

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined,misc]
        verbose_name = _("person")
        verbose_name_plural = _("people")


class RoleAssignment(models.Model):
    """A role given to a person, at one port (``port`` is its code) or everywhere (``*``)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_assignments")
    role = models.CharField(_("role"), max_length=32)
    port = models.CharField(_("port of entry"), max_length=8, default="*")
    given_at = models.DateTimeField(auto_now_add=True)
    given_by = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "role", "port"], name="one_role_per_user_and_port")]


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
    actor = models.CharField(max_length=64, db_index=True)
    action = models.CharField(max_length=64, db_index=True)
    subject = models.CharField(max_length=120, db_index=True)
    reason = models.CharField(max_length=300, blank=True)
    detail = models.JSONField(default=dict)
    body_digest = models.BinaryField(max_length=32)
    link = models.BinaryField(max_length=32)


class ChainHead(models.Model):
    """Last number and link of a hash chain; locked while the chain grows."""

    name = models.CharField(max_length=80, primary_key=True)
    sequence = models.BigIntegerField(default=0)
    link = models.BinaryField(max_length=32)
