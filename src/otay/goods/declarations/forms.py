"""What officers and traders fill in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from otay.goods.declarations.domain import Result

RESULTS = [
    (Result.CONFORMS, _("Conforms to the declaration")),
    (Result.DISCREPANCY, _("Discrepancy")),
    (Result.OFFENCE, _("Offence")),
]


class InspectionForm(forms.Form):
    """The outcome of an inspection."""

    result = forms.ChoiceField(label=_("Result"), choices=RESULTS)
    remarks = forms.CharField(label=_("Remarks"), required=False, max_length=2000)


class LodgeForm(forms.Form):
    """A file of declarations."""

    file = forms.FileField(label=_("File"))
