"""Cases as their members, and auditors, may see them. To everybody else a case does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from otay.core.custody import Verdict
from otay.core.errors import Forbidden, NotFound
from otay.core.i18n import N_
from otay.goods.investigations.domain.cases import PERSONAL_LINKS, EntryKind, LinkType
from otay.goods.investigations.models import (
    Case,
    CaseEntry,
    CaseLink,
    CaseMember,
    Evidence,
    EvidenceCustody,
    NeighbourEntry,
    NeighbourSeizure,
)
from otay.node import custody
from otay.node.actors import Actor

WORK = "investigations.cases"
OPEN = "investigations.open_cases"
AUDIT = "investigations.audit_cases"


def visible(actor: Actor) -> QuerySet[Case]:
    """The cases that ``actor`` works on; all for an auditor.

    Raises:
        Forbidden: when ``actor`` has nothing to do with cases, or speaks for a trader.
    """
    if actor.party or not (actor.may(WORK) or actor.may(AUDIT)):
        raise Forbidden(N_("Cases are shown to members of their working groups and to auditors."))
    if actor.may(AUDIT):
        return Case.objects.all()
    return Case.objects.filter(pk__in=CaseMember.objects.filter(key=actor.key, until=None).values("case"))


def case(actor: Actor, reference: str) -> Case:
    """The case ``reference``.

    Raises:
        NotFound: when there is none, or none that ``actor`` is a member of: the answer is the same.
    """
    found = visible(actor).filter(reference=reference).first()
    if found is None:
        raise NotFound(N_("There is no case %(reference)s here, or none that you may see."), reference=reference)
    return found


def offered(actor: Actor) -> QuerySet[Case]:
    """Cases that the neighbour shared and nobody here has joined yet, for those who may open cases: title only."""
    if actor.party or not actor.may(OPEN):
        return Case.objects.none()
    joined = CaseMember.objects.filter(country=settings.OTAY.country, until=None).values("case")
    return Case.objects.filter(withdrawn_at=None).exclude(origin=settings.OTAY.country).exclude(pk__in=joined)


def is_member(actor: Actor, row: Case) -> bool:
    """True if ``actor`` works on the case now."""
    return row.members.filter(key=actor.key, until=None).exists()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the timeline, ours or the neighbour's. ``place`` is how answers name it (``US/3``)."""

    country: str
    serial: int
    kind: str
    at: datetime
    author: str
    body: dict[str, Any]
    shared: bool

    @property
    def place(self) -> str:
        """Country and serial."""
        return f"{self.country}/{self.serial}"


def timeline(row: Case) -> list[Line]:
    """Both sides' entries, oldest first."""
    own = settings.OTAY.country
    lines = [Line(own, one.serial, one.kind, one.at, one.author, one.body, one.shared) for one in row.entries.all()]
    lines += [
        Line(one.country, one.serial, one.kind, one.at, one.author, one.body, True)
        for one in row.neighbour_entries.all()
    ]
    return sorted(lines, key=lambda line: (line.at, line.country, line.serial))


def open_requests(lines: Iterable[Line], *, of: str | None = None) -> list[Line]:
    """Requests without an answer; ``of``: those that this country has to answer."""
    lines = list(lines)
    answered = {line.body.get("answers") for line in lines if line.kind == EntryKind.ANSWER}
    return [
        line
        for line in lines
        if line.kind == EntryKind.REQUEST and line.place not in answered and (of is None or line.country != of)
    ]


@dataclass(frozen=True, slots=True)
class Linked:
    """A link of a case. ``ours``: made by our side."""

    type: str
    identifier: str
    note: str
    country: str

    @property
    def personal(self) -> bool:
        """True where it names a person or a firm."""
        return self.type in PERSONAL_LINKS


def links(row: Case) -> list[Linked]:
    """What both sides linked to the case, without repetition."""
    own = settings.OTAY.country
    found = {
        (one.type, one.identifier): Linked(one.type, one.identifier, one.note, own)
        for one in row.links.filter(removed_at=None).order_by("pk")
    }
    for entry in row.neighbour_entries.filter(kind__in=[EntryKind.LINK, EntryKind.UNLINK]).order_by("serial"):
        kind, identifier = str(entry.body.get("type", "")), str(entry.body.get("identifier", ""))
        if kind not in set(LinkType) or not identifier:
            continue
        if entry.kind == EntryKind.UNLINK:
            if (held := found.get((kind, identifier))) and held.country == entry.country:
                del found[kind, identifier]
            continue
        found.setdefault((kind, identifier), Linked(kind, identifier, str(entry.body.get("note", "")), entry.country))
    return list(found.values())


def cases_of(actor: Actor, type: str, identifier: str) -> list[Case]:
    """The cases that ``actor`` may see and that are linked to a subject."""
    if actor.party or not (actor.may(WORK) or actor.may(AUDIT)):
        return []
    linked = CaseLink.objects.filter(type=type, identifier=identifier, removed_at=None)
    return list(visible(actor).filter(pk__in=linked.values("case")).order_by("-opened_at")[:20])


def evidence(row: Case, number: int) -> Evidence:
    """One file of evidence of a case that the caller has looked up as the actor may see it."""
    found = row.evidence.filter(number=number).first()
    if found is None:
        raise NotFound(N_("Case %(reference)s has no evidence %(number)s."), reference=row.reference, number=number)
    return found


def custody_of(item: Evidence) -> list[EvidenceCustody]:
    """The custody chain of a file, oldest first."""
    return list(EvidenceCustody.objects.filter(item=item.item).order_by("sequence"))


def evidence_whole(item: Evidence) -> Verdict:
    """Whether the file's custody chain holds."""
    return custody.verify(EvidenceCustody, item.item, expected=item.entries_count)


def neighbour_seizures(row: Case) -> list[NeighbourSeizure]:
    """The latest word of the neighbour on each of its seizures in the case."""
    latest: dict[tuple[str, str], NeighbourSeizure] = {}
    for one in NeighbourSeizure.objects.filter(case=row.reference).order_by("version"):
        latest[one.peer, one.reference] = one
    return list(latest.values())


def search(rows: QuerySet[Case], text: str) -> QuerySet[Case]:
    """Those whose reference or title has ``text``, or that are linked to it; all when it is empty."""
    text = text.strip()
    if not text:
        return rows
    linked = CaseLink.objects.filter(identifier__iexact=text, removed_at=None).values("case")
    return rows.filter(Q(reference__iexact=text) | Q(title__icontains=text) | Q(pk__in=linked))


__all__ = ["AUDIT", "OPEN", "WORK", "CaseEntry", "Line", "Linked", "NeighbourEntry"]
