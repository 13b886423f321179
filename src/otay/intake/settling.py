"""Second transaction: the room's handler makes records of the messages, together with the messages' new state."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet

from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.intake import bounds, faults, queries, recognition
from otay.intake.models import StoredMessage
from otay.intake.registry import Handler, Message, Outcome, State
from otay.intake.together import Together
from otay.node import clock, tracing
from otay.node.accounts import actor_by_key
from otay.node.actors import Actor
from otay.node.bulk import update_many
from otay.node.prepared import prepared

log = logging.getLogger(__name__)

UNAVAILABLE = (OperationalError, InterfaceError)
"""The database cannot work now. Says nothing about a message: it stays ``received`` and is tried again."""

_WRITTEN = ("state", "format", "handler", "findings", "answer", "subjects", "alarm", "settled_at")


def settle_now(*, ids: Sequence[int], sender: Actor) -> None:
    """Apply messages that ``sender`` waits for, together with those that other threads bring at the same time."""
    _now((list(ids), sender))


def _settle_deliveries(deliveries: Sequence[tuple[list[int], Actor]]) -> list[None]:
    settle(ids=[pk for ids, _sender in deliveries for pk in ids],
           senders={sender.key: sender for _ids, sender in deliveries})  # fmt: skip
    return [None] * len(deliveries)


_now = Together(_settle_deliveries)


def settle(*, ids: Sequence[int], senders: Mapping[str, Actor] | None = None, skip_locked: bool = False) -> int:
    """Apply those of the messages ``ids`` that nobody applied yet; returns how many those were.

    ``senders``: actors at hand by key; others are looked up. ``skip_locked``: leave those that another process has.
    """
    found = dict(senders or {})
    settled = 0
    for start in range(0, len(ids), bounds.TOGETHER):
        for group in _by_sender_and_format(ids[start : start + bounds.TOGETHER]):
            settled += _settle_together(group, found, skip_locked)
    return settled


def _by_sender_and_format(ids: Sequence[int]) -> Iterator[list[int]]:
    """A transaction each: one through several handlers would lock what others hold, and they what it holds. SQLite
    has one lock for everything, so that there one transaction, and one flush of the disk, does for all."""
    if connection.vendor == "sqlite":
        yield list(ids)
        return
    waiting = StoredMessage.objects.filter(pk__in=ids, state=State.RECEIVED).order_by("pk")
    rows = sorted(waiting.values_list("pk", "sender", "format"), key=lambda row: row[1])  # stable
    for _key, group in groupby(rows, key=lambda row: row[1:]):
        yield [pk for pk, _sender, _format in group]


@transaction.atomic
def _settle_together(ids: Sequence[int], senders: dict[str, Actor], skip_locked: bool) -> int:
    rows = (_unlocked if skip_locked else _locked)(ids=list(ids))
    faults.point("claimed")
    for run in _runs(rows):
        _apply_run(run, senders)
    update_many(rows, _WRITTEN)
    faults.point("applied")
    return len(rows)


@prepared
def _locked(*, ids: Sequence[int]) -> QuerySet[StoredMessage]:
    return StoredMessage.objects.select_for_update().filter(pk__in=ids, state=State.RECEIVED).order_by("pk")


@prepared
def _unlocked(*, ids: Sequence[int]) -> QuerySet[StoredMessage]:
    waiting = StoredMessage.objects.select_for_update(skip_locked=True)
    return waiting.filter(pk__in=ids, state=State.RECEIVED).order_by("pk")


def _runs(rows: Sequence[StoredMessage]) -> Iterator[list[StoredMessage]]:
    """Rows split so that each run is of one sender and one format; a sender's messages stay in their order."""
    for row in rows:
        if not row.format:
            row.format = _detected(row)
    by_sender = sorted(rows, key=lambda row: row.sender)  # stable
    for _key, run in groupby(by_sender, key=lambda row: (row.sender, row.format)):
        yield list(run)


def _detected(row: StoredMessage) -> str:
    try:
        return recognition.detect(queries.raw_bytes(row), row.name)
    except Exception:
        log.exception("message %s: its format could not be found out", row.pk)
        return ""


def _apply_run(run: Sequence[StoredMessage], senders: dict[str, Actor]) -> None:
    """Give every row of ``run`` its new state."""
    key = run[0].sender
    if key not in senders and (actor := actor_by_key(key)) is not None:
        senders[key] = actor
    sender = senders.get(key)
    handler = recognition.handler_of(run[0].format)
    refusal: Finding | None = None
    if sender is None:
        refusal = _sender_gone(key)
    elif handler is None:
        refusal = recognition.unknown_format(run[0].format)
    elif handler.permission and not sender.may(handler.permission):
        refusal = recognition.not_permitted(sender, handler)
    if refusal is not None or sender is None or handler is None:
        for row in run:
            _set(row, Outcome(State.REFUSED, (refusal,) if refusal else ()), handler)
        return
    _apply(_Application(handler, sender), run)


@dataclass(frozen=True, slots=True)
class _Application:
    handler: Handler
    sender: Actor


def _apply(work: _Application, rows: Sequence[StoredMessage]) -> None:
    """Apply ``rows`` as one; when the handler fails, halve until the message that it fails on stands alone."""
    try:
        with tracing.span("settle", handler=work.handler.key, messages=len(rows)), transaction.atomic():
            messages: list[Message] = [queries.as_message(row) for row in rows]
            outcomes = work.handler.apply(work.sender, messages)
            for row, outcome in zip(rows, outcomes, strict=True):
                _set(row, outcome, work.handler)
    except UNAVAILABLE:
        raise
    except Exception as problem:
        if len(rows) == 1:
            log.exception("message %s: the handler %s failed", rows[0].pk, work.handler.key)
            _set(rows[0], Outcome(State.REFUSED, (internal(type(problem).__name__),)), work.handler)
            rows[0].alarm = True
            return
    else:
        return
    middle = len(rows) // 2
    _apply(work, rows[:middle])
    _apply(work, rows[middle:])


def _set(row: StoredMessage, outcome: Outcome, handler: Handler | None) -> None:
    if outcome.state is State.RECEIVED:
        raise ValueError("a handler's outcome is accepted, partly or refused")
    row.state = outcome.state
    row.handler = handler.key if handler else ""
    row.findings = storable([finding.as_record() for finding in outcome.findings])
    row.answer = storable(dict(outcome.answer))
    row.subjects = storable(list(outcome.subjects))
    row.alarm = False
    row.settled_at = clock.now()


def storable(value: Any) -> Any:
    """``value`` as every database takes it: without NUL and halves of surrogate pairs, which PostgreSQL refuses.

    Raises:
        TypeError: when it has no JSON form. To be found here, where it is still one message's own failure.
    """
    text = json.dumps(value, cls=DjangoJSONEncoder)
    return _cleaned(json.loads(text)) if "\\u0000" in text or "\\ud" in text else value


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    return [_cleaned(item) for item in value] if isinstance(value, list) else value


def internal(problem: str) -> Finding:
    """The node itself failed on the message; its sender did nothing wrong."""
    return error(
        "/",
        "intake.internal",
        N_("This node failed on the message (%(problem)s); its operators were told"),
        remedy=N_("Wait: the message is kept as it came and can be replayed once the node is mended"),
        problem=problem,
    )


def _sender_gone(key: str) -> Finding:
    """The sender must still have an account when the message is applied."""
    return error(
        "sender",
        "intake.sender",
        N_("%(sender)s has no valid account on this node any more"),
        key,
        N_("Ask an administrator of the node to renew it, then have the message replayed"),
        sender=key,
    )
