"""What officers fill in to keep lists, review hits and answer requests for correction."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from otay.screening.watchlists.models import Category, EntryVersion, ListVersion, RedressRequest, Watchlist


class _Form(forms.Form):
    """A form in the look of the house."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            look = "usa-select" if isinstance(field.widget, forms.Select) else "usa-input"
            if isinstance(field.widget, forms.Textarea):
                look = "usa-textarea"
            field.widget.attrs.setdefault("class", look)


class ListForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new list."""

    class Meta:
        model = Watchlist
        fields = ("key", "title", "category", "source", "basis", "contact", "clearance_days")
        help_texts = {  # noqa: RUF012 - Django's way
            "key": _("Small letters, digits and hyphens."),
            "source": _("Who makes the list: an authority, a register, this office."),
            "basis": _("The provision that allows it to be kept and used."),
            "contact": _("Office and telephone that a port calls about a hit."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "usa-select" if isinstance(field.widget, forms.Select) else "usa-input"

    def _post_clean(self) -> None:
        """The service checks and makes the list."""


class ImportForm(_Form):
    """A file that is or changes a list."""

    file = forms.FileField(label=_("File"), help_text=_("CSV, JSON or FollowTheMoney entities (JSON lines)."))
    mode = forms.ChoiceField(label=_("What the file is"), choices=ListVersion.Mode.choices)
    format = forms.ChoiceField(
        label=_("Format"), required=False,
        choices=[("", _("Told from the content")), ("csv", "CSV"), ("json", "JSON"), ("ftm", "FollowTheMoney")],
    )  # fmt: skip
    why = forms.CharField(
        label=_("Why"), max_length=300, help_text=_("The person who approves the version decides on it.")
    )


class EntryForm(_Form):
    """One entry, typed."""

    key = forms.CharField(
        label=_("Key"), max_length=120, help_text=_("What the source calls the entry. A known key changes that entry.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=EntryVersion.Kind.choices)
    category = forms.ChoiceField(label=_("Category"), choices=Category.choices)
    given = forms.CharField(label=_("Given names"), max_length=300, required=False)
    surname1 = forms.CharField(label=_("First surname"), max_length=150, required=False)
    surname2 = forms.CharField(label=_("Second surname"), max_length=149, required=False)
    name = forms.CharField(
        label=_("Full name"), max_length=300, required=False,
        help_text=_("For an organisation, or where the parts of a name are not known apart."),
    )  # fmt: skip
    aliases = forms.CharField(
        label=_("Other names"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line."),
    )  # fmt: skip
    birth_date = forms.CharField(
        label=_("Date of birth"), max_length=40, required=False,
        help_text=_("1980-03-15; where less is known, 1980-03 or 1980."),
    )  # fmt: skip
    sex = forms.ChoiceField(
        label=_("Sex"), required=False, choices=[("", _("Not known")), ("F", "F"), ("M", "M"), ("X", "X")]
    )
    nationality = forms.CharField(label=_("Nationality"), max_length=3, required=False, help_text=_("MX, US, GT..."))
    documents = forms.CharField(
        label=_("Documents"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line: number, type, state. Example: G12345678, passport, MX"),
    )  # fmt: skip
    valid_from = forms.DateField(label=_("Valid from"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    valid_until = forms.DateField(
        label=_("Valid until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    reference = forms.CharField(label=_("Case or order"), max_length=300, required=False)
    action = forms.CharField(
        label=_("What the officer does"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    remarks = forms.CharField(
        label=_("Remarks"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    why = forms.CharField(label=_("Why"), max_length=300, help_text=_("The person who approves it decides on it."))

    def entry(self) -> dict[str, Any]:
        """The entry as our JSON has it."""
        given = self.cleaned_data
        surnames = " ".join(filter(None, (given["surname1"], given["surname2"])))
        names = [{"given": given["given"], "surnames": surnames, "full_name": given["name"]}]
        names += [{"full_name": line} for line in given["aliases"].splitlines()]
        return {
            "key": given["key"], "kind": given["kind"], "category": given["category"], "names": names,
            "birth_dates": [given["birth_date"]] if given["birth_date"] else [], "sex": given["sex"],
            "nationalities": [given["nationality"]] if given["nationality"] else [],
            "documents": [_paper(line) for line in given["documents"].splitlines() if line.strip()],
            "valid_from": given["valid_from"].isoformat() if given["valid_from"] else "",
            "valid_until": given["valid_until"].isoformat() if given["valid_until"] else "",
            "reference": given["reference"], "action": given["action"], "remarks": given["remarks"],
        }  # fmt: skip


def _paper(line: str) -> dict[str, str]:
    number, _comma, rest = line.partition(",")
    kind, _comma, issuer = rest.partition(",")
    return {"number": number.strip(), "type": kind.strip(), "issuer": issuer.strip()}


class DecisionForm(_Form):
    """What an officer says of a hit."""

    decision = forms.ChoiceField(choices=[("clear", ""), ("confirm", ""), ("reopen", "")])
    reason = forms.CharField(label=_("Reason"), max_length=300)


class RedressForm(_Form):
    """A request for correction as an officer writes it down."""

    name = forms.CharField(label=_("Name"), max_length=200)
    contact = forms.CharField(label=_("Address for the answer"), max_length=300)
    identity_seen = forms.CharField(
        label=_("How identity was shown"), max_length=200,
        help_text=_("The kind of document and who saw it; no copy is kept."),
    )  # fmt: skip
    asks = forms.CharField(label=_("What is asked"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    received_on = forms.DateField(label=_("Received on"), widget=forms.DateInput(attrs={"type": "date"}))
    hit = forms.IntegerField(required=False, widget=forms.HiddenInput)


class AnswerForm(_Form):
    """The answer to a request."""

    outcome = forms.ChoiceField(
        label=_("What came of it"), choices=[item for item in RedressRequest.State.choices if item[0] != "open"]
    )
    answer = forms.CharField(label=_("Answer"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
