"""What an officer types to propose or decide a rule."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from otay.engines.selection import CHECKED

MAX_CONDITION = 20_000
_LOOK: dict[type, str] = {forms.Textarea: "usa-textarea", forms.Select: "usa-select"}


class ProposalForm(forms.Form):
    """A rule as its author writes it. Whether the rule itself can be used is for the service to say."""

    key = forms.SlugField(label=_("Key"), max_length=48, help_text=_("Small letters, digits and hyphens."))
    condition = forms.CharField(
        label=_("Condition (JSON)"),
        max_length=MAX_CONDITION,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )
    points = forms.IntegerField(
        label=_("Points"), required=False, help_text=_("Negative points speak for the subject.")
    )
    lane = forms.ChoiceField(
        label=_("Lane to force"),
        required=False,
        choices=[
            ("", _("None: points only")),
            *zip(map(str, CHECKED), (_("Red"), _("Yellow"), _("Blue")), strict=True),
        ],
    )
    reason_en = forms.CharField(
        label=_("Reason in English"), max_length=300, help_text=_("Name facts in braces: {value_usd}.")
    )
    reason_es = forms.CharField(label=_("Reason in Spanish"), max_length=300)
    valid_from = forms.DateTimeField(label=_("Holds from (UTC)"), required=False)
    valid_until = forms.DateTimeField(label=_("Holds until (UTC)"), required=False)
    owner = forms.CharField(
        label=_("Owner"), max_length=80, required=False, help_text=_("The team that answers for it.")
    )
    why = forms.CharField(label=_("Why"), max_length=300, help_text=_("The approver decides on this."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = _LOOK.get(type(field.widget), "usa-input")

    def clean_condition(self) -> Any:
        """The condition as JSON."""
        try:
            return json.loads(self.cleaned_data["condition"])
        except (json.JSONDecodeError, RecursionError) as problem:
            raise forms.ValidationError(_("This is not JSON: %(problem)s") % {"problem": problem}) from None

    def rule(self) -> dict[str, Any]:
        """The rule in the shape that services take."""
        given = self.cleaned_data
        return {
            "key": given["key"], "condition": given["condition"], "points": given["points"] or 0, "lane": given["lane"],
            "reason": {"en": given["reason_en"], "es": given["reason_es"]},
            "valid_from": given["valid_from"], "valid_until": given["valid_until"],
        }  # fmt: skip


class PolicyForm(forms.Form):
    """Thresholds and random shares of the checked lanes."""

    why = forms.CharField(label=_("Why"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {"red": _("Red lane"), "yellow": _("Yellow lane"), "blue": _("Blue lane")}
        fields: dict[str, forms.Field] = {}
        for lane in map(str, CHECKED):
            fields[f"score_{lane}"] = forms.IntegerField(
                label=format_lazy("{lane}: {what}", lane=words[lane], what=_("from score")), min_value=1
            )
            fields[f"share_{lane}"] = forms.DecimalField(
                label=format_lazy("{lane}: {what}", lane=words[lane], what=_("drawn by lot, percent of all")),
                min_value=0, max_value=50, max_digits=6, decimal_places=3,
            )  # fmt: skip
        self.fields = {**fields, **self.fields}
        for field in self.fields.values():
            field.widget.attrs["class"] = "usa-input"


class DecisionForm(forms.Form):
    """The second person's decision."""

    decision = forms.ChoiceField(choices=[("approve", ""), ("refuse", "")])
    note = forms.CharField(max_length=300, required=False)
