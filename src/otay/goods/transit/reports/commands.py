r"""``otay transit listen``, ``broker``, ``devices`` and ``retention``."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import click

from otay.core.i18n import N_
from otay.node.commandline import Console, node_command, option, plain_command

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
PASSWORD = "OTAY_MQTT_PASSWORD"  # noqa: S105 - the name of a variable


@click.command(
    help=N_(
        "Listen to seals until Ctrl-C: over MQTT, over raw TCP, or both.\n\n"
        "Nothing is answered before it is on the disk. Several processes share the work of one broker: start the "
        "command several times, on as many machines as you like. The broker's password is read from the variable "
        "OTAY_MQTT_PASSWORD."
    ),
    epilog=N_(
        "\b\nExamples:\n"
        "  otay transit listen --mqtt mqtt://127.0.0.1:1883\n"
        "  OTAY_MQTT_PASSWORD=... otay transit listen --mqtt mqtts://otay@broker.example --mqtt-ca ca.pem\n"
        "  otay transit listen --tcp 0.0.0.0:10011=jt701 --tcp 0.0.0.0:10012=jt808"
    ),
)
@option("--mqtt", "mqtt_url", metavar="URL", help=N_("Broker: mqtt:// or mqtts://[USER@]HOST[:PORT]."))
@option("--topic", default="seals/#", show_default=True, help=N_("Topics to subscribe to."))
@option(
    "--sessions",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help=N_("MQTT sessions that the processes share; the same number in all of them."),
)
@option("--group", default="otay", show_default=True, help=N_("Name of the shared subscription; empty: none."))
@option(
    "--mqtt-version",
    type=click.Choice(["5", "3.1.1"]),
    default="5",
    show_default=True,
    help=N_("Version of the protocol that the broker speaks."),
)
@option("--mqtt-ca", type=_FILE, help=N_("Certificates that the broker's is checked against; else the system's."))
@option("--mqtt-cert", type=_FILE, help=N_("Certificate of this node for the broker."))
@option("--mqtt-key", type=_FILE, help=N_("Key of that certificate."))
@option(
    "--tcp",
    "tcp",
    metavar="HOST:PORT[=PROTOCOL]",
    multiple=True,
    help=N_("Address for devices; without a protocol it is found out. May be given several times."),
)
@node_command  # fmt: skip
def listen(console: Console, mqtt_url: str | None, tcp: tuple[str, ...], **given: Any) -> None:
    """Until SIGTERM or Ctrl-C."""
    from otay.goods.transit.reports.listening import Listener
    from otay.goods.transit.reports.tcp import listening_at
    from otay.node.installation import require_current

    if not mqtt_url and not tcp:
        raise click.UsageError(console.text(N_("Say where to listen: --mqtt URL, --tcp HOST:PORT, or both.")))
    require_current()
    listener = Listener()
    if mqtt_url:
        listener.over_mqtt(mqtt_url, password=os.environ.get(PASSWORD, ""), **given)
    if tcp:
        listener.over_tcp([listening_at(item) for item in tcp])
    stop = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda _number, _frame: stop.set())
    listener.start()
    console.say(N_("Listening: %(where)s"), where=", ".join([*filter(None, [mqtt_url]), *listener.addresses()]))
    listener.run(stop)


@click.command(
    help=N_(
        "Run a small MQTT broker inside this process, for demonstrations and tests. It forgets everything when it "
        "ends and lets anybody in; a border needs Mosquitto."
    ),
    epilog=N_("\b\nExamples:\n  otay transit broker --port 1883"),
)
@option("--port", type=click.IntRange(1, 65535), default=1883, show_default=True, help=N_("Port, on loopback."))
@plain_command
def broker(console: Console, port: int) -> None:
    """Until SIGTERM or Ctrl-C."""
    from otay.goods.transit.reports.broker import EmbeddedBroker

    running = EmbeddedBroker(port)
    running.start()
    console.say(N_("The broker listens on 127.0.0.1:%(port)d"), port=running.port)
    stop = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda _number, _frame: stop.set())
    stop.wait()
    running.stop()


@click.command(
    help=N_("Devices that spoke: their state, protocol, operator, and what came of them."),
    epilog=N_("\b\nExamples:\n  otay transit devices --state quarantined\n  otay transit devices --json"),
)
@option("--state", type=click.Choice(["quarantined", "admitted", "barred"]), help=N_("Only those in this state."))
@option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help=N_("How many to list."))
@node_command
def devices(console: Console, state: str | None, limit: int) -> None:
    """In the order of their identifiers."""
    from otay.goods.transit.reports.models import ReportingDevice

    found = ReportingDevice.objects.order_by("identifier")
    names = ("identifier", "state", "family", "party", "duplicates", "flagged", "first_heard_at", "last_heard_at")
    rows = list((found.filter(state=state) if state else found).values(*names)[:limit])
    lines = [
        f"{row['identifier']:24} {row['state']:12} {row['family'] or '-':10} {row['party'] or '-':14} "
        f"{row['duplicates']:>8} {row['flagged']:>8}"
        for row in rows
    ]
    head = console.text(N_("device                   state        protocol   operator       duplicate  flagged"))
    console.answer(rows, "\n".join([head, *lines]))


@click.command(
    help=N_("Admit devices: what they said in quarantine is judged now."),
    epilog=N_("\b\nExamples:\n  otay transit admit 7012345678 7012345679 --protocol jt701 --party acme"),
)
@click.argument("identifiers", metavar="DEVICE...", nargs=-1, required=True)
@option("--protocol", default="", help=N_("Protocol they speak; another one is not trusted then."))
@option("--party", default="", help=N_("Firm whose gateway may report for them."))
@node_command
def admit(console: Console, identifiers: tuple[str, ...], protocol: str, party: str) -> None:
    """The operator of the machine acts as the node itself."""
    from otay.goods.transit import reports
    from otay.node.actors import SYSTEM

    reports.admit(actor=SYSTEM, device_ids=identifiers, family=protocol, party=party)
    count = len(set(identifiers))
    console.answer({"admitted": count}, console.text(N_("%(count)d devices may report"), count=count))


@click.command(
    help=N_("How long positions are kept; with an option, change it. Evidence of movements is always kept."),
    epilog=N_("\b\nExamples:\n  otay transit retention\n  otay transit retention --thin-after 14 --remove-after 180"),
)
@option("--thin-after", "thin_after_days", type=int, help=N_("Days after which positions are thinned."))
@option("--keep-one-in", "keep_one_in_minutes", type=int, help=N_("Minutes of which one position stays then."))
@option("--remove-after", "remove_after_days", type=int, help=N_("Days after which positions are removed."))
@option("--unread-after", "unread_after_days", type=int, help=N_("Days after which frames nobody could read go."))
@option("--now", "run", is_flag=True, help=N_("Do it now, not within the hour."))
@node_command
def retention(console: Console, run: bool, **days: int | None) -> None:
    """Show or change."""
    from otay.goods.transit.reports import retention as keeping
    from otay.node.actors import SYSTEM

    given = {name: value for name, value in days.items() if value is not None}
    found = keeping.set_retention(actor=SYSTEM, **given) if given else keeping.settings()
    answer: dict[str, Any] = {name: getattr(found, name) for name in days}
    text = console.text(
        N_(
            "Positions are thinned after %(thin_after_days)d days to one in %(keep_one_in_minutes)d minutes and "
            "removed after %(remove_after_days)d days; frames that could not be read go after "
            "%(unread_after_days)d days."
        ),
        **answer,
    )
    if run:
        answer["gone"] = keeping.tidy()
        gone = ", ".join(f"{name} {count}" for name, count in answer["gone"].items())
        text += "\n" + (gone or console.text(N_("Nothing was old enough.")))
    console.answer(answer, text)


ALL = (listen, broker, devices, admit, retention)
