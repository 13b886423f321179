"""What a person sees when something goes wrong: what happened, why, and what to do next; in their language."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from otay.core.errors import OtayError
from otay.web.problems import problem

log = logging.getLogger(__name__)

TITLES: dict[int, tuple[Promise, Promise]] = {
    400: (_("The node could not read this request"), _("Go back and try again. If you typed the address, check it.")),
    403: (
        _("You may not do this"),
        _("Your account lacks the permission for it. Ask an administrator of this node for a role that holds it."),
    ),
    404: (
        _("There is nothing at this address"),
        _("Check the address, or use the menu. A record that you may not see is answered in the same way."),
    ),
    409: (
        _("The record has changed meanwhile"),
        _("Somebody else was faster, or the step is not possible in the record's present state. Look at it again."),
    ),
    413: (_("This is too large"), _("Send less at once: split the file or the list.")),
    422: (_("Not accepted as it stands"), _("Correct what is listed below and send it again.")),
    429: (_("Too many attempts"), _("Wait a few minutes, then try again. Nothing was changed.")),
    500: (
        _("Something went wrong on this node"),
        _("The fault is ours and stands in the node's log. Try again; if it stays, tell an administrator."),
    ),
}


def unstorable(refused: DataError) -> str:
    """What to tell whoever sent a value that the database cannot hold. PostgreSQL keeps no NUL in a text."""
    log.warning("the database refused a value: %s", type(refused.__cause__ or refused).__name__)
    return gettext("A value cannot be stored: it holds a NUL character, or is out of range. Remove it and send again.")


class ErrorPages:
    """An error that a service raised on purpose becomes a page that says what was wrong and what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on; the work is done in :meth:`process_exception`."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page for every :class:`OtayError` and for values that the database refuses; other exceptions go on to the
        page for status 500."""
        if isinstance(exception, DataError):
            return error_page(request, 422, text=unstorable(exception))
        if not isinstance(exception, OtayError):
            return None
        language = get_language() or "en"
        findings = [finding.as_dict(language) for finding in exception.findings]
        return error_page(request, exception.status, text=exception.text(language), findings=findings)


def error_page(
    request: HttpRequest, status: int, *, text: str = "", findings: list[dict[str, str]] | None = None
) -> HttpResponse:
    """The page for ``status``; below ``/api/`` a problem document instead."""
    title, remedy = TITLES.get(status, TITLES[400])
    if request.path.startswith("/api/"):
        return problem(status, text or str(title), **({"findings": findings} if findings else {}))
    context = {"status": status, "title": title, "text": text, "remedy": remedy, "findings": findings or []}
    return render(request, "web/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Page for status 400."""
    return error_page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Page for status 403."""
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Page for status 404."""
    return error_page(request, 404)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Page for status 429: sign-in attempts, mostly."""
    return error_page(request, 429)


def failed(request: HttpRequest) -> HttpResponse:
    """Page for status 500: in the frame of the other pages, or bare where the frame itself is at fault."""
    try:
        return error_page(request, 500)
    except Exception:
        log.exception("the page for status 500 could not be drawn")
        title, remedy = TITLES[500]
        body = format_html("<!doctype html><html><title>{0}</title><h1>{0}</h1><p>{1}</p></html>", title, remedy)
        return HttpResponse(body, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Page for a form that did not come from this node's own page, or whose cookie is gone."""
    return error_page(
        request,
        403,
        text=str(
            _(
                "The form was not accepted: its security token is missing or out of date. Open the page again, "
                "allow cookies for this site, and send the form once more. Nothing was changed."
            )
        ),
    )
