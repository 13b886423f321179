"""Forms of the node's pages."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from otay.node.queries import AuditSearch
from otay.node.roles import ROLES


def _role_choices() -> list[tuple[str, Any]]:
    return [(role.key, role.title) for role in ROLES.values()]


def _language_choices() -> list[tuple[str, Any]]:
    return [("", _("The node's own language")), *settings.LANGUAGES]


class RoleForm(forms.Form):
    """A role to give or take."""

    role = forms.ChoiceField(label=_("Role"), choices=_role_choices)
    port = forms.CharField(label=_("Port code, * for every port"), initial="*", max_length=8)


class PersonForm(RoleForm):
    """A new account with its first role."""

    username = forms.CharField(label=_("User name"), max_length=150)
    name = forms.CharField(label=_("Name"), max_length=150)
    party = forms.CharField(label=_("Firm they speak for (traders and carriers)"), max_length=35, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=_language_choices, required=False)
    password = forms.CharField(
        label=_("First password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False
    )
    field_order = ("username", "name", "role", "port", "party", "language", "password")


class ClientForm(forms.Form):
    """A new client program."""

    key = forms.SlugField(label=_("Short name"), max_length=48)
    name = forms.CharField(label=_("Name"), max_length=120)
    role = forms.ChoiceField(label=_("Role"), choices=_role_choices)
    party = forms.CharField(label=_("Firm it speaks for"), max_length=35, required=False)


class LanguageForm(forms.Form):
    """A person's own language."""

    language = forms.ChoiceField(label=_("Language of the pages"), choices=_language_choices, required=False)


class ReasonForm(forms.Form):
    """Why something is done to an account; goes into the audit log."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class AuditForm(forms.Form):
    """What an auditor looks for."""

    actor = forms.CharField(label=_("Who"), required=False, max_length=64)
    subject = forms.CharField(label=_("Whose data"), required=False, max_length=120)
    action = forms.CharField(label=_("What was done"), required=False, max_length=64)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def search(self) -> AuditSearch:
        """As a search; fields that do not hold are not searched for."""
        found = getattr(self, "cleaned_data", {})
        since, until = found.get("since"), found.get("until")
        return AuditSearch(
            actor=found.get("actor", ""),
            subject=found.get("subject", ""),
            action=found.get("action", ""),
            since=datetime.combine(since, time.min, UTC) if since else None,
            until=datetime.combine(until, time.min, UTC) + timedelta(days=1) if until else None,
            before=found.get("before"),
        )
