"""``otay intake``: the command-line door, and the message log for those at a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otay.core.errors import NotFound, TooLarge
from otay.core.i18n import N_
from otay.intake import bounds
from otay.node.commandline import Console, Group, node_command, option

if TYPE_CHECKING:
    from otay.intake.incoming import Receipt
    from otay.intake.models import StoredMessage


@click.group(cls=Group, help=N_("Messages: hand them in, look them up, replay refused ones."))
def intake() -> None:
    """The group."""


@intake.command(
    help=N_("Hand in each FILE as one message of a client of this node. Exit code 1 when one was refused."),
    epilog=N_("\b\nExamples:\n  otay intake submit day.csv --as acme\n  otay intake submit *.xml --as acme --json"),
)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@option("--as", "client", required=True, help=N_("Key of the client that the messages are from."))
@option("--format", "format_name", default="", help=N_("Name of the format; found out when left away."))
@option("--reference", default="", help=N_("The sender's own name for the message; only with one FILE."))
@node_command
def submit(console: Console, files: tuple[Path, ...], client: str, format_name: str, reference: str) -> None:
    """Receive files as messages of a client."""
    from otay.intake.models import Channel
    from otay.intake.registry import State
    from otay.intake.services import receive
    from otay.node.accounts import actor_by_key
    from otay.node.actors import SYSTEM

    if reference and len(files) > 1:
        raise click.UsageError(console.text(N_("--reference names one message: give one FILE")))
    sender = actor_by_key(f"client:{client}")
    if sender is None:
        raise NotFound(N_("There is no valid client %(client)s on this node"), client=client)
    items = [_item(path, reference, format_name) for path in files]
    receipts = receive(actor=SYSTEM, sender=sender, items=items, channel=Channel.COMMAND)
    data = [{"file": str(path), **_receipt(console, receipt)} for path, receipt in zip(files, receipts, strict=True)]
    text = "\n".join(_receipt_text(console, str(path), receipt) for path, receipt in zip(files, receipts, strict=True))
    console.answer(data, text)
    if any(receipt.state is State.REFUSED for receipt in receipts):
        raise SystemExit(1)


def _item(path: Path, reference: str, format_name: str) -> Any:
    from otay.intake.incoming import Incoming

    with path.open("rb") as file:
        raw = file.read(bounds.MESSAGE_BYTES + 1)
    if len(raw) > bounds.MESSAGE_BYTES:
        raise TooLarge(N_("%(path)s is larger than %(most)s bytes"), path=path, most=bounds.MESSAGE_BYTES)
    return Incoming(raw, reference, format_name, path.name)


def _receipt(console: Console, receipt: Receipt) -> dict[str, Any]:
    return {
        "id": receipt.id,
        "reference": receipt.reference,
        "state": str(receipt.state),
        "duplicate": receipt.duplicate,
        "findings": [finding.as_dict(console.language) for finding in receipt.findings],
        "answer": receipt.answer,
        "subjects": list(receipt.subjects),
    }


def _receipt_text(console: Console, name: str, receipt: Receipt) -> str:
    from otay.intake.models import StateChoices

    state = str(StateChoices(str(receipt.state)).label)
    again = console.text(N_(", as answered before")) if receipt.duplicate else ""
    lines = [
        console.text(
            N_("%(name)s: message %(id)s, %(state)s%(again)s"), name=name, id=receipt.id, state=state, again=again
        )
    ]
    lines += [f"  {finding.place}: {finding.advice(console.language)}" for finding in receipt.findings]
    return "\n".join(lines)


@intake.command(
    "list",
    help=N_("The newest messages."),
    epilog=N_(
        "\b\nExamples:\n  otay intake list --state refused\n  otay intake list --sender client:acme-brokers --json"
    ),
)
@option(
    "--state", type=click.Choice(["received", "accepted", "partly", "refused"]), help=N_("Only those in this state.")
)
@option("--sender", default="", help=N_("Only those of this sender, as client:KEY or officer:NUMBER."))
@option("--format", "format_name", default="", help=N_("Only those in this format."))
@option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help=N_("How many to list."))
@node_command
def list_messages(console: Console, state: str | None, sender: str, format_name: str, limit: int) -> None:
    """List messages."""
    from otay.intake.queries import message_log
    from otay.node.actors import SYSTEM

    rows = list(message_log(SYSTEM, state=state or "", sender=sender, format=format_name)[:limit])
    lines = [
        f"{row.pk:>9}  {row.received_at:%Y-%m-%d %H:%M:%S}  {row.get_state_display():<18}  {row.sender:<24}  "
        f"{row.format:<12}  {row.reference}"
        for row in rows
    ]
    console.answer([_summary(row) for row in rows], "\n".join(lines) or console.text(N_("No message matches.")))


def _summary(row: StoredMessage) -> dict[str, Any]:
    return {
        "id": row.pk, "received_at": row.received_at.isoformat(), "state": row.state, "sender": row.sender,
        "reference": row.reference, "format": row.format, "name": row.name, "size": row.size, "channel": row.channel,
        "corrects": row.corrects_id, "findings": len(row.findings), "subjects": row.subjects,
    }  # fmt: skip


@intake.command(
    help=N_("One message: what became of it and what was found; --raw writes it out as it came."),
    epilog=N_("\b\nExamples:\n  otay intake show 17\n  otay intake show 17 --raw > message.xml"),
)
@click.argument("number", type=int)
@option("--raw", is_flag=True, help=N_("Write the bytes as they came, nothing else."))
@node_command
def show(console: Console, number: int, raw: bool) -> None:
    """Show a message; leaves a trace like the page does."""
    from django.db import transaction

    from otay.intake.queries import findings_of, raw_bytes, visible_message
    from otay.node import audit
    from otay.node.actors import SYSTEM

    row = visible_message(SYSTEM, number)
    with transaction.atomic():
        audit.record(actor=SYSTEM, action="intake.viewed", subject=f"message:{row.pk}", sender=row.sender)
    if raw:
        click.echo(raw_bytes(row), nl=False)
        return
    findings = [finding.as_dict(console.language) for finding in findings_of(row)]
    data = {**_summary(row), "sha256": bytes(row.digest).hex(), "findings": findings, "answer": row.answer}
    lines = [f"{key}: {value}" for key, value in data.items() if key != "findings" and value not in ("", None, [], {})]
    lines += [f"  {item['place']}: {item['message']} {item['remedy']}".rstrip() for item in findings]
    console.answer(data, "\n".join(lines))


@intake.command(
    help=N_("Apply refused messages once more, unchanged: after a rule, a role or the node was mended."),
    epilog=N_("\b\nExamples:\n  otay intake replay 17 18 --reason 'tariff table updated'"),
)
@click.argument("numbers", nargs=-1, required=True, type=int)
@option("--reason", required=True, help=N_("Why; goes into the audit log."))
@node_command
def replay(console: Console, numbers: tuple[int, ...], reason: str) -> None:
    """Replay refused messages."""
    from otay.intake import services
    from otay.intake.registry import State
    from otay.node.actors import SYSTEM

    receipts = services.replay(actor=SYSTEM, message_ids=numbers, reason=reason)
    text = "\n".join(_receipt_text(console, receipt.reference, receipt) for receipt in receipts)
    console.answer([_receipt(console, receipt) for receipt in receipts], text)
    if any(receipt.state is State.REFUSED for receipt in receipts):
        raise SystemExit(1)
