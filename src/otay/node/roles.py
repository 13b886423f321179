"""Roles as code. A role is what a person or program is trusted with; rooms say which of their permissions it holds.

A permission is ``room.verb`` (``declarations.release``). A room declares its permissions and who holds them in its
``apps.py``::

    roles.declare("declarations.release", _("Release a consignment"), held_by=[roles.PORT_OFFICER, roles.SUPERVISOR])
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Role:
    """``second_factor``: must sign in with one. ``per_port``: is given for named ports, or for all."""

    key: str
    title: str | Promise
    second_factor: bool = True
    per_port: bool = False


PORT_OFFICER = Role("port_officer", _("Port officer"), per_port=True)
SUPERVISOR = Role("supervisor", _("Supervisor"), per_port=True)
TARGETING = Role("targeting", _("Targeting analyst"))
TRUSTED_PROGRAMME = Role("trusted_programme", _("Trusted-programme officer"))
TRANSIT = Role("transit", _("Transit officer"))
INVESTIGATIONS = Role("investigations", _("Investigator"))
PLANNER = Role("planner", _("Port planner"))
RESCUE = Role("rescue", _("Rescue coordinator"))
AUDITOR = Role("auditor", _("Auditor"))
ADMINISTRATOR = Role("administrator", _("Administrator"))
TRADER = Role("trader", _("Trader or broker"), second_factor=False)
CARRIER = Role("carrier", _("Carrier"), second_factor=False)
PARTNER_NODE = Role("partner_node", _("Partner node"), second_factor=False)

ROLES: dict[str, Role] = {
    role.key: role
    for role in (
        PORT_OFFICER,
        SUPERVISOR,
        TARGETING,
        TRUSTED_PROGRAMME,
        TRANSIT,
        INVESTIGATIONS,
        PLANNER,
        RESCUE,
        AUDITOR,
        ADMINISTRATOR,
        TRADER,
        CARRIER,
        PARTNER_NODE,
    )
}
OFFICERS = tuple(role for role in ROLES.values() if role.second_factor)


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission and the roles that hold it."""

    key: str
    title: str | Promise
    held_by: frozenset[str]


PERMISSIONS: dict[str, Permission] = {}


def declare(key: str, title: str | Promise, *, held_by: Iterable[Role]) -> None:
    """Declare permission ``key``; declared twice is an error of the programmer."""
    if key in PERMISSIONS:
        raise ValueError(f"permission {key} is declared twice")
    PERMISSIONS[key] = Permission(key, title, frozenset(role.key for role in held_by))


def permissions_of(role_key: str) -> frozenset[str]:
    """All permissions that a role holds."""
    return frozenset(key for key, permission in PERMISSIONS.items() if role_key in permission.held_by)
