"""The home page, the page about this node, and the language switch."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_GET, require_POST

from otay.node import registry
from otay.node.actors import Actor
from otay.places.queries import ports
from otay.web import language

log = logging.getLogger(__name__)
ALERTS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Block:
    """A panel as this reader sees it; ``html`` is None where it could not be computed."""

    key: str
    title: str
    html: SafeString | None


@login_not_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The border now; for a reader who has not signed in, what this node is."""
    actor: Actor | None = request.actor  # type: ignore[attr-defined]
    if actor is None:
        return render(request, "web/welcome.html", {})
    return render(request, "web/home.html", _now(request, actor))


@login_not_required
@require_GET
@cache_control(private=True, no_cache=True)
@conditional_page
def live(request: HttpRequest) -> HttpResponse:
    """The part of the home page that renews itself; unchanged, it costs the reader a 304."""
    actor: Actor | None = request.actor  # type: ignore[attr-defined]
    if actor is None:
        answer = HttpResponse(status=204)
        answer["HX-Refresh"] = "true"
        return answer
    return render(request, "web/live.html", _now(request, actor))


def _now(request: HttpRequest, actor: Actor) -> dict[str, object]:
    panels = [panel for panel in registry.panels if not panel.permission or actor.may(panel.permission)]
    alerts = [alert for source in registry.alerts for alert in source.open_alerts(actor)]
    return {
        "blocks": [_block(request, actor, panel) for panel in panels],
        "alerts": alerts[:ALERTS_SHOWN],
        "port_names": {port.code: port.name for port in ports()},
        "more_alerts": max(0, len(alerts) - ALERTS_SHOWN),
    }


def _block(request: HttpRequest, actor: Actor, panel: registry.Panel) -> Block:
    """One room's fault must not take the whole page from the officers at the other desks: it is logged and shown."""
    try:
        drawn = render_to_string(panel.template, panel.context(request, actor), request, using="jinja2")
    except Exception:
        log.exception("panel %s could not be computed", panel.key)
        return Block(panel.key, str(panel.title), None)
    return Block(panel.key, str(panel.title), mark_safe(drawn))  # noqa: S308 - a template that escapes drew it


@login_not_required
@require_GET
def about(request: HttpRequest) -> HttpResponse:
    """What this node is, what it is for, its version and licence."""
    return render(request, "web/about.html", {})


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember the reader's language, on this browser and with their account, and go back to where they were."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    answer = redirect(back)
    code = request.POST.get("language", "")
    if code in language.CODES:
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=31_536_000,
            samesite="Lax",
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )
        if request.user.is_authenticated:
            language.remember(user=request.user, language=code)
    return answer
