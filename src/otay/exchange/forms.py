"""Forms of the exchange's pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from otay.exchange.models import Direction, Inbox, Outbox, Peer
from otay.exchange.registry import record_types


class Search(forms.Form):
    """What to show of the records that were sent or received."""

    peer = forms.ChoiceField(label=_("Neighbour"), required=False)
    record_type = forms.ChoiceField(label=_("Record type"), required=False)
    business_key = forms.CharField(label=_("Key begins with"), max_length=80, required=False)
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


class Purpose(forms.Form):
    """Why a record is looked at."""

    purpose = forms.CharField(label=_("Purpose of this look"), min_length=3, max_length=200)


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
