"""What an officer fills in to have a table changed."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from otay.goods.declarations.tariff.services import LINES, RATES


class FileForm(forms.Form):
    """A file of rates or lines."""

    table = forms.ChoiceField(label=_("Table"), choices=[(RATES, _("Exchange rates")), (LINES, _("Tariff lines"))],
                              widget=forms.Select({"class": "usa-select"}))  # fmt: skip
    file = forms.FileField(label=_("CSV file"), widget=forms.FileInput({"class": "usa-input file", "accept": ".csv"}))
    source = forms.CharField(
        label=_("Source"), max_length=200, required=False, widget=forms.TextInput({"class": "usa-input"}),
        help_text=_("Where it was published, for rows that name no source themselves."),
    )  # fmt: skip


class ApplyForm(forms.Form):
    """The version of the table that was looked at."""

    version = forms.IntegerField(min_value=0, max_value=2**31 - 1)
