"""Bounds and numbers every request, puts the actor on it, and keeps every page closed that does not say it is open."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from otay.node import logs, metrics, tracing
from otay.node.accounts import actor_of_user, needs_second_factor

MAX_UPLOAD = 256 * 1024 * 1024
API_PREFIX = "/api/"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

# What a person whose second factor is still missing may reach.
ENROLMENT = frozenset(
    {
        "mfa_index",
        "mfa_activate_totp",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_download_recovery_codes",
        "mfa_reauthenticate",
        "account_reauthenticate",
        "account_logout",
        "set_language",
    }
)
# Doors of the sign-in library that this house does not open: an administrator makes accounts and sets passwords.
CLOSED = frozenset(
    {
        "account_signup",
        "account_email",
        "account_set_password",
        "account_email_verification_sent",
        "account_confirm_email",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "account_confirm_login_code",
        "password_change",  # of the back office: past the audit; the account's own page does it
        "password_change_done",
    }
)
Answer = Callable[[HttpRequest], HttpResponseBase]


class RequestMiddleware:
    """Gives each request an id (the caller's own if it sent a sane one) and refuses a body that is too large."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with ``X-Request-Id``."""
        given = request.headers.get("X-Request-Id", "")
        request.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        began = time.perf_counter()
        token = logs.request_id.set(request.request_id)  # type: ignore[attr-defined]
        try:
            with tracing.span("request", parent=request.headers, method=request.method or ""):
                response = _too_large(request) or self.get_response(request)
        finally:
            logs.request_id.reset(token)
        metrics.observe(request, response, time.perf_counter() - began)
        response.headers["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


def _too_large(request: HttpRequest) -> HttpResponse | None:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    upload = request.META.get("CONTENT_TYPE", "").startswith("multipart/")
    limit = MAX_UPLOAD if upload else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if length <= limit:
        return None
    title = _("The body has %(length)d bytes; this node takes at most %(limit)d") % {"length": length, "limit": limit}
    body = json.dumps({"type": "about:blank", "title": title, "status": 413}, ensure_ascii=False)
    return HttpResponse(body, status=413, content_type="application/problem+json")


class ActorMiddleware:
    """``request.actor``: the signed-in person as an :class:`~otay.node.actors.Actor`, or None.

    A page is for signed-in people unless its view carries Django's ``login_not_required``. Who must have a second
    factor and has none is nobody yet, and reaches only the pages that enrol one. The API has its own doors
    (:mod:`otay.node.api_auth`).
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with ``request.actor`` set."""
        user: Any = request.user
        request.second_factor_missing = user.is_authenticated and needs_second_factor(user)  # type: ignore[attr-defined]
        known = user.is_authenticated and not request.second_factor_missing  # type: ignore[attr-defined]
        request.actor = actor_of_user(user) if known else None  # type: ignore[attr-defined]
        response = self.get_response(request)
        if user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Send to sign-in, or to the enrolment of a second factor, who may not see this page."""
        if request.path.startswith(API_PREFIX):
            return None
        name = request.resolver_match.url_name if request.resolver_match else ""
        if name in CLOSED:
            raise Http404
        if request.second_factor_missing and name not in ENROLMENT:  # type: ignore[attr-defined]
            return redirect("mfa_index")
        if not request.user.is_authenticated and getattr(view, "login_required", True):
            return redirect_to_login(request.get_full_path())
        return None
