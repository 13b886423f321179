"""``otay node`` and ``otay audit``."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.node import config
from otay.node.commandline import Command, Console, Group, node_command, option, plain_command, setup
from otay.node.environment import WORKERS

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Group, help=N_("Set up, run and look after a node."))
def node() -> None:
    """Group ``otay node``."""


@click.group(cls=Group, help=N_("The audit log."))
def audit() -> None:
    """Group ``otay audit``."""


@node.command(
    cls=Command,
    help=N_("Make a node in the folder DIR: settings, keys and database."),
    epilog=N_(
        "\b\nExamples:\n  otay node init node-us --country US\n  otay node init nodo-mx --country MX --language es-mx"
    ),
)
@click.argument("folder", metavar="DIR", type=_FOLDER)
@option("--country", required=True, help=N_("ISO code of the administration that runs the node."))
@option("--name", help=N_("What the pages call the node."))
@option("--language", type=click.Choice(config.LANGUAGES), help=N_("The node's own language."))
@option("--url", default="http://127.0.0.1:8000", show_default=True, help=N_("Address the node is reached at."))
@option("--database", help=N_("sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME; else SQLite in DIR."))
@option("--time-zone", default="UTC", show_default=True, help=N_("Time zone of the node's pages."))
@option(
    "--exchange-url",
    help=N_("Address of the door for neighbours, with mutual TLS; else port 8443 of the host of an https url."),
)
@option("--currency", default="USD", show_default=True, help=N_("Currency (ISO 4217) in which the node reckons."))
@option("--demo", is_flag=True, help=N_("A demonstration: invented people, loopback only."))
@plain_command
def init(console: Console, folder: Path, country: str, name: str | None, language: str | None, **given: Any) -> None:
    """Folder, settings, tables."""
    country = country.upper()
    given["exchange_url"] = given["exchange_url"] or config.default_exchange_url(given["url"])
    made = config.create(
        folder.resolve(), country=country, name=name or f"Otay {country}",
        language=language or ("es-mx" if country == "MX" else "en"), **given,
    )  # fmt: skip
    setup(made.home)
    from otay.node.installation import migrate as bring_up

    bring_up()
    console.answer(
        {"home": str(made.home), "country": made.country, "url": made.url},
        console.text(
            N_(
                "The node is in %(home)s. Make the first administrator with: "
                "otay node person add NAME --role administrator --home %(home)s"
            ),
            home=made.home,
        ),
    )


@node.command(
    cls=Command,
    help=N_("Bring the database to the tables of this program."),
    epilog=N_("\b\nExamples:\n  otay node migrate --home node-us"),
)
@node_command
def migrate(console: Console) -> None:
    """Run what is missing."""
    from otay.node.installation import migrate as bring_up

    steps = bring_up()
    console.answer({"migrations": steps}, console.text(N_("%(count)d migrations were run"), count=steps))


@node.command(
    cls=Command,
    help=N_("Serve pages and API, with the background work in the same process. Ctrl-C stops it."),
    epilog=N_(
        "\b\nExamples:\n  otay node serve --home node-us --port 8000\n  otay node serve --workers 4 --no-background"
    ),
)
@option("--host", help=N_("Address to listen on; else that of the node's url."))
@option("--port", type=click.IntRange(1, 65535), help=N_("Port to listen on; else that of the node's url."))
@option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help=N_("Worker processes."))
@option("--threads", type=click.IntRange(1, 64), default=4, show_default=True, help=N_("Threads of each."))
@option("--background/--no-background", default=True, help=N_("Do the background work in the worker processes."))
@option("--home", type=_FOLDER, help=N_("Folder of the node; else OTAY_HOME, else ./node."))
@plain_command
def serve(console: Console, home: Path | None, host: str | None, port: int | None, workers: int, **given: Any) -> None:
    """Settings depend on the number of workers, so it is said before they are read."""
    os.environ[WORKERS] = str(workers)
    found = setup(home)
    from otay.node import serving
    from otay.node.installation import require_current

    require_current(shared_cache=workers > 1)
    address = urlsplit(found.url)
    host, port = host or address.hostname or "127.0.0.1", port or address.port or 8000
    console.say(
        N_("%(name)s answers at %(url)s (listening on %(host)s:%(port)d)"),
        name=found.name,
        url=found.url,
        host=host,
        port=port,
    )
    serving.serve(
        found, host=host, port=port, workers=workers, threads=given["threads"], background=given["background"]
    )


@node.command(
    cls=Command,
    help=N_("Do the background work in a process of its own; several may run."),
    epilog=N_("\b\nExamples:\n  otay node work --home node-us"),
)
@node_command
def work(console: Console) -> None:
    """Until SIGTERM or Ctrl-C."""
    from otay.node.installation import require_current
    from otay.node.loops import Runner

    require_current()
    runner = Runner()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda _number, _frame: runner.ask_to_stop())
    runner.start()
    console.say(N_("Working: %(loops)s"), loops=", ".join(loop.key for loop in runner.loops))
    runner.wait()
    runner.stop()


@node.command(
    cls=Command,
    help=N_("Write the node to one file: database, keys, files. The node may run meanwhile."),
    epilog=N_("\b\nExamples:\n  otay node backup node-us-2026-11-24.tar.gz --home node-us"),
)
@click.argument("file", type=_FILE)
@node_command
def backup(console: Console, file: Path) -> None:
    """One archive, owner-only."""
    from django.conf import settings

    from otay.node.backup import backup as write

    manifest = write(settings.OTAY, file.resolve())
    size = file.stat().st_size
    console.answer(
        {"file": str(file), "bytes": size, "members": len(manifest["members"])},
        console.text(
            N_("%(count)d files in %(file)s, %(size)d bytes"), count=len(manifest["members"]), file=file, size=size
        ),
    )


@node.command(
    cls=Command,
    help=N_("Keep an archive of a node on SQLite in DIR, to go back to any moment from. Ctrl-C stops it."),
    epilog=N_("\b\nExamples:\n  otay node archive /backups/us --home node-us\n"
              "  otay node archive /backups/us --every 2 --keep 30"),
)  # fmt: skip
@click.argument("folder", metavar="DIR", type=_FOLDER)
@option(
    "--every", type=click.FloatRange(0.2, 3600), default=10.0, show_default=True, help=N_("Seconds between copies.")
)
@option("--keep", type=click.IntRange(1), default=14, show_default=True, help=N_("Days that one can go back."))
@option("--home", type=_FOLDER, help=N_("Folder of the node; else OTAY_HOME, else ./node."))
@plain_command
def archive(console: Console, folder: Path, every: float, keep: int, home: Path | None) -> None:
    """Until SIGTERM or Ctrl-C. Without Django: no other connection to the database may be in this process."""
    from otay.node.archive import run

    stop = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda _number, _frame: stop.set())
    found = config.load(home.resolve() if home else config.node_home())
    console.say(N_("Archiving %(home)s to %(folder)s"), home=found.home, folder=folder)
    run(found, folder.resolve(), every=every, keep=timedelta(days=keep), stopped=stop.wait)


@node.command(
    cls=Command,
    help=N_("Make the folder DIR from a backup or an archive, and check its digests and its audit log."),
    epilog=N_("\b\nExamples:\n  otay node restore node-us-2026-11-24.tar.gz node-us-again\n"
              "  otay node restore /backups/us node-us-again --at 2026-11-24T14:05:00+00:00"),
)  # fmt: skip
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path, exists=True))
@click.argument("folder", metavar="DIR", type=_FOLDER)
@option("--database", help=N_("An empty PostgreSQL database, for a backup of one."))
@option("--at", help=N_("The moment to go back to, of an archive: ISO 8601 with offset; else its end."))
@plain_command
def restore(console: Console, source: Path, folder: Path, database: str | None, at: str | None) -> None:
    """Nothing is overwritten."""
    from otay.node.backup import restore as read

    manifest = read(source.resolve(), folder.resolve(), database=database, at=_moment(at) if at else None)
    console.answer(
        {"home": str(folder), "country": manifest["country"], "made_at": manifest["made_at"]},
        console.text(N_("%(home)s holds the node of %(country)s as it was at %(when)s; its audit log is whole"),
                     home=folder, country=manifest["country"], when=manifest["made_at"]),
    )  # fmt: skip


def _moment(text: str) -> datetime:
    """A time with its offset.

    Raises:
        Refused: when it is not one.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refused(N_("--at is %(text)s; expected a time such as 2026-11-24T14:05:00+00:00"), text=text)
    return moment


