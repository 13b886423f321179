"""Reads of the message log that pages, API and commands share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, QuerySet

from otay.core.errors import NotFound
from otay.core.findings import Finding
from otay.core.i18n import N_
from otay.intake import storage
from otay.intake.incoming import Receipt
from otay.intake.models import StoredMessage
from otay.intake.registry import Message, State
from otay.node import clock
from otay.node.actors import Actor
from otay.node.models import ApiClient, User
from otay.node.prepared import prepared


def own_senders(actor: Actor) -> list[str]:
    """Keys under which ``actor``, or somebody else for the same party, sends."""
    keys = {actor.key}
    if actor.party:
        keys.update(
            f"client:{key}" for key in ApiClient.objects.filter(party=actor.party).values_list("key", flat=True)
        )
        keys.update(f"officer:{pk}" for pk in User.objects.filter(party=actor.party).values_list("pk", flat=True))
    return sorted(keys)


def visible_messages(actor: Actor) -> QuerySet[StoredMessage]:
    """The messages that ``actor`` may see, newest first: all with ``intake.view``, else their own.

    Those who speak for a party see its messages only, whatever else their role holds.
    """
    actor.require("intake.read")
    messages = StoredMessage.objects.order_by("-id")
    if actor.may("intake.view") and not actor.party:
        return messages
    return messages.filter(sender__in=own_senders(actor))


def message_log(
    actor: Actor, *, state: str = "", sender: str = "", format: str = "", reference: str = ""
) -> QuerySet[StoredMessage]:
    """The visible messages that match, without their bytes."""
    wanted = {"state": state, "sender": sender, "format": format, "reference": reference}
    return visible_messages(actor).filter(**{name: value for name, value in wanted.items() if value}).defer("raw")


def visible_message(actor: Actor, message_id: int) -> StoredMessage:
    """One message.

    Raises:
        NotFound: when there is none, or none that ``actor`` may see.
    """
    message = visible_messages(actor).filter(pk=message_id).first()
    if message is None:
        raise NotFound(N_("There is no message %(id)s that you may see"), id=message_id)
    return message


def raw_bytes(message: StoredMessage) -> bytes:
    """The message as it came."""
    return storage.read(message.file) if message.raw is None else bytes(message.raw)


def as_message(row: StoredMessage) -> Message:
    """The message as handlers get it."""
    return Message(row.pk, row.sender, row.reference, row.format, bytes(row.digest), raw_bytes(row), row.received_at)


def findings_of(row: StoredMessage) -> tuple[Finding, ...]:
    """The stored findings, translatable."""
    return tuple(Finding.from_record(record) for record in row.findings)


def receipts(ids: Sequence[int], duplicates: Iterable[int] = ()) -> dict[int, Receipt]:
    """What became of the messages ``ids``; those in ``duplicates`` were here before."""
    again = set(duplicates)
    return {
        row.pk: Receipt(
            row.pk, row.reference, State(row.state), row.pk in again, findings_of(row), row.answer, tuple(row.subjects)
        )
        for row in _answered(ids=list(ids))
    }


@prepared
def _answered(*, ids: Sequence[int]) -> QuerySet[StoredMessage]:
    fields = ("pk", "reference", "state", "findings", "answer", "subjects")
    return StoredMessage.objects.filter(pk__in=ids).only(*fields)


def waiting(*, limit: int, after: int = 0) -> list[int]:
    """Messages stored but not yet applied, oldest first."""
    found = StoredMessage.objects.filter(state=State.RECEIVED, pk__gt=after).order_by("pk")
    return list(found.values_list("pk", flat=True)[:limit])


def long_waiting(age: timedelta = timedelta(minutes=5)) -> int:
    """How many messages have waited longer than ``age`` of real time, however fast the node's clock runs."""
    before = clock.now() - age * max(1.0, clock.speed())
    return StoredMessage.objects.filter(state=State.RECEIVED, received_at__lt=before).count()


def unnamed(names: Sequence[str]) -> list[str]:
    """Those of the files ``names`` that no message names."""
    return sorted(set(names) - set(StoredMessage.objects.filter(file__in=names).values_list("file", flat=True)))


@dataclass(frozen=True, slots=True)
class Counts:
    """``first_tries``: settled messages that correct none; ``first_failures``: those of them not accepted whole."""

    all: int
    first_tries: int
    first_failures: int


def counts() -> Counts:
    """How many messages, and how they fared; read from indexes, whatever the size of the log."""
    by_state = dict(StoredMessage.objects.values_list("state").annotate(count=Count("pk")).order_by())
    failed = StoredMessage.objects.filter(state__in=[State.REFUSED, State.PARTLY])
    corrections = StoredMessage.objects.filter(corrects__isnull=False)
    total = sum(by_state.values())
    settled = total - by_state.get(State.RECEIVED, 0)
    first_failures = failed.count() - corrections.filter(state__in=[State.REFUSED, State.PARTLY]).count()
    return Counts(total, settled - corrections.exclude(state=State.RECEIVED).count(), first_failures)


def alarms() -> int:
    """How many messages the node itself failed on, not replayed since."""
    return StoredMessage.objects.filter(alarm=True).count()
