"""A node, a broker, listeners and thousands of seals as processes of their own, for tests and benchmarks of the doors.

Runs without Django in this process: what was stored is read from the database as it stands.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from factories import seals
from factories.seals_on_the_road import name as device_name
from factories.seals_on_the_road import place
from otay.goods.transit.reports.reading import digest_of, message_of, read

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = ROOT / "docs" / "files" / "mosquitto.conf"
ACCESS = ROOT / "docs" / "files" / "mosquitto-access.txt"
HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def wait(what: str, ready: Any, seconds: float = 30.0) -> None:
    """Until ``ready()``; AssertionError when it takes too long."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.05)


def otay(*arguments: str, **given: Any) -> subprocess.Popen[bytes]:
    """The program as a process of its own."""
    command = [sys.executable, "-c", "from otay.cli import main; main()", *arguments]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, **given)


def make_node(folder: Path, database: str | None = None) -> Path:
    """A node with its tables."""
    more = ["--database", database] if database else []
    assert otay("node", "init", str(folder), "--country", "US", *more, stdout=subprocess.DEVNULL).wait(300) == 0
    return folder


def admit(home: Path, devices: list[str]) -> None:
    """Let devices speak."""
    for start in range(0, len(devices), 2000):
        part = devices[start : start + 2000]
        assert otay("transit", "admit", *part, "--home", str(home), stdout=subprocess.DEVNULL).wait(120) == 0


def put_on_the_road(home: Path, count: int) -> None:
    """Movements under the first ``count`` seals, on their way."""
    if count:
        command = [sys.executable, "-m", "factories.seals_on_the_road", str(home), str(count)]
        subprocess.run(command, check=True, cwd=ROOT / "tests", timeout=300)


class Mosquitto:
    """The real broker with the operator's configuration of the manual; without TLS and passwords unless given."""

    def __init__(self, folder: Path, *, secured: bool = False) -> None:
        self.folder, self.secured, self.port = folder, secured, free_port()
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{'mqtts://otay@localhost' if self.secured else f'mqtt://{HOST}'}:{self.port}"

    def __enter__(self) -> Mosquitto:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        assert program, "Mosquitto is not installed: tools/services.py start installs it"
        (self.folder / "mosquitto.conf").write_text(self.configuration())
        with (self.folder / "log").open("ab") as log:
            command = [program, "-c", str(self.folder / "mosquitto.conf")]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait("Mosquitto", self.answers)

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0

    def stop(self) -> None:
        """An orderly end: what waits is written to the disk."""
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
            self.process = None

    def configuration(self) -> str:
        """The manual's file with the paths of this folder."""
        text = CONFIGURATION.read_text()
        for name, path in (
            ("/etc/mosquitto/certs/", self.folder),
            ("/etc/mosquitto/", self.folder),
            ("/var/lib/mosquitto/", self.folder),
        ):
            text = text.replace(name, f"{path}/")
        text = text.replace("listener 8883", f"listener {self.port} {HOST}")
        if not self.secured:
            left_out = ("certfile", "keyfile", "tls_version", "password_file", "acl_file", "allow_anonymous")
            text = "\n".join(line for line in text.splitlines() if not line.startswith(left_out))
            text += "\nallow_anonymous true\n"
        # started by root it becomes another user, who may not enter a test's folder
        return text + ("" if os.geteuid() else "\nuser root\n")


