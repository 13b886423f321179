"""What officers and administrators fill in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from otay.people.passengers.services.deciding import REASON_LENGTH


class ReasonForm(forms.Form):
    """Why something is decided."""

    reason = forms.CharField(label=_("Reason"), max_length=REASON_LENGTH)


class CarrierForm(forms.Form):
    """A carrier code and who sends for it."""

    code = forms.CharField(label=_("Carrier code"), max_length=3)
    party = forms.CharField(label=_("Party"), max_length=64)
