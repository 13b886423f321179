"""Consents: recorded, withdrawn, and told to the neighbour, which then erases what they covered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from otay.core.errors import Conflict, NotFound, OtayError, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain.consent import identifier
from otay.exchange.domain.control import MAX_RANGES, WITHDRAWAL, Withdrawal, as_ranges, read_withdrawal
from otay.exchange.models import Consent, ConsentedRecord, Direction, Inbox, Outbox, Peer
from otay.exchange.registry import Forgotten, Received, record_type_of
from otay.exchange.services import erasure, publishing
from otay.node import audit, clock
from otay.node.actors import Actor

MANAGE, VIEW = "exchange.manage_consents", "exchange.view_consents"


@transaction.atomic
def give(*, actor: Actor, peer: Peer, programme: str, subject: str, basis: str) -> Consent:
    """Keep that ``subject`` (an identifier) consents to ``programme`` with ``peer``; ``basis`` says how that is known.

    Raises:
        Forbidden: unless ``actor`` keeps consents.
        Refused: when no agreement with that neighbour asks for it, or a part is missing.
        Conflict: when it is in force already.
    """
    actor.require(MANAGE)
    known, name = queries.programmes(peer), identifier(subject)
    findings = [
        *([] if programme in known else [_unknown(programme, known)]),
        *(
            []
            if name
            else [error("/subject", "exchange.consent_subject", N_("Letters and digits are needed"), subject)]
        ),
        *([] if len(basis.strip()) >= 3 else [_no_basis(basis)]),
    ]
    if findings:
        raise Refused(N_("The consent cannot be kept"), findings=findings)
    publishing.locked_heads(peer)
    if Consent.objects.filter(peer=peer, programme=programme, subject=name, withdrawn_at=None).exists():
        raise Conflict(N_("This consent is in force already"))
    made = Consent.objects.create(
        peer=peer,
        programme=programme,
        subject=name,
        basis=basis.strip()[:300],
        given_at=clock.now(),
        given_by=actor.key,
    )
    audit.record(
        actor=actor, action="exchange.consent_given", subject=f"consent:{made.pk}", reason=made.basis,
        peer=peer.country, programme=programme,
    )  # fmt: skip
    return made


def _unknown(programme: str, known: Sequence[str]) -> Any:
    return error(
        "/programme", "exchange.consent_programme", N_("No agreement with this neighbour asks for such a consent"),
        programme, N_("One of: %(known)s"), known=", ".join(known) or "–",
    )  # fmt: skip


def _no_basis(basis: str) -> Any:
    return error(
        "/basis", "exchange.consent_basis", N_("It is not said how the consent was given"), basis,
        N_("Name the signed form or the message"),
    )  # fmt: skip


@transaction.atomic
def withdraw(*, actor: Actor, consent: int, reason: str) -> Consent:
    """End a consent: nothing more leaves on it, our copies of what left lose their contents, and the neighbour is told
    in the chain to erase its own.

    Raises:
        Forbidden: unless ``actor`` keeps consents.
        NotFound: when there is none.
        Refused: without a reason.
        Conflict: when it was withdrawn before.
    """
    actor.require(MANAGE)
    if len(reason.strip()) < 3:
        raise Refused(N_("Say why the consent ends, and how that was asked for"))
    row = Consent.objects.select_related("peer").filter(pk=consent).first()
    if row is None:
        raise NotFound(N_("There is no consent %(number)s"), number=consent)
    peer = row.peer
    publishing.locked_heads(peer)
    row.refresh_from_db()
    if row.withdrawn_at:
        raise Conflict(N_("This consent was withdrawn before"))
    row.withdrawn_at, row.withdrawn_by, row.reason = clock.now(), actor.key, reason.strip()[:300]
    row.save(update_fields=["withdrawn_at", "withdrawn_by", "reason"])
    numbers = list(
        ConsentedRecord.objects.filter(consent=row).order_by("sent__sequence").values_list("sent__sequence", flat=True)
    )
    for first in range(0, len(numbers), 500):
        Outbox.objects.filter(peer=peer, sequence__in=numbers[first : first + 500]).exclude(body="").update(
            body="", erased_at=row.withdrawn_at
        )
    _tell(actor, row, numbers, row.withdrawn_at)
    audit.record(
        actor=actor, action="exchange.consent_withdrawn", subject=f"consent:{row.pk}", reason=row.reason,
        peer=peer.country, programme=row.programme, records=len(numbers),
    )  # fmt: skip
    return row


def looked_up(
    *, actor: Actor, subject: str = "", peer: str = "", before: int | None = None, limit: int
) -> list[Consent]:
    """Consents, newest first; who looked, and for whom, is recorded.

    Raises:
        Forbidden: unless ``actor`` may see consents.
    """
    actor.require(VIEW)
    found = list(queries.consents(subject=subject, peer=peer, before=before)[:limit])
    audit.record(
        actor=actor, action="exchange.consents_viewed", subject="consents", consents=[one.pk for one in found],
        named=bool(subject),
    )  # fmt: skip
    return found


def _tell(actor: Actor, consent: Consent, numbers: Sequence[int], at: datetime) -> None:
    stream = consent.peer.stream(Direction.OUT, keystore.own_country())
    ranges = as_ranges(numbers)
    for version, first in enumerate(range(0, len(ranges), MAX_RANGES), start=1):
        told = Withdrawal(stream, consent.programme, at, tuple(ranges[first : first + MAX_RANGES]))
        publishing.append_control(
            actor, consent.peer, WITHDRAWAL, f"consent-{consent.pk}", told.body(), version=version
        )


def check(peer: Peer, body: Mapping[str, Any]) -> str:
    """Why a neighbour's withdrawal is not taken; empty when it is."""
    try:
        read_withdrawal(body, stream=peer.stream(Direction.IN, keystore.own_country()))
    except OtayError as problem:
        return problem.template
    return ""


def take(received: Sequence[Received]) -> None:
    """Drop what the neighbour may no longer share with us: in its room, and here; that is confirmed in our chain."""
    own = keystore.own_country()
    for one in received:
        peer = queries.peer_named(one.peer)
        told = read_withdrawal(one.body, stream=peer.stream(Direction.IN, own))
        within = Q()
        for first, last in told.ranges:
            within |= Q(sequence__gte=first, sequence__lte=last)
        rows = list(Inbox.objects.filter(within, peer=peer).exclude(body="").order_by("sequence"))
        _forget(peer, rows)
        erasure.drop_received(peer=peer, rows=rows, reason=f"consent to {told.programme} withdrawn")


def _forget(peer: Peer, rows: Sequence[Inbox]) -> None:
    by_type: dict[str, list[Forgotten]] = {}
    for row in rows:
        by_type.setdefault(row.record_type, []).append(Forgotten(peer.country, row.business_key, row.version))
    for record_type, forgotten in by_type.items():
        kind = record_type_of(record_type)
        if kind is not None and kind.forget is not None:
            kind.forget(forgotten)
