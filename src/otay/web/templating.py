"""The Jinja2 environment of all pages: gettext, URLs, static files, bytecode cache and the house's filters."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.template.backends.utils import csrf_input
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone, translation
from jinja2 import Environment, FileSystemBytecodeCache, StrictUndefined

from otay.web import showing
from otay.web.frame import shell


def environment(**options: Any) -> Environment:
    """Jinja2 as every page gets it. A name that a view forgot to pass is an error, not an empty space."""
    options.setdefault("bytecode_cache", _bytecode_cache())
    options |= {
        "undefined": StrictUndefined,
        "autoescape": True,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "cache_size": -1,
    }
    env = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"], **options)  # noqa: S701 - escaping is in options
    env.install_gettext_callables(  # type: ignore[attr-defined]
        translation.gettext,
        translation.ngettext,
        newstyle=True,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
    )
    env.policies["json.dumps_function"] = _dumps
    env.globals.update(static=static, url=_url, shell=shell, now=timezone.now, csrf_field=csrf_input)
    env.filters.update(showing.FILTERS)
    return env


def _bytecode_cache() -> FileSystemBytecodeCache:
    folder = settings.OTAY.home / "cache" / "pages"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # bytecode is code: nobody else may write it
    return FileSystemBytecodeCache(str(folder))


def _dumps(value: Any, **options: Any) -> str:
    """JSON for ``|tojson``: knows dates, decimals and translated texts."""
    return json.dumps(value, cls=DjangoJSONEncoder, **options)


def _url(name: str, *args: Any, **kwargs: Any) -> str:
    return reverse(name, args=args or None, kwargs=kwargs or None)