@node.command(
    cls=Command,
    help=N_("Tell the node that its database was brought back to an earlier moment. Before it serves again."),
    epilog=N_("\b\nExamples:\n  otay node restored --home node-us"),
)
@node_command
def restored(console: Console) -> None:
    """Check the audit log; let the rooms take their precautions."""
    from otay.node.installation import settle_after_restore

    checked = settle_after_restore()
    console.answer(
        {"audit_entries": checked},
        console.text(
            N_("The audit log is whole (%(count)d entries). Nothing goes to a neighbour before it has said what it "
               "holds of this node's records."), count=checked,
        ),
    )  # fmt: skip


@node.group(cls=Group, help=N_("People who sign in."))
def person() -> None:
    """Group ``otay node person``."""


@person.command(
    "add", cls=Command,
    help=N_("Make an account; a password is made up unless OTAY_PASSWORD holds one."),
    epilog=N_("\b\nExamples:\n  otay node person add ana --name 'Ana Ruiz' --role port_officer@2506\n"
              "  otay node person add root --role administrator"),
)  # fmt: skip
@click.argument("username")
@option("--name", default="", help=N_("Full name."))
@option("--role", "held", multiple=True, required=True, help=N_("ROLE or ROLE@PORT; may be given several times."))
@option("--party", default="", help=N_("Firm they speak for."))
@option("--language", type=click.Choice(config.LANGUAGES), help=N_("Language of their pages."))
@node_command
def add_person(
    console: Console, username: str, name: str, held: tuple[str, ...], party: str, language: str | None
) -> None:
    """The operator of the machine acts as the node itself."""
    from otay.node import services
    from otay.node.actors import SYSTEM

    given = os.environ.get("OTAY_PASSWORD")
    password = given or "-".join(secrets.token_hex(2) for _ in range(4))
    pairs = [(role, port or "*") for role, _, port in (item.partition("@") for item in held)]
    services.create_person(
        actor=SYSTEM, username=username, name=name or username, password=password, roles=pairs, party=party,
        language=language or "",
    )  # fmt: skip
    shown = {} if given else {"password": password}
    text = N_("%(username)s was made") if given else N_("%(username)s was made; the first password is %(password)s")
    console.answer({"username": username, **shown}, console.text(text, username=username, password=password))


