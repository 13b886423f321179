"""The dry run of an agreement: what its terms would newly reveal, told on this node's own past records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from otay.core.errors import Conflict, NotFound, Refused
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain.agreement import Terms
from otay.exchange.domain.preview import Told, TypeChange, told_under, type_change
from otay.exchange.models import Agreement, Peer
from otay.exchange.registry import RecordType, record_types
from otay.node import audit, clock
from otay.node.actors import Actor

LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class DryRun:
    """What terms would change. ``untold``: types whose room keeps no past records to look at."""

    citation: str
    peer: str
    retention_before: int | None
    retention_after: int
    valid_to_before: datetime | None
    valid_to_after: datetime
    types: tuple[TypeChange, ...]
    untold: tuple[str, ...]
    with_examples: bool

    @property
    def reveals(self) -> bool:
        """True when anything is told that is not told now."""
        return any(one.added for one in self.types)


def dry_run(*, actor: Actor, terms: Terms, reason: str, limit: int = LOOKED_AT) -> DryRun:
    """Compare ``terms`` with what is in force with the other party, on the last ``limit`` records of each type. Values
    are shown only to who may see exchanged records everywhere; that it was looked at is recorded.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
        Refused: without a reason.
        Conflict: when this node is no party.
    """
    actor.require("exchange.manage")
    if len(reason.strip()) < 3:
        raise Refused(N_("Say why you look at the past records"))
    own = keystore.own_country()
    if own not in terms.parties:
        raise Conflict(N_("The agreement is not one of this node"))
    peer = queries.peer_named(next(party for party in terms.parties if party != own))
    examples = actor.may("exchange.view_records") and actor.ports("exchange.view_records") is None
    changes, untold = _changes(peer, terms, limit=limit, examples=examples)
    now = Agreement.objects.filter(peer=peer, reference=terms.reference, state__in=["active", "suspended"]).first()
    audit.record(
        actor=actor,
        action="exchange.agreement_dry_run",
        subject=f"agreement:{terms.citation}",
        reason=reason.strip(),
        records=sum(one.looked_at for one in changes),
        fields=[f"{one.record_type}.{field.name}" for one in changes for field in one.added],
        examples=examples,
    )
    return DryRun(
        terms.citation,
        peer.country,
        now.retention_days if now else None,
        terms.retention_days,
        now.terms.valid_to if now else None,
        terms.valid_to,
        tuple(changes),
        tuple(untold),
        examples,
    )


def _changes(peer: Peer, terms: Terms, *, limit: int, examples: bool) -> tuple[list[TypeChange], list[str]]:
    own, at = keystore.own_country(), clock.now()
    in_force = queries.standings([peer])[peer.pk]
    changes, untold = [], []
    for kind in record_types:
        found = queries.releasing(in_force, kind.key, sender=own, at=at)
        before = told_under(found[1].fields, found[1].consents) if found else Told({})
        term = terms.term(kind.key)
        after = told_under(term.fields, term.consents) if term and own in term.senders else _left(found, terms, before)
        if before == after:
            continue
        if kind.past is None:
            untold.append(kind.key)
        bodies = _bodies(kind, limit)
        changes.append(type_change(kind.key, before=before, after=after, bodies=bodies, examples=examples))
    return changes, untold


def _left(found: tuple[queries.Standing, object] | None, terms: Terms, before: Told) -> Told:
    """What goes on being told of a type that the terms do not name: all of it, unless they replace what tells it."""
    return before if found and found[0].terms.reference != terms.reference else Told({})


def _bodies(kind: RecordType, limit: int) -> list[dict[str, object]]:
    return [one.body for one in kind.past(limit)] if kind.past else []


def terms_of(reference: str, version: int) -> Terms:
    """The terms of an agreement that is known here.

    Raises:
        NotFound: when there is none.
    """
    row = Agreement.objects.filter(reference=reference, version=version).first()
    if row is None:
        raise NotFound(
            N_("No agreement %(reference)s (version %(version)s) here"), reference=reference, version=version
        )
    return row.terms
