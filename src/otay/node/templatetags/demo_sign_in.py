"""The sheet of invented people on the sign-in pages of a demo node; nothing at all on any other node."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from otay.node import demo_people

register = template.Library()


@register.inclusion_tag("node/demo_sheet.html")
def demo_sheet() -> dict[str, Any]:
    """Names, passwords and codes that are valid now."""
    shown = demo_people.is_open(settings.OTAY)
    return {"people": demo_people.sheet(settings.OTAY.home)["people"] if shown else []}