@person.command(
    "list", cls=Command, help=N_("People and their roles."), epilog=N_("\b\nExamples:\n  otay node person list --json")
)  # fmt: skip
@node_command
def list_people(console: Console) -> None:
    """All of them."""
    from otay.node.models import User

    people: list[dict[str, Any]] = [
        {
            "username": user.username, "name": user.get_full_name(), "active": user.is_active,
            "roles": [f"{item.role}@{item.port}" for item in user.role_assignments.all()],
        }
        for user in User.objects.prefetch_related("role_assignments").order_by("username")
    ]  # fmt: skip
    lines = [f"{item['username']:24} {item['name']:28} {', '.join(item['roles'])}" for item in people]
    console.answer(people, "\n".join(lines))


@node.group(cls=Group, help=N_("Programs that call the API."))
def client() -> None:
    """Group ``otay node client``."""


@client.command(
    "add", cls=Command,
    help=N_("Let a program call the API; prints its token, once."),
    epilog=N_("\b\nExamples:\n  otay node client add acme-brokers --role trader --party acme"),
)  # fmt: skip
@click.argument("key")
@option("--name", default="", help=N_("Full name."))
@option("--role", required=True, help=N_("What it is trusted as."))
@option("--party", default="", help=N_("Firm it speaks for."))
@node_command
def add_client(console: Console, key: str, name: str, role: str, party: str) -> None:
    """The token stands nowhere else."""
    from otay.node import services
    from otay.node.actors import SYSTEM

    token = services.create_client(actor=SYSTEM, key=key, name=name or key, role=role, party=party)
    console.answer({"key": key, "token": token}, token)


@client.command(
    "revoke", cls=Command, help=N_("Take a program's access away."),
    epilog=N_("\b\nExamples:\n  otay node client revoke acme-brokers --reason 'token lost'"),
)  # fmt: skip
@click.argument("key")
@option("--reason", default="", help=N_("Why; goes into the audit log."))
@node_command
def revoke(console: Console, key: str, reason: str) -> None:
    """At once."""
    from otay.node import services
    from otay.node.actors import SYSTEM

    services.revoke_client(actor=SYSTEM, key=key, reason=reason)
    console.answer({"key": key, "revoked": True}, console.text(N_("%(key)s has no access any more"), key=key))


@audit.command(
    cls=Command,
    help=N_("Find the first entry of the audit log that was altered, removed or inserted."),
    epilog=N_("\b\nExamples:\n  otay audit verify --home node-us\n  otay audit verify --from 100000 --json"),
)
@option("--from", "first", type=click.IntRange(1), default=1, show_default=True, help=N_("First entry to check."))
@node_command
def verify(console: Console, first: int) -> None:
    """Exit code 1 when the log is not whole."""
    from otay.node.audit import verify as check

    verdict = check(first=first)
    data = {"whole": verdict.whole, "checked": verdict.checked, "first": first}
    if verdict.whole:
        console.answer(
            data, console.text(N_("The audit log is whole: %(count)d entries checked"), count=verdict.checked)
        )
        return
    sentences = {
        "altered": N_("Entry %(number)d was altered"), "removed": N_("Entry %(number)d was removed"),
        "inserted": N_("Entry %(number)d was inserted"),
        "forged": N_("The entries up to %(number)d are not those that this node wrote"),
    }  # fmt: skip
    problem = {"problem": verdict.problem, "sequence": verdict.sequence}
    console.answer({**data, **problem}, console.text(sentences[verdict.problem], number=verdict.sequence))
    raise click.exceptions.Exit(1)
