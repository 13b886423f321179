"""Looking at records: every look at what was exchanged leaves a trace, with its purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from otay.core.canonical import canonical_json, digest
from otay.core.errors import OtayError, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.models import Inbox, Outbox, Peer
from otay.exchange.services import transport
from otay.node import audit
from otay.node.actors import Actor

VIEW_RECORDS = "exchange.view_records"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field of both copies. ``same`` is None where one side is not known."""

    name: str
    ours: Any
    theirs: Any
    same: bool | None


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Both sides' copy of a record. ``theirs`` is None and ``problem`` says why when the neighbour's could not be had.

    ``same_link``: both sides' chains agree up to this record. ``ours_whole``, ``theirs_whole``: the body has the digest
    that was signed; None when there is no body.
    """

    row: Outbox | Inbox
    theirs: dict[str, Any] | None
    problem: str
    same_link: bool
    ours_whole: bool | None
    theirs_whole: bool | None
    fields: list[Comparison]

    @property
    def equal(self) -> bool:
        """True when both bodies are whole and the same."""
        return self.same_link and bool(self.ours_whole) and bool(self.theirs_whole)


def record_look(*, actor: Actor, direction: str, rows: Sequence[Outbox | Inbox], purpose: str) -> None:
    """Write down that ``actor`` looked at ``rows``, and why.

    Raises:
        Forbidden: unless ``actor`` may see exchanged records.
        Refused: when no purpose is given.
    """
    for row in rows:
        actor.require(VIEW_RECORDS, port=row.port)
    if not purpose.strip():
        raise Refused(
            N_("Say why you look at the neighbour's record"),
            findings=[
                error(
                    "/purpose", "exchange.purpose", N_("A purpose is needed"), purpose, N_("Name the case or the check")
                )
            ],
        )
    own = keystore.own_country()
    audit.record_many(
        actor=actor,
        events=[
            audit.Event(
                "exchange.record_viewed", f"stream:{row.peer.stream(direction, own)}:{row.sequence}", purpose.strip()
            )
            for row in rows
        ],
    )


def side_by_side(*, actor: Actor, direction: str, peer: Peer, sequence: int, purpose: str) -> SideBySide:
    """Our copy of a record beside the neighbour's, fetched now and verified; the look is recorded first.

    Raises:
        Forbidden: unless ``actor`` may see exchanged records.
        Refused: when no purpose is given.
        NotFound: when the stream does not go that far.
    """
    actor.require(VIEW_RECORDS)
    row = queries.record(direction, peer=peer, sequence=sequence)
    record_look(actor=actor, direction=direction, rows=[row], purpose=purpose)
    theirs, problem = None, ""
    try:
        own = keystore.own_country()
        theirs = transport.ask(
            peer,
            "/record",
            purpose=purpose.strip(),
            params={"stream": peer.stream(direction, own), "sequence": str(sequence)},
        )
    except OtayError as failure:
        problem = str(failure)
    return _compared(row, theirs, problem)


def _compared(row: Outbox | Inbox, theirs: dict[str, Any] | None, problem: str) -> SideBySide:
    ours = row.parsed
    body = theirs.get("body") if theirs else None
    their_body = body if isinstance(body, dict) else {}
    names = [*ours, *(name for name in their_body if name not in ours)]
    return SideBySide(
        row=row,
        theirs=theirs,
        problem=problem,
        same_link=bool(theirs) and theirs.get("link") == bytes(row.link).hex() if theirs else False,
        ours_whole=digest(row.body.encode()) == bytes(row.body_digest) if row.body else None,
        theirs_whole=_digest(their_body) == bytes(row.body_digest) if their_body else None,
        fields=[
            Comparison(name, ours.get(name), their_body.get(name), _same(ours, their_body, name)) for name in names
        ],
    )


def _digest(body: dict[str, Any]) -> bytes:
    try:
        return digest(canonical_json(body))
    except TypeError:  # what no node can have signed
        return b""


def _same(ours: dict[str, Any], theirs: dict[str, Any], name: str) -> bool | None:
    if not ours or not theirs:
        return None
    return name in ours and name in theirs and ours[name] == theirs[name]
