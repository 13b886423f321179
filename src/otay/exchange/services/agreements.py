"""Agreements: proposed by one, signed by both, suspended or ended by either alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from otay.core.errors import Conflict, NotFound
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain import agreement as rules
from otay.exchange.domain.agreement import State, Term, Terms
from otay.exchange.domain.consent import Clause
from otay.exchange.domain.refusals import Code, Rejected
from otay.exchange.models import Agreement, Peer
from otay.exchange.registry import RecordType, record_type_of, record_types
from otay.exchange.services.identity import MANAGE
from otay.node import audit, clock
from otay.node.actors import Actor

DEFAULT_YEARS = 5
DEFAULT_RETENTION_DAYS = 5 * 365


def default_terms(
    *,
    with_country: str,
    purpose: str,
    types: Sequence[str] = (),
    personal: bool = False,
    reference: str = "",
    retention_days: int = DEFAULT_RETENTION_DAYS,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    consents: Sequence[tuple[str, Clause]] = (),
) -> Terms:
    """Terms for a first proposal: the registered record types (all, or ``types``), both parties as senders, every field
    that is not personal (``personal=True``: those too), valid from today for five years. Its version follows the last.
    ``consents``: record types with what leaves on consent only; fields named there are agreed, personal or not.
    """
    parties = tuple(sorted((keystore.own_country(), with_country)))
    reference = reference or f"{parties[0]}-{parties[1]}-core"
    start = valid_from or clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    chosen = [kind for kind in record_types if not types or kind.key in types]
    if unknown := sorted(set(types) - {kind.key for kind in chosen}):
        raise NotFound(
            N_("Unknown record type: %(unknown)s. Known are %(known)s"),
            unknown=", ".join(unknown),
            known=", ".join(kind.key for kind in record_types),
        )
    if unknown := sorted({record_type for record_type, _clause in consents} - {kind.key for kind in chosen}):
        raise NotFound(
            N_("A consent is asked for %(unknown)s, which these terms do not share"), unknown=", ".join(unknown)
        )
    last = Agreement.objects.filter(reference=reference).order_by("-version").values_list("version", flat=True).first()
    return Terms(
        reference=reference,
        version=(last or 0) + 1,
        parties=(parties[0], parties[1]),
        purpose=purpose,
        retention_days=retention_days,
        valid_from=start,
        valid_to=valid_to or start + timedelta(days=365 * DEFAULT_YEARS),
        terms=tuple(_term(kind, parties, personal, consents) for kind in chosen),
    )


def _term(kind: RecordType, parties: tuple[str, ...], personal: bool, consents: Sequence[tuple[str, Clause]]) -> Term:
    clauses = tuple(clause for record_type, clause in consents if record_type == kind.key)
    named = {name for clause in clauses for name in clause.fields}
    fields = (field.name for field in kind.fields if personal or not field.personal or field.name in named)
    return Term(kind.key, tuple(fields), parties, clauses)


def _own(terms: Terms) -> Peer:
    """The other party of terms that this node is a party to."""
    own = keystore.own_country()
    if own not in terms.parties:
        raise Conflict(
            N_("The agreement is between %(parties)s; this node is %(own)s"), parties=" + ".join(terms.parties), own=own
        )
    return queries.peer_named(next(party for party in terms.parties if party != own))


@transaction.atomic
def propose(*, actor: Actor, terms: Terms) -> Agreement:
    """Keep ``terms`` as proposed, under this node's signature.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
        Rejected: when the terms cannot be kept.
        Conflict: when that version exists, or is between others.
    """
    actor.require(MANAGE)
    rules.check(terms)
    _check_fields(terms)
    peer = _own(terms)
    if Agreement.objects.filter(reference=terms.reference, version=terms.version).exists():
        raise Conflict(N_("Agreement %(citation)s exists already: propose the next version"), citation=terms.citation)
    agreement = _stored(actor, peer, terms, {keystore.own_country(): rules.sign(terms, keystore.own_key())})
    audit.record(actor=actor, action="exchange.agreement_proposed", subject=f"agreement:{terms.citation}")
    return agreement


def _check_fields(terms: Terms) -> None:
    """A field that no record has would make a promise nobody can keep."""
    for term in terms.terms:
        if term.record_type not in record_types:
            raise NotFound(
                N_("Unknown record type: %(unknown)s. Known are %(known)s"),
                unknown=term.record_type,
                known=", ".join(kind.key for kind in record_types),
            )
        known = {field.name for field in record_types[term.record_type].fields}
        if unknown := sorted(set(term.fields) - known):
            raise NotFound(N_("%(type)s has no field %(unknown)s"), type=term.record_type, unknown=", ".join(unknown))
        _check_consents(term)


def _check_consents(term: Term) -> None:
    """A consent that this node could not ask for, or whose withdrawal it could not honour, would be a promise nobody
    keeps.

    Raises:
        Conflict: when it is.
    """
    if not term.consents:
        return
    kind = record_type_of(term.record_type)
    subjects = kind.subjects if kind else {}
    if kind is None or kind.forget is None or any(one.subject not in subjects for one in term.consents):
        raise Conflict(
            N_("%(type)s cannot be shared on the consent of %(subject)s here: this node knows %(known)s"),
            type=term.record_type,
            subject=", ".join(one.subject for one in term.consents),
            known=", ".join(subjects) or "–",
        )


def _stored(actor: Actor, peer: Peer, terms: Terms, signatures: dict[str, Any]) -> Agreement:
    return Agreement.objects.create(
        peer=peer,
        reference=terms.reference,
        version=terms.version,
        document=terms.document(),
        signatures=signatures,
        retention_days=terms.retention_days,
        changed_at=clock.now(),
        changed_by=actor.key,
    )


def file_of(agreement: Agreement) -> dict[str, Any]:
    """The agreement as a file for the neighbour's administrator."""
    return {"agreement": agreement.document, "signatures": agreement.signatures}


