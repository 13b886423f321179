"""Two real nodes over loopback HTTP, SQLite with full durability on both sides.

Records a second accepted, signed, persisted on both sides and receipted, beside the machine's bare signature and bare
batch insert; and the wait from acceptance to receipt. On a machine that others use too, the processor time a record is
the figure that can be compared. What is being measured is told on standard error as it comes.

    python benchmarks/bench_exchange.py [--quick] [--json] [--postgres]

``--postgres``: both nodes on databases of a PostgreSQL server that is started for it, with its own durability.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "factories"), str(ROOT / "tests")]
import exchange_node  # noqa: E402

from factories.postgres_server import Server  # noqa: E402

SIZE = 1500  # bytes of text in a record, so that one is about as long as a declaration's core data
BATCHES = (1, 100, 500)


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def other_node(home: Path, port: int) -> subprocess.Popen[str]:
    """The receiver: granian with its production settings, one worker process."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import exchange_node; exchange_node.start(sys.argv[2]);"
        "from django.core.wsgi import get_wsgi_application; application = get_wsgi_application()"
    )
    module = home / "bench_wsgi.py"
    module.write_text(
        code.replace("sys.argv[1]", repr(str(ROOT / "tests/factories")))
        .replace("sys.argv[2]", repr(str(home)))
        .replace("; ", "\n")
        .replace(";", "\n")
    )
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
        "--blocking-threads",
        "2",
        "--no-log",
        "bench_wsgi:application",
    ]
    environment = {
        **os.environ,
        "OTAY_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "otay.web.settings",
        "PYTHONPATH": str(home),
    }
    return subprocess.Popen(command, env=environment, cwd=home, text=True)


def pair(home: Path, url_home: Path) -> None:
    """Trust and agreement on both sides; the receiver's half runs in a process of its own."""
    from otay.exchange.services import agreements, identity
    from otay.node.actors import SYSTEM

    script = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); import exchange_node; exchange_node.start(sys.argv[2])\n"
        "from otay.exchange.services import agreements, identity\nfrom otay.node.actors import SYSTEM\n"
        "print(json.dumps(identity.identity_document()), flush=True)\n"
        "identity.trust(actor=SYSTEM, document=json.loads(sys.stdin.readline()))\n"
        "taken = agreements.import_file(actor=SYSTEM, document=json.loads(sys.stdin.readline()))\n"
        "signed = agreements.sign(actor=SYSTEM, reference=taken.reference, version=1)\n"
        "print(json.dumps(agreements.file_of(signed)), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(ROOT / "tests/factories"), str(url_home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin
        assert other.stdout
        document = identity.identity_document()
        identity.trust(actor=SYSTEM, document=json.loads(other.stdout.readline()))
        other.stdin.write(json.dumps(document) + "\n")
        terms = agreements.default_terms(with_country="MX", purpose="benchmark", types=["test.parcel"])
        other.stdin.write(json.dumps(agreements.file_of(agreements.propose(actor=SYSTEM, terms=terms))) + "\n")
        other.stdin.flush()
        agreements.import_file(actor=SYSTEM, document=json.loads(other.stdout.readline()))


def timed(seconds: float, step: Any) -> float:
    """Things a second that ``step`` does; it returns how many it did."""
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        done += step()
    return done / (time.perf_counter() - began)


