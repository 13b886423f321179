"""How the commands of investigations show findings and take common options."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from otay.core.findings import Finding
from otay.core.i18n import N_, translate
from otay.node.commandline import Console, option

FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)
OUT = click.Path(path_type=Path, dir_okay=False)
mapping_option = option(
    "--mapping",
    type=FILE,
    help=N_('JSON that names columns: {"importer": "Importer ID"}; see the reference of tables.'),
)


def show_findings(findings: Sequence[Finding], console: Console) -> None:
    """Each finding on a line of standard error."""
    for item in findings:
        value = f"({item.value})" if item.value else ""
        parts = (item.place, item.text(console.language), value, item.remedy_text(console.language))
        severity = translate(str(item.severity), console.language)
        click.echo(f"{severity}: {' '.join(filter(None, parts))} [{item.rule}]", err=True)
