"""Cases, seizures and books that differ, for the tests of investigations. All of it is invented."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from factories import declarations
from otay.exchange.registry import Received
from otay.goods.declarations import sharing
from otay.goods.declarations.models import Declaration, NeighbourDeclaration
from otay.goods.investigations.models import Case
from otay.goods.investigations.services import cases, seizures
from otay.node import clock, roles
from otay.node.actors import Actor
from otay.web.demo import life

PORT = "2304"


def officer(role: roles.Role = roles.INVESTIGATIONS, *, ports: tuple[str, ...] = ("*",), key: str = "") -> Actor:
    """An officer with a role; ``key`` tells two of them apart."""
    return declarations.actor(role, ports=ports, key=key)


def opened(lead: Actor | None = None, **given: Any) -> Case:
    """A case that ``lead`` opened."""
    wanted = {"kind": "valuation", "title": "Invented case", "port": PORT, **given}
    return cases.open_case(actor=lead or officer(), **wanted)


def item(**changes: Any) -> seizures.Item:
    """Goods to seize."""
    given = {
        "hs6": "520942", "description": "Denim", "quantity": Decimal(100), "unit": "KGM", "value": Decimal("540.00"),
        "currency": "USD", **changes,
    }  # fmt: skip
    return seizures.Item(**given)


def seized(actor: Actor | None = None, **given: Any) -> Any:
    """A seizure at the port."""
    wanted = {"port": PORT, "ground": "Order 1 (invented)", "place": "Store 1", "items": [item()], **given}
    return seizures.seize(actor=actor or officer(roles.SUPERVISOR, ports=(PORT,)), **wanted)


def imported(truck: life.Truck, **changes: Any) -> Declaration:
    """Our import of the truck's goods."""
    return declarations.lodged({**life.import_declaration(truck), **changes})


def told(truck: life.Truck, *, version: int = 1, at: datetime | None = None, **changes: Any) -> NeighbourDeclaration:
    """The neighbour's export record of the truck's goods, as the exchange would hand it over."""
    body = {**life.export_declaration(truck), **changes}
    moment = at or clock.now()
    body |= {"number": f"MX{truck.key}", "port": truck.port, "lodged_at": moment.isoformat()}
    record = Received(0, "MX", 1, f"MX{truck.key}", version, body, moment)
    sharing.keep_declarations([record])
    return NeighbourDeclaration.objects.get(number=f"MX{truck.key}", version=version)


def aged(row: Declaration, days: int) -> Declaration:
    """The declaration as if lodged so many days ago."""
    moment = clock.now() - timedelta(days=days)
    Declaration.objects.filter(pk=row.pk).update(lodged_at=moment)
    row.refresh_from_db()
    return row
