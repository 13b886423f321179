"""What the neighbour hears of joint cases and seizures, and what we keep of its own. The agreement cuts out fields."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from otay.core.errors import Conflict
from otay.core.i18n import N_
from otay.exchange import queries as exchange
from otay.exchange.models import Peer
from otay.exchange.registry import Field, Publication, Received, RecordType
from otay.exchange.services.publishing import publish
from otay.goods.investigations.domain.cases import CASE, CASE_ENTRY, PERSONAL_LINKS, State
from otay.goods.investigations.domain.seizures import SEIZURE
from otay.goods.investigations.models import Case, CaseEntry, CaseMember, NeighbourEntry, NeighbourSeizure, Seizure
from otay.node import clock
from otay.node.actors import Actor

WITHDRAWN = "withdrawn"
#: Without these a neighbour could not tell which case is meant, or that it was withdrawn.
NEEDED = frozenset({"reference", "state"})


def peer_for_cases() -> str:
    """The country of the neighbour that an agreement in force lets us share cases with.

    Raises:
        Conflict: when there is none.
    """
    peers = list(Peer.objects.filter(state=Peer.State.TRUSTED).order_by("country"))
    agreements = exchange.standings(peers)
    for peer in peers:
        found = exchange.releasing(agreements[peer.pk], CASE, sender=settings.OTAY.country, at=clock.now())
        if found and set(found[1].fields) >= NEEDED:
            return peer.country
    raise Conflict(
        N_("No agreement in force lets this node share cases. Propose one that names the record type %(type)s."),
        type=CASE,
    )


def _head(row: Case) -> dict[str, Any]:
    body = {
        "reference": row.reference, "state": row.state, "kind": row.kind, "title": row.title, "summary": row.summary,
        "port": row.port, "opened_at": row.opened_at.isoformat(), "outcome": row.outcome,
        "penalty": f"{row.penalty:f} {row.currency}" if row.penalty is not None else "",
        "members": [
            {"name": one.name, "lead": one.lead}
            for one in row.members.filter(country=row.origin, until=None).order_by("pk")
        ],
    }  # fmt: skip
    return {name: value for name, value in body.items() if value}


def publish_case(*, actor: Actor, row: Case) -> None:
    """Send the case's head as it stands, under its own version."""
    publish(
        actor=actor,
        record_type=CASE,
        publications=[Publication(row.reference, row.version, _head(row), row.port)],
        to=row.shared_with,
    )


def publish_withdrawal(*, actor: Actor, row: Case) -> None:
    """Tell the neighbour that it is to erase what it holds of the case."""
    body = {"reference": row.reference, "state": WITHDRAWN}
    publication = Publication(row.reference, row.version, body, row.port)
    publish(actor=actor, record_type=CASE, publications=[publication], to=row.shared_with)


def publish_entries(*, actor: Actor, row: Case, entries: Sequence[CaseEntry]) -> None:
    """Send entries of the timeline. A link that names a person or firm travels in a field of its own, so that an
    agreement can leave it out."""
    publish(
        actor=actor,
        record_type=CASE_ENTRY,
        publications=[
            Publication(f"{row.reference}/{settings.OTAY.country}/{one.serial}", 1, _entry(row, one), row.port)
            for one in entries
        ],
        to=row.shared_with,
    )


def _entry(row: Case, one: CaseEntry) -> dict[str, Any]:
    body = dict(one.body)
    record: dict[str, Any] = {
        "case": row.reference, "country": settings.OTAY.country, "serial": one.serial, "kind": one.kind,
        "at": one.at.isoformat(), "author": one.author,
    }  # fmt: skip
    if body.get("type") in PERSONAL_LINKS:
        record["person"] = {"type": body.pop("type"), "identifier": body.pop("identifier")}
    if text := body.pop("text", ""):
        record["text"] = text
    if purpose := body.pop("purpose", ""):
        record["purpose"] = purpose
    return {**record, **({"content": body} if body else {})}


def publish_seizure(*, actor: Actor, row: Seizure) -> None:
    """Tell the neighbour of a seizure in a case that is shared; its version is the length of its custody chain."""
    if row.case is None or not row.case.shared_with:
        return
    Seizure.objects.filter(pk=row.pk).update(shared=True)
    body = {
        "reference": row.reference, "case": row.case.reference, "port": row.port, "state": row.state,
        "at": row.at.isoformat(), "ground": row.ground, "held_from": row.held_from, "place": row.place,
        "goods": [
            {
                "hs6": item.hs6, "description": item.description, "quantity": f"{item.quantity:f}", "unit": item.unit,
                "value": f"{item.value:f}", "currency": item.currency,
            }
            for item in row.items.order_by("number")
        ],
    }  # fmt: skip
    publish(
        actor=actor,
        record_type=SEIZURE,
        publications=[
            Publication(
                row.reference, row.entries_count, {name: value for name, value in body.items() if value}, row.port
            )
        ],
        to=row.case.shared_with,
    )


def keep_cases(records: Sequence[Received]) -> None:
    """Keep the neighbour's cases; one that it withdraws loses all that came with it."""
    for record in sorted(records, key=lambda one: one.sequence):
        reference = record.business_key
        row = Case.objects.select_for_update().filter(reference=reference).first()
        if row is not None and row.origin != record.peer:
            raise ValueError(f"{record.peer} speaks of case {reference}, which is not its own")
        if record.body.get("state") == WITHDRAWN:
            _forget(row)
        elif row is None or (row.version < record.version and not row.withdrawn_at):
            _keep_head(row, record)


