"""What went wrong between the nodes: refused requests are kept and listed, forks raise an alarm."""

from __future__ import annotations

import logging

from otay.core.canonical import digest
from otay.exchange import keystore
from otay.exchange.domain.refusals import Code, Rejected
from otay.exchange.models import Peer, PeerHealth, RefusedRequest
from otay.node import clock

log = logging.getLogger(__name__)


def raise_alarm(peer: Peer, text: str) -> None:
    """Ask for people: stays until an administrator clears it. ``text`` is a message template."""
    log.error("exchange with %s: %s", peer.country, text)
    PeerHealth.objects.filter(peer=peer).update(alarm=text[:300], alarm_at=keystore.real_now())


def note_refusal(refusal: Rejected, *, raw: bytes, sender: str, peer: Peer | None, sequence: int | None = None) -> None:
    """Keep a refused request. ``sender`` is what the request claimed; ``peer`` only where its signature held."""
    RefusedRequest.objects.create(
        at=clock.now(),
        peer=peer,
        claimed_sender=printable(sender, 80),
        code=refusal.code.value,
        detail=printable(str(refusal), 400),
        sequence=sequence,
        digest=digest(raw),
    )
    log.warning("exchange request refused: %s", refusal.code.value)
    if refusal.code is Code.FORK and peer is not None:
        raise_alarm(peer, refusal.template)


def printable(text: str, width: int) -> str:
    """``text`` as every database can keep it, at most ``width`` long."""
    return "".join(char if char.isprintable() else "�" for char in text[:width])
