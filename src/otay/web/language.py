"""Which language a page is in: the reader's account, else the reader's choice on this browser, else the node's own."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation

from otay.node.models import User

CODES = {code for code, _name in settings.LANGUAGES}


class LanguageMiddleware:
    """Activates the language of the request and the node's time zone.

    A browser's own preference counts only for the API (Accept-Language): a node's pages open in the node's language.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.zone = ZoneInfo(settings.OTAY.time_zone)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in the language chosen, and say which in ``Content-Language``."""
        language = self.chosen(request)
        with translation.override(language), timezone.override(self.zone):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response

    def chosen(self, request: HttpRequest) -> str:
        """The code of one of ``settings.LANGUAGES``."""
        for_a_program = request.path.startswith("/api/") and request.path != reverse("api_docs")
        if for_a_program and request.headers.get("Accept-Language"):
            return translation.get_language_from_request(request)
        actor = getattr(request, "actor", None)
        if actor is not None and actor.language in CODES:
            return str(actor.language)
        cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        return cookie if cookie in CODES else str(settings.LANGUAGE_CODE)


def remember(*, user: User, language: str) -> None:
    """Keep ``language`` with the person's account, so that it follows them to another browser."""
    if language in CODES and user.language != language:
        user.language = language
        user.save(update_fields=["language"])
