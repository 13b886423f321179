"""A new key for this node, and taking in a neighbour's: a record in the chain, signed by the old key and the new.

The old key signs until every trusted neighbour has receipted the change; then the new one takes its place and the old
private half is destroyed. A neighbour takes nothing more from the old key once it has seen the new one in use. What the
old key signed before goes on verifying.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from otay.core.errors import OtayError
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain.control import KEY_ROTATION, Rotation, read_rotation
from otay.exchange.models import Outbox, Peer, PeerKey
from otay.exchange.registry import Received
from otay.exchange.services import publishing
from otay.node import audit, clock
from otay.node.actors import SYSTEM, Actor


def rotate_key(*, actor: Actor, reason: str) -> str:
    """Make this node's next key and tell every trusted neighbour in the stream to it; the name of the new key.

    Repeating it while a change is under way changes nothing.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
    """
    actor.require("exchange.manage")
    old, new = keystore.own_key(), keystore.make_next_key()
    with transaction.atomic():
        rotation = Rotation(keystore.own_country(), old.id, new.public, clock.now())
        told = 0
        for peer in Peer.objects.filter(state=Peer.State.TRUSTED):
            if _announced(peer, new.id) is None:
                publishing.append_control(actor, peer, KEY_ROTATION, new.id, rotation.signed(old, new))
                told += 1
        if told:
            audit.record(
                actor=actor, action="exchange.key_rotation", subject=f"key:{new.id}", reason=reason, old=old.id
            )
    switch_when_receipted()
    return new.id


def _announced(peer: Peer, key: str) -> Outbox | None:
    return Outbox.objects.filter(peer=peer, record_type=KEY_ROTATION, business_key=key).order_by("-sequence").first()


def switch_when_receipted() -> bool:
    """Put the next key in place once every trusted neighbour has taken it in; True if it did."""
    new = keystore.next_key()
    if new is None:
        return False
    for peer in Peer.objects.filter(state=Peer.State.TRUSTED):
        told = _announced(peer, new.id)
        if told is None or told.state != Outbox.State.RECEIPTED:
            return False
    old = keystore.own_key().id
    keystore.switch_key()
    audit.record(actor=SYSTEM, action="exchange.key_switched", subject=f"key:{new.id}", old=old)
    return True


def check(peer: Peer, body: Mapping[str, Any]) -> str:
    """Why a neighbour's change of key is not taken; empty when it is."""
    try:
        rotation = read_rotation(body, country=peer.country, trusted=queries.public_keys(peer, trusted_only=True))
    except OtayError as problem:
        return problem.template
    known = PeerKey.objects.filter(key=rotation.new).first()
    if known is not None and (known.peer_id != peer.pk or known.state != PeerKey.State.TRUSTED):
        return N_("The new key was revoked or retired before, or is another node's")
    return ""


def take(received: Sequence[Received]) -> None:
    """Trust a neighbour's new key, which :func:`check` has found to be in order."""
    for one in received:
        peer = queries.peer_named(one.peer)
        rotation = read_rotation(one.body, country=peer.country, trusted=queries.public_keys(peer))
        PeerKey.objects.get_or_create(
            key=rotation.new,
            defaults={"peer": peer, "public": rotation.public, "since": clock.now(), "replaces": rotation.old},
        )
        audit.record(
            actor=SYSTEM,
            action="exchange.key_rotated",
            subject=f"node:{peer.country}",
            old=rotation.old,
            key=rotation.new,
        )


def retire_replaced(peer: Peer, key: str) -> None:
    """The neighbour has used ``key``: the one that it replaces signs nothing new any more."""
    used = PeerKey.objects.filter(peer=peer, key=key).exclude(replaces="").first()
    if used is None:
        return
    retired = PeerKey.objects.filter(peer=peer, key=used.replaces, state=PeerKey.State.TRUSTED)
    if retired.update(state=PeerKey.State.RETIRED):
        audit.record(
            actor=SYSTEM, action="exchange.key_retired", subject=f"node:{peer.country}", key=used.replaces, by=key
        )
