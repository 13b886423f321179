"""What the neighbour took back: the bodies that came with it are dropped here too, and that is confirmed to it."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q

from otay.exchange import queries as exchange
from otay.exchange.models import Inbox
from otay.exchange.services import erasure
from otay.goods.investigations.domain.cases import CASE, CASE_ENTRY
from otay.goods.investigations.domain.seizures import SEIZURE
from otay.goods.investigations.models import Case
from otay.node import clock


def erase_withdrawn() -> int:
    """Drop what the exchange still holds of withdrawn cases; how many records. Safe to repeat.

    The withdrawal itself stays: it names the case and nothing else.
    """
    total = 0
    waiting = Case.objects.filter(withdrawn_at__isnull=False, erased_at=None).exclude(origin=settings.OTAY.country)
    for row in waiting.order_by("pk"):
        peer = exchange.peer_named(row.origin)
        ours = Q(record_type=CASE, business_key=row.reference)
        ours |= Q(record_type=CASE_ENTRY, business_key__startswith=f"{row.reference}/")
        found = list(Inbox.objects.filter(ours, peer=peer).exclude(body="").order_by("sequence"))
        found += [
            one
            for one in Inbox.objects.filter(record_type=SEIZURE, peer=peer).exclude(body="")
            if one.parsed.get("case") == row.reference
        ]
        kept = [one for one in found if one.parsed.get("state") != "withdrawn"]
        total += erasure.drop_received(peer=peer, rows=kept, reason=f"case {row.reference} withdrawn")
        Case.objects.filter(pk=row.pk).update(erased_at=clock.now())
    return total
