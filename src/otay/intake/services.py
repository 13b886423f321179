"""Every change of a message: receive, catch up, correct, replay.

A message is stored in one transaction (:mod:`otay.intake.storing`) and applied in a second one together with what it
makes (:mod:`otay.intake.settling`). A crash before the first has ended leaves nothing: the sender has no answer and
sends again. A crash after it leaves the message ``received``, and the node's loop applies it. The second is all or
nothing. So whatever happens, a message that was answered is there, and is applied once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from django.db import IntegrityError, transaction
from django.db.models import F

from otay.core.errors import Conflict, NotFound, Refused, TooLarge
from otay.core.findings import Finding
from otay.core.i18n import N_
from otay.intake import bounds, domain, faults, queries, settling
from otay.intake.incoming import Incoming, Receipt
from otay.intake.models import Channel, StoredMessage
from otay.intake.registry import State
from otay.intake.storing import Delivery, store
from otay.node import audit, clock, tracing
from otay.node.accounts import actor_by_key
from otay.node.actors import Actor

log = logging.getLogger(__name__)


def receive(
    *, actor: Actor, items: Sequence[Incoming], channel: str = Channel.API, sender: Actor | None = None
) -> list[Receipt]:
    """Store ``items``, then apply them; answers each, in order.

    A message whose state is still ``received`` in the answer is safe; the node applies it as soon as it can.
    ``sender``: whom the messages are from, when ``actor`` hands them in for it (needs ``intake.manage``).

    Raises:
        Forbidden: without ``intake.submit``.
        TooLarge: when an item or the batch is over its bound; nothing was stored.
        Refused: when a reference cannot be kept; nothing was stored.
    """
    sender = sender or actor
    if sender.key != actor.key:
        actor.require("intake.manage")
    sender.require("intake.submit")
    _check(items)
    with tracing.span("store", channel=str(channel), messages=len(items)):
        places = store(delivery=Delivery(actor, sender, channel), items=items)
    faults.point("stored")
    try:
        settling.settle_now(ids=[place.id for place in places if place.new], sender=sender)
    except settling.UNAVAILABLE:
        log.exception("%s messages of %s are stored and wait to be applied", len(places), sender.key)
    faults.point("settled")
    answers = queries.receipts([place.id for place in places])
    return [answers[place.id] if place.new else replace(answers[place.id], duplicate=True) for place in places]


def unkeepable(item: Incoming, place: str = "") -> list[Finding]:
    """Why ``item`` cannot be kept at all; empty when it can. For doors that take many and must not lose all for one."""
    findings = [*domain.reference_findings(item.reference), *domain.format_findings(item.format)]
    if len(item.raw) > bounds.MESSAGE_BYTES:
        findings.append(domain.too_large(len(item.raw)))
    return [replace(finding, place=", ".join(filter(None, (place, finding.place)))) for finding in findings]


def _check(items: Sequence[Incoming]) -> None:
    if len(items) > bounds.BATCH_ITEMS:
        raise TooLarge(
            N_("%(count)s messages at once; at most %(most)s are taken"), count=len(items), most=bounds.BATCH_ITEMS
        )
    findings = [finding for item in items for finding in unkeepable(item)]
    if any(finding.rule == domain.TOO_LARGE for finding in findings):
        raise TooLarge(N_("A message is too large"), findings=findings)
    if findings:
        raise Refused(N_("A message cannot be kept"), findings=findings)


def catch_up(*, ids: Sequence[int]) -> int:
    """Apply messages that a crash left ``received``; returns how many.

    Each start is counted before it is made, so that a message on which the process dies is noticed: from its third
    start it is applied alone, after :data:`bounds.ATTEMPTS` it is refused and an alert raised.
    """
    waiting = StoredMessage.objects.filter(pk__in=ids, state=State.RECEIVED).order_by("pk")
    attempts = dict(waiting.values_list("pk", "attempts"))
    together = [pk for pk, count in attempts.items() if count < 2]
    alone = [[pk] for pk, count in attempts.items() if count >= 2]
    return sum(_start(group) for group in [together, *alone] if group)


def _start(ids: Sequence[int]) -> int:
    with transaction.atomic():
        waiting = StoredMessage.objects.filter(pk__in=ids, state=State.RECEIVED)
        waiting.update(attempts=F("attempts") + 1)
        given_up = waiting.filter(attempts__gt=bounds.ATTEMPTS)
        finding = settling.internal(N_("the process ended each time"))
        count = given_up.update(state=State.REFUSED, findings=[finding.as_record()], alarm=True, settled_at=clock.now())
    return count + _settle_or_uncount(ids)


def _settle_or_uncount(ids: Sequence[int]) -> int:
    try:
        return settling.settle(ids=ids, skip_locked=True)
    except settling.UNAVAILABLE:
        if len(ids) > 1:
            return sum(_settle_or_uncount([pk]) for pk in ids)
        log.exception("message %s waits on", ids[0])
        # Not the message's fault, so not a start: else a full disk would refuse whatever waits.
        StoredMessage.objects.filter(pk__in=ids).update(attempts=F("attempts") - 1)
        return 0


def correct(
    *, actor: Actor, message_id: int, raw: bytes, reference: str = "", channel: str = Channel.PAGE, format: str = ""
) -> Receipt:
    """Replace a refused message by ``raw``, for its sender; under the same reference unless another is given.

    Raises:
        NotFound: when ``actor`` may not see the message.
        Conflict: when it was not refused, or is corrected already.
    """
    old = queries.visible_message(actor, message_id)
    _require_open(old)
    own = old.sender in queries.own_senders(actor)
    if not own:
        actor.require("intake.manage")
    sender = actor if old.sender == actor.key else actor_by_key(old.sender)
    if sender is None:
        raise Conflict(N_("%(sender)s has no valid account any more"), sender=old.sender)
    item = Incoming(raw, reference or old.reference, format or old.format, old.name, corrects=old.pk)
    _check([item])
    with transaction.atomic():
        audit.record(actor=actor, action="intake.corrected", subject=f"message:{old.pk}")
        places = store(delivery=Delivery(actor, sender, channel), items=[item])
    settling.settle(ids=[place.id for place in places], senders={sender.key: sender})
    return queries.receipts([places[0].id])[places[0].id]


def replay(*, actor: Actor, message_ids: Sequence[int], reason: str) -> list[Receipt]:
    """Apply refused messages once more, unchanged: after a rule, a role or the node itself was mended.

    Raises:
        NotFound: when one of them does not exist.
        Conflict: when one was not refused, is corrected already, or contradicts another message that stands.
    """
    actor.require("intake.manage")
    with transaction.atomic():
        rows = list(StoredMessage.objects.select_for_update().filter(pk__in=message_ids).order_by("pk"))
        if missing := set(message_ids) - {row.pk for row in rows}:
            raise NotFound(N_("There is no message %(id)s that you may see"), id=min(missing))
        for row in rows:
            _require_open(row)
        _reopen(rows)
        events = [audit.Event("intake.replayed", f"message:{row.pk}", reason) for row in rows]
        audit.record_many(actor=actor, events=events)
    ids = [row.pk for row in rows]
    settling.settle(ids=ids)
    answers = queries.receipts(ids)
    return [answers[pk] for pk in ids]


def _reopen(rows: Sequence[StoredMessage]) -> None:
    try:
        with transaction.atomic():
            StoredMessage.objects.filter(pk__in=[row.pk for row in rows]).update(
                state=State.RECEIVED, attempts=1, alarm=False, settled_at=None
            )
    except IntegrityError:
        raise Conflict(
            N_("Another message stands under the same reference: give the correction one of its own")
        ) from None


def _require_open(row: StoredMessage) -> None:
    if row.state != State.REFUSED:
        raise Conflict(N_("Message %(id)s was not refused"), id=row.pk)
    if standing := row.corrections.exclude(state=State.REFUSED).values_list("pk", flat=True).first():
        raise Conflict(N_("Message %(id)s is corrected already by message %(other)s"), id=row.pk, other=standing)
