"""What stands in a node's books: counted in its database, not remembered by who played."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Model

from otay.exchange import queries as exchange
from otay.exchange.models import Direction
from otay.goods.declarations.models import Declaration, DeclarationEvent
from otay.intake.models import StoredMessage


def read_books() -> dict[str, Any]:
    """Messages, declarations, lanes, steps, and where the exchange with each neighbour stands.

    ``sent`` and ``received`` hold the number and the link of the last record: the link covers all records before it,
    so that two nodes whose links agree hold the same records.
    """
    return {
        "messages": _counts(StoredMessage, "state"),
        "declarations": _counts(Declaration, "state"),
        "lanes": _counts(Declaration, "lane"),
        "steps": _counts(DeclarationEvent, "kind"),
        "exchange": {status.peer.country: _exchange(status) for status in exchange.peer_statuses()},
    }


def _counts(model: type[Model], field: str) -> dict[str, int]:
    return dict(model._default_manager.order_by().values_list(field).annotate(count=Count("pk")))


def _exchange(status: exchange.PeerStatus) -> dict[str, Any]:
    sent = exchange.position(status.peer, Direction.OUT)
    received = exchange.position(status.peer, Direction.IN)
    return {
        "sent": [sent[0], sent[1].hex()],
        "received": [received[0], received[1].hex()],
        "receipted": status.acknowledged,
        "quarantined": status.quarantined_here,
        "refused": status.refused,
        "alarm": status.health.alarm,
    }
