"""Travellers directed to a lane by screening's rules, right after they were taken and whenever something changes.

It is not part of the answer to the carrier, which waits for nothing: rules send officers to travellers, watchlists and
officers decide about boarding.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F

from otay.node.actors import SYSTEM
from otay.node.bulk import update_many
from otay.people.passengers import facts
from otay.people.passengers.models import Traveller
from otay.screening.services import assess

AT_ONCE = 200
_PAUSE = 3.0


def step() -> float:
    """Direct some of the travellers who changed; seconds until the next look."""
    rows = list(
        Traveller.objects.filter(directed__lt=F("version"), erased_at=None)
        .select_related("flight", "reservation")
        .order_by("pk")[:AT_ONCE]
    )
    direct(rows)
    return 0.0 if len(rows) == AT_ONCE else _PAUSE


def direct(rows: list[Traveller]) -> None:
    """Give each of ``rows`` its lane. Who changed meanwhile keeps the new lane only until the next look."""
    if not rows:
        return
    for row, made in zip(rows, assess(actor=SYSTEM, subjects=facts.subjects(rows)), strict=True):
        row.lane, row.directed = made.lane, row.version
    with transaction.atomic():  # all in one: by itself each would be a flush of the disk, for which answers wait
        update_many(rows, ("lane", "directed"))


def again(rows: Iterable[Traveller]) -> None:
    """Have ``rows`` directed anew: what is known of them changed without a new version. Until then they have no lane,
    so that whoever was cleared does not stand under the old reason."""
    Traveller.objects.filter(pk__in=[row.pk for row in rows]).update(directed=0, lane="")
