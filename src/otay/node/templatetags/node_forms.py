"""Form fields in the look of the house, for the sign-in pages (Django's own templates)."""

from __future__ import annotations

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def in_house_style(field: BoundField) -> SafeString:
    """The input of ``field`` with the class the design system has for it, and its errors and help announced."""
    kind = {"checkbox": "usa-checkbox__input", "select": "usa-select", "textarea": "usa-textarea"}
    attrs: dict[str, str | bool] = {"class": kind.get(field.widget_type, "usa-input")}
    described = [f"{field.auto_id}-help"] if field.help_text else []
    if field.errors:
        described.insert(0, f"{field.auto_id}-errors")
        attrs["aria-invalid"] = "true"
        attrs["class"] = f"{attrs['class']} usa-input--error"
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return SafeString(field.as_widget(attrs=attrs))
