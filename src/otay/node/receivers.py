"""Sign-in, sign-out and second factors go into the audit log."""

from __future__ import annotations

from typing import Any

from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from otay.node import audit
from otay.node.accounts import actor_of_user
from otay.node.actors import SYSTEM
from otay.node.models import User


@receiver(user_logged_in)
def signed_in(sender: type[User], user: User, **kwargs: Any) -> None:
    """Somebody came in."""
    audit.record(actor=actor_of_user(user), action="node.signed_in", subject=f"officer:{user.pk}")


@receiver(user_logged_out)
def signed_out(sender: type[User], user: User | None, **kwargs: Any) -> None:
    """Somebody left."""
    if user is not None:
        audit.record(actor=actor_of_user(user), action="node.signed_out", subject=f"officer:{user.pk}")


@receiver(user_login_failed)
def refused(sender: object, credentials: dict[str, Any], **kwargs: Any) -> None:
    """A wrong password. What was typed as user name is not kept: people type passwords there by mistake."""
    pk = User.objects.filter(username=str(credentials.get("username", ""))[:150]).values_list("pk", flat=True).first()
    audit.record(actor=SYSTEM, action="node.sign_in_refused", subject=f"officer:{pk or 'unknown'}")


def _factor(action: str, user: User, authenticator: Any) -> None:
    audit.record(actor=actor_of_user(user), action=action, subject=f"officer:{user.pk}", type=str(authenticator.type))


@receiver(authenticator_added)
def factor_added(sender: object, user: User, authenticator: Any, **kwargs: Any) -> None:
    """A second factor was enrolled."""
    _factor("node.second_factor_added", user, authenticator)


@receiver(authenticator_removed)
def factor_removed(sender: object, user: User, authenticator: Any, **kwargs: Any) -> None:
    """A second factor was removed by its owner."""
    _factor("node.second_factor_removed", user, authenticator)


@receiver(authenticator_reset)
def factor_renewed(sender: object, user: User, authenticator: Any, **kwargs: Any) -> None:
    """Recovery codes were made anew."""
    _factor("node.second_factor_renewed", user, authenticator)
