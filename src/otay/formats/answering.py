"""``otay answer``: what a border node says to a carrier, without a node.

A passenger list is answered with CUSRES. Without a watchlist, whoever can be identified may board (0Z) and whoever
cannot is insufficient data (4Z); lists that ask for no answer a traveller (cancellations, close-outs) are accepted as a
whole. A status change in CUSRES is acknowledged. What cannot be taken as a message is answered with CONTRL.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from otay.core.findings import Finding, refuses
from otay.core.i18n import N_
from otay.core.terminal import Command, language_option, option
from otay.formats.commands import show
from otay.formats.contrl.writing import TYPES, cut_off, report
from otay.formats.contrl.writing import write_record as write_contrl
from otay.formats.cusres.answers import STATUS_CHANGE, Answer
from otay.formats.cusres.reading import read as read_cusres
from otay.formats.cusres.writing import acknowledged, answered, verdict
from otay.formats.cusres.writing import write_record as write_cusres
from otay.formats.edifact.detection import beginning, first_type
from otay.formats.edifact.interchange import Message, read_file, transfers
from otay.formats.files import content
from otay.formats.paxlst.functions import FULL
from otay.formats.paxlst.reading import read_transfer
from otay.formats.paxlst_us.format import FORMATS as OLD_FORMATS
from otay.formats.paxlst_us.reading import read as read_old
from otay.formats.registry import MAX_BYTES, too_large

Screen = Callable[[dict[str, Any]], Sequence[Answer]]


@dataclass(frozen=True, slots=True)
class Reply:
    """Messages to send back, and what was found in the one that came."""

    messages: tuple[bytes, ...]
    findings: tuple[Finding, ...]
    rejected: bool = False


def identified(record: dict[str, Any]) -> list[Answer]:
    """An answer a traveller where no list is screened against."""
    return [verdict(person) for person in record["travellers"]]


def reply(data: bytes, *, prepared: str, screen: Screen = identified, syntax_only: bool = False) -> Reply:
    """The reply to one file.

    Args:
        data: what the carrier sent.
        prepared: when the reply is made, ``2026-03-01T08:30``, in UTC.
        screen: gives one answer a traveller of a record.
        syntax_only: CONTRL, whatever the file is.
    """
    if len(data) > MAX_BYTES:
        return Reply((), (too_large(len(data), MAX_BYTES),), rejected=True)
    if not syntax_only and first_type(beginning(data)) == "CUSRES":
        return _acknowledgement(data, prepared)
    if not syntax_only and any(form.detect(data, "") for form in OLD_FORMATS):
        old = read_old(data)
        return Reply(tuple(_cusres(record, prepared, screen) for record in old.records), old.findings)
    file = read_file(data)
    found = list(file.findings)
    sent: list[bytes] = []
    rejected = not file.messages
    for parts in transfers(file.messages):
        refused = parts[0].type != "PAXLST" or any(_unusable(part) for part in parts)
        if syntax_only or refused:
            rejected = rejected or (refused and not syntax_only)
            found += [finding for part in parts for finding in part.findings]
            continue
        record, findings = read_transfer(parts)
        found += findings
        sent.append(_cusres(record, prepared, screen))
    if rejected or syntax_only:
        types = TYPES if syntax_only else ("PAXLST",)
        sent.append(write_contrl(report(file, prepared=prepared, types=types)))
    return Reply(tuple(sent), tuple(found), rejected)


def _unusable(message: Message) -> bool:
    begun = any(segment[:3].upper() == "BGM" for segment in message.segments)
    return cut_off(message) or not begun


def _cusres(record: dict[str, Any], prepared: str, screen: Screen) -> bytes:
    about = record["message"]
    if (about["code"], about["subcode"]) in FULL or not about["code"]:
        return write_cusres(answered(record, screen(record), prepared=prepared))
    whole = {**record, "travellers": []}
    return write_cusres(answered(whole, [], prepared=prepared))


def _acknowledgement(data: bytes, prepared: str) -> Reply:
    result = read_cusres(data)
    changes = [record for record in result.records if record["message"]["function"] == STATUS_CHANGE]
    sent = []
    for change in changes:
        keyed = change["travellers"] and all(person["references"] for person in change["travellers"])
        sent.append(write_cusres(acknowledged(change, error=not keyed, prepared=prepared)))
    return Reply(tuple(sent), result.findings)


@click.command(
    cls=Command,
    help=N_(
        "Answer a passenger list as a border does: CUSRES, with one answer a traveller.\n\n"
        "Without a watchlist a traveller with a name, a real date of birth and a document may board (0Z); one without "
        "is insufficient data (4Z). What cannot be taken as a message is answered with CONTRL. FILE may be - for "
        "standard input; findings go to standard error. "
        "Exit code: 0 when the list was answered, 1 when something was refused, 2 on misuse."
    ),
    epilog=N_(
        "\b\nExamples:\n"
        "  otay answer manifest.edi\n"
        "  otay answer manifest.edi > answer.edi\n"
        "  otay answer --contrl manifest.edi\n"
        "  cat manifest.edi | otay answer - --lang es"
    ),
)
@click.argument("file", metavar="FILE")
@option("--contrl", "syntax_only", is_flag=True, help=N_("Report on the syntax only (CONTRL)."))
@language_option("language")
@click.pass_context
def answer(ctx: click.Context, file: str, syntax_only: bool, language: str) -> None:
    """Print the reply to a carrier's message."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M")
    replied = reply(content(file, language), prepared=now, syntax_only=syntax_only)
    show(replied.findings, language)
    sys.stdout.buffer.write(b"".join(replied.messages))
    sys.stdout.buffer.flush()
    ctx.exit(1 if replied.rejected or refuses(replied.findings) else 0)
