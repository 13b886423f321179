"""Reads that the node's pages and API share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.node import leases, loops, roles
from otay.node.actors import Actor
from otay.node.backends import FACTORS
from otay.node.models import ApiClient, AuditEvent, User

PAGE = 50


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """What an auditor looks for. A text that ends in ``*`` is a beginning; ``before``: where the last page ended."""

    actor: str = ""
    subject: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None

    def condition(self) -> Q:
        """As a condition on events."""
        wanted = Q()
        for name in ("actor", "subject", "action"):
            if text := getattr(self, name).strip():
                wanted &= Q(**{f"{name}__startswith": text[:-1]}) if text.endswith("*") else Q(**{name: text})
        if self.since:
            wanted &= Q(at__gte=self.since)
        if self.until:
            wanted &= Q(at__lt=self.until)
        if self.before is not None:
            wanted &= Q(sequence__lt=self.before)
        return wanted

    def as_detail(self) -> dict[str, Any]:
        """As the audit log keeps it."""
        found = {name: getattr(self, name) for name in ("actor", "subject", "action", "since", "until")}
        return {name: value for name, value in found.items() if value}


def audit_events(search: AuditSearch) -> QuerySet[AuditEvent]:
    """Matching events, newest first."""
    return AuditEvent.objects.filter(search.condition()).order_by("-sequence").defer("body_digest", "link")


def audit_page(search: AuditSearch, size: int = PAGE) -> tuple[list[AuditEvent], int | None]:
    """One page of events, and where the next one starts (None: there is none). No count is taken."""
    events = list(audit_events(search)[: size + 1])
    return events[:size], events[size - 1].sequence if len(events) > size else None


def names_of(actors: Sequence[str]) -> dict[str, str]:
    """Names behind audit keys, for the reader's eye; what is unknown is left out. At most two queries."""
    people = [int(key.partition(":")[2]) for key in set(actors) if key.startswith("officer:") and key[8:].isdigit()]
    clients = [key.partition(":")[2] for key in set(actors) if key.startswith("client:")]
    names = {f"officer:{user.pk}": user.get_full_name() or user.username for user in User.objects.filter(pk__in=people)}
    names |= {f"client:{client.key}": client.name for client in ApiClient.objects.filter(key__in=clients)}
    return names


def officers_holding(permission: str, port: str) -> dict[str, str]:
    """Audit key -> name of the active officers who hold ``permission`` at ``port``, by name; at most 200."""
    held_by = roles.PERMISSIONS[permission].held_by
    people = User.objects.filter(
        is_active=True, party="", role_assignments__role__in=held_by, role_assignments__port__in=["*", port]
    ).distinct()
    return {
        f"officer:{person.pk}": person.get_full_name() or person.username
        for person in people.order_by("last_name", "first_name", "pk")[:200]
    }


def people(text: str = "", after: str = "") -> tuple[list[User], str]:
    """A page of people by user name, with roles and ``factor``; and where the next page starts (empty: nowhere)."""
    from allauth.mfa.models import Authenticator

    factor = Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS)
    found = User.objects.annotate(factor=Exists(factor)).prefetch_related("role_assignments").order_by("username")
    if text:
        found = found.filter(Q(username__icontains=text) | Q(first_name__icontains=text) | Q(last_name__icontains=text))
    if after:
        found = found.filter(username__gt=after)
    page: list[User] = list(found[: PAGE + 1])
    return page[:PAGE], page[PAGE - 1].username if len(page) > PAGE else ""


def person(pk: int) -> User:
    """The person ``pk``, active or not.

    Raises:
        NotFound: when there is none.
    """
    found = User.objects.prefetch_related("role_assignments").filter(pk=pk).first()
    if found is None:
        raise NotFound(N_("There is no person %(number)s"), number=pk)
    return found


def clients() -> QuerySet[ApiClient]:
    """Client programs, those with access first."""
    return ApiClient.objects.order_by("revoked_at", "key")


@cache
def program_version() -> str:
    """The installed version of Otay."""
    return version("otay")


def health() -> dict[str, Any]:
    """Whether the database answers and which loops are alive. Two queries, no personal data."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        alive = leases.alive([loop.key for loop in loops.all_loops()])
    except DatabaseError:
        return {"status": "down", "database": False, "loops": {}, "version": program_version()}
    status = "up" if all(alive.values()) else "degraded"
    return {"status": status, "database": True, "loops": alive, "version": program_version()}


def as_record(event: AuditEvent, names: dict[str, str]) -> dict[str, Any]:
    """An event as API and CSV show it."""
    return {
        "sequence": event.sequence,
        "at": event.at,
        "actor": event.actor,
        "actor_name": names.get(event.actor, ""),
        "action": event.action,
        "subject": event.subject,
        "reason": event.reason,
        "detail": event.detail,
    }


def actor_summary(actor: Actor) -> dict[str, Any]:
    """Who an actor is and what it may do."""
    return {
        "key": actor.key,
        "kind": str(actor.kind),
        "name": actor.name,
        "party": actor.party,
        "permissions": {key: sorted(ports) for key, ports in sorted(actor.grants.items())},
    }
