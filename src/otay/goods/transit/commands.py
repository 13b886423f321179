r"""``otay transit``: judge a track against its route, without a node."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otay.core.findings import Finding, refuses
from otay.core.i18n import N_
from otay.goods.transit.reports import commands as reports
from otay.node.commandline import Console, Group, node_command, option, plain_command

if TYPE_CHECKING:
    from otay.engines.transit.alarms import Alarm

_SEVERITIES = {"high": N_("high"), "medium": N_("medium"), "low": N_("low")}
_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group(cls=Group, help=N_("Shipments in transit: positions, seals and alarms."))
def transit() -> None:
    """Shipments in transit."""


@transit.command(
    help=N_(
        "Judge a track: every alarm with the time at which it happened and the time at which it could be known.\n\n"
        "TRACK is a CSV file (- for standard input) with the columns time, device_id, lat and lon, and if you have "
        "them movement, valid, speed, course, battery, event and received_at; the manual lists their other names. "
        "The order of the rows does not matter: what was received late counts when it happened. Exit code: 0, or 1 "
        "when a row or a file was refused, 2 on misuse."
    ),
    epilog=N_(
        "\b\nExamples:\n"
        "  otay transit replay track.csv --route route.geojson\n"
        "  otay transit replay track.csv --route route.geojson --rules rules.json --lang es\n"
        "  otay transit replay - --route route.geojson --at 2026-01-15T18:00:00Z --json < track.csv"
    ),
)
@click.argument("track", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@option("--route", "route_file", type=_FILE, required=True, help=N_("The prescribed route, GeoJSON."))
@option("--rules", "rules_file", type=_FILE, help=N_("Thresholds, places and deadlines, JSON (otay transit rules)."))
@option("--at", "judged_at", metavar="TIME", help=N_("Judge as of this moment, ISO 8601; else as of the last row."))
@plain_command
def replay(console: Console, track: Path, route_file: Path, rules_file: Path | None, judged_at: str | None) -> None:
    """Judge a track."""
    from otay.engines.transit.judging import judge
    from otay.engines.transit.settings import TransitRules
    from otay.goods.transit.route import read_route
    from otay.goods.transit.rules_file import read_rules
    from otay.goods.transit.track import MAX_BYTES, read_track

    at = _moment(console, judged_at)
    route = read_route(route_file.read_bytes())
    rules = read_rules(rules_file.read_bytes()) if rules_file else TransitRules()
    if str(track) == "-":
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with track.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    observations, findings = read_track(data)
    alarms = judge(observations, route, rules, judged_at=at)
    _show_findings(console, findings)
    answer = {
        "observations": len(observations),
        "route_m": round(route.length),
        "alarms": [_as_dict(alarm, console) for alarm in alarms],
        "findings": [item.as_dict(console.language) for item in findings],
    }
    console.answer(answer, _as_text(alarms, len(observations), console))
    sys.exit(1 if refuses(findings) else 0)


@transit.command(
    help=N_("The JSON Schema of the rules file: every setting, its meaning and its default."),
    epilog=N_("\b\nExamples:\n  otay transit rules > rules.schema.json"),
)
@plain_command
def rules(console: Console) -> None:
    """The schema of the rules file."""
    from otay.goods.transit.rules_file import rules_schema

    click.echo(json.dumps(rules_schema(), ensure_ascii=False, indent=None if console.as_json else 2))


@transit.command(
    help=N_("The signed evidence file of a movement, as JSON on standard output or in a file."),
    epilog=N_("\b\nExamples:\n  otay transit evidence 26US000000000001J6 --out evidence.json"),
)
@click.argument("mrn")
@option("--out", type=click.Path(dir_okay=False, path_type=Path), help=N_("File to write; else standard output."))
@node_command
def evidence(console: Console, mrn: str, out: Path | None) -> None:
    """The signed evidence file of a movement."""
    from otay.goods.transit.services.evidence import export
    from otay.node.actors import SYSTEM

    text = json.dumps(export(actor=SYSTEM, mrn=mrn), ensure_ascii=False, indent=1)
    if out is None:
        click.echo(text)
        return
    out.write_text(text, encoding="utf-8")
    console.answer({"file": str(out)}, console.text(N_("Written: %(file)s"), file=out))


@transit.command(
    help=N_(
        "Check an evidence file by itself: the node's signature and the seal log in it. Compare the key with the "
        "identity of a node that you trust. Exit code: 0 when all holds, else 1."
    ),
    epilog=N_("\b\nExamples:\n  otay transit verify evidence.json\n  otay transit verify evidence.json --lang es"),
)
@click.argument("file", type=_FILE)
@plain_command
def verify(console: Console, file: Path) -> None:
    """Check an evidence file."""
    from otay.core.errors import Refused
    from otay.goods.transit.domain import evidence as rules

    try:
        document = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        raise Refused(N_("This is not an evidence file of a movement.")) from None
    found = rules.verify(document)
    lines = [
        console.text(N_("%(movement)s, signed by %(node)s on %(when)s"), movement=found.movement, node=found.node,
                     when=found.signed_at),
        console.text(N_("key %(key)s"), key=found.signed_by),
        console.text(N_("%(events)s events, %(alarms)s alarms, %(entries)s entries of the seal log"),
                     events=found.events, alarms=found.alarms, entries=found.log_entries),
        *(console.text(problem) for problem in found.problems),
        console.text(N_("All holds.") if found.holds else N_("It does not hold.")),
    ]  # fmt: skip
    data = {
        "movement": found.movement, "node": found.node, "key": found.signed_by, "signed_at": found.signed_at,
        "events": found.events, "alarms": found.alarms, "log_entries": found.log_entries, "holds": found.holds,
        "problems": [console.text(problem) for problem in found.problems],
    }  # fmt: skip
    console.answer(data, "\n".join(lines))
    sys.exit(0 if found.holds else 1)


@transit.command(
    "seal-log",
    help=N_("Check the whole chained seal log of the node. Exit code: 0 when it is whole, else 1."),
    epilog=N_("\b\nExamples:\n  otay transit seal-log --home node"),
)
@node_command
def seal_log(console: Console) -> None:
    """Check the whole seal log."""
    from otay.goods.transit.services.sealing import log_holds

    broken = log_holds()
    if broken is None:
        console.answer({"whole": True}, console.text(N_("The seal log is whole.")))
        return
    text = console.text(N_("The seal log does not hold at entry %(number)s."), number=broken.sequence)
    console.answer({"whole": False, "sequence": broken.sequence, "kind": broken.kind}, text)
    sys.exit(1)


def _moment(console: Console, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(
            console.text(N_("%(text)s is not a time such as 2026-01-15T18:00:00Z."), text=text)
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _show_findings(console: Console, findings: list[Finding]) -> None:
    if console.as_json:
        return
    for item in findings:
        text = " ".join(part for part in (item.place, item.text(console.language), item.value) if part)
        click.echo(f"{item.severity}: {text} [{item.rule}]", err=True)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _as_dict(alarm: Alarm, console: Console) -> dict[str, Any]:
    lon, lat = alarm.position or (None, None)
    return {
        "kind": alarm.kind,
        "severity": alarm.severity,
        "movement": alarm.movement,
        "device_id": alarm.device_id,
        "event_time": _iso(alarm.time),
        "detected_at": _iso(alarm.detected_at),
        "ended_at": _iso(alarm.ended_at),
        "lat": lat,
        "lon": lon,
        "details": dict(alarm.details),
        "text": alarm.text(console.language),
    }


def _as_text(alarms: list[Alarm], count: int, console: Console) -> str:
    if not alarms:
        return console.text(N_("%(count)s observations, no alarm."), count=count)
    head = console.text(N_("event time            detected              alarm"))
    lines = [console.text(N_("%(count)s observations, %(alarms)s alarms."), count=count, alarms=len(alarms)), "", head]
    return "\n".join([*lines, *(_line(alarm, console) for alarm in alarms)])


def _line(alarm: Alarm, console: Console) -> str:
    who = " ".join(part for part in (alarm.movement, alarm.device_id) if part)
    facts = ", ".join(f"{name} {value}" for name, value in alarm.details if value is not None)
    about = "; ".join(part for part in (who, facts) if part)
    severity = console.text(_SEVERITIES[alarm.severity])
    times = f"{_iso(alarm.time)}  {_iso(alarm.detected_at)}"
    return f"{times}  {alarm.kind} [{severity}] {alarm.text(console.language)} ({about})"


for _command in reports.ALL:
    transit.add_command(_command)