def _keep_head(row: Case | None, record: Received) -> None:
    body = record.body
    row = row or Case(reference=record.business_key, origin=record.peer, opened_at=record.received_at, opened_by="")
    amount, _space, currency = str(body.get("penalty", "")).partition(" ")
    state = str(body.get("state", State.OPEN))
    row.state = state if state in set(State) else State.OPEN
    row.kind = str(body.get("kind", "other"))[:16]
    row.title, row.summary = str(body.get("title", ""))[:150], str(body.get("summary", ""))[:4000]
    row.port, row.outcome = str(body.get("port", ""))[:8], str(body.get("outcome", ""))[:16]
    row.penalty, row.currency = (amount or None), currency[:3]
    if body.get("opened_at"):
        row.opened_at = datetime.fromisoformat(body["opened_at"])
    row.opened_by = f"node:{record.peer}"
    row.version, row.shared_with, row.shared_at = record.version, record.peer, row.shared_at or record.received_at
    row.save()
    row.members.filter(country=record.peer).delete()
    CaseMember.objects.bulk_create(
        CaseMember(
            case=row, country=record.peer, name=str(one.get("name", ""))[:150], lead=bool(one.get("lead")),
            since=record.received_at,
        )
        for one in body.get("members", ())
    )  # fmt: skip


def _forget(row: Case | None) -> None:
    """Erase the neighbour's words; that there was a case, and what our own members wrote, stays."""
    if row is None or row.withdrawn_at:
        return
    row.neighbour_entries.all().delete()
    row.members.filter(country=row.origin).delete()
    NeighbourSeizure.objects.filter(peer=row.origin, case=row.reference).delete()
    row.title, row.summary, row.outcome, row.penalty, row.currency = "", "", "", None, ""
    row.withdrawn_at, row.shared_with = clock.now(), ""
    row.save()


def keep_entries(records: Sequence[Received]) -> None:
    """Keep the neighbour's entries of joint cases, its own or ours."""
    references = {record.business_key.split("/")[0] for record in records}
    rows = {row.reference: row for row in Case.objects.filter(reference__in=references)}
    made = []
    for record in records:
        reference, country, serial = record.business_key.split("/")
        row = rows.get(reference)
        if country != record.peer:
            raise ValueError(f"{record.peer} speaks for {country}")
        if row is None or (not row.shared_with and not row.withdrawn_at and row.origin != settings.OTAY.country):
            raise ValueError(f"case {reference} is not known here yet")
        if row.withdrawn_at or (row.origin == settings.OTAY.country and row.shared_with != record.peer):
            continue  # withdrawn meanwhile: what was on its way is not kept
        body = {**dict(record.body.get("content", {})), **dict(record.body.get("person", {}))}
        body |= {name: record.body[name] for name in ("text", "purpose") if record.body.get(name)}
        made.append(
            NeighbourEntry(
                case=row, country=record.peer, serial=int(serial), kind=str(record.body.get("kind", ""))[:12],
                at=datetime.fromisoformat(record.body["at"]) if record.body.get("at") else record.received_at,
                author=str(record.body.get("author", ""))[:150], body=body, received_at=record.received_at,
            )
        )  # fmt: skip
    NeighbourEntry.objects.bulk_create(made)


def keep_seizures(records: Sequence[Received]) -> None:
    """Keep what the neighbour tells of its seizures in joint cases."""
    withdrawn = set(Case.objects.exclude(withdrawn_at=None).values_list("reference", flat=True))
    NeighbourSeizure.objects.bulk_create(
        NeighbourSeizure(
            peer=record.peer, reference=record.business_key[:24], version=record.version,
            case=str(record.body.get("case", ""))[:24], body=record.body, received_at=record.received_at,
        )
        for record in records
        if record.body.get("case") not in withdrawn
    )  # fmt: skip


def past_cases(limit: int) -> list[Publication]:
    """The last cases as they would be shared, for the dry run of an agreement."""
    rows = Case.objects.filter(origin=settings.OTAY.country).order_by("-pk")[:limit]
    return [Publication(row.reference, row.version or 1, _head(row), row.port) for row in rows]


RECORD_TYPES = (
    RecordType(
        CASE,
        _("Head of a joint case"),
        (
            Field("reference", _("Case")),
            Field("state", _("State")),
            Field("kind", _("Kind")),
            Field("title", _("Title")),
            Field("summary", _("Summary")),
            Field("port", _("Port of entry")),
            Field("opened_at", _("Opened")),
            Field("outcome", _("Outcome")),
            Field("penalty", _("Penalty")),
            Field("members", _("Members of the working group"), personal=True),
        ),
        keep_cases,
        past_cases,
    ),
    RecordType(
        CASE_ENTRY,
        _("Entry in a joint case"),
        (
            Field("case", _("Case")),
            Field("country", _("Country")),
            Field("serial", _("Number")),
            Field("kind", _("Kind")),
            Field("at", _("When")),
            Field("text", _("Text")),
            Field("purpose", _("Purpose")),
            Field("content", _("Content")),
            Field("author", _("Author"), personal=True),
            Field("person", _("Person or firm"), personal=True),
        ),
        keep_entries,
    ),
    RecordType(
        SEIZURE,
        _("Seizure of goods in a joint case"),
        (
            Field("reference", _("Seizure")),
            Field("case", _("Case")),
            Field("port", _("Port of entry")),
            Field("state", _("State")),
            Field("at", _("When")),
            Field("ground", _("Legal ground")),
            Field("goods", _("Goods")),
            Field("place", _("Place of storage")),
            Field("held_from", _("Taken from"), personal=True),
        ),
        keep_seizures,
    ),
)
