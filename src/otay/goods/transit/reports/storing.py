"""Two transactions: the bytes of a batch on the disk, then what they say.

A process that dies between the two leaves a row in the journal, which any other process settles
(:func:`settle_left_behind`). Whoever sent the bytes may be answered after the first.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F

from otay.core.findings import Finding
from otay.core.i18n import N_
from otay.goods.transit import reports
from otay.goods.transit.reports import reading
from otay.goods.transit.reports.incoming import MESSAGE_BYTES, Message, packed, unpacked
from otay.goods.transit.reports.keeping import Keeping
from otay.goods.transit.reports.models import Door, ReportBatch
from otay.node import clock

logger = logging.getLogger(__name__)

ATTEMPTS = 3
"""Starts of one batch after which its bytes are kept unread: each time the process died."""
LEFT_TOGETHER = 100
LEFT_AFTER = timedelta(seconds=15)
"""A batch that nobody settled for so long was left behind."""


@dataclass(slots=True)
class Settled:
    """What became of a batch. ``counts``: ``stored`` and ``flagged`` reports, ``duplicates``, ``unread`` frames."""

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[int, Finding]] = field(default_factory=list)
    devices: frozenset[str] = frozenset()


def take(door: Door, messages: Sequence[Message]) -> ReportBatch:
    """Put the bytes on the disk, before anybody looks inside. Joins no transaction: it is done when this returns."""
    whole = [_bounded(message) for message in messages]
    return ReportBatch.objects.create(
        door=door, received_at=clock.now(), taken_at=clock.real_now(), count=len(whole), content=packed(whole)
    )


def store(door: Door, messages: Sequence[Message], on_disk: Callable[[], None] = lambda: None) -> Settled:
    """Take a batch and settle it; ``on_disk`` is called between the two."""
    batch = take(door, messages)
    on_disk()
    return settle(batch)


def settle(batch: ReportBatch) -> Settled:
    """Say what the bytes of ``batch`` say, and strike it from the journal. Again is harmless."""
    messages = unpacked(bytes(batch.content))
    if batch.attempts >= ATTEMPTS:
        text = N_("The program ended each time that it read the batch of this message. The bytes are kept.")
        frames = [reading.set_aside(index, item, "seal.poison", text) for index, item in enumerate(messages)]
    else:
        frames = reading.read(messages)
    try:
        settled = _keep(batch, messages, frames)
    except (OperationalError, InterfaceError):
        raise  # the database is away or busy: the journal waits
    except Exception:
        logger.exception("batch %s could not be kept in one piece", batch.pk)
        settled = _keep_singly(batch, messages, frames)
    _tell(settled.devices)
    return settled


def settle_left_behind() -> int:
    """Settle what dead processes left in the journal; how many batches."""
    count = 0
    left = ReportBatch.objects.filter(taken_at__lt=clock.real_now() - LEFT_AFTER).order_by("pk")
    for number in list(left.values_list("pk", flat=True)[:LEFT_TOGETHER]):
        ReportBatch.objects.filter(pk=number).update(attempts=F("attempts") + 1)
        batch = ReportBatch.objects.filter(pk=number).first()
        if batch is not None:
            settle(batch)
            count += 1
    return count


def _bounded(message: Message) -> Message:
    if len(message.data) <= MESSAGE_BYTES:
        return message
    return Message(message.source, message.data[: MESSAGE_BYTES + 1], message.family, message.device, message.party)


def _keep(batch: ReportBatch, messages: Sequence[Message], frames: Sequence[reading.Frame]) -> Settled:
    with transaction.atomic():
        if not ReportBatch.objects.select_for_update().filter(pk=batch.pk).exists():
            return Settled()  # another process was faster
        keeping = Keeping(batch, messages)
        keeping.keep(frames)
        ReportBatch.objects.filter(pk=batch.pk).delete()
    return Settled(keeping.counts, keeping.findings, frozenset(keeping.news))


def _keep_singly(batch: ReportBatch, messages: Sequence[Message], frames: Sequence[reading.Frame]) -> Settled:
    """Message by message, so that one that the database refuses costs the others nothing."""
    whole = Settled()
    with transaction.atomic():
        if not ReportBatch.objects.select_for_update().filter(pk=batch.pk).exists():
            return whole
        done = 0
        for number, message in enumerate(messages):
            own = [frame for frame in frames if frame.message == number]
            keeping = Keeping(batch, messages, first=done)
            try:
                with transaction.atomic():
                    keeping.keep(own)
            except (OperationalError, InterfaceError):
                raise
            except Exception as problem:
                logger.exception("message %s of batch %s could not be kept", number, batch.pk)
                text = N_("The report could not be kept: %(problem)s. The bytes are.")
                keeping = Keeping(batch, messages, first=done)
                keeping.keep([reading.set_aside(number, message, "seal.fault", text, problem=type(problem).__name__)])
            done += max(1, len(own))
            whole.counts += keeping.counts
            whole.findings += keeping.findings
            whole.devices |= frozenset(keeping.news)
        ReportBatch.objects.filter(pk=batch.pk).delete()
    return whole


def _tell(devices: frozenset[str]) -> None:
    if not devices:
        return
    for listener in reports.listeners:
        try:
            listener(devices)
        except Exception:
            logger.exception("a listener failed; the marks stay")
