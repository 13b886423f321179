"""What the neighbour hears of our declarations, and what we keep of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from otay.exchange.registry import Field, Forgotten, Publication, Received, RecordType
from otay.exchange.services.publishing import publish
from otay.goods.declarations.domain import CROSSING, DECLARATION, Kind
from otay.goods.declarations.models import (
    Declaration,
    DeclarationEvent,
    DeclarationVersion,
    NeighbourCrossing,
    NeighbourDeclaration,
)
from otay.node.actors import Actor

#: Elements of the core record that have a counterpart on the other side; duties and preference stay at home.
SHARED_CORE = (
    Field("type", _("Declaration type")),
    Field("ucr", _("Unique consignment reference")),
    Field("exporter", _("Exporter"), personal=True),
    Field("importer", _("Importer"), personal=True),
    Field("transport", _("Means of transport")),
    Field("containers", _("Containers")),
    Field("seals", _("Seals")),
    Field("export_country", _("Country of export")),
    Field("destination_country", _("Country of destination")),
    Field("invoice", _("Invoice")),
    Field("incoterm", _("Terms of delivery")),
    Field("gross_mass_kg", _("Gross mass")),
    Field("packages_total", _("Packages")),
    Field("items", _("Goods items")),
)
#: What the neighbour hears of, as it happens at the port.
SHARED = (Kind.ARRIVED, Kind.INSPECTED, Kind.RELEASED, Kind.REFUSED)
_ITEM = ("number", "hs", "description", "origin", "net_mass_kg", "gross_mass_kg", "packages", "quantity", "price")


def publish_declarations(*, actor: Actor, rows: Sequence[Declaration], cores: Sequence[dict[str, Any]]) -> None:
    """Hand the core records to the exchange, which sends what the agreement allows."""
    publish(
        actor=actor,
        record_type=DECLARATION,
        publications=[
            Publication(row.number, row.version, _shared(row, core), row.port)
            for row, core in zip(rows, cores, strict=True)
        ],
    )


def _shared(row: Declaration, core: dict[str, Any]) -> dict[str, Any]:
    body = {field.name: core[field.name] for field in SHARED_CORE if core.get(field.name)}
    body["items"] = [{name: item[name] for name in _ITEM if item.get(name)} for item in core.get("items", ())]
    return {**body, "number": row.number, "port": row.port, "lodged_at": row.lodged_at.isoformat()}


def publish_crossings(*, actor: Actor, events: Sequence[DeclarationEvent]) -> None:
    """Tell the neighbour what happened to the goods at our port."""
    publish(
        actor=actor,
        record_type=CROSSING,
        publications=[_crossing(event) for event in events],
    )


def _crossing(event: DeclarationEvent) -> Publication:
    body = {
        "number": event.declaration.number,
        "ucr": event.declaration.ucr,
        "port": event.declaration.port,
        "kind": event.kind,
        "at": event.at.isoformat(),
        **({"result": event.detail["result"]} if event.detail.get("result") else {}),
    }
    return Publication(event.declaration.number, event.pk, body, event.declaration.port)


def past_declarations(limit: int) -> list[Publication]:
    """The last declarations as they would be shared with every field, for the dry run of an agreement."""
    versions = DeclarationVersion.objects.select_related("declaration").order_by("-pk")[:limit]
    return [
        Publication(one.declaration.number, one.version, _shared(one.declaration, one.core), one.declaration.port)
        for one in versions
    ]


def past_crossings(limit: int) -> list[Publication]:
    """The last events at ports as they would be shared, for the dry run of an agreement."""
    events = DeclarationEvent.objects.filter(kind__in=SHARED).select_related("declaration").order_by("-pk")[:limit]
    return [_crossing(event) for event in events]


def keep_declarations(records: Sequence[Received]) -> None:
    """Keep the neighbour's declarations where our own find them by consignment reference."""
    NeighbourDeclaration.objects.bulk_create(
        NeighbourDeclaration(
            peer=record.peer,
            number=record.business_key,
            version=record.version,
            ucr=record.body.get("ucr", ""),
            body=record.body,
            received_at=record.received_at,
        )
        for record in records
    )


def keep_crossings(records: Sequence[Received]) -> None:
    """Keep what the neighbour tells of crossings."""
    NeighbourCrossing.objects.bulk_create(
        NeighbourCrossing(
            peer=record.peer,
            number=record.business_key,
            sequence=record.version,
            ucr=record.body.get("ucr", ""),
            kind=record.body["kind"],
            at=datetime.fromisoformat(record.body["at"]),
            body=record.body,
            received_at=record.received_at,
        )
        for record in records
    )


def forget_declarations(records: Sequence[Forgotten]) -> None:
    """Drop the neighbour's declarations that it may no longer share with us."""
    for one in records:
        NeighbourDeclaration.objects.filter(peer=one.peer, number=one.business_key, version=one.version).delete()


def _party(role: str) -> Callable[[Mapping[str, Any]], Collection[str]]:
    """How to read from a declaration who its ``role`` is: by tax or account number."""
    return lambda body: {str(party["id"])} if (party := body.get(role) or {}).get("id") else set()


RECORD_TYPES = (
    RecordType(
        DECLARATION,
        _("Core data of a goods declaration"),
        (
            *SHARED_CORE,
            Field("number", _("Declaration number")),
            Field("port", _("Port of entry")),
            Field("lodged_at", _("Lodged")),
        ),
        keep_declarations,
        past_declarations,
        {"importer": _party("importer"), "exporter": _party("exporter")},
        forget_declarations,
    ),
    RecordType(
        CROSSING,
        _("What happened to goods at the port"),
        (
            Field("number", _("Declaration number")),
            Field("ucr", _("Unique consignment reference")),
            Field("port", _("Port of entry")),
            Field("kind", _("What happened")),
            Field("at", _("When")),
            Field("result", _("Result of the inspection")),
        ),
        keep_crossings,
        past_crossings,
    ),
)
