"""Publication: what leaves is written to the outbox in the transaction of the change that it tells of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from otay.core.canonical import canonical_json, digest
from otay.core.errors import Conflict
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain.agreement import Term, project
from otay.exchange.domain.consent import possible
from otay.exchange.domain.control import CONTROL
from otay.exchange.domain.envelope import Record, chained
from otay.exchange.models import ConsentedRecord, Direction, Outbox, Peer
from otay.exchange.registry import Publication, record_types
from otay.exchange.services import consented
from otay.node import audit, clock, tracing
from otay.node.actors import Actor
from otay.node.bulk import insert_many
from otay.node.models import ChainHead


@dataclass(frozen=True, slots=True)
class _Item:
    """A record that may leave, with what stays beside it in the outbox: its port, the consents that let it leave, and
    the digests that the same content has with other consents, so that it is known again when one came or went."""

    record: Record
    port: str
    consents: tuple[int, ...] = ()
    otherwise: frozenset[bytes] = frozenset()


@transaction.atomic(savepoint=False)
def publish(*, actor: Actor, record_type: str, publications: Sequence[Publication], to: str = "") -> int:
    """Queue ``publications`` for every neighbour with an agreement that covers the type (``to``: for that country
    alone); returns how many were queued.

    Runs in the caller's transaction; the caller has checked the permission for the change itself. Only
    agreed fields are kept. A publication repeated with the same content is not queued twice. No audit event of its own:
    the outbox is chained, append-only and names the actor.

    Raises:
        Conflict: when a version that was published before comes with other content.
    """
    if record_type not in record_types:
        raise KeyError(f"{record_type} is not a registered record type")
    peers = list(Peer.objects.filter(state=Peer.State.TRUSTED, **({"country": to} if to else {})))
    if not peers or not publications:
        return 0
    at, own = clock.now(), keystore.own_country()
    agreements = queries.standings(peers)
    queued = 0
    for peer in peers:
        found = queries.releasing(agreements[peer.pk], record_type, sender=own, at=at)
        if found:
            standing, term = found
            queued += append(actor, peer, _items(peer, standing, term, publications, at))
    return queued


def _items(
    peer: Peer, standing: queries.Standing, term: Term, publications: Sequence[Publication], at: datetime
) -> list[_Item]:
    """What the agreement, and where it asks for consents those that were given, let leave of ``publications``."""
    if not term.consents:
        return [_item(term, standing.terms.citation, one, at, term.fields, ()) for one in publications]
    locked_heads(peer)  # a consent is read under the lock that its withdrawal takes
    allowed = consented.allowed(peer, term, publications)
    return [
        _item(term, standing.terms.citation, publication, at, fields, used)
        for publication, (fields, used) in zip(publications, allowed, strict=True)
        if fields
    ]


def _item(
    term: Term, citation: str, one: Publication, at: datetime, fields: Sequence[str], used: tuple[int, ...]
) -> _Item:
    body = canonical_json(project(one.body, fields))
    otherwise = frozenset(
        digest(canonical_json(project(one.body, some))) for some in possible(term.fields, term.consents)
    )
    record = Record(term.record_type, one.business_key, one.version, citation, at, digest(body), body)
    return _Item(record, one.port, used, otherwise)


def locked_heads(peer: Peer) -> ChainHead:
    """The head of the stream to ``peer``, locked after the audit log's: a change writes the audit log as
    well, some before and some after, and with one order nobody waits crosswise."""
    audit.locked_head(audit.CHAIN)
    return audit.locked_head(queries.head_name(peer.stream(Direction.OUT, keystore.own_country())))


def append_control(
    actor: Actor, peer: Peer, record_type: str, key: str, body: Mapping[str, Any], *, version: int = 1
) -> int:
    """Queue a record of the exchange about itself, in the caller's transaction."""
    raw = canonical_json(body)
    record = Record(record_type, key, version, CONTROL, clock.now(), digest(raw), raw)
    return append(actor, peer, [_Item(record, "")])


