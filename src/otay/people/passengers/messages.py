"""What intake hands in: lists, reservations and acknowledgements, each answered as the carrier expects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from otay.core.findings import Finding, refuses
from otay.formats import registry as formats
from otay.intake.registry import Handler, Message, Outcome, State
from otay.node import audit
from otay.node.actors import Actor
from otay.people.passengers import queries, reading, replying
from otay.people.passengers.reading import CUSRES, Reading
from otay.people.passengers.services import notices, parts
from otay.people.passengers.services.taking import take
from otay.people.passengers.services.work import Work

FORMATS = (reading.PAXLST, reading.OLD_PAXLST, reading.PNRGOV, reading.MANIFEST, CUSRES)


def apply(actor: Actor, messages: Sequence[Message]) -> list[Outcome]:
    """Take all that the messages hold; answer each."""
    sender = queries.own_identifier(actor)
    outcomes: list[Outcome] = []
    events: list[audit.Event] = []
    for message in messages:
        if message.format == CUSRES:
            outcomes.append(_acknowledged(actor, message))
            continue
        found = reading.read(message)
        units = [*found.units, *parts.add(sender, found)]
        works = [Work(unit, message.id, message.received_at) for unit in units]
        events += take(actor=actor, works=works)
        outcomes.append(_outcome(found, works))
    audit.record_many(actor=actor, events=events)
    return outcomes


def _acknowledged(actor: Actor, message: Message) -> Outcome:
    result = formats.read(message.raw, format=CUSRES)
    findings: list[Finding] = list(result.findings)
    taken = []
    for record in result.records:
        answer = notices.acknowledge(actor=actor, record=record)
        if isinstance(answer, Finding):
            findings.append(answer)
        else:
            taken += answer
    state = State.ACCEPTED if taken and not refuses(findings) else State.PARTLY if taken else State.REFUSED
    subjects = tuple(f"notice:{row.pk}" for row in taken)
    return Outcome(state, tuple(findings), {"acknowledged": [row.pk for row in taken]}, subjects)


def _outcome(found: Reading, works: Sequence[Work]) -> Outcome:
    findings = [*found.findings, *(finding for work in works for finding in work.findings)]
    flights = [work.flight for work in works if work.flight]
    waiting = bool(found.waiting) and not works
    replies = [replying.contrl(found, received=waiting)] if waiting or found.refused or _only_bookings(works) else []
    replies += [replying.cusres(work) for work in works if not work.is_booking]
    state = State.ACCEPTED
    if not flights and not waiting:
        state = State.REFUSED
    elif refuses(findings) or found.refused or len(flights) < len(works):
        state = State.PARTLY
    answer: dict[str, Any] = {
        "reply": "".join(replies),
        "flights": [
            {"id": flight.pk, "flight": flight.name, "day": flight.day, "from": flight.origin, "to": flight.destination}
            for flight in flights
        ],
        "answers": [entry for work in works for entry in replying.listed(work)],
    }
    if waiting:
        answer["waiting_for_parts"] = True
    return Outcome(state, tuple(findings), answer, tuple(f"flight:{flight.pk}" for flight in flights))


def _only_bookings(works: Sequence[Work]) -> bool:
    return bool(works) and all(work.is_booking for work in works)


HANDLER = Handler("passengers", _("Passenger lists and reservations"), FORMATS, queries.SEND, apply)
