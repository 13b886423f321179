"""Which language a page is in: the reader's choice, else the reader's account, else the node's own."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

CODES = {code for code, _name in settings.LANGUAGES}


class LanguageMiddleware:
    """Activates the language of the request. A browser's preference counts only for the API (Accept-Language)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        language = self.chosen(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response

    def chosen(self, request: HttpRequest) -> str:
        """The code of one of ``settings.LANGUAGES``."""
        cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if cookie in CODES:
            return cookie
        if request.path.startswith("/api/") and request.headers.get("Accept-Language"):
            return translation.get_language_from_request(request)
        return str(settings.LANGUAGE_CODE)
