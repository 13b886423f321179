"""How people get accounts (an administrator makes them; nobody signs up), and how second factors are kept."""

from __future__ import annotations

import base64
import hashlib

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest

from otay.node.accounts import held_roles
from otay.node.backends import FACTORS
from otay.node.roles import ROLES


class NodeAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up is closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False


class NodeMfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors are encrypted with a key from ``keys/``: a stolen database alone opens no account."""

    def encrypt(self, text: str) -> str:
        """For the database."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """From the database."""
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Who must have a second factor keeps the last one (an administrator can reset a lost one)."""
        if authenticator.type not in FACTORS:
            return True
        if not any(ROLES[role].second_factor for role, _port in held_roles(authenticator.user) if role in ROLES):
            return True
        others = Authenticator.objects.filter(user=authenticator.user, type__in=FACTORS).exclude(pk=authenticator.pk)
        return bool(others.exists())


def _cipher() -> Fernet:
    key = hashlib.sha256(b"otay.node.second-factor\x00" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
