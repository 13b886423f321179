"""Status changes: what a carrier is told although it did not ask (BGM 132), and its acknowledgement (BGM 312)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from otay.core.errors import NotFound
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.formats.cusres.answers import ACKNOWLEDGEMENT, STATUS_CHANGE, Answer
from otay.formats.cusres.writing import answered, write_record
from otay.node import audit, clock
from otay.node.actors import Actor
from otay.people.passengers import queries
from otay.people.passengers.models import Flight, Notice, Roll, Traveller
from otay.people.passengers.services.travellers import said_of

CHANGE, LATE = "change", "answer"


def tell(*, actor: Actor, changed: Sequence[Traveller]) -> list[Notice]:
    """A status change for each of ``changed``, whose answer is no longer what the carrier was told."""
    made = []
    for one in changed:
        notice = Notice.objects.create(
            sender=one.sender, flight=one.flight, traveller=one, kind=CHANGE, before=one.told, after=one.answer,
            body="", made_at=clock.now(),
        )  # fmt: skip
        notice.reference = f"OTAY{notice.pk:010d}"
        notice.body = _written(one, notice.reference)
        notice.save(update_fields=["reference", "body"])
        one.told = one.answer
        made.append(notice)
    if made:
        Traveller.objects.bulk_update(list(changed), ["told"])
        audit.record_many(
            actor=actor,
            events=[
                audit.Event("passengers.status_changed", f"traveller:{row.traveller.uid}", detail={"to": row.after})
                for row in made
                if row.traveller
            ],
        )
    return made


def _written(one: Traveller, reference: str) -> str:
    row = Roll.objects.filter(flight=one.flight_id, sender=one.sender).first()
    header = row.header if row else {}
    about = {"references": {}, "interchange": reference, "reference": "1", "sender": "", "recipient": "", **header}
    said = said_of(one)
    person = {"references": said.get("references") or {}, "full_name": one.full_name}
    manifest = {"message": about, "flights": [leg_of(one.flight)], "travellers": [person]}
    prepared = clock.now().strftime("%Y-%m-%dT%H:%M")
    change = answered(manifest, [Answer(one.answer, one.answer_text)], function=STATUS_CHANGE, prepared=prepared)
    return write_record(change).decode()


def leg_of(flight: Flight) -> dict[str, Any]:
    """The flight as messages name it."""
    return {
        "carrier": flight.carrier, "number": flight.number, "origin": flight.origin,
        "destination": flight.destination, "departure": flight.departure or None, "arrival": flight.arrival or None,
    }  # fmt: skip


@transaction.atomic
def acknowledge(*, actor: Actor, record: dict[str, Any]) -> list[Notice] | Finding:
    """Take a carrier's acknowledgement: of the notice whose reference it echoes, else of those about the same
    travellers; or why it acknowledges nothing."""
    actor.require(queries.SEND)
    about = record["message"]
    if about.get("function") != ACKNOWLEDGEMENT:
        text = N_("A carrier sends CUSRES only to acknowledge a status change (BGM 312)")
        return error("BGM 1", "passengers.acknowledgement", text, about.get("code") or "")
    mine = Notice.objects.filter(sender=queries.own_identifier(actor), kind=CHANGE)
    rows = mine.select_for_update(of=("self",)).order_by("pk")  # the traveller is on the nullable side of the join
    found = list(rows.filter(reference__in=_references(about)))
    if not found:
        found = _by_travellers(list(rows.filter(acknowledged_at=None).select_related("traveller")), record)
    if not found:
        text = N_("There is no status change of yours that this acknowledges")
        remedy = N_("Echo the interchange reference of the status change, or the references of its traveller.")
        return error("RFF", "passengers.acknowledgement", text, about.get("interchange") or "", remedy)
    codes = [item["code"] for item in about.get("errors") or [] if item["code"] not in ("0", "")]
    for row in found:
        row.acknowledged_at = row.acknowledged_at or clock.now()
        row.problem = ", ".join(codes)[:120]
    Notice.objects.bulk_update(found, ["acknowledged_at", "problem"])
    audit.record(
        actor=actor, action="passengers.acknowledged", subject=f"notice:{found[0].pk}", count=len(found),
        errors=codes[:10],
    )  # fmt: skip
    return found


def _references(about: dict[str, Any]) -> list[str]:
    return [str(about.get(name)) for name in ("interchange", "reference") if about.get(name)]


def _by_travellers(open_ones: Sequence[Notice], record: dict[str, Any]) -> list[Notice]:
    named = [person.get("references") or {} for person in record["travellers"]]
    wanted = {(one.get("AVF", ""), one.get("ABO", "")) for one in named if one.get("AVF") or one.get("ABO")}
    found = []
    for row in open_ones:
        references = (said_of(row.traveller).get("references") or {}) if row.traveller else {}
        if (references.get("AVF", ""), references.get("ABO", "")) in wanted:
            found.append(row)
    return found


@transaction.atomic
def fetch(*, actor: Actor, notice_id: int) -> Notice:
    """The notice for its carrier; the first time is noted.

    Raises:
        NotFound: when there is none of that carrier.
    """
    actor.require(queries.SEND)
    row = Notice.objects.filter(pk=notice_id, sender=queries.own_identifier(actor)).first()
    if row is None:
        raise NotFound(N_("There is no notice %(id)s that you may see."), id=notice_id)
    if row.fetched_at is None:
        row.fetched_at = clock.now()
        row.save(update_fields=["fetched_at"])
    return row
