"""Forms of the message log."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from otay.intake import bounds
from otay.intake.models import StateChoices
from otay.intake.recognition import taken_formats


def _format_choices() -> list[tuple[str, object]]:
    return [("", _("Find out")), *((name, name) for name in taken_formats())]


class LogFilter(forms.Form):
    """What the log shows."""

    state = forms.ChoiceField(label=_("State"), choices=[("", _("All")), *StateChoices.choices], required=False)
    sender = forms.CharField(label=_("Sender"), max_length=64, required=False, strip=True)
    format = forms.ChoiceField(label=_("Format"), required=False)
    reference = forms.CharField(label=_("Reference"), max_length=bounds.REFERENCE_LENGTH, required=False, strip=True)
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["format"].choices = [("", _("All")), *((name, name) for name in taken_formats())]  # type: ignore[attr-defined]


class Send(forms.Form):
    """A message handed in on a page: a file, or text."""

    file = forms.FileField(label=_("File"), required=False, allow_empty_file=True)
    text = forms.CharField(
        label=_("or the message itself"),
        required=False,
        strip=False,
        max_length=bounds.MESSAGE_BYTES,
        widget=forms.Textarea,
    )
    reference = forms.CharField(label=_("Reference"), max_length=bounds.REFERENCE_LENGTH, required=False)
    format = forms.ChoiceField(label=_("Format"), required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["format"].choices = _format_choices()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        """One of file and text, not both."""
        data: dict[str, object] = super().clean() or {}
        if bool(data.get("file")) == bool(data.get("text")):
            raise ValidationError(_("Choose a file or write the message, one of the two."))
        return data

    def upload(self) -> UploadedFile[bytes] | None:
        """The file, if one was chosen."""
        file = self.cleaned_data.get("file")
        return file if isinstance(file, UploadedFile) else None


class Replay(forms.Form):
    """Why refused messages are applied once more."""

    reason = forms.CharField(label=_("Reason"), max_length=300)
