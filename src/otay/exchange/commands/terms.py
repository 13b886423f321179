"""``otay exchange agree dry-run``: what terms would newly reveal, before anybody signs them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from otay.core.i18n import N_
from otay.exchange.commands.main import agree, read_json
from otay.exchange.commands.main import reason as _reason
from otay.node.commandline import Console, node_command, option


@agree.command(
    "dry-run",
    help=N_(
        "Show on this node's past records what an agreement would newly reveal: a file, or a reference known here."
    ),
    epilog=N_(
        "\b\nExamples:\n  otay exchange agree dry-run terms.json --reason 'before signing'\n"
        "  otay exchange agree dry-run MX-US-core --version 2 --reason 'before signing' --json"
    ),
)
@click.argument("target", metavar="FILE|REFERENCE")
@option("--version", type=int, default=1, show_default=True, help=N_("Version, with a reference."))
@option("--last", "limit", type=click.IntRange(1, 20_000), default=1000, show_default=True,
        help=N_("How many past records of each type to look at."))  # fmt: skip
@_reason
@node_command
def dry_run(console: Console, target: str, version: int, limit: int, reason: str) -> None:
    """Dry run."""
    from otay.exchange.domain.agreement import read_terms
    from otay.exchange.services import preview
    from otay.node.actors import SYSTEM

    if Path(target).is_file():
        document = read_json(Path(target))
        terms = read_terms(document.get("agreement") if isinstance(document, dict) else None)
    else:
        terms = preview.terms_of(target, version)
    found = preview.dry_run(actor=SYSTEM, terms=terms, reason=reason, limit=limit)
    console.answer({**asdict(found), "reveals": found.reveals}, "\n".join(_sentences(console, found)))


def _sentences(console: Console, found: Any) -> list[str]:
    lines = [
        console.text(
            N_("%(citation)s with %(peer)s: retention %(before)s -> %(after)s days"),
            citation=found.citation,
            peer=found.peer,
            before=found.retention_before or "–",
            after=found.retention_after,
        )
    ]
    for one in found.types:
        text = N_("%(type)s: newly told %(added)s fields, no longer told %(dropped)s, on %(looked_at)s past records")
        lines.append(
            console.text(
                text,
                type=one.record_type,
                added=len(one.added),
                dropped=len(one.dropped),
                looked_at=one.looked_at,
            )
        )
        lines += [f"  + {field.name}: {field.records}  {' | '.join(field.examples)}".rstrip() for field in one.added]
        lines += [f"  - {field.name}: {field.records}" for field in one.dropped]
    if not found.types:
        lines.append(console.text(N_("Nothing is told that is not told now.")))
    return lines
