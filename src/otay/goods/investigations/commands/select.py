"""``otay select``: which declarations to look at with the officers there are, and why."""

from __future__ import annotations

import click

from otay.core.i18n import N_
from otay.node.commandline import Command


@click.command(cls=Command, help=N_("Choose which declarations are looked at, within the capacity of each office."))
def select() -> None:
    """Select declarations."""
