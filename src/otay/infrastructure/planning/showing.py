"""Results as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from math import isfinite

from rich.console import Console as Terminal
from rich.table import Table

from otay.core.i18n import N_
from otay.engines.queueing.scenario import Scenario
from otay.engines.queueing.simulation import Interval, Result
from otay.node.commandline import Console

Row = Sequence[str]


def table(columns: Sequence[str], lines: Sequence[Row]) -> str:
    """Columns of text, the first to the left and the others to the right."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(columns):
        grid.add_column(name, justify="left" if index == 0 else "right", no_wrap=True)
    for line in lines:
        grid.add_row(*line)
    out = StringIO()
    Terminal(file=out, width=200, color_system=None).print(grid)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def number(value: float | None, digits: int = 1) -> str:
    """A number, or a dash."""
    if value is None or not isfinite(value):
        return "-"
    return f"{round(value, digits) + 0.0:,.{digits}f}"


def with_interval(found: Interval, digits: int = 1) -> str:
    """Mean and its half interval."""
    half = (found.high - found.low) / 2
    return f"{number(found.mean, digits)} ±{number(half, digits)}" if isfinite(half) else number(found.mean, digits)


def band(found: Interval, digits: int = 1) -> str:
    """The band of what is assumed."""
    return "-" if found.band_low is None else f"{number(found.band_low, digits)} - {number(found.band_high, digits)}"


def lists(console: Console, scenario: Scenario) -> str:
    """What is data and what is assumed, apart."""
    parts = []
    for title, entries in ((N_("Data"), scenario.data), (N_("Assumptions"), scenario.assumptions)):
        if entries:
            parts.append("\n".join([f"{console.text(title)}:", *(f"  - {console.text(entry)}" for entry in entries)]))
    return "\n".join(parts)


def quick_answers(console: Console, quick: Mapping[str, Mapping[str, float | None]]) -> str:
    """Mean waits without simulation, beside one another and named as what they are."""
    if not quick:
        return ""
    head = console.text(
        N_(
            "Approximations of the mean wait, minutes, without simulation. Steady: each hour as if it lasted for ever, "
            "weighted by arrivals (a dash: more comes than can be served). Fluid: backlog alone, without chance."
        )
    )
    titles = [console.text(title) for title in (N_("Lane"), N_("steady"), N_("fluid"))]
    lines = [(name, number(one["stationary"]), number(one["fluid"])) for name, one in quick.items()]
    return "\n".join(["", head, table(titles, lines)])


def simulation(
    console: Console,
    scenario: Scenario,
    result: Result,
    quick: Mapping[str, Mapping[str, float | None]] | None = None,
) -> str:
    """Waits by lane and class, in minutes; ``quick``: approximations to show below."""
    titles = [
        N_("Minutes"),
        N_("arrivals"),
        N_("mean wait"),
        N_("band"),
        N_("95th"),
        N_("within target"),
        N_("busy"),
        N_("lost"),
    ]
    lines = []
    for name, figures in result.groups.items():
        lost = figures["balked"].mean + figures["turned_away"].mean if "balked" in figures else None
        within = figures.get("share_within")
        use = figures.get("utilisation")
        lines.append(
            (
                name,
                number(figures["arrivals"].mean, 0),
                with_interval(figures["mean_wait"]),
                band(figures["mean_wait"]),
                number(figures["p95_wait"].mean),
                "-" if within is None else number(100 * within.mean, 1) + " %",
                "-" if use is None else number(100 * use.mean, 0) + " %",
                number(lost, 0),
            )
        )
    head = console.text(
        N_(
            "%(name)s, %(days)s days from %(start)s, %(count)s replications. Mean ± half of its 95 %% confidence "
            "interval; "
            "band: service times at both ends of their ranges. Target: %(minutes)s minutes."
        ),
        name=scenario.name,
        days=scenario.days,
        start=scenario.start,
        count=result.replications,
        minutes=f"{scenario.target.minutes:g}",
    )
    remarks = [f"! {one.place[1:]}: {one.advice(console.language)}" for one in result.findings]
    return "\n".join(
        [
            head,
            "",
            table([console.text(title) for title in titles], lines),
            *remarks,
            quick_answers(console, quick or {}),
            "",
            lists(console, scenario),
        ]
    ).rstrip()
