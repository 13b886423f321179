"""``otay tariff``: exchange rates and tariff lines from files, and what holds on a day."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from otay.core.i18n import N_
from otay.node.commandline import Console, Group, node_command, option

FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)
SOURCE = option("--source", default="", help=N_("Where it was published, for rows that name no source."))
DRY = option("--dry-run", is_flag=True, help=N_("Say what would change, and change nothing."))


@click.group(cls=Group, help=N_("Exchange rates and the tariff: what values of two currencies and duties rest on."))
def tariff() -> None:
    """Commands on rates and lines."""


@tariff.command(
    help=N_(
        "Take exchange rates from a CSV file with the columns currency, since, rate (units of the node's currency for"
        " one) and source. The same file twice changes nothing; with a finding nothing at all is changed."
    ),
    epilog=N_('\b\nExamples:\n  otay tariff rates rates.csv --source "Official gazette, 31 January 2026" --dry-run'),
)
@click.argument("file", type=FILE, metavar="FILE")
@SOURCE
@DRY
@node_command
def rates(console: Console, file: Path, source: str, dry_run: bool) -> None:
    """Rates from a file."""
    _take(console, "rates", file, source, dry_run)


@tariff.command(
    help=N_(
        "Take tariff lines from a CSV file with the columns hs, origin (empty: any), start, end, ad_valorem (per cent),"
        " specific, unit, currency and source. To change a duty from a day on, give the earlier line with its last day"
        " and the new one."
    ),
    epilog=N_('\b\nExamples:\n  otay tariff lines tariff.csv --source "Tariff of 2026"'),
)
@click.argument("file", type=FILE, metavar="FILE")
@SOURCE
@DRY
@node_command
def lines(console: Console, file: Path, source: str, dry_run: bool) -> None:
    """Lines from a file."""
    _take(console, "lines", file, source, dry_run)


def _take(console: Console, table: str, file: Path, source: str, dry_run: bool) -> None:
    from otay.core.errors import OtayError, Refused
    from otay.goods.declarations.tariff import services
    from otay.node.actors import SYSTEM

    try:
        content = file.read_bytes()
    except OSError as problem:
        raise OtayError(N_("%(file)s cannot be read: %(reason)s."), file=file, reason=problem.strerror) from None
    if dry_run:
        plan = services.plan_csv(table, content, source)
        if plan.findings:
            raise Refused(N_("Nothing was changed: the table has findings"), findings=plan.findings)
        text = N_("%(fresh)d would be new, %(changed)d corrected, %(same)d are there already.")
    else:
        plan = services.put_csv(actor=SYSTEM, table=table, content=content, name=file.name, source=source)
        text = N_("%(fresh)d new, %(changed)d corrected, %(same)d were there already.")
    told: dict[str, Any] = {"fresh": len(plan.fresh), "changed": len(plan.changed), "same": plan.same}
    console.answer({**told, "dry_run": dry_run}, console.text(text, **told))


@tariff.command(
    help=N_("The exchange rates of a day; with a goods code, the tariff line that such goods fall under."),
    epilog=N_("\b\nExamples:\n  otay tariff show\n  otay tariff show 520942 --origin MX --day 2026-01-31"),
)
@click.argument("hs", required=False, default="", metavar="[CODE]")
@option("--origin", default="", help=N_("Country of origin, two letters."))
@option("--day", type=click.DateTime(["%Y-%m-%d"]), help=N_("The day; else today."))
@node_command
def show(console: Console, hs: str, origin: str, day: datetime | None) -> None:
    """What holds."""
    from otay.goods.declarations.tariff import queries
    from otay.goods.declarations.tariff.domain import Rates
    from otay.node import clock

    on = day.date() if day else clock.now().date()
    if hs:
        _show_line(console, hs.replace(".", ""), origin.upper(), on)
        return
    rows = [queries.rate_of(row) for row in queries.rates_of_day(on)]
    known = Rates(queries.base(), queries.valid_days(), tuple(rows))
    quotes = [quote for row in rows if (quote := known.at(row.currency, on))]
    stale = console.text(N_("stale"))
    told = [
        f"{one.rate.currency}  {one.rate.rate}  {one.rate.since}  {one.rate.source}"
        + (f"  [{stale}]" if one.stale else "")
        for one in quotes
    ]
    console.answer(
        {"base": queries.base(), "day": on, "rates": [
            {"currency": one.rate.currency, "since": one.rate.since, "rate": str(one.rate.rate),
             "source": one.rate.source, "stale": one.stale} for one in quotes
        ]},
        "\n".join(told) or console.text(N_("The node has no rates for %(day)s."), day=on),
    )  # fmt: skip


def _show_line(console: Console, hs: str, origin: str, on: date) -> None:
    from dataclasses import asdict

    from otay.goods.declarations.tariff import queries

    taken = queries.tariff_for([hs], [on]).take(hs, origin, on)
    if taken is None:
        console.answer({"line": None}, console.text(N_("The tariff has no line for %(hs)s on %(day)s."), hs=hs, day=on))
        return
    line = taken.line
    parts = [f"{line.hs} {line.origin or '*'}", f"{line.ad_valorem} %", f"{line.start}", line.source]
    if line.specific:
        parts.insert(2, f"+ {line.specific} {line.currency}/{line.unit}")
    if taken.least:
        parts.append(console.text(N_("the lowest of the lines below this code")))
    console.answer({"line": asdict(line), "least": taken.least}, "  ".join(parts))
