"""Who acts: an officer, a client program, the neighbour's node, or the node itself; and what that actor may do.

Every service takes an :class:`Actor`. What it may do is data: permission -> the ports it holds for, or everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from otay.core.errors import Forbidden
from otay.core.i18n import N_

EVERYWHERE: frozenset[str] = frozenset({"*"})


class Kind(StrEnum):
    """What kind of actor."""

    OFFICER = "officer"
    CLIENT = "client"
    NODE = "node"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """One actor with its grants.

    ``key`` is stable and goes into the audit log (``officer:17``, ``client:acme-brokers``, ``node:MX``, ``system``).
    ``party`` is the trader or carrier an actor speaks for: it sees the records of that party only.
    """

    kind: Kind
    key: str
    name: str
    grants: Mapping[str, frozenset[str]] = field(default_factory=dict)
    party: str = ""
    language: str = "en"

    def may(self, permission: str, *, port: str | None = None) -> bool:
        """True if the actor holds ``permission``, at ``port`` when one is given (else at any port)."""
        if self.kind is Kind.SYSTEM:
            return True
        ports = self.grants.get(permission)
        if not ports:
            return False
        return port is None or "*" in ports or port in ports

    def require(self, permission: str, *, port: str | None = None) -> None:
        """Raise :class:`Forbidden` unless :meth:`may`."""
        if not self.may(permission, port=port):
            raise Forbidden(
                N_(
                    "%(actor)s does not hold the permission %(permission)s at %(port)s. "
                    "Ask an administrator for a role that does."
                ),
                actor=self.name,
                permission=permission,
                port=port or N_("any port"),
            )

    def require_any(self, *permissions: str) -> None:
        """Raise :class:`Forbidden` unless one of ``permissions`` is held somewhere: asked at a door before anything is
        looked up, so that who may not change a record is told so whether or not there is one. The service behind the
        door asks for the right permission at the right port."""
        if not any(self.may(one) for one in permissions):
            self.require(permissions[0])

    def ports(self, permission: str) -> frozenset[str] | None:
        """The ports ``permission`` is held for; None when everywhere. Empty when not held at all."""
        if self.kind is Kind.SYSTEM:
            return None
        held = self.grants.get(permission, frozenset())
        return None if "*" in held else held


SYSTEM = Actor(Kind.SYSTEM, "system", "Otay")
