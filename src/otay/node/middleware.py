"""Puts the actor on every request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from otay.node.accounts import actor_of_user


class ActorMiddleware:
    """``request.actor``: the signed-in person as an :class:`~otay.node.actors.Actor`, or None."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        request.actor = actor_of_user(user) if user.is_authenticated else None  # type: ignore[attr-defined]
        return self.get_response(request)
