"""What officers and traders fill in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class LodgeForm(forms.Form):
    """A file of declarations."""

    file = forms.FileField(label=_("File"))
