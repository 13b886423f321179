"""The agreement: what two administrations let each other know, why, and for how long. Nothing else is released."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from otay.core.canonical import canonical_json
from otay.core.i18n import N_
from otay.exchange.domain import keys
from otay.exchange.domain.consent import MOST, Clause, read_clauses
from otay.exchange.domain.envelope import read_time
from otay.exchange.domain.refusals import Code, Rejected

AGREEMENT = "otay.agreement.v1"
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


class State(StrEnum):
    """Where an agreement stands on this node. Either side may suspend or end alone."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Term:
    """One record type: the top-level fields that may leave, which parties may send it, and whose consent it takes."""

    record_type: str
    fields: tuple[str, ...]
    senders: tuple[str, ...]
    consents: tuple[Clause, ...] = ()

    def document(self) -> dict[str, Any]:
        """Its part of what both sign. Terms without consents read as they did before there were any."""
        plain = {"record_type": self.record_type, "fields": list(self.fields), "senders": list(self.senders)}
        return {**plain, "consents": [one.document() for one in self.consents]} if self.consents else plain


@dataclass(frozen=True, slots=True)
class Terms:
    """The whole agreement. ``parties`` are the two country codes, sorted."""

    reference: str
    version: int
    parties: tuple[str, str]
    purpose: str
    retention_days: int
    valid_from: datetime
    valid_to: datetime
    terms: tuple[Term, ...]

    @property
    def citation(self) -> str:
        """How records cite it: ``reference/version``."""
        return f"{self.reference}/{self.version}"

    def term(self, record_type: str) -> Term | None:
        """The term for ``record_type``; None when it is not covered."""
        return next((term for term in self.terms if term.record_type == record_type), None)

    def covers(self, record_type: str, *, sender: str, at: datetime) -> Term | None:
        """The term under which ``sender`` may send ``record_type`` at ``at``; None: deny."""
        term = self.term(record_type)
        if term is None or sender not in term.senders or not self.valid_from <= at < self.valid_to:
            return None
        return term

    def document(self) -> dict[str, Any]:
        """The part that both sign."""
        return {
            "format": AGREEMENT,
            "reference": self.reference,
            "version": self.version,
            "parties": list(self.parties),
            "purpose": self.purpose,
            "retention_days": self.retention_days,
            "valid_from": self.valid_from.isoformat(),
            "valid_to": self.valid_to.isoformat(),
            "terms": [term.document() for term in self.terms],
        }


def project(body: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """The agreed part of ``body``: the named top-level fields that it has."""
    return {name: body[name] for name in fields if name in body}


def not_agreed(body: Mapping[str, Any], term: Term) -> list[str]:
    """Fields of ``body`` that the term does not name, sorted."""
    return sorted(set(body) - set(term.fields))


def _malformed(message: str, **params: Any) -> Rejected:
    return Rejected(Code.MALFORMED, message, **params)


def read_terms(document: Any) -> Terms:
    """The agreement in a document.

    Raises:
        Rejected: when a part is missing, unknown or out of bounds.
    """
    try:
        terms = Terms(
            reference=document["reference"],
            version=document["version"],
            parties=tuple(document["parties"]),
            purpose=document["purpose"],
            retention_days=document["retention_days"],
            valid_from=read_time(document["valid_from"]),
            valid_to=read_time(document["valid_to"]),
            terms=tuple(
                Term(
                    term["record_type"], tuple(term["fields"]), tuple(term["senders"]),
                    read_clauses(term.get("consents", ())),
                )
                for term in document["terms"]
            ),
        )  # fmt: skip
        same = terms.document() == document
    except (KeyError, TypeError, AttributeError):
        same = False
    if not same:
        raise _malformed(N_("This is not an agreement, or it has parts that this version does not know"))
    check(terms)
    return terms


def check(terms: Terms) -> None:
    """Raise :class:`Rejected` unless the agreement is one that two nodes could keep."""
    if not isinstance(terms.reference, str) or not _REFERENCE.fullmatch(terms.reference):
        raise _malformed(N_("The reference of an agreement is 1 to 60 letters, digits, dots, dashes and underscores"))
    if type(terms.version) is not int or not 0 < terms.version < 10_000:
        raise _malformed(N_("The version of an agreement is a number from 1"))
    if len(set(terms.parties)) != 2 or list(terms.parties) != sorted(terms.parties):
        raise _malformed(N_("An agreement has two different parties, in alphabetical order"))
    if not isinstance(terms.purpose, str) or not terms.purpose.strip() or len(terms.purpose) > 500:
        raise _malformed(N_("An agreement says its purpose in 1 to 500 characters"))
    if type(terms.retention_days) is not int or not 0 < terms.retention_days <= 36_500:
        raise _malformed(N_("Retention is 1 to 36,500 days"))
    if terms.valid_from >= terms.valid_to:
        raise _malformed(N_("The agreement ends before it begins"))
    types = [term.record_type for term in terms.terms]
    if not types or len(set(types)) != len(types) or any(not term.fields for term in terms.terms):
        raise _malformed(N_("An agreement names at least one record type, each once and with its fields"))
    if any(not term.senders or not set(term.senders) <= set(terms.parties) for term in terms.terms):
        raise _malformed(N_("A record type is sent by one or both of the parties"))
    _check_consents(terms)


def _check_consents(terms: Terms) -> None:
    for term in terms.terms:
        if len(term.consents) > MOST or not all(clause.in_order(term.fields) for clause in term.consents):
            raise _malformed(
                N_("A consent of %(type)s names a programme (a-z, 0-9, -), a subject and agreed fields"),
                type=term.record_type,
            )


def sign(terms: Terms, key: keys.SigningKey) -> dict[str, str]:
    """One party's signature: key name and signature."""
    return {"key": key.id, "signature": key.sign(AGREEMENT, terms.document())}


def signed_by(terms: Terms, signatures: Mapping[str, Any], public: Mapping[str, Mapping[str, bytes]]) -> set[str]:
    """The parties whose signature holds. ``public``: country -> key name -> raw key."""
    document = canonical_json(terms.document())
    holds = set()
    for party in terms.parties:
        given = signatures.get(party)
        raw = public.get(party, {}).get(given.get("key", "")) if isinstance(given, dict) else None
        if isinstance(given, dict) and raw and _holds(bytes(raw), document, str(given.get("signature"))):
            holds.add(party)
    return holds


@lru_cache(maxsize=1024)
def _holds(public: bytes, document: bytes, signature: str) -> bool:
    """A signature once checked need not be checked for every record that it allows."""
    return keys.raw_verifies(public, AGREEMENT.encode() + b"\x00" + document, signature)
