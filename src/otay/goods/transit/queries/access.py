"""Who may see which movement: the control room all, a port's officers what touches their offices, firms their own."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.goods.transit.models import Movement
from otay.goods.transit.offices import offices
from otay.node.actors import Actor

VIEW = "transit.view"
VIEW_OWN = "transit.view_own"
LODGE = "transit.lodge"
CONTROL = "transit.control"
GATE = "transit.gate"
REPORT = "transit.tell"
ALARMS = "transit.alarms"
SUPPRESS = "transit.suppress"
SEALS = "transit.seals"
EVIDENCE = "transit.evidence"


def is_officer(actor: Actor) -> bool:
    """True for those who see movements as an authority."""
    return not actor.party and actor.may(VIEW)


def own_identifier(actor: Actor) -> str:
    """What a movement names ``actor`` by."""
    return actor.party or actor.key


def offices_of(actor: Actor, permission: str) -> frozenset[str] | None:
    """The offices for which ``actor`` holds ``permission``; None for all of them."""
    held = actor.ports(permission)
    if held is None:
        return None
    return frozenset(code for code, one in offices().items() if one.port in held)


def visible(actor: Actor) -> QuerySet[Movement]:
    """The movements that ``actor`` may see."""
    if is_officer(actor):
        codes = offices_of(actor, VIEW)
        if codes is None:
            return Movement.objects.all()
        touching = Q(pk__in=())
        for code in codes:
            touching |= Q(offices__contains=code)
        return Movement.objects.filter(touching)
    actor.require(VIEW_OWN)
    own = own_identifier(actor)
    return Movement.objects.filter(Q(sender=own) | Q(holder_id=own) | Q(carrier=own))


def movement(actor: Actor, mrn: str) -> Movement:
    """The movement ``mrn``.

    Raises:
        NotFound: when there is none, or none that ``actor`` may see: the answer is the same.
    """
    found = visible(actor).select_related("route", "journey").filter(mrn=mrn.strip().upper()).first()
    if found is None:
        raise not_found(mrn)
    return found


def not_found(mrn: str) -> NotFound:
    """The answer where there is no such movement, or none for the asker."""
    return NotFound(N_("There is no movement %(mrn)s here, or none that you may see."), mrn=mrn[:30])
