"""``otay fraud``: match both countries' books; train, score and evaluate models; simulate books with planted fraud."""

from __future__ import annotations

import click

from otay.core.i18n import N_
from otay.goods.investigations.commands.books import match, simulate
from otay.goods.investigations.commands.models import evaluate, score, train
from otay.node.commandline import Group


@click.group(
    cls=Group,
    help=N_(
        "Fraud in trade: match both countries' books, rank declarations, and judge the ranking honestly.\n\n"
        "Tables are CSV or Parquet. Column names are recognised in English and Spanish; --mapping names others."
    ),
)
def fraud() -> None:
    """Commands on fraud."""


for command in (match, train, score, evaluate, simulate):
    fraud.add_command(command)
