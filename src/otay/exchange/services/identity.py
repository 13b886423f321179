"""Who this node is, and whose nodes it trusts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction

from otay.core.errors import Conflict, NotFound
from otay.core.i18n import N_
from otay.exchange import keystore, queries, tls
from otay.exchange.domain.keys import Identity, read_identity, signed_identity
from otay.exchange.models import Peer, PeerHealth, PeerKey
from otay.node import audit, clock
from otay.node.actors import Actor

MANAGE = "exchange.manage"


def own_identity() -> Identity:
    """Who this node is."""
    node = settings.OTAY
    public = keystore.own_key().public
    return Identity(node.country, node.name, node.url, public, node.exchange_url, tls.authority_pem())


def ensure_identity() -> Identity:
    """This node's identity; its key is made at the first call."""
    keystore.make_key() if not keystore.path().exists() else keystore.own_key()
    return own_identity()


def identity_document() -> dict[str, Any]:
    """What to hand to the neighbour: public, signed with the node's own key."""
    return signed_identity(ensure_identity(), keystore.own_key())


@transaction.atomic
def trust(*, actor: Actor, document: Any) -> Peer:
    """Trust the node of an identity document. Repeatable; a new address or name replaces the old.

    A second key for a known neighbour is added beside the first, which goes on holding until it is revoked.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
        Rejected: when the document is not one, or was altered.
        Conflict: when it is this node's own, or its key was revoked or belongs to another country.
    """
    actor.require(MANAGE)
    identity = read_identity(document)
    if identity.country == keystore.own_country():
        raise Conflict(N_("This is the identity of %(country)s, which this node is itself"), country=identity.country)
    at = clock.now()
    known = PeerKey.objects.select_related("peer").filter(key=identity.key).first()
    if known and (known.peer.country != identity.country or known.state == PeerKey.State.REVOKED):
        raise Conflict(N_("The key %(key)s was revoked, or belongs to another country's node"), key=identity.key)
    told = {"name": identity.name, "url": identity.url, "door": identity.door, "authority": identity.authority}
    peer, _made = Peer.objects.update_or_create(
        country=identity.country,
        defaults=told,
        create_defaults={**told, "trusted_at": at, "trusted_by": actor.key},
    )
    PeerHealth.objects.get_or_create(peer=peer)
    if known is None:
        PeerKey.objects.create(peer=peer, key=identity.key, public=identity.public, since=at)
    audit.record(
        actor=actor,
        action="exchange.peer_trusted",
        subject=f"node:{peer.country}",
        key=identity.key,
        url=peer.url,
        door=peer.door,
    )
    return peer


@transaction.atomic
def revoke_key(*, actor: Actor, key: str, reason: str) -> None:
    """Accept nothing new that is signed with ``key``; what it signed before still verifies.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
        NotFound: when no neighbour has such a key.
    """
    actor.require(MANAGE)
    row = PeerKey.objects.select_related("peer").filter(key=key).first()
    if row is None:
        raise NotFound(N_("No neighbour has a key %(key)s"), key=key)
    PeerKey.objects.filter(pk=row.pk).update(state=PeerKey.State.REVOKED)
    audit.record(actor=actor, action="exchange.key_revoked", subject=f"node:{row.peer.country}", reason=reason, key=key)


@transaction.atomic
def set_peer_state(*, actor: Actor, country: str, state: str, reason: str) -> Peer:
    """Suspend a neighbour (nothing goes, nothing is taken) or trust it again.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
        NotFound: when it is not known.
    """
    actor.require(MANAGE)
    peer = queries.peer_named(country)
    peer.state = Peer.State(state).value
    peer.save(update_fields=["state"])
    audit.record(actor=actor, action=f"exchange.peer_{peer.state}", subject=f"node:{country}", reason=reason)
    return peer


@transaction.atomic
def clear_alarm(*, actor: Actor, country: str, reason: str) -> None:
    """Close a fork alarm once two administrations have found its cause; delivery is tried again.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
        NotFound: when the neighbour is not known.
    """
    actor.require(MANAGE)
    peer = queries.peer_named(country)
    PeerHealth.objects.filter(peer=peer).update(alarm="", alarm_at=None, next_attempt_at=None)
    audit.record(actor=actor, action="exchange.alarm_cleared", subject=f"node:{country}", reason=reason)
