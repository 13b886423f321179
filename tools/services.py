"""The real servers that tests talk to: PostgreSQL, NATS with JetStream, Mosquitto, and the browser Chromium.

    python tools/services.py start                       installs (apt) what is missing, starts what does not run
    python tools/services.py run [--postgres] -- COMMAND start, then run COMMAND against them
    python tools/services.py stop                        ends what `start` started, nothing else

A server that already answers on its standard port is used as it is; else one of our own is started on that port, or
on a free one where something else holds it, with its files below the system's temporary folder. Tests find them by:

    OTAY_TEST_DATABASE   postgresql://... (with --postgres; else the suite runs on SQLite)
    OTAY_TEST_POSTGRES   postgresql://... for tests marked `postgres`
    OTAY_TEST_NATS       nats://127.0.0.1:4222
    OTAY_TEST_MOSQUITTO  127.0.0.1:1883
    OTAY_TEST_CHROMIUM   /usr/bin/chromium
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / "build" / "services.json"
HOST = "127.0.0.1"
PORTS = {"postgres": 5432, "nats": 4222, "mosquitto": 1883}
# program -> Debian package; the servers keep their programs outside of an ordinary PATH
PACKAGES = {
    "psql": "postgresql",
    "pg_ctl": "postgresql",
    "nats-server": "nats-server",
    "mosquitto": "mosquitto",
    "chromium": "chromium",
}
FONTS = Path("/usr/share/fonts/truetype/dejavu")
ROLE = "otay_test"
WAIT_SECONDS = 30


def fail(text: str) -> NoReturn:
    """No server is ever left out silently."""
    sys.exit(f"services: {text}")


def program(name: str) -> str | None:
    """Where ``name`` is installed; None when it is not."""
    places = [os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]
    places += sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    return shutil.which(name, path=os.pathsep.join(places))


def needed(name: str) -> str:
    """Like :func:`program`, for what must be there by now."""
    return program(name) or fail(f"{name} is not installed though its package is; is this Debian?")


def as_root(command: list[str]) -> list[str]:
    """``command`` with sudo where that is needed."""
    return command if os.geteuid() == 0 else ["sudo", "-n", *command]


def install() -> None:
    """Install the Debian packages of programs that are missing."""
    missing = sorted({package for name, package in PACKAGES.items() if not program(name)})
    if not FONTS.exists():
        missing.append("fonts-dejavu-core")
    if not missing:
        return
    print(f"Installing {', '.join(missing)} ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing],
    ):
        if subprocess.call(as_root(command), env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL):
            fail(f"could not install; this command must work: {' '.join(as_root(command))}")


def greeting(port: int, *, send: bytes = b"") -> bytes:
    """What a server on ``port`` says first, or answers to ``send``; empty when there is none."""
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            if send:
                connection.sendall(send)
            connection.settimeout(2)
            return connection.recv(4096)
    except OSError:
        return b""


def taken(port: int) -> bool:
    """True if something listens on ``port``."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def free(port: int) -> int:
    """``port`` if nothing listens there, else one that the system gives."""
    if not taken(port):
        return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def wait(what: str, ready: Callable[[], bool]) -> None:
    """Until ``ready``."""
    end = time.monotonic() + WAIT_SECONDS
    while not ready():
        if time.monotonic() > end:
            fail(f"{what} did not answer within {WAIT_SECONDS} s")
        time.sleep(0.1)


class Started:
    """What this tool started, kept so that `stop` ends that and nothing else."""

    def __init__(self) -> None:
        self.processes: dict[str, dict[str, object]] = json.loads(STATE.read_text()) if STATE.exists() else {}

    def port(self, name: str) -> int | None:
        """The port of our own server ``name`` if it still runs."""
        known = self.processes.get(name)
        return int(str(known["port"])) if known and _runs(int(str(known["pid"])), str(known["born"])) else None

    def start(self, name: str, command: list[str], port: int, folder: Path) -> None:
        """Start ``command`` in the background."""
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.processes[name] = {"pid": process.pid, "born": _born(process.pid), "port": port, "folder": str(folder)}
        STATE.parent.mkdir(parents=True, exist_ok=True)
        STATE.write_text(json.dumps(self.processes, indent=1))

    def stop(self) -> None:
        """End every process that was started and remove its files."""
        for name, known in self.processes.items():
            pid = int(str(known["pid"]))
            if _runs(pid, str(known["born"])):
                os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast" shutdown; the others end as well
                wait(f"the end of {name}", lambda pid=pid, known=known: not _runs(pid, str(known["born"])))  # type: ignore[misc]
            shutil.rmtree(str(known["folder"]), ignore_errors=True)
        STATE.unlink(missing_ok=True)


def _born(pid: int) -> str:
    """When process ``pid`` began: a number that a later process of that number does not share; empty when it ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def _runs(pid: int, born: str) -> bool:
    return bool(born) and _born(pid) == born


def scratch(name: str) -> Path:
    """A folder for a server's files, open to the user that the server runs as."""
    folder = Path(tempfile.mkdtemp(prefix=f"otay-{name}-"))
    folder.chmod(0o777)
    return folder


# --- PostgreSQL -------------------------------------------------------------------------------------------------


