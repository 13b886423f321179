"""What the action plan is told about the exchange (points 14 and 17)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from statistics import median

from django.utils.translation import gettext as _

from otay.exchange import keystore
from otay.exchange.models import Inbox, Outbox
from otay.node.registry import Measure

WINDOW = timedelta(hours=24)
SAMPLE = 2000


def records_receipted() -> Measure:
    """Records that the neighbour has receipted; the note says how many were sent and received."""
    receipted = Outbox.objects.filter(state=Outbox.State.RECEIPTED).count()
    note = _("%(sent)s sent, %(received)s received and applied") % {
        "sent": f"{Outbox.objects.count():,}",
        "received": f"{Inbox.objects.filter(state=Inbox.State.APPLIED).count():,}",
    }
    return Measure(receipted, note=note)


def seconds_to_receipt() -> Measure:
    """Median real seconds from queueing to the stored receipt, over the last records of a day."""
    since = keystore.real_now() - WINDOW
    pairs = (
        Outbox.objects.filter(receipt__isnull=False, queued_at__gte=since)
        .order_by("-pk")
        .values_list("queued_at", "receipt__stored_at")[:SAMPLE]
    )
    waits = [(stored - queued).total_seconds() for queued, stored in pairs]
    if not waits:
        return Measure(None, note=_("nothing was receipted in the last 24 hours"))
    return Measure(
        Decimal(str(round(median(waits), 2))), note=_("over %(count)s records") % {"count": f"{len(waits):,}"}
    )
