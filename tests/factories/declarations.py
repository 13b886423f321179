"""Actors of the declarations room, and declarations to lodge."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from otay.goods.declarations.models import Declaration
from otay.intake.incoming import Incoming, Receipt
from otay.intake.services import receive
from otay.node import roles
from otay.node.actors import Actor, Kind
from otay.web.demo import life

HOUR = datetime(2026, 3, 2, 15, tzinfo=UTC)


def actor(role: roles.Role, *, ports: Sequence[str] = ("*",), party: str = "", key: str = "") -> Actor:
    """An actor that holds ``role`` at ``ports``."""
    grants = dict.fromkeys(roles.permissions_of(role.key), frozenset(ports))
    return Actor(Kind.CLIENT, key or f"client:{role.key}", f"Test {role.key}", grants, party=party)


def broker(party: str = "DEMO-BROKER") -> Actor:
    """A broker's program."""
    return actor(roles.TRADER, party=party, key=f"client:{party.lower()}")


def trucks(count: int = 3, *, port: str = "2304", empty: int = 0, seed: str = "test") -> list[life.Truck]:
    """Invented trucks."""
    return list(life.trucks_of_hour(seed=seed, port=port, hour=HOUR, loaded=count - empty, empty=empty))


def truck(**changes: Any) -> life.Truck:
    """One truck, changed."""
    import dataclasses

    return dataclasses.replace(trucks(1)[0], **{"planted": "", "mistaken": False, **changes})


def send(declared: dict[str, Any], *, sender: Actor | None = None, reference: str = "") -> Receipt:
    """Hand one declaration to the door."""
    item = Incoming(json.dumps(declared).encode(), reference=reference or declared["reference"], format="declaration")
    return receive(actor=sender or broker(), items=[item])[0]


def lodged(declared: dict[str, Any] | None = None, *, lane: str = "green", sender: Actor | None = None) -> Declaration:
    """A declaration that was accepted, put into ``lane`` whatever screening said."""
    receipt = send(declared or life.import_declaration(truck()), sender=sender)
    number = receipt.answer["declarations"][0]["number"]
    Declaration.objects.filter(number=number).update(lane=lane)
    return Declaration.objects.get(number=number)
