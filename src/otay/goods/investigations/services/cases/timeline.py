"""The timeline of a case: who may write in it, entries linked by hashes, and whether the chain is whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from otay.core import chain
from otay.core.canonical import canonical_json, digest
from otay.core.custody import genesis
from otay.core.errors import Conflict, Forbidden, NotFound, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.investigations import sharing
from otay.goods.investigations.domain.cases import EntryKind
from otay.goods.investigations.models import Case, CaseEntry, CaseMember, Series
from otay.goods.investigations.queries import cases as queries
from otay.node import audit, clock
from otay.node.actors import Actor

TEXT = 4000


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry to write. ``shared``: it goes to the neighbour with a case that is shared."""

    kind: EntryKind
    body: dict[str, Any] = field(default_factory=dict)
    shared: bool = False
    at: datetime | None = None


def text_of(value: str, name: str, *, least: int = 1, most: int = TEXT) -> str:
    """``value`` without blanks around it.

    Raises:
        Refused: when it is too short or too long.
    """
    text = value.strip()
    if not least <= len(text) <= most:
        raise Refused(
            N_("The entry cannot be taken"),
            findings=[
                error(
                    f"/{name}", "case.text", N_("Expected %(least)s to %(most)s characters"), value,
                    least=least, most=most,
                )
            ],
        )  # fmt: skip
    return text


def next_reference(name: str, country: str, year: int) -> str:
    """The next reference of a series: ``US-C-2026-00012``. The series stays locked until the transaction ends."""
    key = f"{name}{year}"
    Series.objects.get_or_create(name=key)
    series = Series.objects.select_for_update().get(name=key)
    series.last += 1
    series.save(update_fields=["last"])
    return f"{country}-{name}-{year}-{series.last:05d}"


def locked(actor: Actor, reference: str, *, lead: bool = False, own: bool = False) -> Case:
    """The case, locked for a change by a member.

    Raises:
        NotFound: when ``actor`` is not a member (auditors read, they do not write).
        Forbidden: when a lead is needed and ``actor`` is none, or the case is the neighbour's and must be ours.
        Conflict: when the neighbour has withdrawn it.
    """
    actor.require(queries.WORK)
    mine = CaseMember.objects.filter(key=actor.key, until=None, case__reference=reference)
    row = Case.objects.select_for_update().filter(reference=reference, pk__in=mine.values("case")).first()
    if row is None:
        raise NotFound(N_("There is no case %(reference)s here, or none that you may see."), reference=reference)
    if lead and not mine.filter(lead=True).exists():
        raise Forbidden(N_("Only who leads the case may do this."))
    if own and row.origin != settings.OTAY.country:
        raise Forbidden(N_("The case is the neighbour's: its own members decide this."))
    if row.withdrawn_at:
        raise Conflict(N_("The neighbour has withdrawn case %(reference)s."), reference=reference)
    return row


def write(actor: Actor, row: Case, drafts: Sequence[Draft]) -> list[CaseEntry]:
    """Append entries to the case's timeline, in the caller's transaction; shares what is to be shared."""
    last = row.entries.order_by("-serial").first()
    now = clock.now()
    previous = bytes(last.link) if last else genesis(f"case:{row.reference}")
    digests = [digest(entry_body(row, actor, draft, draft.at or now)) for draft in drafts]
    made = CaseEntry.objects.bulk_create(
        CaseEntry(
            case=row, serial=entry.sequence, kind=draft.kind, at=draft.at or now, recorded_at=now, actor=actor.key,
            author=actor.name, body=draft.body, shared=draft.shared, body_digest=entry.body_digest, link=entry.link,
        )
        for draft, entry in zip(
            drafts, chain.extend(previous, last.serial if last else 0, digests), strict=True
        )
    )  # fmt: skip
    row.entries_count = made[-1].serial
    row.save(update_fields=["entries_count"])
    if row.shared_with and not row.withdrawn_at:
        sharing.publish_entries(actor=actor, row=row, entries=[one for one in made if one.shared])
    return made


def entry_body(row: Case, actor: Actor, draft: Draft, at: datetime) -> bytes:
    """The bytes that an entry's digest covers."""
    return _body_bytes(row.reference, draft.kind, at, actor.key, draft.body)


def _body_bytes(reference: str, kind: str, at: datetime, actor: str, body: dict[str, Any]) -> bytes:
    return canonical_json({"case": reference, "kind": kind, "at": at, "actor": actor, "body": body})


def first_break(row: Case) -> int | None:
    """The serial of the first entry of our timeline that was altered, removed or inserted; None when all hold."""
    previous, last = genesis(f"case:{row.reference}"), 0
    for one in row.entries.order_by("serial"):
        body = digest(_body_bytes(row.reference, one.kind, one.at, one.actor, one.body))
        if one.serial != last + 1 or body != bytes(one.body_digest):
            return last + 1
        if chain.link(previous, one.serial, body) != bytes(one.link):
            return one.serial
        previous, last = bytes(one.link), one.serial
    return last + 1 if last < row.entries_count else None


def written(actor: Actor, row: Case, kind: EntryKind, body: dict[str, Any], *, shared: bool) -> CaseEntry:
    """Write one entry and record it."""
    (entry,) = write(actor, row, [Draft(kind, body, shared=shared)])
    audit.record(
        actor=actor, action=f"investigations.case_{kind}", subject=f"case:{row.reference}",
        reason=str(body.get("purpose", "")), serial=entry.serial, shared=shared,
    )  # fmt: skip
    return entry
