"""``otay simulate``, ``otay staff``, ``otay hours``, ``otay lanes``: plan a port from a scenario file, without a node.

The engines are imported when a command runs, so that ``otay --help`` stays quick.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from otay.core.i18n import N_
from otay.node.commandline import Command, Console, option, plain_command

INTERRUPTED = 130
_SOURCES = N_(
    "SCENARIO is a JSON file (see the reference of scenario files), PORT the code of a port in the US statistics, such as "
    "2504 for San Ysidro: its counts, and assumptions that are listed with the result."
)


@contextmanager
def progress(console: Console, total: int, what: str) -> Iterator[Callable[[int], None]]:
    """A bar on standard error while a terminal watches; an interrupt ends the command without a trace."""
    from rich.console import Console as Terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    terminal = Terminal(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
            task = bar.add_task(console.text(what), total=total)
            yield lambda count: bar.update(task, advance=count)
    except KeyboardInterrupt:
        console.say(N_("Stopped."))
        sys.exit(INTERRUPTED)


def _head(scenario: Any) -> dict[str, Any]:
    return {
        "scenario": scenario.name,
        "port": scenario.port,
        "start": str(scenario.start),
        "days": scenario.days,
        "seed": scenario.seed,
        "data": scenario.data,
        "assumptions": scenario.assumptions,
    }


_replications = option(
    "--replications", type=click.IntRange(2, 10_000), help=N_("Times to play it; else what the scenario says.")
)
_month = option("--month", metavar="YYYY-MM", help=N_("Month of the counts of PORT; else the last there is."))


@click.command(
    cls=Command,
    help=N_("Play a port of entry and say how long one waits, with the uncertainty of chance and of what is assumed.")
    + "\n\n"
    + _SOURCES,
    epilog=N_(
        "\b\nExamples:\n  otay simulate 2504\n  otay simulate laredo.json --replications 50 --json\n  otay simulate 2304 --write laredo.json"
    ),
)
@click.argument("source", metavar="SCENARIO.json|PORT")
@_replications
@_month
@option(
    "--write", type=click.Path(dir_okay=False), help=N_("Write the scenario to this file to edit it, and play nothing.")
)
@plain_command
def simulate(console: Console, source: str, replications: int | None, month: str | None, write: str | None) -> None:
    """Play a port of entry."""
    from otay.engines.queueing.simulation import simulate as play
    from otay.engines.queueing.simulation import total_runs
    from otay.infrastructure.planning import showing
    from otay.infrastructure.planning.loading import load

    scenario = load(source, month)
    if write:
        with open(write, "w", encoding="utf-8") as file:
            file.write(scenario.model_dump_json(by_alias=True, indent=1, exclude_defaults=True) + "\n")
        console.answer({"written": write}, console.text(N_("Written: %(file)s"), file=write))
        return
    with progress(console, total_runs(scenario, replications), N_("Playing")) as bar:
        result = play(scenario, replications, progress=bar)
    answer = _head(scenario) | result.as_dict(console.language)
    console.answer(answer, showing.simulation(console, scenario, result))