class Process:
    """A command of the program on a node, as a process that may be killed and started again."""

    def __init__(self, home: Path, *words: str, environment: dict[str, str] | None = None) -> None:
        self.home, self.words = home, words
        self.environment = {**os.environ, **(environment or {})}
        self.process: subprocess.Popen[bytes] | None = None
        self.log = home / f"{words[1]}-{random.randrange(1 << 40):x}.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = otay(
                *self.words[:2], "--home", str(self.home), *self.words[2:], stdout=log, stderr=log, env=self.environment
            )

    def kill(self) -> None:
        """SIGKILL: no goodbye to anybody."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None

    def memory_mb(self) -> tuple[float, float]:
        """Memory of its own, and pages of files that it looks at: SQLite maps the beginning of its file."""
        if self.process is None:
            return 0.0, 0.0
        try:
            text = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0.0, 0.0
        said = dict(line.split(":", 1) for line in text.splitlines())
        own, mapped = (int(said.get(name, "0").split()[0]) / 1024 for name in ("RssAnon", "RssFile"))
        return own, mapped


class Listener(Process):
    """``otay transit listen``."""

    def __init__(self, home: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        super().__init__(home, "transit", "listen", *arguments, environment=environment)

    def listens(self) -> bool:
        return self.starts() > 0

    def starts(self) -> int:
        """How often it has begun to listen."""
        return self.log.read_text().count("Listening: ") if self.log.exists() else 0


class Store:
    """What stands in a node's database."""

    def __init__(self, home: Path, database: str | None = None) -> None:
        if database:
            import psycopg

            self._connection: Any = psycopg.connect(database, autocommit=True)
        else:
            path = home / "db.sqlite3"
            self._connection = sqlite3.connect(path, timeout=60, check_same_thread=False, isolation_level=None)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of a query; ``?`` are its values."""
        if not isinstance(self._connection, sqlite3.Connection):
            statement = statement.replace("?", "%s")
        return list(self._connection.execute(statement, values).fetchall())

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    def digests(self) -> Counter[bytes]:
        """How often each frame was stored as a report."""
        rows = self.rows("SELECT digest FROM transit_report WHERE part = 0")
        return Counter(bytes(row[0]) for row in rows)

    def unread(self) -> dict[bytes, int]:
        """Frames that could not be read, and how often each came."""
        rows = self.rows("SELECT digest, copies FROM transit_reportframe WHERE device_id IS NULL")
        return {bytes(digest): copies for digest, copies in rows}

    def close(self) -> None:
        self._connection.close()


@dataclass
class Sent:
    """What the seals sent and the broker took: kind -> digests; ``published_at`` of those not answered yet.

    ``cuts``: when a device first sent that its rope was cut.
    """

    taken: dict[str, list[bytes]] = field(default_factory=dict)
    times: dict[bytes, float] = field(default_factory=dict)
    cuts: dict[str, float] = field(default_factory=dict)
    pending: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    published: int = 0
    acknowledged: int = 0
    slowest_ack_s: float = 0.0

    def of(self, *kinds: str) -> list[bytes]:
        return [item for kind in kinds for item in self.taken.get(kind, [])]


READABLE = ("report", "late", "alarm", "future", "foreign")
UNREADABLE = ("garbage",)
SHARES = (
    ("late", 0.02),
    ("duplicate", 0.02),
    ("future", 0.005),
    ("alarm", 0.01),
    ("garbage", 0.005),
    ("foreign", 0.005),
)


class Seals:
    """Thousands of seals, each with its own way: frames of four families, some of them late, false or hostile."""

    def __init__(self, count: int, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.names = [device_name(number) for number in range(count)]
        self._last: dict[int, tuple[str, bytes]] = {}
        self._index = 0

    def message(self, number: int, now: datetime) -> tuple[str, str, bytes]:
        """(kind, topic, payload) of the next message of seal ``number``."""
        draw = self.random.random()
        for kind, share in SHARES:  # noqa: B007 - the kind that was drawn
            if draw < share:
                break
            draw -= share
        else:
            kind = "report"
        if kind == "duplicate":
            if number in self._last:
                return kind, *self._last[number]
            kind = "report"
        return self._made(kind, number, now)

    def _made(self, kind: str, number: int, now: datetime) -> tuple[str, str, bytes]:
        name = self.names[number]
        self._index += 1
        if kind == "garbage":
            noise = self.random.choice((b"(", b"$\x70", b"\x00", b"((((", b'{"otay": ' * 50))
            return kind, f"seals/jt701/{name}", noise + self.random.randbytes(24) + str(self._index).encode()
        at = now
        if kind == "late":
            at -= timedelta(seconds=self.random.uniform(600, 7200))
        elif kind == "future":
            at += timedelta(days=self.random.uniform(1, 9000))
        flags = (*seals.LOCKED, "rope_cut_alarm") if kind == "alarm" else seals.LOCKED
        lat, lon = place(number, at)
        topic = f"seals/jt701/{name}"
        if kind != "foreign" and number % 4 == 3 and kind != "alarm":
            topic = f"seals/otay-seal/{name}"
            payload = seals.own_report(name, at, lat=round(lat, 6), lon=lon, index=self._index)
        else:
            said = self.names[(number + 1) % len(self.names)] if kind == "foreign" else name
            payload = seals.jt701(
                said, at, lat=lat, lon=lon, flags=flags, index=self._index, vehicle=self._index % 2**32
            )
        if kind == "report":
            self._last[number] = topic, payload
        return kind, topic, payload


def _digest(kind: str, topic: str, payload: bytes) -> bytes:
    """What the message is known by once stored; of noise, its first piece."""
    if kind in UNREADABLE:
        payload = next(frame.raw for frame in read([message_of(topic, payload)]) if not frame.records)
    return digest_of(payload, other_sender=kind == "foreign")


class Publisher:
    """One connection through which seals send, QoS 1; notes what the broker took."""

    def __init__(self, port: int, seal: Seals, *, inflight: int = 1000) -> None:
        self.seals, self.sent = seal, Sent()
        self._lock = threading.Lock()
        self._early: set[int] = set()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"seals-{random.randrange(1 << 40):x}",
            protocol=MQTTProtocolVersion.MQTTv311, clean_session=False,
        )  # fmt: skip
        self._client.max_inflight_messages_set(inflight)
        self._client.max_queued_messages_set(0)
        self._client.on_publish = self._taken
        self._client.connect(HOST, port, 60)
        self._client.loop_start()

    def send(self, number: int) -> None:
        """The next message of seal ``number``."""
        kind, topic, payload = self.seals.message(number, datetime.now(UTC))
        self.publish(kind, topic, payload)

    def publish(self, kind: str, topic: str, payload: bytes) -> None:
        digest = _digest(kind, topic, payload)
        now = time.time()
        self.sent.times.setdefault(digest, now)
        if kind == "alarm":
            self.sent.cuts.setdefault(topic.rpartition("/")[2], now)
        self.sent.published += 1
        # never with the lock held: paho calls back with locks of its own
        number = self._client.publish(topic, payload, qos=1).mid
        with self._lock:
            if number in self._early:
                self._early.remove(number)
                self._note(kind, digest)
            else:
                self.sent.pending[number] = kind, digest

    def _taken(self, _client: Any, _data: Any, mid: int, _code: Any, _properties: Any) -> None:
        with self._lock:
            if mid in self.sent.pending:
                self._note(*self.sent.pending.pop(mid))
            else:
                self._early.add(mid)

    def _note(self, kind: str, digest: bytes) -> None:
        self.sent.taken.setdefault(kind, []).append(digest)
        self.sent.acknowledged += 1

    @property
    def waiting(self) -> int:
        return len(self.sent.pending)

    def drain(self, seconds: float = 60) -> None:
        """Until the broker has taken everything."""
        wait("the broker's answers", lambda: not self.sent.pending, seconds)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def paced(rate: float, seconds: float) -> Iterator[int]:
    """Numbers at an even rate; whoever falls behind catches up."""
    begin, number = time.monotonic(), 0
    while (now := time.monotonic() - begin) < seconds:
        due = int(now * rate)
        while number < due:
            yield number
            number += 1
        time.sleep(0.005)


def verdict(sent: Sent, store: Store, earlier: Container[bytes] = ()) -> dict[str, Any]:
    """Whether every message the broker took was stored exactly once: ``lost``, ``doubled``, ``invented`` must be 0.

    ``earlier``: digests that the store held before the first of these messages was sent.
    """
    stored, unread = store.digests(), store.unread()
    readable, noise = sent.of(*READABLE), sent.of(*UNREADABLE)
    return {
        "taken": sent.acknowledged,
        "reports": len(readable),
        "lost": sum(1 for item in readable if item not in stored) + sum(1 for item in noise if item not in unread),
        "doubled": sum(1 for count in stored.values() if count != 1),
        "invented": sum(1 for item in stored if item not in sent.times and item not in earlier),
    }
