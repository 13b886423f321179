"""People, programs and actors for tests. Everybody here is invented."""

from __future__ import annotations

from itertools import count
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from otay.node import services
from otay.node.accounts import actor_of_user, grants_of
from otay.node.actors import SYSTEM, Actor, Kind
from otay.node.models import User
from otay.node.roles import ROLES

PASSWORD = "correct-horse-battery-staple"
_numbers = count(1)


def make_person(*held: str | tuple[str, str], factor: bool = True, **given: Any) -> User:
    """A person with roles (``"auditor"`` or ``("port_officer", "2506")``) and, where a role asks, a second factor."""
    pairs = [(item, "*") if isinstance(item, str) else item for item in held]
    number = next(_numbers)
    given = {"username": f"person{number}", "name": f"Invented Person {number}", "password": PASSWORD, **given}
    user = services.create_person(actor=SYSTEM, roles=pairs, invented=True, **given)
    if factor and any(ROLES[role].second_factor for role, _port in pairs):
        user.totp_secret = generate_totp_secret()  # type: ignore[attr-defined]
        TOTP.activate(user, user.totp_secret)  # type: ignore[attr-defined]
    return user


def make_actor(*held: str | tuple[str, str], **given: Any) -> Actor:
    """The actor of a new person."""
    return actor_of_user(make_person(*held, **given))


def plain_actor(*held: str | tuple[str, str], party: str = "", key: str = "officer:0") -> Actor:
    """An actor with the grants of roles and no row behind it."""
    pairs = [(item, "*") if isinstance(item, str) else item for item in held]
    return Actor(Kind.OFFICER, key, "Invented Actor", grants_of(pairs), party=party)


def signed_in(user: User) -> Client:
    """A browser in which ``user`` has signed in."""
    browser = Client()
    browser.force_login(user, backend="otay.node.backends.NodeBackend")
    return browser


def make_token(role: str = "trader", *, party: str = "", key: str = "") -> str:
    """The bearer token of a new client program."""
    key = key or f"program-{next(_numbers)}"
    return services.create_client(actor=SYSTEM, key=key, name=key, role=role, party=party, invented=True)


def bearer(token: str) -> dict[str, str]:
    """Keyword arguments for Django's test client."""
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}
