"""The Jinja2 environment of all pages, and the shell (navigation, reader, language) that every page has."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils import formats, timezone, translation
from jinja2 import Environment, StrictUndefined

from otay.node import registry


def environment(**options: Any) -> Environment:
    """Jinja2 with gettext, Django's static files and URLs, and the house's filters."""
    options.setdefault("undefined", StrictUndefined)
    env = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"], trim_blocks=True, lstrip_blocks=True, **options)
    env.install_gettext_callables(  # type: ignore[attr-defined]
        translation.gettext, translation.ngettext, newstyle=True, pgettext=translation.pgettext, npgettext=translation.npgettext
    )
    env.globals.update(static=static, url=_url, shell=shell, now=timezone.now)
    env.filters.update(number=_number, date=_date, time=_time, ago=naturaltime)
    return env


def _url(name: str, *args: Any, **kwargs: Any) -> str:
    return reverse(name, args=args or None, kwargs=kwargs or None)


def _number(value: Any, decimals: int | None = None) -> str:
    return "" if value is None else str(formats.number_format(value, decimals, use_l10n=True, force_grouping=True))


def _date(value: Any, style: str = "DATE_FORMAT") -> str:
    return "" if value is None else str(formats.date_format(timezone.localtime(value) if hasattr(value, "hour") else value, style))


def _time(value: Any, style: str = "SHORT_DATETIME_FORMAT") -> str:
    return _date(value, style)


def shell(request: HttpRequest) -> dict[str, Any]:
    """What the frame around every page shows."""
    actor = getattr(request, "actor", None)
    return {
        "node": settings.OTAY,
        "actor": actor,
        "languages": settings.LANGUAGES,
        "menu": [
            entry for entry in registry.menu if not entry.permission or (actor is not None and actor.may(entry.permission))
        ],
    }
