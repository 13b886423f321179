"""The frame around every page: node, clock, navigation, language switch. Costs no query of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from otay.node import clock, registry
from otay.node.actors import Actor
from otay.web.look import accent, country_name

SECTIONS: dict[str, Promise] = {
    "border": _("Border"),
    "infrastructure": _("Infrastructure"),
    "people": _("People"),
    "goods": _("Goods"),
    "partnership": _("Partnership"),
    "node": _("Node"),
}
PUBLIC: dict[str, Promise] = {
    "home": _("Welcome"),
    "about": _("About this node"),
    "api_docs": _("For programs: the API"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the navigation as this reader sees it."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the navigation with its entries."""

    key: str
    label: str
    links: tuple[Link, ...]

    @property
    def current(self) -> bool:
        """True where the page that is shown belongs to this section."""
        return any(link.current for link in self.links)


def shell(request: HttpRequest) -> dict[str, Any]:
    """What the frame shows. Works for a request that failed before it had an actor or a session."""
    actor: Actor | None = getattr(request, "actor", None)
    node = settings.OTAY
    language = get_language() or node.language
    return {
        "node": node,
        "country": country_name(node.country, language),
        "accent": accent(node.country),
        "version": _version(),
        "actor": actor,
        "language": language,
        "languages": [(code, _own_name(code)) for code, _name in settings.LANGUAGES],
        "sections": navigation(request.path, actor),
        "clock": {"at": clock.now(), "speed": clock.speed()},
        "messages": list(get_messages(request)) if hasattr(request, "_messages") else [],
    }


@cache
def _version() -> str:
    return version("otay")


def for_django_templates(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``frame``, worked out only where a template asks for it (the admin does not)."""
    return {"frame": SimpleLazyObject(lambda: shell(request))}


def _own_name(code: str) -> str:
    return {"en": "English", "es-mx": "Español"}.get(code, code)


def navigation(path: str, actor: Actor | None) -> list[Section]:
    """The sections that ``actor`` may use; the entry whose address is the longest start of ``path`` is current."""
    if actor is None:
        return [_page(path, url_name, label) for url_name, label in PUBLIC.items()]
    shown = [(entry, reverse(entry.url_name)) for entry in registry.menu if _open(entry.permission, actor)]
    here = max((url for _entry, url in shown if path.startswith(url)), key=len, default="")
    sections = []
    for key, label in SECTIONS.items():
        links = tuple(Link(str(entry.label), url, url == here) for entry, url in shown if entry.section == key)
        if key == "border":
            links = (Link(str(_("The border now")), reverse("home"), path == reverse("home")), *links)
        if links:
            sections.append(Section(key, str(label), links))
    return sections


def _page(path: str, url_name: str, label: Promise) -> Section:
    """A section of one page, for a reader who has not signed in."""
    url = reverse(url_name)
    return Section(url_name, str(label), (Link(str(label), url, url == path),))


def _open(permission: str, actor: Actor) -> bool:
    return not permission or actor.may(permission)
