"""Findings as officers see them: those at their ports."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet

from otay.core.errors import Forbidden, NotFound
from otay.core.i18n import N_
from otay.goods.investigations.models import MirrorFinding
from otay.node.actors import Actor

VIEW = "investigations.view"


def visible(actor: Actor, permission: str = VIEW) -> QuerySet[MirrorFinding]:
    """The findings at ports where ``actor`` holds ``permission``.

    Raises:
        Forbidden: when it holds it nowhere, or speaks for a trader.
    """
    if actor.party or not actor.may(permission):
        raise Forbidden(N_("Findings are for officers."))
    ports = actor.ports(permission)
    return MirrorFinding.objects.all() if ports is None else MirrorFinding.objects.filter(port__in=ports)


def finding(actor: Actor, pk: int) -> MirrorFinding:
    """One finding.

    Raises:
        NotFound: when there is none, or none at a port of ``actor``'s.
    """
    found = visible(actor).select_related("declaration").filter(pk=pk).first()
    if found is None:
        raise NotFound(N_("There is no such finding, or not at a port of yours."))
    return found


def search(actor: Actor, wanted: dict[str, str]) -> QuerySet[MirrorFinding]:
    """Findings by ``state``, ``kind``, ``port``, ``trader``, ``hs6``; heaviest first."""
    names = ("state", "kind", "port", "trader", "hs6")
    given: dict[str, Any] = {name: wanted[name] for name in names if wanted.get(name)}
    return visible(actor).filter(**given).select_related("declaration").order_by("-weight", "-pk")


def counts(actor: Actor) -> list[tuple[str, int]]:
    """Open findings by kind, the most frequent first."""
    open_ones = visible(actor).filter(state=MirrorFinding.State.OPEN)
    return list(open_ones.values_list("kind").annotate(count=Count("id")).order_by("-count", "kind"))
