"""From a session to its person: one query brings the person, the roles and whether a second factor is enrolled."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.models import Authenticator
from django.db.models import Exists, F, OuterRef, QuerySet

from otay.node.models import User

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def people_with_roles() -> QuerySet[User]:
    """Active people; one row a role, with ``held_role``, ``held_port`` and ``has_second_factor``."""
    factor = Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS)
    return User.objects.filter(is_active=True).annotate(
        held_role=F("role_assignments__role"), held_port=F("role_assignments__port"), has_second_factor=Exists(factor)
    )


def load_person(pk: int) -> User | None:
    """The active person ``pk`` with ``held_roles`` and ``has_second_factor`` filled; None when there is none."""
    rows = list(people_with_roles().filter(pk=pk))
    if not rows:
        return None
    person = rows[0]
    person.held_roles = [(row.held_role, row.held_port) for row in rows if row.held_role]  # type: ignore[attr-defined]
    return person


class NodeBackend(AuthenticationBackend):  # type: ignore[misc]
    """Sign-in by user name and password; every later request finds the person with its roles in one query."""

    def get_user(self, user_id: int) -> User | None:
        """The person of a session."""
        return load_person(user_id)
