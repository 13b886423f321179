"""What officers say of hits: the same, another, or not yet; and the redress of people who were taken for somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from otay.core.errors import Conflict, NotFound, Refused
from otay.core.i18n import N_
from otay.node import audit, clock
from otay.node.actors import Actor
from otay.screening.watchlists.domain import Document, Party
from otay.screening.watchlists.models import Clearance, ListHit, RedressRequest
from otay.screening.watchlists.rescreening import tell_rooms
from otay.screening.watchlists.services import required

REVIEW = "screening.review_hits"
REDRESS = "screening.record_redress"
ANSWER_WITHIN = timedelta(days=20)  # an internal target, not a period of law
State = ListHit.State


@transaction.atomic
def clear_hits(*, actor: Actor, hits: Sequence[int], reason: str) -> list[Clearance]:
    """Each party is not the entry it was taken for, and why. Holds until either changes or the list's period ends.

    Raises:
        Conflict: when a hit is not open, or its entry is no longer in force.
    """
    rows = _open(actor, hits)
    kept = required(reason=(reason, 300))
    now = clock.now()
    made = Clearance.objects.bulk_create(
        Clearance(
            fingerprint=row.fingerprint, party_key=row.party_key, label=row.label, party=row.party, entry=row.entry,
            reason=kept["reason"], cleared_by=actor.key, cleared_by_name=actor.name, cleared_at=now,
            expires_at=now + timedelta(days=row.entry.watchlist.clearance_days),
        )
        for row in rows
    )  # fmt: skip
    _decide(actor, rows, State.CLEARED, kept["reason"])
    return made


@transaction.atomic
def confirm_hits(*, actor: Actor, hits: Sequence[int], reason: str) -> list[ListHit]:
    """Each party is the entry. What follows (refer, arrest, help) is for the officer at the port.

    Raises:
        Conflict: when a hit is not open.
    """
    rows = _open(actor, hits)
    _decide(actor, rows, State.CONFIRMED, required(reason=(reason, 300))["reason"])
    return rows


@transaction.atomic
def reopen_hits(*, actor: Actor, hits: Sequence[int], reason: str) -> list[ListHit]:
    """Take back what was said of hits; a cleared match ends with it.

    Raises:
        Conflict: when a hit is open or gone.
    """
    rows = _locked(actor, hits)
    kept = required(reason=(reason, 300))
    for row in rows:
        if row.state not in (State.CLEARED, State.CONFIRMED):
            raise Conflict(N_("Only a hit that was cleared or confirmed can be opened again"))
    marks = [(row.fingerprint, row.entry_id) for row in rows]
    held = Clearance.objects.select_for_update().filter(
        fingerprint__in={mark for mark, _entry in marks}, entry__in={entry for _mark, entry in marks}, revoked_at=None
    )
    _revoke(actor, [one for one in held.order_by("pk") if (one.fingerprint, one.entry_id) in marks], kept["reason"])
    _decide(actor, rows, State.OPEN, kept["reason"])
    return rows


@transaction.atomic
def revoke_clearance(*, actor: Actor, clearance: int, reason: str) -> Clearance:
    """End one cleared match before its time; its hits wait for review again.

    Raises:
        Conflict: when it ended already.
    """
    actor.require(REVIEW)
    kept = required(reason=(reason, 300))
    known = Clearance.objects.filter(pk=clearance).first()
    if known is None:
        raise NotFound(N_("There is no such cleared match"))
    rows = list(
        ListHit.objects.select_for_update()
        .filter(fingerprint=known.fingerprint, entry=known.entry_id, state=State.CLEARED)
        .order_by("pk")
    )
    held = Clearance.objects.select_for_update().get(pk=clearance)
    if held.revoked_at is not None:
        raise Conflict(N_("This cleared match ended already"))
    _revoke(actor, [held], kept["reason"])
    _decide(actor, rows, State.OPEN, kept["reason"])
    audit.record(actor=actor, action="screening.clearance_revoked", subject=held.party_key, reason=kept["reason"])
    return held


def _revoke(actor: Actor, held: Sequence[Clearance], reason: str) -> None:
    Clearance.objects.filter(pk__in=[one.pk for one in held]).update(
        revoked_at=clock.now(), revoked_by_name=actor.name, revoked_reason=reason
    )


def _locked(actor: Actor, hits: Sequence[int]) -> list[ListHit]:
    """The rows, locked in one order; those at ports where the actor does not review are as good as missing."""
    actor.require(REVIEW)
    rows = list(
        ListHit.objects.select_for_update(of=("self",))
        .filter(pk__in=hits)
        .select_related("entry__watchlist")
        .order_by("pk")
    )
    ports = actor.ports(REVIEW)
    if len(rows) != len(set(hits)) or not rows or any(
        row.port and ports is not None and row.port not in ports for row in rows
    ):  # fmt: skip
        raise NotFound(N_("There is no such hit, or none that you may review"))
    return rows


def _open(actor: Actor, hits: Sequence[int]) -> list[ListHit]:
    rows = _locked(actor, hits)
    for row in rows:
        if row.state != State.OPEN:
            raise Conflict(N_("%(party)s: this hit was decided or no longer holds"), party=row.label)
    return rows


def _decide(actor: Actor, rows: Sequence[ListHit], state: ListHit.State, reason: str) -> None:
    at = clock.now()
    ListHit.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=state, decided_by=actor.key, decided_by_name=actor.name, decided_at=at, decision_reason=reason
    )
    tell_rooms({row.party_key: party_of(row) for row in rows}.values())
    audit.record_many(
        actor=actor,
        events=[
            audit.Event(f"screening.hit_{state.value}", row.party_key, reason, {"hit": row.pk, "entry": row.entry_id})
            for row in rows
        ],
    )


def party_of(row: ListHit) -> Party:
    """The party as it was screened."""
    record = row.party
    return Party(
        key=row.party_key, label=row.label, url=row.url, port=row.port,
        documents=tuple(Document(**item) for item in record["documents"]),
        **{name: value for name, value in record.items() if name != "documents"},
    )  # fmt: skip


@transaction.atomic
def record_redress(
    *, actor: Actor, name: str, contact: str, identity_seen: str, asks: str, received_on: date, hit: int | None = None
) -> RedressRequest:
    """Write down that somebody asks for correction, and by when they are answered.

    Raises:
        Refused: when something is missing, or it was received in the future.
    """
    actor.require(REDRESS)
    kept = required(name=(name, 200), contact=(contact, 300), identity_seen=(identity_seen, 200), asks=(asks, 2000))
    now = clock.now()
    if received_on > now.date():
        raise Refused(N_("The day on which the request was received has not come yet"))
    if hit is not None:
        _locked(actor, [hit])
    last = RedressRequest.objects.filter(reference__startswith=f"R{now.year}-").aggregate(last=Max("reference"))["last"]
    number = int(last.partition("-")[2]) + 1 if last else 1
    made = RedressRequest.objects.create(
        reference=f"R{now.year}-{number:06}", **kept, hit_id=hit, received_on=received_on,
        answer_by=received_on + ANSWER_WITHIN, recorded_by=actor.key, recorded_by_name=actor.name, recorded_at=now,
    )  # fmt: skip
    audit.record(actor=actor, action="screening.redress_recorded", subject=f"redress:{made.reference}")
    return made


@transaction.atomic
def answer_redress(*, actor: Actor, reference: str, outcome: str, answer: str) -> RedressRequest:
    """Say what came of a request. Clearing the hit or correcting the entry is done where hits and entries are.

    Raises:
        Conflict: when it was answered already.
    """
    actor.require(REDRESS)
    found = RedressRequest.objects.select_for_update().filter(reference=reference).first()
    if found is None:
        raise NotFound(N_("There is no request %(reference)s"), reference=reference)
    if found.state != RedressRequest.State.OPEN:
        raise Conflict(N_("The request was answered already"))
    if outcome not in set(RedressRequest.State.values) - {"open"}:
        raise Refused(N_("Say what came of the request"))
    found.state, found.answer = outcome, required(answer=(answer, 2000))["answer"]
    found.answered_by_name, found.answered_at = actor.name, clock.now()
    found.save(update_fields=["state", "answer", "answered_by_name", "answered_at"])
    audit.record(actor=actor, action="screening.redress_answered", subject=f"redress:{reference}", outcome=found.state)
    return found


def decisions() -> Mapping[str, Any]:
    """What can be done with a hit, by the word that doors use."""
    return {"clear": clear_hits, "confirm": confirm_hits, "reopen": reopen_hits}