def bare_figures(seconds: float) -> dict[str, float]:
    """What the machine can do: Ed25519 alone, one row a transaction, and 500 rows a transaction of the same size."""
    import sqlite3

    from otay.exchange import keystore
    from otay.exchange.domain.keys import verifies

    key, document = keystore.own_key(), {"text": "x" * 200}
    signature = key.sign("bench", document)
    with tempfile.TemporaryDirectory(dir=os.environ["OTAY_HOME"]) as folder:
        database = sqlite3.connect(Path(folder) / "bare.sqlite3", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE t (sequence INTEGER PRIMARY KEY, link BLOB, body TEXT)")

        def insert(rows: int) -> int:
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO t (link, body) VALUES (?, ?)", [(bytes(32), "x" * SIZE)] * rows)
            database.execute("COMMIT")
            return rows

        figures = {
            "sign_per_s": timed(seconds, lambda: bool(key.sign("bench", document))),
            "verify_per_s": timed(seconds, lambda: verifies(key.public, "bench", document, signature)),
            "durable_commits_per_s": timed(seconds, lambda: insert(1)),
            "batch_insert_rows_per_s": timed(seconds, lambda: insert(500)),
        }
        database.close()
    return figures


class Numbers:
    """The next parcel's number."""

    last = 0

    @classmethod
    def take(cls, count: int) -> int:
        first, cls.last = cls.last + 1, cls.last + count
        return first


def throughput(seconds: float, batch: int) -> float:
    """Records a second from acceptance to the stored receipt, ``batch`` at a time, one batch after the other."""
    from otay.exchange.models import Peer
    from otay.exchange.services import delivery

    peer = Peer.objects.get()

    def step() -> int:
        exchange_node.publish(Numbers.take(batch), batch, size=SIZE)
        done = delivery.deliver_due(peer, limit=batch)
        if done.problem:
            raise SystemExit(f"nothing was receipted: {done.problem}")
        return done.records

    step()
    return timed(seconds, step)


def processor_time(batch: int, *, rounds: int) -> dict[str, float]:
    """Processor milliseconds a record on the sender's side (accept, sign, deliver, settle) and on the receiver's."""
    from otay.exchange.models import Peer
    from otay.exchange.services import delivery

    peer = Peer.objects.get()
    began, receiver = time.process_time(), _receivers_time()
    for _round in range(rounds):
        exchange_node.publish(Numbers.take(batch), batch, size=SIZE)
        delivery.deliver_due(peer, limit=batch)
    records = batch * rounds / 1000
    return {"sender": (time.process_time() - began) / records, "receiver": (_receivers_time() - receiver) / records}


def _receivers_time() -> float:
    """Processor seconds of the processes that descend from this one, so far."""
    tick = os.sysconf("SC_CLK_TCK")
    total, parents = 0.0, {os.getpid()}
    for _generation in range(3):
        children = set()
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = entry.read_text().rpartition(")")[2].split()
                if int(fields[1]) in parents:
                    children.add(int(entry.parent.name))
                    total += (int(fields[11]) + int(fields[12])) / tick
        parents = children
    return total


def pipelined(seconds: float, batch: int) -> float:
    """The same with acceptance and delivery in two threads, as a node runs them."""
    from django.db import connection

    stop = threading.Event()

    def accept() -> None:
        while not stop.is_set():
            exchange_node.publish(Numbers.take(batch), batch, size=SIZE)
            while waiting() > 4 * batch and not stop.is_set():
                time.sleep(0.002)
        connection.close()

    return _while_running(accept, stop, seconds, batch)


def waiting() -> int:
    """Records not receipted yet."""
    from otay.exchange.models import PeerHealth

    return Numbers.last - PeerHealth.objects.values_list("acknowledged", flat=True)[0]


def _while_running(work: Any, stop: threading.Event, seconds: float, limit: int) -> float:
    from otay.exchange.models import PeerHealth
    from otay.exchange.services import delivery

    thread = threading.Thread(target=work)
    before, began = PeerHealth.objects.get().acknowledged, time.perf_counter()
    thread.start()
    while time.perf_counter() - began < seconds:
        time.sleep(delivery.deliver_all_due(limit=limit))
    took = time.perf_counter() - began
    after = PeerHealth.objects.get().acknowledged
    stop.set()
    thread.join()
    drain()
    return (after - before) / took


def drain(patience: float = 60.0) -> None:
    """Deliver until nothing waits; give up when it does not end."""
    from otay.exchange.models import PeerHealth
    from otay.exchange.services import delivery

    end = time.monotonic() + patience
    while left := waiting():
        if time.monotonic() > end:
            raise SystemExit(f"{left} records wait still: {PeerHealth.objects.get().problem or 'no problem was told'}")
        time.sleep(delivery.deliver_all_due())


def latency(seconds: float, rate: int) -> dict[str, float]:
    """Milliseconds from acceptance to the stored receipt at ``rate`` single records a second."""
    from django.db import connection

    from otay.exchange.models import Outbox

    stop = threading.Event()
    first = Numbers.last + 1

    def accept() -> None:
        due = time.perf_counter()
        while not stop.is_set():
            exchange_node.publish(Numbers.take(1), 1, size=SIZE)
            due += 1 / rate
            time.sleep(max(0.0, due - time.perf_counter()))
        connection.close()

    _while_running(accept, stop, seconds, 500)
    rows = Outbox.objects.filter(sequence__gte=first).values_list("queued_at", "receipt__stored_at")
    waits = sorted((stored - queued).total_seconds() * 1000 for queued, stored in rows)
    return {
        "rate_per_s": len(waits) / seconds,
        "p50_ms": statistics.median(waits),
        "p99_ms": waits[int(len(waits) * 0.99) - 1],
        "max_ms": waits[-1],
    }


def bare_postgres(url: str, seconds: float) -> dict[str, float]:
    """What the server can do: one row a durable commit, and 500."""
    import psycopg

    with psycopg.connect(url) as link:
        link.execute("CREATE TABLE bare (sequence SERIAL PRIMARY KEY, link BYTEA, body TEXT)")
        link.commit()

        def insert(rows: int) -> int:
            with link.cursor() as cursor:
                cursor.executemany("INSERT INTO bare (link, body) VALUES (%s, %s)", [(bytes(32), "x" * SIZE)] * rows)
            link.commit()
            return rows

        return {
            "postgres_durable_commits_per_s": timed(seconds, lambda: insert(1)),
            "postgres_batch_insert_rows_per_s": timed(seconds, lambda: insert(500)),
        }


def databases(folder: Path) -> tuple[Server, dict[str, str]]:
    """A server with an empty database for each node."""
    (folder / "server").mkdir(mode=0o755)
    folder.chmod(0o755)
    server = Server(folder / "server")
    server.create()
    server.start()
    for name in ("us", "mx"):
        server.sql(f"CREATE DATABASE {name}", "postgres")
    return server, {name: server.url(name) for name in ("us", "mx")}


def two_nodes(folder: Path, postgres: dict[str, str]) -> tuple[Path, Path, int]:
    """Homes of two nodes that trust each other and agreed, and the port of the receiver; this process is the sender."""
    from otay.node import config

    port = free_port()
    us, mx = (
        config.create(
            folder / country.lower(), country=country, name=country, language="en", url=f"http://127.0.0.1:{at}",
            database=postgres.get(country.lower()),
        ).home
        for country, at in (("US", free_port()), ("MX", port))
    )  # fmt: skip
    exchange_node.start(str(us))
    exchange_node.prepare(str(us))
    if postgres:
        program = ROOT / "tests" / "factories" / "exchange_node.py"
        subprocess.run([sys.executable, str(program), "prepare", str(mx)], check=True)
    else:
        shutil.copy(us / "db.sqlite3", mx / "db.sqlite3")
    pair(us, mx)
    return us, mx, port


def measure(folder: Path, quick: bool, postgres: dict[str, str]) -> dict[str, Any]:
    """All figures."""
    seconds = 1.5 if quick else 8.0
    _us, mx, port = two_nodes(folder, postgres)
    other = other_node(mx, port)
    try:
        wait_for(port)
        found: dict[str, Any] = {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
            "record_bytes": SIZE + 60,
        }
        found["bare"] = bare_figures(seconds / 2)
        if postgres:
            found["bare"] |= bare_postgres(postgres["us"], seconds / 2)
        told("bare", found["bare"])
        told("warm", throughput(seconds / 2, 1))  # connections and caches
        found["latency_at_50_per_s"] = told("latency", latency(seconds * 2, 50))
        found["serial_records_per_s"] = {
            batch: told(f"serial {batch}", throughput(seconds, batch)) for batch in BATCHES
        }
        rounds = 2 if quick else 10
        found["processor_ms_per_record"] = told("processor", processor_time(500, rounds=rounds))
        found["node_records_per_s"] = {
            batch: told(f"both at once {batch}", pipelined(seconds, batch)) for batch in BATCHES[1:]
        }
        found["latency_at_50_per_s_after_the_burst"] = told("latency after the burst", latency(seconds * 2, 50))
        best = max(found["node_records_per_s"].values(), default=0.0)
        found["ratio_to_batch_insert"] = best / found["bare"]["batch_insert_rows_per_s"]
    finally:
        other.terminate()
        other.wait(20)
    return found


def told(name: str, value: Any) -> Any:
    """``value``, told on standard error: who waits sees how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {name}: {value}", file=sys.stderr, flush=True)
    return value


def wait_for(port: int) -> None:
    """Until the other node answers."""
    for _attempt in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the receiving node did not start")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL server started for it")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="otay-bench-") as folder:
        server, urls = databases(Path(folder)) if chosen.postgres else (None, {})
        try:
            found = measure(Path(folder), chosen.quick, urls)
        finally:
            if server:
                server.stop()
    if chosen.json:
        print(json.dumps(found, indent=1))
        return
    print(f"{found['machine']}; a record is about {found['record_bytes']} bytes")
    for name, value in found["bare"].items():
        print(f"  bare {name}: {value:,.0f}")
    for title, name in (
        ("accept, then deliver", "serial_records_per_s"),
        ("accepting and delivering at once", "node_records_per_s"),
    ):
        for batch, value in found[name].items():
            print(f"  {title}, batches of {batch}: {value:,.0f} records/s")
    print(
        "  processor ms a record: "
        + ", ".join(f"{who} {ms:.2f}" for who, ms in found["processor_ms_per_record"].items())
    )
    for key, when in (
        ("latency_at_50_per_s", "at 50/s"),
        ("latency_at_50_per_s_after_the_burst", "right after the burst"),
    ):
        print(f"  {when}: " + ", ".join(f"{name} {value:,.0f}" for name, value in found[key].items()))


if __name__ == "__main__":
    main()
