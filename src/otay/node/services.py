"""Who may work here: people, their roles, and client programs. Every change is an administrator's and is audited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from otay.core.errors import Conflict, NotFound, Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.node import audit, clock, roles
from otay.node.accounts import new_token, token_digest
from otay.node.actors import Actor
from otay.node.models import ApiClient, RoleAssignment, User

MANAGE_PEOPLE = "node.manage_people"
LANGUAGES = ("", "en", "es-mx")


def create_person(
    *,
    actor: Actor,
    username: str,
    name: str,
    password: str,
    roles: Sequence[tuple[str, str]] = (),
    party: str = "",
    language: str = "",
    invented: bool = False,
) -> User:
    """Make an account. ``roles`` are (role, port) pairs, ``*`` for every port.

    Raises:
        Forbidden: unless ``actor`` manages people.
        Refused: when the name, the password or a role is not acceptable.
        Conflict: when the user name is taken.
    """
    actor.require(MANAGE_PEOPLE)
    first, _, last = name.strip().partition(" ")
    person = User(
        username=username.strip(), first_name=first, last_name=last, party=party, language=language, invented=invented
    )
    _refuse(_findings(person, password, roles))
    person.set_password(password)
    with transaction.atomic():
        try:
            with transaction.atomic():
                person.save()
        except IntegrityError:
            raise Conflict(N_("The user name %(username)s is taken"), username=username) from None
        audit.record(actor=actor, action="node.person_created", subject=f"officer:{person.pk}", party=party)
        for role, port in roles:
            _give(actor, person, role, port)
    return person


def give_role(*, actor: Actor, person: User, role: str, port: str = "*") -> None:
    """Trust ``person`` with ``role`` at ``port`` (``*``: everywhere); their sessions end."""
    actor.require(MANAGE_PEOPLE)
    _refuse(_role_findings(role, port))
    with transaction.atomic():
        _give(actor, person, role, port)
        _end_sessions(person)


def take_role(*, actor: Actor, person: User, role: str, port: str = "*") -> None:
    """Take ``role`` at ``port`` away from ``person``; their sessions end.

    Raises:
        Conflict: when it is the last administrator's.
    """
    actor.require(MANAGE_PEOPLE)
    with transaction.atomic():
        if role == roles.ADMINISTRATOR.key:
            _keep_one_administrator(person)
        taken, _ = RoleAssignment.objects.filter(user=person, role=role, port=port).delete()
        if not taken:
            raise NotFound(N_("%(username)s does not hold that role there"), username=person.username)
        _match_staff(person)
        audit.record(actor=actor, action="node.role_taken", subject=f"officer:{person.pk}", role=role, port=port)
        _end_sessions(person)


def deactivate(*, actor: Actor, person: User, reason: str = "") -> None:
    """Close an account: no sign-in any more, and every session ends. What the person did stays in the log."""
    actor.require(MANAGE_PEOPLE)
    with transaction.atomic():
        _keep_one_administrator(person)
        User.objects.filter(pk=person.pk).update(is_active=False)
        audit.record(actor=actor, action="node.person_deactivated", subject=f"officer:{person.pk}", reason=reason)
        _end_sessions(person)


def reset_second_factor(*, actor: Actor, person: User, reason: str) -> None:
    """Forget a lost second factor: the person enrols a new one at the next sign-in."""
    actor.require(MANAGE_PEOPLE)
    with transaction.atomic():
        Authenticator.objects.filter(user=person).delete()
        audit.record(actor=actor, action="node.second_factor_reset", subject=f"officer:{person.pk}", reason=reason)
        _end_sessions(person)


def set_password(*, actor: Actor, person: User, password: str) -> None:
    """Give ``person`` a new password; their sessions end."""
    actor.require(MANAGE_PEOPLE)
    _refuse(_password_findings(person, password))
    with transaction.atomic():
        person.set_password(password)
        person.save(update_fields=["password"])
        audit.record(actor=actor, action="node.password_set", subject=f"officer:{person.pk}")


def set_language(*, actor: Actor, person: User, language: str) -> None:
    """A person's own choice of language (``""``: the node's)."""
    if actor.key != f"officer:{person.pk}":
        actor.require(MANAGE_PEOPLE)
    if language not in LANGUAGES:
        _refuse([error("/language", "language.known", N_("The language is not one of this node's"), language)])
    User.objects.filter(pk=person.pk).update(language=language)


def create_client(
    *,
    actor: Actor,
    key: str,
    name: str,
    role: str,
    party: str = "",
    expires_at: datetime | None = None,
    invented: bool = False,
) -> str:
    """Let a program call the API as ``role``; returns its token, which is shown once and kept nowhere.

    Raises:
        Refused: when the role is unknown. Conflict: when the key is taken.
    """
    actor.require(MANAGE_PEOPLE)
    _refuse(_role_findings(role, "*"))
    token = new_token()
    client = ApiClient(
        key=key,
        name=name,
        role=role,
        party=party,
        expires_at=expires_at,
        invented=invented,
        token_digest=token_digest(token),
    )
    try:
        client.clean_fields()
    except ValidationError as problem:
        _refuse(_field_findings(problem))
    with transaction.atomic():
        try:
            with transaction.atomic():
                client.save()
        except IntegrityError:
            raise Conflict(N_("The client %(key)s exists already"), key=key) from None
        audit.record(actor=actor, action="node.client_created", subject=f"client:{key}", role=role, party=party)
    return token


def revoke_client(*, actor: Actor, key: str, reason: str = "") -> None:
    """Take a program's access away, at once."""
    actor.require(MANAGE_PEOPLE)
    with transaction.atomic():
        if not ApiClient.objects.filter(key=key, revoked_at=None).update(revoked_at=clock.now()):
            raise NotFound(N_("There is no client %(key)s with access"), key=key)
        audit.record(actor=actor, action="node.client_revoked", subject=f"client:{key}", reason=reason)


