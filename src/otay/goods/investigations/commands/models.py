"""``otay fraud train``, ``score`` and ``evaluate``."""

from __future__ import annotations

import click

from otay.core.i18n import N_
from otay.node.commandline import Command


@click.command(cls=Command, help=N_("Train the models that rank declarations."))
def train() -> None:
    """Train."""


@click.command(cls=Command, help=N_("Score declarations with a model."))
def score() -> None:
    """Score."""


@click.command(cls=Command, help=N_("Judge a ranking honestly."))
def evaluate() -> None:
    """Evaluate."""
