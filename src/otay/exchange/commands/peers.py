"""``otay exchange suspend``, ``resume`` and ``clear-alarm``: what an administrator does about a neighbour at once."""

from __future__ import annotations

import click

from otay.core.i18n import N_
from otay.exchange.commands.main import exchange, reason
from otay.node.commandline import Console, node_command


def _set(console: Console, country: str, state: str, why: str) -> None:
    from otay.exchange.services import identity
    from otay.node.actors import SYSTEM

    peer = identity.set_peer_state(actor=SYSTEM, country=country.upper(), state=state, reason=why)
    told = console.text(N_("%(country)s is %(state)s"), country=peer.country, state=peer.get_state_display())
    console.answer({"country": peer.country, "state": peer.state}, told)


@exchange.command(
    help=N_("Stop talking to a neighbour at once: nothing goes, nothing is taken. What is due waits."),
    epilog=N_("\b\nExample:\n  otay exchange suspend MX --reason 'incident 7'"),
)
@click.argument("country")
@reason
@node_command
def suspend(console: Console, country: str, reason: str) -> None:
    """Suspend a neighbour."""
    _set(console, country, "suspended", reason)


@exchange.command(
    help=N_("Talk to a suspended neighbour again; what waited goes."),
    epilog=N_("\b\nExample:\n  otay exchange resume MX --reason 'incident 7 closed'"),
)
@click.argument("country")
@reason
@node_command
def resume(console: Console, country: str, reason: str) -> None:
    """Trust it again."""
    _set(console, country, "trusted", reason)


@exchange.command(
    "clear-alarm",
    help=N_("Close an alarm about a neighbour's stream once its cause is found; delivery is tried again."),
    epilog=N_("\b\nExample:\n  otay exchange clear-alarm MX --reason 'restored from the wrong backup, letter 9'"),
)
@click.argument("country")
@reason
@node_command
def clear_alarm(console: Console, country: str, reason: str) -> None:
    """Close the alarm."""
    from otay.exchange.services import identity
    from otay.node.actors import SYSTEM

    identity.clear_alarm(actor=SYSTEM, country=country.upper(), reason=reason)
    console.answer({"country": country.upper()}, console.text(N_("The alarm is closed")))


@exchange.command(
    help=N_("After a restore from an older copy: take back from a neighbour what it holds of this node's records."),
    epilog=N_(
        "\b\nExample:\n  otay exchange recover MX --reason 'restored to yesterday 23:00'\n\n"
        "otay node restore and otay node restored see to it by themselves."
    ),
)
@click.argument("country")
@reason
@node_command
def recover(console: Console, country: str, reason: str) -> None:
    """Recover the node's own tail."""
    from otay.exchange.queries import peer_named
    from otay.exchange.services import tail
    from otay.node.actors import SYSTEM

    peer = peer_named(country.upper())
    tail.begin(actor=SYSTEM, peer=peer, reason=reason)
    found = tail.recover(peer)
    data = {
        "records": found.records, "first": found.first, "last": found.last, "repeated": found.repeated,
        "clashes": list(found.clashes),
    }  # fmt: skip
    console.answer(
        data,
        console.text(
            N_("%(records)s records taken back (%(first)s to %(last)s); of those made since, %(repeated)s are among "
               "them and %(clashes)s contradict them"), **{**data, "clashes": len(found.clashes)},
        ),
    )  # fmt: skip
