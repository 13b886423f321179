"""A page that says which permissions open it, before it looks anything up."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.http import HttpRequest, HttpResponseBase

from otay.node.actors import Actor

Page = TypeVar("Page", bound=Callable[..., HttpResponseBase])


def needs(*any_of: str, changing: bool = False) -> Callable[[Page], Page]:
    """Open to an actor that holds one of ``any_of``, at any port; the service behind it asks for the right one.

    ``changing``: asked of requests other than GET only. (An operation of the API calls
    :meth:`~otay.node.actors.Actor.require_any` itself: its signature is read where it is written.)

    Raises:
        Forbidden: when the actor holds none of them.
    """

    def guarded(page: Page) -> Page:
        @wraps(page)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            actor: Actor | None = getattr(request, "actor", None)
            if actor is not None and not (changing and request.method == "GET"):
                actor.require_any(*any_of)
            return page(request, *args, **kwargs)

        return cast(Page, opened)

    return guarded
