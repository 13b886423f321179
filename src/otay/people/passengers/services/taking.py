"""Lists, changes, cancellations and close-outs: from a record to travellers who are screened and answered.

One bad traveller costs nobody else; a message that is older than what is known changes nothing and says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from otay.core.findings import Finding, error, info
from otay.core.i18n import N_
from otay.node import audit, clock
from otay.node.actors import Actor
from otay.node.bulk import insert_many, update_many
from otay.node.prepared import prepared
from otay.people.passengers import queries, sharing
from otay.people.passengers.domain.roll import Effect, Outcome
from otay.people.passengers.models import Flight, ListMessage, Roll
from otay.people.passengers.services import bookings, flights
from otay.people.passengers.services.desk import Desk
from otay.people.passengers.services.flights import Named
from otay.people.passengers.services.work import FULL, Work


@transaction.atomic(savepoint=False)
def take(*, actor: Actor, works: Sequence[Work]) -> list[audit.Event]:
    """Take each list in order; the outcome stands in the works. A list that cannot be taken refuses no other.

    Returns what the caller records in the same transaction, once for all messages that it takes in it.
    """
    actor.require(queries.SEND)
    sender = queries.own_identifier(actor)
    wanted = []
    for work in works:
        work.findings += work.unit.findings
        found = flights.named(work.unit.record, f"{work.received:%Y-%m-%d}")
        if isinstance(found, Finding):
            work.findings.append(found)
            continue
        work.findings += found.findings
        work.named = found
        wanted.append(work)
    wanted = _allowed(wanted, sender)
    for work in wanted:
        if work.effect is Effect.CHANGE_FLIGHT and work.named is not None:
            flights.follow_move(work.named)
    known = flights.find_or_make([work.named for work in wanted if work.named])
    events = []
    for work in wanted:
        if work.named is not None:
            work.flight = known[work.named.key]
            events.append(_take(actor, sender, work, work.flight, work.named))
    return events


def _allowed(works: Sequence[Work], sender: str) -> list[Work]:
    """Those whose carrier code is the sender's or nobody's."""
    owners = queries.registered_to(work.named.key[0] for work in works if work.named)
    kept = []
    for work in works:
        code = work.named.key[0] if work.named else ""
        owner = owners.get(code)
        if owner is not None and owner != sender:
            work.findings.append(
                error(
                    "/flights/0/carrier", "passengers.carrier",
                    N_("The carrier code %(code)s belongs to another sender"), code,
                    N_("Send for your own codes, or ask the administrator of the node to register this one for you."),
                    code=code,
                )
            )  # fmt: skip
            continue
        if owner is None and code:
            text = N_("The carrier code %(code)s is not registered for any sender")
            work.findings.append(info("/flights/0/carrier", "passengers.carrier_open", text, code, code=code))
        kept.append(work)
    return kept


def _take(actor: Actor, sender: str, work: Work, flight: Flight, named: Named) -> audit.Event:
    """Take one list; the event to record of it."""
    row = _roll(flight, sender, work)
    flight_changed = flights.take_facts(flight, named, work.effect, work.stamp)
    desk = Desk(work, flight, sender, row)
    if work.is_booking:
        desk.touched = bookings.take(work, flight, sender)
    elif work.effect in FULL:
        desk.take_list()
    elif work.effect is Effect.GATE:
        desk.take_list(role="gate pass")
    elif work.effect is Effect.CANCEL:
        desk.take_cancellations()
    elif work.effect is Effect.CLOSE:
        desk.take_closing()
    shared = sharing.between(flight)
    changed = desk.settle(actor, shared=shared)
    if flight_changed or changed:
        flight.version += 1
        update_many([flight], flights.WRITTEN)
        if shared:
            sharing.publish_flight(actor=actor, flight=flight)
    entry = _log(work, flight, sender)
    detail = {"message": work.message, "function": entry.function, **entry.counts}
    return audit.Event("passengers.list_taken", f"flight:{flight.pk}", detail=detail)


def _roll(flight: Flight, sender: str, work: Work) -> Roll:
    found = _rolls(flight=flight.pk, sender=sender)
    row = found[0] if found else Roll.objects.get_or_create(flight=flight, sender=sender)[0]
    about = work.unit.record["message"]
    names = ("sender", "sender_qualifier", "recipient", "recipient_qualifier", "test")
    header = {name: about.get(name) or "" for name in names}
    if row.header != header:
        row.header = header
        row.save(update_fields=["header"])
    return row


@prepared
def _rolls(*, flight: int, sender: str) -> QuerySet[Roll]:
    return Roll.objects.filter(flight_id=flight, sender=sender)


def _log(work: Work, flight: Flight, sender: str) -> ListMessage:
    record, about = work.unit.record, work.unit.record["message"]
    outcomes = list(work.outcomes.values())
    counts: dict[str, int] = {str(outcome): outcomes.count(outcome) for outcome in Outcome if outcome in outcomes}
    counts["travellers"] = len(record["travellers"])
    if refused := sum(one is None for one in work.people):
        counts["refused"] = refused
    stated = record["totals"].get("stated")
    row = ListMessage(
        message=work.message, flight=flight, sender=sender, format=work.unit.format,
        code=str(about.get("code") or "")[:8], subcode=str(about.get("subcode") or "")[:8],
        function=str(about.get("function") or "")[:40], stamp=work.stamp,
        reference=str(about.get("interchange") or about.get("reference") or "")[:70], parts=work.unit.parts,
        stated=stated if stated is not None and stated < 2**31 else None, counts=counts,
        findings=[finding.as_record() for finding in work.findings], taken_at=clock.now(),
    )  # fmt: skip
    insert_many([row])
    return row
