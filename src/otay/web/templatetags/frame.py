"""The frame of ``web/base.html`` for pages that use Django's own templates."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag(takes_context=True)
def frame_part(context: dict[str, Any], name: str) -> SafeString:
    """One of head, top, messages, bottom of the frame, as every other page has it."""
    drawn = render_to_string(f"web/frame/{name}.html", {"frame": context["frame"]}, context["request"], using="jinja2")
    return mark_safe(drawn)  # noqa: S308 - a template that escapes drew it
