"""From a signed-in person, a token or an audit key to an actor with its grants."""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from django.db.models import Q, QuerySet

from otay.node import clock, roles
from otay.node.actors import EVERYWHERE, SYSTEM, Actor, Kind
from otay.node.models import ApiClient, User
from otay.node.prepared import prepared

TOKEN_PREFIX = "otay_"  # noqa: S105 - so that a leaked token is recognised by scanners


def held_roles(user: User) -> list[tuple[str, str]]:
    """(role, port) pairs of ``user``; without a query where the session's backend brought them along."""
    known: list[tuple[str, str]] | None = getattr(user, "held_roles", None)
    return known if known is not None else list(user.role_assignments.values_list("role", "port"))


def grants_of(held: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Permission -> ports, from (role, port) pairs."""
    return dict(_grants(tuple(sorted(held)), len(roles.PERMISSIONS)))


@lru_cache(maxsize=512)
def _grants(held: tuple[tuple[str, str], ...], _declared: int) -> dict[str, frozenset[str]]:
    grants: dict[str, frozenset[str]] = defaultdict(frozenset)
    for role, port in held:
        for permission in roles.permissions_of(role):
            grants[permission] |= {port}
    return dict(grants)


def needs_second_factor(user: User) -> bool:
    """True if a role of ``user`` asks for a second factor and none is enrolled."""
    demanded = any(roles.ROLES[role].second_factor for role, _port in held_roles(user) if role in roles.ROLES)
    return demanded and not has_second_factor(user)


def has_second_factor(user: User) -> bool:
    """True if ``user`` enrolled an authenticator app or a security key."""
    known: bool | None = getattr(user, "has_second_factor", None)
    if known is not None:
        return known
    from allauth.mfa.models import Authenticator

    from otay.node.backends import FACTORS

    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def actor_of_user(user: User) -> Actor:
    """The actor that ``user`` is, with what the roles given to them allow at which ports."""
    return Actor(
        Kind.OFFICER,
        f"officer:{user.pk}",
        user.get_full_name() or user.username,
        grants_of(held_roles(user)),
        party=user.party,
        language=user.language,
    )


def new_token() -> str:
    """A bearer token of 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _valid_clients(now: datetime) -> Q:
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))


def actor_of_client(client: ApiClient) -> Actor:
    """The actor that a client program is."""
    grants = dict.fromkeys(roles.permissions_of(client.role), EVERYWHERE)
    return Actor(Kind.CLIENT, f"client:{client.key}", client.name, grants, party=client.party)


def actor_of_token(token: str) -> Actor | None:
    """The client program that holds ``token``; None when the token is unknown, expired or revoked."""
    found = _client_of(digest=token_digest(token), now=clock.now())
    return actor_of_client(found[0]) if found else None


@prepared
def _client_of(*, digest: str, now: datetime) -> QuerySet[ApiClient]:
    return ApiClient.objects.filter(_valid_clients(now), token_digest=digest)


def actor_by_key(key: str) -> Actor | None:
    """The actor that the audit log calls ``key``, with what it may do now; None when it may do nothing any more.

    A neighbour's node (``node:MX``) is known to ``exchange`` alone and is not found here.
    """
    kind, _, name = key.partition(":")
    if key == SYSTEM.key:
        return SYSTEM
    if kind == Kind.OFFICER and name.isascii() and name.isdigit() and len(name) < 19:
        from otay.node.backends import load_person

        person = load_person(int(name))
        return actor_of_user(person) if person else None
    if kind == Kind.CLIENT:
        client = ApiClient.objects.filter(_valid_clients(clock.now()), key=name).first()
        return actor_of_client(client) if client else None
    return None
