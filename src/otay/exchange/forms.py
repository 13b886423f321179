"""Forms of the exchange's pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from otay.exchange.models import Direction, Inbox, Outbox, Peer
from otay.exchange.registry import record_types


class Browse(forms.Form):
    """What to show of the records that were sent or received, by what is no person's concern."""

    peer = forms.ChoiceField(label=_("Neighbour"), required=False)
    record_type = forms.ChoiceField(label=_("Record type"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
    before = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, direction: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states = Outbox.State if direction == Direction.OUT else Inbox.State
        every = ("", _("all"))
        self._choose("peer", [every, *((peer.country, peer.country) for peer in Peer.objects.order_by("country"))])
        self._choose("record_type", [every, *((kind.key, kind.title) for kind in record_types)])
        self._choose("state", [every, *states.choices])

    def _choose(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 tells the type checker
        field.choices = choices


class _Styled(forms.Form):
    """A form whose inputs look like the design system's, and fit a phone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not isinstance(field, forms.FileField):
                field.widget.attrs["class"] = "usa-select" if isinstance(field, forms.ChoiceField) else "usa-input"


class Search(_Styled):
    """What is searched in both directions, and why."""

    purpose = forms.CharField(
        label=_("Purpose of this search"),
        min_length=3,
        max_length=200,
        help_text=_("The case, the check, the request."),
    )
    business_key = forms.CharField(
        label=_("Key begins with"), max_length=80, required=False, help_text=_("For example a declaration number.")
    )
    text = forms.CharField(
        label=_("Text in the contents"), min_length=3, max_length=80, required=False,
        help_text=_("For example a container, a plate, a name; within 31 days."),
    )  # fmt: skip
    since = forms.DateField(
        label=_("First day (UTC)"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Last day (UTC)"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    record_type = forms.ChoiceField(label=_("Record type"), required=False)
    peer = forms.ChoiceField(label=_("Neighbour"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = ("", _("all"))
        peers = [(peer.country, peer.country) for peer in Peer.objects.order_by("country")]
        self.fields["peer"].choices = [every, *peers]  # type: ignore[attr-defined]
        self.fields["record_type"].choices = [every, *((kind.key, kind.title) for kind in record_types)]  # type: ignore[attr-defined]


class EvidenceFile(_Styled):
    """An evidence file to check."""

    file = forms.FileField(label=_("Evidence file"), help_text=_("JSON, as it was saved from a record; at most 4 MB."))
    authority = forms.FileField(
        label=_("Certificates of time-stamping authorities that you trust (PEM)"), required=False,
        help_text=_("Without them a time stamp is shown, and not checked."),
    )  # fmt: skip


class Purpose(forms.Form):
    """Why a record is looked at."""

    purpose = forms.CharField(label=_("Purpose of this look"), min_length=3, max_length=200)


class GiveConsent(_Styled):
    """A consent as it was given."""

    peer = forms.ChoiceField(label=_("Neighbour"))
    programme = forms.ChoiceField(label=_("Programme"))
    subject = forms.CharField(
        label=_("Identifier of who consents"), max_length=80,
        help_text=_("Tax number of a company; of a person the document with its issuer, such as MEX G12345678."),
    )  # fmt: skip
    basis = forms.CharField(
        label=_("How it was given"), min_length=3, max_length=300, help_text=_("The signed form, the message.")
    )

    def __init__(self, *args: Any, programmes: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        peers = [(peer.country, f"{peer.name} ({peer.country})") for peer in Peer.objects.order_by("country")]
        self.fields["peer"].choices = peers  # type: ignore[attr-defined]
        self.fields["programme"].choices = [(one, one) for one in programmes]  # type: ignore[attr-defined]


class Change(forms.Form):
    """What an administrator does about an agreement or a neighbour, and why."""

    act = forms.ChoiceField(
        choices=[
            (name, name)
            for name in (
                "sign",
                "suspend",
                "resume",
                "end",
                "suspend_peer",
                "trust_peer",
                "clear_alarm",
                "replay",
                "compare",
                "repair",
            )
        ]
    )
    reason = forms.CharField(label=_("Reason"), min_length=3, max_length=300)
