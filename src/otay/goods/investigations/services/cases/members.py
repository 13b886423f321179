"""The working group of a case: who belongs to it, who leads, and joining what the neighbour shares."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from otay.core.errors import Conflict, NotFound, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.investigations.domain.cases import EntryKind
from otay.goods.investigations.models import Case, CaseMember
from otay.goods.investigations.queries import cases as queries
from otay.goods.investigations.services.cases.neighbour import republish
from otay.goods.investigations.services.cases.timeline import Draft, locked, write
from otay.node import audit, clock
from otay.node.accounts import actor_by_key
from otay.node.actors import Actor


@transaction.atomic
def add_member(*, actor: Actor, reference: str, key: str, lead: bool = False) -> CaseMember:
    """Take somebody of this node into the working group.

    Raises:
        Forbidden: unless ``actor`` leads the case.
        Refused: when that person may not work on cases, or is an actor of a trader.
    """
    row = locked(actor, reference, lead=True)
    person = actor_by_key(key)
    if person is None or person.party or not person.may(queries.WORK):
        raise Refused(
            N_("This person cannot be a member"),
            findings=[
                error(
                    "/key", "case.member", N_("Members are officers of this node who hold a role that works on cases"),
                    key,
                )
            ],
        )  # fmt: skip
    held = row.members.filter(key=person.key, until=None).first()
    if held is not None:
        if held.lead != lead:
            held.lead = lead
            held.save(update_fields=["lead"])
        return held
    member = CaseMember.objects.create(
        case=row, country=settings.OTAY.country, key=person.key, name=person.name, lead=lead, since=clock.now()
    )
    write(actor, row, [Draft(EntryKind.MEMBER, {"joined": person.name})])
    audit.record(
        actor=actor, action="investigations.member_added", subject=f"case:{reference}", member=person.key, lead=lead
    )
    republish(actor, row)
    return member


@transaction.atomic
def remove_member(*, actor: Actor, reference: str, key: str) -> None:
    """Take somebody out of the working group; from now on the case does not exist for that person.

    Raises:
        Conflict: when nobody would lead the case any more.
    """
    row = locked(actor, reference, lead=key != actor.key)
    member = row.members.filter(key=key, until=None).first()
    if member is None:
        raise NotFound(N_("The case has no such member."))
    if member.lead and not row.members.filter(lead=True, until=None).exclude(pk=member.pk).exclude(key="").exists():
        raise Conflict(N_("Somebody has to lead the case: name another lead first."))
    member.until = clock.now()
    member.save(update_fields=["until"])
    write(actor, row, [Draft(EntryKind.MEMBER, {"left": member.name})])
    audit.record(actor=actor, action="investigations.member_removed", subject=f"case:{reference}", member=key)
    republish(actor, row)


@transaction.atomic
def join(*, actor: Actor, reference: str) -> Case:
    """Take up a case that the neighbour shared, as the first of this side; who joins leads here.

    Raises:
        NotFound: when no such case is offered.
    """
    actor.require(queries.OPEN)
    row = Case.objects.select_for_update().filter(pk__in=queries.offered(actor).values("pk"), reference=reference)
    found = row.first()
    if found is None:
        raise NotFound(N_("The neighbour offers no case %(reference)s that waits for us."), reference=reference)
    CaseMember.objects.create(
        case=found, country=settings.OTAY.country, key=actor.key, name=actor.name, lead=True, since=clock.now()
    )
    write(actor, found, [Draft(EntryKind.MEMBER, {"joined": actor.name}, shared=True)])
    audit.record(actor=actor, action="investigations.case_joined", subject=f"case:{reference}")
    return found
