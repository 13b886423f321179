"""From a signed-in person or a token to an actor with its grants."""

from __future__ import annotations

import hashlib
from collections import defaultdict

from django.db.models import Q

from otay.node import clock, roles
from otay.node.actors import EVERYWHERE, Actor, Kind
from otay.node.models import ApiClient, User


def actor_of_user(user: User) -> Actor:
    """The actor that ``user`` is, with what the roles given to them allow at which ports."""
    grants: dict[str, frozenset[str]] = defaultdict(frozenset)
    for assignment in user.role_assignments.all():
        for permission in roles.permissions_of(assignment.role):
            grants[permission] |= {assignment.port}
    return Actor(Kind.OFFICER, f"officer:{user.pk}", user.get_full_name() or user.username, dict(grants),
                 party=user.party, language=user.language)


def token_digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def actor_of_token(token: str) -> Actor | None:
    """The client program that holds ``token``; None when the token is unknown, expired or revoked."""
    now = clock.now()
    client = (
        ApiClient.objects.filter(token_digest=token_digest(token), revoked_at=None)
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .first()
    )
    if client is None:
        return None
    grants = dict.fromkeys(roles.permissions_of(client.role), EVERYWHERE)
    return Actor(Kind.CLIENT, f"client:{client.key}", client.name, grants, party=client.party)