def append(actor: Actor, peer: Peer, items: Sequence[_Item]) -> int:
    """Chain ``items`` to the end of the stream to ``peer``. The head's lock makes writers take turns."""
    own = keystore.own_country()
    head = locked_heads(peer)
    items = _not_yet_sent(peer, items)
    if not items:
        return 0
    previous = bytes(head.link) if head.sequence else peer.genesis(Direction.OUT, own)
    entries = chained([item.record for item in items], previous=previous, last_sequence=head.sequence)
    real, trace = keystore.real_now(), tracing.current()
    rows = [
        Outbox(
            peer=peer,
            sequence=entry.sequence,
            link=entry.link,
            record_type=item.record.record_type,
            business_key=item.record.business_key,
            version=item.record.version,
            citation=item.record.agreement,
            created_at=item.record.created_at,
            body_digest=item.record.body_digest,
            corrects=item.record.corrects,
            body=item.record.body.decode(),
            port=item.port,
            published_by=actor.key,
            queued_at=real,
            trace=trace,
        )
        for item, entry in zip(items, entries, strict=True)
    ]
    insert_many(rows)
    insert_many(
        [
            ConsentedRecord(consent_id=consent, sent=row)
            for item, row in zip(items, rows, strict=True)
            for consent in item.consents
        ]
    )
    ChainHead.objects.filter(pk=head.pk).update(sequence=entries[-1].sequence, link=entries[-1].link)
    return len(items)


def _not_yet_sent(peer: Peer, items: Sequence[_Item]) -> list[_Item]:
    """``items`` without repetitions of what is in the stream already, each naming the version that it replaces."""
    known = _known_digests(peer, items)
    versions: dict[str, list[int]] = {}
    for key, version in known:
        versions.setdefault(key, []).append(version)
    fresh: list[_Item] = []
    for item in items:
        place = (item.record.business_key, item.record.version)
        before = known.get(place)
        if before is None:
            earlier = [version for version in versions.get(place[0], ()) if version < place[1]]
            fresh.append(_citing(item, known[place[0], max(earlier)] if earlier else b""))
            known[place] = item.record.body_digest
            versions.setdefault(place[0], []).append(place[1])
        elif before != item.record.body_digest and before not in item.otherwise:
            raise Conflict(
                N_(
                    "Version %(version)s of %(type)s %(key)s was published with other content: "
                    "a correction is a new version"
                ),
                version=item.record.version,
                type=item.record.record_type,
                key=item.record.business_key,
            )
    return fresh


def _citing(item: _Item, before: bytes) -> _Item:
    """``item`` as the correction of what this neighbour was sent before; what the exchange says of itself is none."""
    if not before or item.record.agreement == CONTROL:
        return item
    return replace(item, record=replace(item.record, corrects=before))


def _known_digests(peer: Peer, items: Sequence[_Item]) -> dict[tuple[str, int], bytes]:
    rows = Outbox.objects.filter(
        peer=peer,
        record_type=items[0].record.record_type,
        business_key__in={item.record.business_key for item in items},
    ).exclude(state__in=[Outbox.State.WITHHELD, Outbox.State.REFUSED])
    return {
        (key, version): bytes(was) for key, version, was in rows.values_list("business_key", "version", "body_digest")
    }


@transaction.atomic
def send_again(*, actor: Actor, peer: Peer, sequences: Sequence[int]) -> int:
    """Queue anew what the neighbour refused or what was withheld: same content, new place in the stream.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
    """
    actor.require("exchange.manage")
    at, own = clock.now(), keystore.own_country()
    agreements = queries.standings([peer])[peer.pk]
    rows = Outbox.objects.filter(
        peer=peer, sequence__in=sequences, state__in=[Outbox.State.REFUSED, Outbox.State.WITHHELD]
    ).exclude(body="")
    by_type: dict[str, list[Publication]] = {}
    for row in rows.order_by("sequence"):
        by_type.setdefault(row.record_type, []).append(Publication(row.business_key, row.version, row.parsed, row.port))
    queued = 0
    for record_type, publications in by_type.items():
        found = queries.releasing(agreements, record_type, sender=own, at=at)
        if found:
            queued += append(actor, peer, _items(peer, *found, publications, at))
    audit.record(
        actor=actor, action="exchange.sent_again", subject=f"node:{peer.country}", sequences=sorted(sequences)[:100]
    )
    return queued