def postgres(started: Started) -> str:
    """The address of a database whose role may create others."""
    for port in filter(None, (started.port("postgres"), PORTS["postgres"])):
        if _answers(port) and _role(port):
            return f"postgresql://{ROLE}:{ROLE}@{HOST}:{port}/{ROLE}"
    folder, port = scratch("postgres"), free(PORTS["postgres"])
    user = [] if os.geteuid() else ["runuser", "-u", "postgres", "--"]
    make = [needed("initdb"), "-D", str(folder / "db"), "-U", "postgres", "-A", "trust", "--no-sync"]
    if subprocess.call([*user, *make], stdout=subprocess.DEVNULL, cwd=folder):
        fail("initdb failed")
    quick = [
        "-c",
        "fsync=off",
        "-c",
        "synchronous_commit=off",
        "-c",
        "full_page_writes=off",
        "-c",
        "listen_addresses=" + HOST,
    ]
    server = [needed("postgres"), "-D", str(folder / "db"), "-p", str(port), "-k", str(folder), *quick]
    if not os.geteuid():
        server = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *server]
    started.start("postgres", server, port, folder)
    wait("PostgreSQL", lambda: _answers(port))
    if not _role(port):
        fail(f"could not make the role {ROLE} on port {port}")
    return f"postgresql://{ROLE}:{ROLE}@{HOST}:{port}/{ROLE}"


def _answers(port: int) -> bool:
    return subprocess.call([needed("pg_isready"), "-q", "-h", HOST, "-p", str(port)]) == 0


def _sql(connection: list[str], statement: str) -> bool:
    command = [*connection, "-v", "ON_ERROR_STOP=1", "-qAtc", statement]
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd="/")
    return done.returncode == 0 and (not statement.startswith("SELECT") or done.stdout.strip() != "")


def _role(port: int) -> bool:
    """Make the role and its database as the server's administrator: over TCP if trusted, else over its socket."""
    psql = needed("psql")
    own = [psql, "-w", f"postgresql://{ROLE}:{ROLE}@{HOST}:{port}/{ROLE}"]
    if _sql(own, "SELECT 1"):
        return True
    local = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else ["sudo", "-n", "-u", "postgres"]
    for admin in (
        [psql, "-w", "-h", HOST, "-p", str(port), "-U", "postgres", "-d", "postgres"],
        [*local, psql, "-w", "-p", str(port), "-d", "postgres"],
    ):
        if not _sql(admin, "SELECT 1"):
            continue
        if not _sql(admin, f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'"):
            _sql(admin, f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{ROLE}'")
        if not _sql(admin, f"SELECT 1 FROM pg_database WHERE datname = '{ROLE}'"):
            _sql(admin, f"CREATE DATABASE {ROLE} OWNER {ROLE}")
        return _sql(own, "SELECT 1")
    return False


# --- NATS and Mosquitto -----------------------------------------------------------------------------------------


def nats(started: Started) -> str:
    """The address of a NATS server with JetStream."""
    for port in filter(None, (started.port("nats"), PORTS["nats"])):
        if b'"jetstream":true' in greeting(port).replace(b" ", b""):
            return f"nats://{HOST}:{port}"
    folder, port = scratch("nats"), free(PORTS["nats"])
    started.start("nats", [needed("nats-server"), "-a", HOST, "-p", str(port), "-js", "-sd", str(folder)], port, folder)
    wait("NATS", lambda: b"jetstream" in greeting(port))
    return f"nats://{HOST}:{port}"


# An MQTT 3.1.1 CONNECT with a clean session and the client name "otay"; a willing broker answers 20 02 00 00.
MQTT_CONNECT = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04otay"
MQTT_ACCEPTED = b"\x20\x02\x00\x00"


def mosquitto(started: Started) -> str:
    """Host and port of a Mosquitto that lets anybody in."""
    for port in filter(None, (started.port("mosquitto"), PORTS["mosquitto"])):
        if greeting(port, send=MQTT_CONNECT) == MQTT_ACCEPTED:
            return f"{HOST}:{port}"
    folder, port = scratch("mosquitto"), free(PORTS["mosquitto"])
    settings = folder / "mosquitto.conf"
    settings.write_text(f"listener {port} {HOST}\nallow_anonymous true\n")
    started.start("mosquitto", [needed("mosquitto"), "-c", str(settings)], port, folder)
    wait("Mosquitto", lambda: greeting(port, send=MQTT_CONNECT) == MQTT_ACCEPTED)
    return f"{HOST}:{port}"


# --- all --------------------------------------------------------------------------------------------------------


def start() -> dict[str, str]:
    """Everything up; the environment by which tests find it."""
    install()
    started = Started()
    found = {
        "OTAY_TEST_POSTGRES": postgres(started),
        "OTAY_TEST_NATS": nats(started),
        "OTAY_TEST_MOSQUITTO": mosquitto(started),
        "OTAY_TEST_CHROMIUM": needed("chromium"),
    }
    commands = {
        "PostgreSQL": [needed("psql"), "-w", found["OTAY_TEST_POSTGRES"], "-Atc", "SHOW server_version"],
        "NATS": [needed("nats-server"), "--version"],
        "Mosquitto": [needed("mosquitto"), "-h"],
        "Chromium": [needed("chromium"), "--version"],
    }
    for (name, command), where in zip(commands.items(), found.values(), strict=True):
        told = subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip().splitlines() or [
            "no version"
        ]
        print(f"{name + ':':12} {told[0]}  ({where.rpartition('@')[2]})", flush=True)
    return found


def run(command: list[str], *, on_postgres: bool) -> int:
    """Run ``command`` with everything up."""
    if not command:
        fail("run what? For example: run -- .venv/bin/pytest -m postgres")
    environment = {**os.environ, **start()}
    if on_postgres:
        environment["OTAY_TEST_DATABASE"] = environment["OTAY_TEST_POSTGRES"]
    return subprocess.call(command, env=environment)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("start", "run", "stop"))
    parser.add_argument("--postgres", action="store_true", help="run: the suite's own database is PostgreSQL")
    words = sys.argv[1:]
    end = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:end])
    if options.action == "run":
        return run(words[end + 1 :], on_postgres=options.postgres)
    if options.action == "stop":
        Started().stop()
    else:
        start()
    return 0


if __name__ == "__main__":
    sys.exit(main())