@transaction.atomic
def import_file(*, actor: Actor, document: Any) -> Agreement:
    """Take in an agreement file: new terms, or the neighbour's signature under known ones.

    Signed by both, they are in force.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
        Rejected: when it is not an agreement, was altered, or the neighbour has not signed it.
        Conflict: when this node holds other terms under the same reference and version.
    """
    actor.require(MANAGE)
    raw = document if isinstance(document, dict) else {}
    terms = rules.read_terms(raw.get("agreement"))
    peer = _own(terms)
    signatures_given = raw.get("signatures")
    given: dict[str, Any] = signatures_given if isinstance(signatures_given, dict) else {}
    public = {
        peer.country: queries.public_keys(peer, trusted_only=True),
        keystore.own_country(): keystore.own_public_keys(),
    }
    holds = rules.signed_by(terms, given, public)
    if peer.country not in holds:
        raise Rejected(
            Code.BAD_SIGNATURE,
            N_("The signature of %(country)s does not hold, or its key is not trusted here"),
            country=peer.country,
        )
    signatures = {party: given[party] for party in sorted(holds)}
    agreement = Agreement.objects.select_for_update().filter(reference=terms.reference, version=terms.version).first()
    if agreement is None:
        agreement = _stored(actor, peer, terms, signatures)
    elif agreement.document != terms.document():
        raise Conflict(
            N_("Agreement %(citation)s is known here with other terms: propose the next version"),
            citation=terms.citation,
        )
    agreement.signatures = {**agreement.signatures, **signatures}
    agreement.save(update_fields=["signatures"])
    audit.record(actor=actor, action="exchange.agreement_imported", subject=f"agreement:{terms.citation}")
    _activate(actor, agreement)
    return agreement


@transaction.atomic
def sign(*, actor: Actor, reference: str, version: int) -> Agreement:
    """Sign proposed terms for this node. Signed by both, they are in force.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
        NotFound: when there are none.
        Conflict: when they are not proposed any more.
    """
    actor.require(MANAGE)
    agreement = _locked(reference, version)
    if agreement.state != State.PROPOSED:
        raise Conflict(
            N_("Agreement %(citation)s is %(state)s: only proposed terms are signed"),
            citation=agreement.citation,
            state=agreement.state,
        )
    for term in agreement.terms.terms:
        _check_consents(term)
    agreement.signatures = {
        **agreement.signatures,
        keystore.own_country(): rules.sign(agreement.terms, keystore.own_key()),
    }
    agreement.save(update_fields=["signatures"])
    audit.record(actor=actor, action="exchange.agreement_signed", subject=f"agreement:{agreement.citation}")
    _activate(actor, agreement)
    return agreement


def _locked(reference: str, version: int | None) -> Agreement:
    rows = Agreement.objects.select_for_update().filter(reference=reference)
    found = (
        rows.filter(version=version) if version else rows.filter(state__in=[State.ACTIVE, State.SUSPENDED])
    ).first()
    if found is None:
        raise NotFound(
            N_("No agreement %(reference)s (version %(version)s) here"), reference=reference, version=version or "–"
        )
    return found


def _activate(actor: Actor, agreement: Agreement) -> None:
    """Put terms that both signed in force, in place of the version before."""
    standing = next(
        one for one in queries.standings([agreement.peer])[agreement.peer_id] if one.agreement.pk == agreement.pk
    )
    if agreement.state != State.PROPOSED or not standing.signed_by_both:
        return
    in_force = Agreement.objects.select_for_update().filter(
        reference=agreement.reference, state__in=[State.ACTIVE, State.SUSPENDED]
    )
    if any(other.version > agreement.version for other in in_force):
        _change(actor, agreement, State.SUPERSEDED, "")
        return
    for other in in_force:
        _change(actor, other, State.SUPERSEDED, "")
    _change(actor, agreement, State.ACTIVE, "")


def _change(actor: Actor, agreement: Agreement, state: State, reason: str) -> None:
    agreement.state, agreement.reason = state.value, reason
    agreement.changed_at, agreement.changed_by = clock.now(), actor.key
    agreement.save(update_fields=["state", "reason", "changed_at", "changed_by"])
    audit.record(
        actor=actor,
        action=f"exchange.agreement_{state.value}",
        subject=f"agreement:{agreement.citation}",
        reason=reason,
    )


_ALLOWED = {
    State.SUSPENDED: (State.ACTIVE,),
    State.ACTIVE: (State.SUSPENDED,),
    State.ENDED: (State.PROPOSED, State.ACTIVE, State.SUSPENDED),
}


@transaction.atomic
def set_state(*, actor: Actor, reference: str, version: int | None = None, state: State, reason: str) -> Agreement:
    """Suspend, resume (``State.ACTIVE``) or end an agreement, for this node alone.

    Without ``version``: the one in force.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
        NotFound: when there is no such agreement.
        Conflict: when its state does not allow it.
    """
    actor.require(MANAGE)
    agreement = _locked(reference, version)
    if agreement.state not in _ALLOWED.get(state, ()):
        raise Conflict(
            N_("Agreement %(citation)s is %(state)s and cannot become %(wanted)s"),
            citation=agreement.citation,
            state=agreement.state,
            wanted=state.value,
        )
    _change(actor, agreement, state, reason)
    return agreement
