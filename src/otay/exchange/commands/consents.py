"""``otay exchange consent``: who agreed that records about them are shared, and who no longer does."""

from __future__ import annotations

from typing import Any

import click

from otay.core.i18n import N_
from otay.exchange.commands.main import exchange
from otay.exchange.commands.main import reason as _reason
from otay.node.commandline import Console, Group, node_command, option


@exchange.group("consent", cls=Group, help=N_("Consents that an agreement asks for: give, withdraw, list."))
def consent() -> None:
    """Consents."""


@consent.command(
    help=N_("Record that somebody consents: records about them may leave as the agreement says."),
    epilog=N_(
        "\b\nExample:\n  otay exchange consent give --with MX --programme trusted-trader --subject 12-3456789 \\\n"
        "    --basis 'form of 3 March'"
    ),
)
@option("--with", "country", required=True, help=N_("Country of the neighbour."))
@option("--programme", required=True, help=N_("As the agreement names it."))
@option("--subject", required=True, help=N_("Tax number of a company; of a person the document with its issuer."))
@option("--basis", required=True, help=N_("How it was given: the signed form, the message."))
@node_command
def give(console: Console, country: str, programme: str, subject: str, basis: str) -> None:
    """Give a consent."""
    from otay.exchange.queries import peer_named
    from otay.exchange.services import consents
    from otay.node.actors import SYSTEM

    made = consents.give(
        actor=SYSTEM, peer=peer_named(country.upper()), programme=programme, subject=subject, basis=basis
    )
    console.answer({"consent": made.pk}, console.text(N_("Consent %(number)s is recorded"), number=made.pk))


@consent.command(
    help=N_("Withdraw a consent: nothing more leaves on it, and the neighbour is told to erase what did."),
    epilog=N_("\b\nExample:\n  otay exchange consent withdraw 17 --reason 'letter of 9 May'"),
)
@click.argument("number", type=int)
@_reason
@node_command
def withdraw(console: Console, number: int, reason: str) -> None:
    """Withdraw a consent."""
    from otay.exchange.services import consents
    from otay.node.actors import SYSTEM

    row = consents.withdraw(actor=SYSTEM, consent=number, reason=reason)
    covered = row.records.count()
    console.answer(
        {"consent": row.pk, "records": covered},
        console.text(
            N_("Consent %(number)s is withdrawn; it covered %(records)s records"), number=row.pk, records=covered
        ),
    )


@consent.command(
    "list",
    help=N_("Consents, newest first; the look is recorded."),
    epilog=N_("\b\nExample:\n  otay exchange consent list --subject 12-3456789 --json"),
)
@option("--subject", default="", help=N_("Only of this person or company."))
@option("--last", "limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help=N_("How many at most."))
@node_command
def list_consents(console: Console, subject: str, limit: int) -> None:
    """List consents."""
    from otay.exchange.services import consents
    from otay.node.actors import SYSTEM

    data: list[dict[str, Any]] = [
        {
            "consent": one.pk,
            "peer": one.peer.country,
            "programme": one.programme,
            "subject": one.subject,
            "basis": one.basis,
            "given_at": one.given_at,
            "withdrawn_at": one.withdrawn_at,
            "reason": one.reason,
        }
        for one in consents.looked_up(actor=SYSTEM, subject=subject, limit=limit)
    ]
    line = N_("%(consent)s %(peer)s %(programme)s %(subject)s: given %(given_at)s, withdrawn %(withdrawn_at)s")
    text = "\n".join(console.text(line, **{**one, "withdrawn_at": one["withdrawn_at"] or "–"}) for one in data)
    console.answer({"consents": data}, text or console.text(N_("There is none.")))
