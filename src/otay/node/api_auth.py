"""Who may call the API: a client with a bearer token, or a signed-in person's browser (with CSRF); and how often."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth
from ninja.throttling import BaseThrottle

from otay.core.errors import Forbidden
from otay.core.i18n import N_
from otay.node.accounts import actor_of_token
from otay.node.actors import Actor
from otay.node.environment import WORKERS

WINDOW_SECONDS = 60


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

    def __call__(self, request: HttpRequest) -> Any:
        """Nobody signed in is nobody (401), before any word about CSRF."""
        if getattr(request, "second_factor_missing", False):
            raise Forbidden(N_("Enrol a second factor before you go on"))
        return super().__call__(request) if getattr(request, "actor", None) is not None else None

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        """The actor that the middleware found."""
        return getattr(request, "actor", None)


class CallerThrottle(BaseThrottle):
    """So many requests a minute for each caller (token, person, else address), counted in this process.

    Of several worker processes each takes its share of the limit: no request costs a write to a shared counter.
    """

    def __init__(self, per_minute: int) -> None:
        self.limit = max(1, per_minute // int(os.environ.get(WORKERS, "1")))
        self._window = 0
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def allow_request(self, request: HttpRequest) -> bool:
        """True while the caller is within the limit of this minute."""
        actor: Actor | None = getattr(request, "actor", None)
        caller = actor.key if actor else f"address:{request.META.get('REMOTE_ADDR', '')}"
        window = int(time.monotonic() // WINDOW_SECONDS)
        with self._lock:
            if window != self._window:
                self._window, self._counts = window, {}
            count = self._counts[caller] = self._counts.get(caller, 0) + 1
        return count <= self.limit

    def wait(self) -> float:
        """Seconds to the next minute."""
        return WINDOW_SECONDS - time.monotonic() % WINDOW_SECONDS


AUTH = [TokenAuth(), PersonAuth()]
THROTTLES = [CallerThrottle(6000)]
