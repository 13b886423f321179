"""What the door keeps of every message: the bytes as they came, and what became of them."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Channel(models.TextChoices):
    """Which of the doors a message came through."""

    API = "api", _("API")
    FOLDER = "folder", _("watched folder")
    COMMAND = "command", _("command line")
    PAGE = "page", _("page")
    DEMO = "demo", _("demo")


class StateChoices(models.TextChoices):
    """The states of :class:`otay.intake.registry.State`, with their titles."""

    RECEIVED = "received", pgettext_lazy("message", "received")
    ACCEPTED = "accepted", pgettext_lazy("message", "accepted")
    PARTLY = "partly", pgettext_lazy("message", "partly accepted")
    REFUSED = "refused", pgettext_lazy("message", "refused")


class StoredMessage(models.Model):
    """One message. Sender, reference, bytes and time never change; ``state`` and what follows tell what became of it.

    ``sender``: key of the actor that the message is from; ``actor``: who handed it in, when somebody did it for them.
    """

    sender = models.CharField(_("sender"), max_length=64)
    reference = models.CharField(_("reference"), max_length=70)
    format = models.CharField(_("format"), max_length=40, blank=True)
    name = models.CharField(_("file name"), max_length=120, blank=True)
    digest = models.BinaryField(max_length=32)
    size = models.PositiveIntegerField(_("bytes"))
    raw = models.BinaryField(null=True)
    file = models.CharField(max_length=80, blank=True)
    received_at = models.DateTimeField(_("received"))
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    actor = models.CharField(max_length=64, blank=True)
    corrects = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrections", db_index=False
    )

    state = models.CharField(_("state"), max_length=8, choices=StateChoices.choices, default=StateChoices.RECEIVED)
    handler = models.CharField(_("handler"), max_length=40, blank=True)
    findings = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    answer = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    subjects = models.JSONField(default=list)
    attempts = models.PositiveSmallIntegerField(default=1)
    alarm = models.BooleanField(_("the node failed on it"), default=False)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        db_table = "intake_message"
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sender", "reference", "digest"], name="intake_message_once"),
            models.UniqueConstraint(
                fields=["sender", "reference"], condition=~Q(state="refused"), name="intake_one_standing_per_reference"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["sender", "id"], name="intake_by_sender"),
            models.Index(fields=["state", "id"], name="intake_by_state"),
            models.Index(fields=["id"], condition=Q(alarm=True), name="intake_alarms"),
            models.Index(fields=["corrects"], condition=Q(corrects__isnull=False), name="intake_corrections"),
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.reference}"
