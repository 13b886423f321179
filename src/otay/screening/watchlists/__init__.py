"""Watchlists of persons, organisations and documents, and parties screened against them.

Rooms use :func:`screen`; they register who is screened again when a list changes in ``screening.registry.rescreeners``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from otay.screening.watchlists.domain import Document, Hit, Party, Reason

if TYPE_CHECKING:
    from otay.node.actors import Actor

__all__ = ["Document", "Hit", "Party", "Reason", "screen"]


def screen(parties: Sequence[Party], *, actor: Actor | None = None) -> list[list[Hit]]:
    """The hits of each of ``parties`` on the lists in force, best first; one answer for each party, in order.

    Every hit is put into the review queue (once for each party and version of an entry), in the caller's transaction;
    earlier open hits of a party that no longer hold leave it. With ``actor`` the audit log says whom a hit was found
    for. Hits that were cleared before are answered with ``cleared`` set.
    """
    from otay.screening.watchlists.queue import screen_and_keep

    return screen_and_keep(parties, actor=actor)
