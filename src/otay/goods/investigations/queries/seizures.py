"""The register of seizures: an officer sees those of its ports, a member those of the case."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet, Sum

from otay.core.custody import Verdict
from otay.core.errors import Forbidden, NotFound
from otay.core.i18n import N_
from otay.goods.investigations.models import CaseMember, SeizedItem, Seizure, SeizureCustody
from otay.node import custody
from otay.node.actors import Actor

VIEW = "investigations.view_seizures"


def visible(actor: Actor) -> QuerySet[Seizure]:
    """The seizures that ``actor`` may see.

    Raises:
        Forbidden: when it may see none at all.
    """
    if actor.party or not actor.may(VIEW):
        raise Forbidden(N_("The register of seizures is for officers."))
    ports = actor.ports(VIEW)
    if ports is None:
        return Seizure.objects.all()
    mine = CaseMember.objects.filter(key=actor.key, until=None).values("case")
    return Seizure.objects.filter(Q(port__in=ports) | Q(case__in=mine))


def seizure(actor: Actor, reference: str) -> Seizure:
    """One seizure.

    Raises:
        NotFound: when there is none, or none that ``actor`` may see.
    """
    found = visible(actor).select_related("case", "declaration").filter(reference=reference).first()
    if found is None:
        raise NotFound(N_("There is no seizure %(reference)s here, or none that you may see."), reference=reference)
    return found


def chain_of(row: Seizure) -> list[SeizureCustody]:
    """The custody chain, oldest first."""
    return list(SeizureCustody.objects.filter(item=f"seizure:{row.reference}").order_by("sequence"))


def chain_whole(row: Seizure) -> Verdict:
    """Whether the custody chain holds."""
    return custody.verify(SeizureCustody, f"seizure:{row.reference}", expected=row.entries_count)


def by_state(actor: Actor) -> list[tuple[str, int]]:
    """How many seizures stand where."""
    return list(visible(actor).values_list("state").annotate(Count("id")).order_by("state"))


def values(actor: Actor) -> list[tuple[str, object]]:
    """Value of what is held now, by currency."""
    held = visible(actor).filter(state__in=["seized", "stored", "forfeited"])
    return list(
        SeizedItem.objects.filter(seizure__in=held.values("pk"))
        .values_list("currency")
        .annotate(Sum("value"))
        .order_by("currency")
    )
