"""``otay simulate``, ``otay staff``, ``otay hours``, ``otay lanes``: plan a port from a scenario file, without a node.

The engines are imported when a command runs, so that ``otay --help`` stays quick.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from otay.core.i18n import N_, translate
from otay.node.commandline import Command, Console, option, plain_command, preferred_language

INTERRUPTED = 130
_SOURCES = N_(
    "SCENARIO is a JSON file (see the reference of scenario files), PORT the code of a port in the US statistics, "
    "such as "
    "2504 for San Ysidro: its counts, and assumptions that are listed with the result."
)


class PortCommand(Command):
    """A command on a scenario or a port: its help says what those are."""

    def _shown(self, ctx: click.Context) -> Any:
        shown = super()._shown(ctx)
        shown.help = (
            f"{shown.help}\n\n{translate(_SOURCES, str(ctx.meta.get('otay.language') or preferred_language()))}"
        )
        return shown


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
    cls=PortCommand,
    help=N_("Play a port of entry and say how long one waits, with the uncertainty of chance and of what is assumed."),
    epilog=N_(
        "\b\nExamples:\n  otay simulate 2504\n  otay simulate laredo.json --replications 50 --json\n"
        "  otay simulate 2304 --write laredo.json\n"
        "  otay simulate laredo.json --vary lanes/cargo/booths=6,7,8 --vary demand=1,1.2 --checkpoint sweep.jsonl"
    ),
)
@click.argument("source", metavar="SCENARIO.json|PORT")
@_replications
@_month
@option(
    "--write", type=click.Path(dir_okay=False), help=N_("Write the scenario to this file to edit it, and play nothing.")
)
@option(
    "--vary", multiple=True, metavar="WHERE=VALUE,...", help=N_("Play every combination of these values and compare.")
)
@option(
    "--checkpoint",
    type=click.Path(dir_okay=False),
    help=N_("With --vary: keep what is done in this file, and go on from it after a stop."),
)
@option("--cluster", default="", metavar="ADDRESS", help=N_("With --vary: play on the Dask cluster at this address."))
@plain_command
def simulate(
    console: Console,
    source: str,
    replications: int | None,
    month: str | None,
    write: str | None,
    vary: tuple[str, ...],
    checkpoint: str | None,
    cluster: str,
) -> None:
    """Play a port of entry."""
    from otay.engines.queueing.simulation import simulate as play
    from otay.engines.queueing.simulation import total_runs
    from otay.infrastructure.planning import showing
    from otay.infrastructure.planning.loading import load
    from otay.infrastructure.planning.summing import approximations

    scenario = load(source, month)
    if write:
        with open(write, "w", encoding="utf-8") as file:
            file.write(scenario.model_dump_json(by_alias=True, indent=1, exclude_defaults=True) + "\n")
        console.answer({"written": write}, console.text(N_("Written: %(file)s"), file=write))
        return
    if vary:
        _sweep(console, scenario, vary, replications or scenario.replications, checkpoint, cluster)
        return
    with progress(console, total_runs(scenario, replications), N_("Playing")) as bar:
        result = play(scenario, replications, progress=bar)
    quick = approximations(scenario)
    answer = _head(scenario) | result.as_dict(console.language) | {"approximations": quick}
    console.answer(answer, showing.simulation(console, scenario, result, quick))


def _sweep(
    console: Console, scenario: Any, vary: tuple[str, ...], count: int, checkpoint: str | None, cluster: str
) -> None:
    from otay.engines.queueing.sweeping import variants
    from otay.infrastructure.planning import plans
    from otay.infrastructure.planning.sweeping import sweep

    named = variants(scenario, vary)
    with progress(console, count * len(named), N_("Playing")) as bar:
        found = sweep(named, count, checkpoint=Path(checkpoint) if checkpoint else None, cluster=cluster, progress=bar)
    answer = _head(scenario) | {"replications": count} | plans.lanes_data(found)
    console.answer(answer, plans.lanes_text(console, scenario, found, N_("Variant")))


@click.command(
    cls=PortCommand,
    help=N_(
        "Find the fewest booths by period that hold the service level of the scenario, checked by simulation, and "
        "shifts that "
        "cover them."
    ),
    epilog=N_(
        "\b\nExamples:\n  otay staff 2504\n  otay staff laredo.json --period 30 --json\n  otay staff 2506 --no-shifts"
    ),
)
@click.argument("source", metavar="SCENARIO.json|PORT")
@option(
    "--period",
    type=click.Choice(["15", "30", "60"]),
    default="60",
    show_default=True,
    help=N_("Minutes in which booths do not change."),
)
@option(
    "--replications", type=click.IntRange(2, 1000), default=8, show_default=True, help=N_("Times each try is played.")
)
@option("--seconds", type=click.FloatRange(1, 3600), default=40, show_default=True, help=N_("Time for the search."))
@option(
    "--shifts/--no-shifts", default=True, help=N_("Cover the booths with shifts of 8, 10 and 12 hours (30 seconds).")
)
@_month
@plain_command
def staff(
    console: Console, source: str, period: str, replications: int, seconds: float, shifts: bool, month: str | None
) -> None:
    """Find the fewest booths."""
    import numpy as np

    from otay.engines.queueing.shifts import SLOT, cover
    from otay.engines.queueing.staffing import staff as search
    from otay.infrastructure.planning import plans
    from otay.infrastructure.planning.loading import load

    scenario = load(source, month)
    own = [lane for lane in scenario.lanes if lane.shared_with is None]
    with progress(console, len(own) + shifts, N_("Seeking")) as bar:
        found = search(scenario, period=int(period), replications=replications, seconds=seconds, progress=bar)
        roster = cover(np.repeat(found.week(), int(period) // SLOT)) if shifts else None
    answer = _head(scenario) | plans.staffing_data(found, roster, scenario)
    console.answer(answer, plans.staffing_text(console, scenario, found, roster))


@click.command(
    cls=PortCommand,
    help=N_(
        "Compare hours of service on both sides: what opening earlier, later, shorter or alike does to waiting, "
        "and for how "
        "many officer-hours. Every variant meets the same traffic."
    ),
    epilog=N_("\b\nExamples:\n  otay hours 2506\n  otay hours santa-teresa.json --lane cargo --replications 40 --json"),
)
@click.argument("source", metavar="SCENARIO.json|PORT")
@option("--lane", "lanes_wanted", multiple=True, help=N_("Change the hours of this lane only; may be given again."))
@_replications
@_month
@plain_command
def hours(
    console: Console, source: str, lanes_wanted: tuple[str, ...], replications: int | None, month: str | None
) -> None:
    """Compare hours of service."""
    from otay.core.errors import Refused
    from otay.engines.queueing.comparing import compare
    from otay.engines.queueing.opening import variants
    from otay.infrastructure.planning import plans
    from otay.infrastructure.planning.loading import load

    scenario = load(source, month)
    known = [lane.name for lane in scenario.lanes if lane.shared_with is None]
    for name in lanes_wanted:
        if name not in known:
            message = N_("There is no lane %(name)s with booths of its own; there are: %(known)s")
            raise Refused(message, name=name, known=", ".join(known))
    named = [("", scenario), *variants(scenario, lanes_wanted)]
    if len(named) == 1:
        raise Refused(N_("Every lane is open all week on both sides: there are no hours to change"))
    count = replications or scenario.replications
    with progress(console, count * len(named), N_("Playing")) as bar:
        options = compare(named, count, bar)
    answer = _head(scenario) | {"replications": count} | plans.hours_data(options)
    console.answer(answer, plans.hours_text(console, scenario, options))


@click.command(
    cls=PortCommand,
    help=N_(
        "Compare allocations of booths between lanes (general, Ready, SENTRI; loaded, FAST, empty): what moving "
        "booths does to "
        "those who gain them and to those who lose them, with intervals on the differences.\n\n"
        "With --year or --growth: the fewest booths and docks to build so that the port meets the demand of that year."
    ),
    epilog=N_(
        "\b\nExamples:\n  otay lanes 2504\n  otay lanes san-ysidro.json --among general,sentri --most 3 --json\n"
        "  otay lanes 2304 --year 2030\n  otay lanes laredo.json --growth cargo=1.4"
    ),
)
@click.argument("source", metavar="SCENARIO.json|PORT")
@option("--among", default="", metavar="LANE,LANE", help=N_("Move booths between these lanes only."))
@option("--most", type=click.IntRange(1, 20), default=2, show_default=True, help=N_("Move up to so many booths."))
@option("--year", type=int, help=N_("Find what to build for the demand forecast for this year."))
@option(
    "--growth", multiple=True, metavar="[CLASS=]FACTOR", help=N_("Find what to build for demand times this factor.")
)
@option(
    "--dock-minutes",
    type=click.FloatRange(1, 1440),
    default=60,
    show_default=True,
    help=N_("Longest mean wait at secondary docks, with --year or --growth."),
)
@_replications
@_month
@plain_command
def lanes(
    console: Console,
    source: str,
    among: str,
    most: int,
    year: int | None,
    growth: tuple[str, ...],
    dock_minutes: float,
    replications: int | None,
    month: str | None,
) -> None:
    """Compare allocations of booths."""
    from otay.engines.queueing.allocation import moves
    from otay.engines.queueing.comparing import compare
    from otay.infrastructure.planning import plans
    from otay.infrastructure.planning.loading import load

    scenario = load(source, month)
    if year or growth:
        from otay.infrastructure.planning import expanding

        count = min(replications or 8, 1000)
        with progress(console, expanding.STEPS, N_("Seeking")) as bar:
            needed = expanding.expansion(
                scenario, year, growth, replications=count, dock_minutes=dock_minutes, progress=bar
            )
        answer = _head(scenario) | {"replications": count} | expanding.data(needed, scenario)
        console.answer(answer, expanding.text(console, needed, scenario))
        return
    named = [("", scenario), *moves(scenario, [name.strip() for name in among.split(",") if name.strip()], most)]
    count = replications or scenario.replications
    with progress(console, count * len(named), N_("Playing")) as bar:
        options = compare(named, count, bar)
    answer = _head(scenario) | {"replications": count} | plans.lanes_data(options)
    console.answer(answer, plans.lanes_text(console, scenario, options))
