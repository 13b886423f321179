"""Retention: a room that no longer needs what messages held has their contents erased; that they came stays known."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from otay.intake import storage
from otay.intake.models import StoredMessage
from otay.intake.registry import State
from otay.node import audit
from otay.node.actors import Actor

ERASED = {"erased": True}


@transaction.atomic
def erase_contents(*, actor: Actor, messages: Sequence[int], reason: str) -> int:
    """Drop bytes, findings and answers of settled messages; sender, reference, digest, times and state stay.

    The caller has checked that nobody may need them any more. Returns how many were erased.
    """
    actor.require("intake.manage")
    rows = StoredMessage.objects.select_for_update().filter(pk__in=messages).exclude(state=State.RECEIVED)
    found = [(row.pk, row.file) for row in rows.exclude(answer=ERASED).order_by("pk").only("pk", "file")]
    if not found:
        return 0
    ids = [pk for pk, _file in found]
    StoredMessage.objects.filter(pk__in=ids).update(raw=b"", file="", name="", findings=[], answer=ERASED)
    audit.record(
        actor=actor, action="intake.contents_erased", subject=f"message:{ids[0]}", reason=reason, count=len(ids),
        last=ids[-1],
    )  # fmt: skip
    files = [file for _pk, file in found if file]
    transaction.on_commit(lambda: storage.drop(files))
    return len(ids)