def _give(actor: Actor, person: User, role: str, port: str) -> None:
    _, new = RoleAssignment.objects.get_or_create(user=person, role=role, port=port, defaults={"given_by": actor.key})
    if new:
        _match_staff(person)
        audit.record(actor=actor, action="node.role_given", subject=f"officer:{person.pk}", role=role, port=port)


def _match_staff(person: User) -> None:
    """Django's own back office is open to administrators only."""
    administrator = RoleAssignment.objects.filter(user=person, role=roles.ADMINISTRATOR.key).exists()
    User.objects.filter(pk=person.pk).update(is_staff=administrator, is_superuser=administrator)


def _end_sessions(person: User) -> None:
    User.objects.filter(pk=person.pk).update(session_epoch=F("session_epoch") + 1)


def _keep_one_administrator(person: User) -> None:
    administrators = User.objects.select_for_update().filter(
        is_active=True, role_assignments__role=roles.ADMINISTRATOR.key
    )
    names = set(administrators.values_list("pk", flat=True))
    if names == {person.pk}:
        raise Conflict(
            N_("%(username)s is the last administrator: give the role to somebody else first"), username=person.username
        )


def _findings(person: User, password: str, held: Sequence[tuple[str, str]]) -> list[Finding]:
    findings = _password_findings(person, password)
    try:
        person.clean_fields(exclude=["password"])
    except ValidationError as problem:
        findings += _field_findings(problem)
    if person.language not in LANGUAGES:
        findings.append(
            error("/language", "language.known", N_("The language is not one of this node's"), person.language)
        )
    for role, port in held:
        findings += _role_findings(role, port)
    return findings


def _field_findings(problem: ValidationError) -> list[Finding]:
    return [
        error(f"/{name}", "account.field", N_("%(problem)s"), problem=" ".join(messages))
        for name, messages in problem.message_dict.items()
    ]


def _password_findings(person: User, password: str) -> list[Finding]:
    try:
        validate_password(password, person)
    except ValidationError as problem:
        return [
            error("/password", "account.password", N_("%(problem)s"), problem=message) for message in problem.messages
        ]
    return []


def _role_findings(role: str, port: str) -> list[Finding]:
    known = roles.ROLES.get(role)
    if known is None:
        return [
            error(
                "/role",
                "role.known",
                N_("There is no role %(role)s"),
                role,
                N_("Known are: %(known)s"),
                role=role,
                known=", ".join(roles.ROLES),
            ),
        ]
    if port != "*" and not known.per_port:
        return [
            error("/port", "role.per_port", N_("The role %(role)s holds everywhere, not at one port"), port, role=role)
        ]
    if not port or len(port) > 8:
        return [error("/port", "role.port", N_("A port is named by its code, * means every port"), port)]
    return []


def _refuse(findings: Sequence[Finding]) -> None:
    if findings:
        raise Refused(N_("The account was not changed: %(count)d problems"), count=len(findings), findings=findings)
