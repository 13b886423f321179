"""Reads that the pages, the API and the services share. Each shows an actor only what it may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from otay.core.canonical import canonical_json
from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.exchange.queries import Delivery, delivery_state
from otay.formats import registry as formats
from otay.goods.declarations.domain import DECLARATION, OPEN, Kind, Result, State
from otay.goods.declarations.models import (
    Declaration,
    DeclarationEvent,
    DeclarationVersion,
    NeighbourCrossing,
    NeighbourDeclaration,
)
from otay.node.actors import Actor

VIEW = "declarations.view"
VIEW_OWN = "declarations.view_own"


def is_officer(actor: Actor) -> bool:
    """True for those who see the declarations of their ports; traders, brokers and carriers see their own."""
    return not actor.party and actor.may(VIEW)


def own_identifier(actor: Actor) -> str:
    """What a declaration names ``actor`` by: the party it speaks for, else its own key."""
    return actor.party or actor.key


def visible(actor: Actor) -> QuerySet[Declaration]:
    """The declarations that ``actor`` may see: an officer those of its ports, a trader or broker its own."""
    if is_officer(actor):
        ports = actor.ports(VIEW)
        return Declaration.objects.all() if ports is None else Declaration.objects.filter(port__in=ports)
    actor.require(VIEW_OWN)
    own = own_identifier(actor)
    return Declaration.objects.filter(Q(sender=own) | Q(declarant=own) | Q(importer=own) | Q(exporter=own))


def declaration(actor: Actor, number: str) -> Declaration:
    """The declaration ``number``.

    Raises:
        NotFound: when there is none, or none that ``actor`` may see: the answer is the same.
    """
    found = visible(actor).filter(number=number).first()
    if found is None:
        raise NotFound(N_("There is no declaration %(number)s here, or none that you may see."), number=number)
    return found


def find_at_booth(actor: Actor, port: str, text: str) -> list[Declaration]:
    """What an officer means by ``text`` at ``port``: number, plate or reference; open ones first."""
    text = text.strip().upper()
    if not text:
        return []
    rows = search(visible(actor).filter(port=port), text).order_by("-lodged_at")[:20]
    return sorted(rows, key=lambda row: row.state not in OPEN)


def search(rows: QuerySet[Declaration], text: str) -> QuerySet[Declaration]:
    """Those of ``rows`` whose number, reference, plate or consignment reference is ``text``; all when it is empty."""
    text = text.strip().upper()
    if not text:
        return rows
    return rows.filter(Q(number=text) | Q(vehicle=text) | Q(reference=text) | Q(ucr=text))


def versions(row: Declaration) -> list[DeclarationVersion]:
    """All versions, the one as lodged first."""
    return list(row.versions.order_by("version"))


def events(row: Declaration) -> list[DeclarationEvent]:
    """All events, oldest first."""
    return list(row.events.order_by("at", "id"))


def neighbour_records(ucrs: Iterable[str]) -> dict[str, NeighbourDeclaration]:
    """The latest record of the neighbour for each consignment reference that it has one for."""
    rows = NeighbourDeclaration.objects.filter(ucr__in={ucr for ucr in ucrs if ucr}).order_by("version", "id")
    return {row.ucr: row for row in rows}


def neighbour_crossings(ucr: str) -> list[NeighbourCrossing]:
    """What the neighbour told of these goods, oldest first."""
    return list(NeighbourCrossing.objects.filter(ucr=ucr).order_by("at", "id")) if ucr else []


def delivery(row: Declaration) -> list[Delivery]:
    """Whether the neighbour has this declaration: one entry for each peer, with its receipt."""
    return delivery_state(record_type=DECLARATION, business_key=row.number)


def written(row: Declaration, version: int, format: str) -> tuple[bytes, str]:
    """A version of the declaration as a file, and its media type. ``format``: ``json`` or ``wco``.

    Raises:
        NotFound: when there is no such version.
    """
    found = row.versions.filter(version=version).first()
    if found is None:
        raise NotFound(N_("Declaration %(number)s has no version %(version)s."), number=row.number, version=version)
    if format == "wco":
        record = found.core if found.document is None else {**found.core, "document": found.document}
        return formats.write(formats.ReadResult("wco", [record]), "wco"), "application/xml"
    return canonical_json(found.core), "application/json"


def first_seen(importers: Iterable[str]) -> dict[str, datetime]:
    """When each importer first declared here."""
    rows = Declaration.objects.filter(importer__in=set(importers)).values_list("importer").annotate(Min("lodged_at"))
    return dict(rows)


def past_findings(importers: Iterable[str]) -> dict[str, int]:
    """How many inspections of each importer's goods found something."""
    rows = (
        DeclarationEvent.objects.filter(
            kind=Kind.INSPECTED,
            declaration__importer__in=set(importers),
            detail__result__in=[Result.DISCREPANCY, Result.OFFENCE],
        )
        .values_list("declaration__importer")
        .annotate(Count("id"))
    )
    return dict(rows)


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits at a port: counts by state and lane, and since when the oldest at the booth has waited."""

    port: str
    by_state: dict[str, int]
    by_lane: dict[str, int]
    oldest_arrival: datetime | None

    @property
    def at_port(self) -> int:
        """Conveyances that stand at the port now."""
        return self.by_state.get(State.AT_PORT, 0) + self.by_state.get(State.INSPECTED, 0)


def queues(actor: Actor) -> list[Queue]:
    """The queue of every port that ``actor`` may see, in one query."""
    rows = (
        visible(actor)
        .filter(state__in=OPEN)
        .values_list("port", "state", "lane")
        .annotate(count=Count("id"), oldest=Min("arrived_at"))
    )
    collected: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"state": defaultdict(int), "lane": defaultdict(int), "oldest": []}
    )
    for port, state, lane, count, oldest in rows:
        entry = collected[port]
        entry["state"][state] += count
        if state in {State.AT_PORT, State.INSPECTED}:
            entry["lane"][lane] += count
            entry["oldest"].append(oldest)
    return [
        Queue(port, dict(entry["state"]), dict(entry["lane"]), min(filter(None, entry["oldest"]), default=None))
        for port, entry in sorted(collected.items())
    ]


def waiting(actor: Actor, port: str, *, lane: str = "", limit: int = 50) -> list[Declaration]:
    """The conveyances that stand at ``port``, longest waiting first."""
    rows = visible(actor).filter(port=port, state__in=[State.AT_PORT, State.INSPECTED])
    if lane:
        rows = rows.filter(lane=lane)
    return list(rows.order_by("arrived_at")[:limit])
