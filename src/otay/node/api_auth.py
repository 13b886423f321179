"""Who may call the API: a client with a bearer token, or a signed-in person's browser (with CSRF)."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth
from ninja.throttling import AuthRateThrottle

from otay.node.accounts import actor_of_token
from otay.node.actors import Actor


class TokenAuth(HttpBearer):
    """``Authorization: Bearer TOKEN``."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The actor goes on the request, where every door finds it."""
        actor = actor_of_token(token)
        if actor is not None:
            request.actor = actor  # type: ignore[attr-defined]
        return actor


class PersonAuth(SessionAuth):
    """The session of a signed-in person."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        """The actor that the middleware found."""
        return getattr(request, "actor", None)


AUTH = [TokenAuth(), PersonAuth()]
THROTTLES = [AuthRateThrottle("6000/m")]
