"""Ports and crossings that are not in the reference data, and who looks at them."""

from __future__ import annotations

from typing import Any

from otay.node.actors import EVERYWHERE, Actor, Kind
from otay.node.models import RoleAssignment, User
from otay.places import queries
from otay.places.models import Crossing, CrossingSide, Port


def viewer(*permissions: str) -> Actor:
    """An officer who holds ``permissions`` everywhere."""
    return Actor(Kind.OFFICER, "officer:places-test", "Invented Viewer", dict.fromkeys(permissions, EVERYWHERE))


def signed_in_person(role: str = "trader", username: str = "places-viewer") -> User:
    """An invented person with one role everywhere."""
    person = User.objects.create(username=username, language="en", invented=True)
    RoleAssignment.objects.create(user=person, role=role, port="*", given_by="test")
    return person


def make_port(code: str = "9901", **values: Any) -> Port:
    """A port between two invented sides, on a border that is not the shipped one."""
    defaults = {
        "country": "GT",
        "name": f"Port {code}",
        "state": "GT-SM",
        "latitude": 14.9,
        "longitude": -92.1,
        "time_zone": "America/Guatemala",
    }
    port = Port.objects.create(code=code, **{**defaults, **values})
    queries.forget()
    return port


def make_crossing(port: Port, key: str = "invented-bridge", modes: str = "cargo car", **values: Any) -> Crossing:
    """A crossing of ``port`` with two sides."""
    crossing = Crossing.objects.create(key=key, port=port, name=key.replace("-", " "), modes=modes, **values)
    CrossingSide.objects.create(crossing=crossing, country=port.country, name="home", time_zone=port.time_zone)
    CrossingSide.objects.create(crossing=crossing, country="MX", name="neighbour", time_zone="America/Mexico_City")
    queries.forget()
    return crossing
