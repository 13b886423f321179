"""``otay exchange rotate-key`` and ``revoke-key``: a new key for this node, an end for a neighbour's."""

from __future__ import annotations

import click

from otay.core.i18n import N_
from otay.exchange.commands.main import exchange
from otay.exchange.commands.main import reason as _reason
from otay.node.commandline import Console, node_command


@exchange.command(
    "rotate-key",
    help=N_(
        "Change this node's key: neighbours are told in the chain, signed by the old key and the new. The new one is "
        "used once all have receipted that."
    ),
    epilog=N_("\b\nExample:\n  otay exchange rotate-key --reason 'yearly change'"),
)
@_reason
@node_command
def rotate_key(console: Console, reason: str) -> None:
    """Rotate the key."""
    from otay.exchange import keystore
    from otay.exchange.services import rotation
    from otay.node.actors import SYSTEM

    old = keystore.own_key().id
    new = rotation.rotate_key(actor=SYSTEM, reason=reason)
    in_use = keystore.own_key().id == new
    text = N_("The new key is %(new)s. It is in use.")
    if not in_use:
        text = N_(
            "The new key is %(new)s. It is used once every neighbour has receipted the change; until then, the old."
        )
    console.answer({"old": old, "new": new, "in_use": in_use}, console.text(text, new=new))


@exchange.command(
    "revoke-key",
    help=N_("Accept nothing new that is signed with a neighbour's key."),
    epilog=N_("\b\nExample:\n  otay exchange revoke-key 0f3a... --reason 'key lost, letter 12/2026'"),
)
@click.argument("key")
@_reason
@node_command
def revoke_key(console: Console, key: str, reason: str) -> None:
    """Revoke a key."""
    from otay.exchange.services import identity as identities
    from otay.node.actors import SYSTEM

    identities.revoke_key(actor=SYSTEM, key=key, reason=reason)
    console.answer({"revoked": key}, console.text(N_("Revoked: %(key)s"), key=key))
