"""``otay demo``: two nodes on this machine, and border life between them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otay.core.i18n import N_
from otay.node.commandline import Command, Console, option, plain_command

if TYPE_CHECKING:
    from otay.web.demo.homes import Side
    from otay.web.demo.playing import Stage
    from otay.web.demo.running import Demonstration, Wish

MAX = "max"
LIVE_SPEED = 10.0


def _speed(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None or value == MAX:
        return value
    try:
        if 0.1 <= float(value) <= 1000:
            return value
    except ValueError:
        pass
    raise click.BadParameter(f"{value}: 0.1 ... 1000, {MAX}")


def _decimal(ctx: click.Context, param: click.Parameter, value: str | None) -> Decimal | None:
    if value is None:
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or not 0 < number <= (1 if param.name == "share" else 10_000):
        raise click.BadParameter(value)
    return number


@click.command(
    cls=Command,
    help=N_(
        "Start two nodes on this machine, the United States and Mexico, and play border life between them from the "
        "real monthly volumes of 2023. Ctrl-C stops it; started again, it goes on where it was. People and firms are "
        "invented."
    ),
    epilog=N_(
        "\b\nExamples:\n  otay demo\n  otay demo --speed 60 --port 9001\n"
        "  otay demo --days 7 --speed max --headless --json"
    ),
)
@option("--days", callback=_decimal, help=N_("Play so many days; else until Ctrl-C."))
@option(
    "--speed",
    callback=_speed,
    help=N_("How many times as fast as real time, or max: as fast as the machine can. 10 unless --headless."),
)
@option("--headless", is_flag=True, help=N_("Nobody watches: play --days (1), check both books, print a summary, end."))
@option("--port", type=click.IntRange(1, 65534), help=N_("Port of the first node, the second has the next; else 8001."))
@option(
    "--home",
    "base",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help=N_("Folder in which both nodes live."),
)
@option("--share", callback=_decimal, hidden=True, help=N_("Play this share of the real volume; the summary says so."))
@plain_command
def demo(console: Console, base: Path, days: Decimal | None, speed: str | None, **given: Any) -> None:
    """Play, and end with exit code 1 when the books do not agree."""
    from otay.web.demo.bars import Bars
    from otay.web.demo.running import Demonstration, Wish

    headless = bool(given["headless"])
    chosen = None if speed == MAX or (speed is None and headless) else float(speed or LIVE_SPEED)
    wish = Wish(base.resolve(), days, chosen, headless, given["port"], given["share"])
    try:
        with Demonstration(wish, console, Bars()) as demonstration:
            stage = demonstration.prepare()
            if headless:
                _headless(console, demonstration, stage, wish)
            else:
                _watched(console, demonstration, stage, wish)
    except KeyboardInterrupt:
        console.say(N_("Stopped. The same command goes on where it was."))
        raise SystemExit(130 if headless else 0) from None


def _headless(console: Console, demonstration: Demonstration, stage: Stage, wish: Wish) -> None:
    from otay.web.demo import summary

    days = wish.days or Decimal(1)
    if wish.speed is not None:
        demonstration.live(stage, speed=wish.speed, until=stage.state.played_until + timedelta(days=float(days)))
        days = Decimal(0)
    found = demonstration.play_days(stage, days)
    demonstration.bars.close()
    console.answer(found, summary.show(console, found))
    if not found["ok"]:
        raise SystemExit(1)


def _watched(console: Console, demonstration: Demonstration, stage: Stage, wish: Wish) -> None:
    from otay.web.demo.homes import first_moment

    if stage.state.played_until == stage.state.started and wish.days is None:
        demonstration.fast_forward(stage, first_moment(live=True) + timedelta(hours=3))
    demonstration.bars.close()
    for side in stage.sides:
        _where_to_look(console, side)
    until = stage.state.played_until + timedelta(days=float(wish.days)) if wish.days else None
    if wish.speed is None:
        demonstration.fast_forward(stage, until or stage.state.played_until + timedelta(days=3650))
    else:
        demonstration.live(stage, speed=wish.speed, until=until)
    console.say(N_("The days are played. The nodes go on serving; Ctrl-C stops them."))
    demonstration.rest(stage)


def _where_to_look(console: Console, side: Side) -> None:
    from otay.node.demo_people import FILE, sheet

    people = sheet(side.home)["people"]
    console.say(N_("\n%(name)s: %(url)s"), name=side.name, url=side.url)
    for person in people:
        if person["role"] in {"port_officer", "supervisor", "trader", "auditor", "administrator"}:
            console.say(
                N_("  %(title)s: user %(username)s, password %(password)s%(code)s"),
                title=person["title"], username=person["username"], password=person["password"],
                code=console.text(N_(", second factor %(code)s"), code=person["code"]) if person["code"] else "",
            )  # fmt: skip
    console.say(
        N_("  All %(count)s people, with codes that are valid now, are on the sign-in page; secrets: %(file)s"),
        count=len(people), file=side.home / "keys" / FILE,
    )  # fmt: skip
