"""Comparing books: what the range digests cost, and how fast one altered, missing or extra record is found.

First the tree alone over synthetic digests. Then two real nodes on SQLite that hold a stream of so many small records,
one as sender, one as receiver behind its web server: rows written straight into the tables with their true digests and
links, the last record sent and receipted the usual way, which proves the chain below it. The books are compared by
``otay exchange reconcile`` as an operator would, over a wire that counts bytes. Each record takes about a kilobyte of
disk on both nodes together: ten million want 11 GB free.

    python benchmarks/bench_reconcile.py [--records N] [--quick] [--json]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "factories"))
import bench_exchange  # noqa: E402
import exchange_node  # noqa: E402

from otay.exchange.domain import ranges  # noqa: E402


@contextmanager
def clocked(figures: dict[str, Any], name: str) -> Iterator[None]:
    """Seconds that the block took."""
    began = time.perf_counter()
    yield
    figures[name] = round(time.perf_counter() - began, 4)


def tree_alone(records: int) -> dict[str, Any]:
    """The tree over synthetic leaves: built, and searched for one that differs."""
    figures: dict[str, Any] = {"records": records}
    with clocked(figures, "buckets_s"):  # bucket by bucket: the leaves of ten million records are never held together
        step = ranges.BUCKET
        buckets = [
            ranges.bucket_digest(_leaf(number) for number in range(at, min(at + step, records)))
            for at in range(0, records, step)
        ]
    with clocked(figures, "nodes_s"):
        tree = ranges.Tree(buckets)
        assert tree.root
    changed, told = [*buckets], 0
    changed[len(changed) // 2] = bytes(32)
    other, trips, index = ranges.Tree(changed), 1, 0
    assert other.root != tree.root
    with clocked(figures, "search_s"):
        for level in range(tree.depth, 0, -1):
            trips += 1
            children = other.children(level, index)
            told += sum(map(len, children))
            (index,) = ranges.differing(tree.children(level, index), children, index)
    assert index == len(buckets) // 2
    return {**figures, "buckets": len(buckets), "questions": trips, "digest_bytes": told}


def _leaf(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(8, "big")).digest()


COLUMNS = (
    "sequence", "record_type", "business_key", "version", "citation", "created_at", "body_digest", "corrects", "body",
    "link", "note", "port", "peer_id", "state",
)  # fmt: skip
BOOKS = {  # table -> the columns that it has beside
    "exchange_outbox": ("published_by", "trace", "queued_at", "receipt_id"),
    "exchange_inbox": ("received_at",),
}
AT_ONCE = 20_000


class Wire:
    """A port that hands on to another and counts the bytes that pass."""

    def __init__(self, to: int) -> None:
        self.to, self.carried = to, 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            near, _address = self.listening.accept()
            far = socket.create_connection(("127.0.0.1", self.to))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        while part := one.recv(65536):
            self.carried += len(part)
            other.sendall(part)
        other.shutdown(socket.SHUT_WR)


class Book:
    """A node's database, written to directly: its indexes and triggers are put up after the rows."""

    def __init__(self, home: Path, table: str) -> None:
        self.table, self.columns = table, (*COLUMNS, *BOOKS[table])
        self.link = sqlite3.connect(home / "db.sqlite3", isolation_level=None)
        self.link.execute("PRAGMA synchronous=OFF")
        self.link.execute("PRAGMA cache_size=-400000")
        found = self.link.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? AND type <> 'table' AND sql IS NOT NULL",
            [table],
        ).fetchall()
        for kind, name, _sql in found:
            self.link.execute(f'DROP {kind} "{name}"')
        self.after = [sql for _kind, _name, sql in found]

    def write(self, rows: list[tuple[Any, ...]]) -> None:
        self.link.execute("BEGIN")
        places = ", ".join("?" * len(self.columns))
        names = ", ".join(self.columns)
        self.link.executemany(f"INSERT INTO {self.table} ({names}) VALUES ({places})", rows)
        self.link.execute("COMMIT")

    def close(self, sequence: int, link: bytes) -> None:
        for statement in self.after:
            self.link.execute(statement)
        head = "INSERT OR REPLACE INTO node_chainhead (name, sequence, link) VALUES ('exchange:US>MX', ?, ?)"
        self.link.execute(head, [sequence, link])
        self.link.execute("UPDATE exchange_peerhealth SET acknowledged = ?", [sequence])
        self.link.execute("ANALYZE")
        self.link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.link.close()


def filled(us: Path, mx: Path, records: int) -> None:
    """The same stream of ``records`` in the outbox of one node and the inbox of the other."""
    from datetime import UTC, datetime

    from otay.core.canonical import canonical_json, digest
    from otay.exchange.domain import envelope
    from otay.exchange.domain.envelope import Record

    now = datetime.now(UTC)
    text = now.replace(tzinfo=None).isoformat(" ", "microseconds")
    sent, received = Book(us, "exchange_outbox"), Book(mx, "exchange_inbox")
    previous, last = envelope.genesis("US>MX"), 0
    for first in range(1, records + 1, AT_ONCE):
        made = []
        for number in range(first, min(first + AT_ONCE, records + 1)):
            body = canonical_json({"number": f"F-{number}"})
            made.append(Record("test.parcel", f"F-{number}", 1, "MX-US-core/1", now, digest(body), body))
        entries = envelope.chained(made, previous=previous, last_sequence=last)
        rows = [
            (
                entry.sequence, record.record_type, record.business_key, 1, record.agreement, text,
                record.body_digest, b"", record.body.decode(), entry.link, "", "", 1,
            )
            for record, entry in zip(made, entries, strict=True)
        ]  # fmt: skip
        sent.write([(*row, "receipted", "bench", "", text, 1) for row in rows])  # the receipt that is to come
        received.write([(*row, "applied", text) for row in rows])
        previous, last = entries[-1].link, entries[-1].sequence
    for book in (sent, received):
        book.close(last, previous)


FOLD = (
    "import sys, time; sys.path.insert(0, sys.argv[1])\n"
    "import exchange_node; exchange_node.start(sys.argv[2])\n"
    "from otay.exchange.models import Peer\nfrom otay.exchange.services import ranges\n"
    "began = time.process_time(); ranges.fold(Peer.objects.get(), sys.argv[3])\n"
    "took, held = time.process_time() - began, open('/proc/self/status').read().partition('VmHWM:')[2]\n"
    "print(took, int(held.split()[0]) // 1024)\n"
)


def folded(home: Path, direction: str, records: int) -> dict[str, float]:
    """The first computation of a node's digests, as its background does it."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", FOLD, str(ROOT / "tests" / "factories"), str(home), direction],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    processor, memory = done.stdout.split()
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "processor_us_per_record": round(float(processor) / records * 1e6, 1),
        "memory_mb": int(memory),
    }


def compared(us: Path, wire: Wire, *options: str) -> dict[str, Any]:
    """What ``otay exchange reconcile`` said and took, both streams, its own start included."""
    before, began = wire.carried, time.perf_counter()
    command = [
        sys.executable,
        "-c",
        "from otay.cli import main; main()",
        "exchange",
        "reconcile",
        "--with",
        "MX",
        "--json",
    ]
    environment = {**os.environ, "OTAY_HOME": str(us)}
    done = subprocess.run([*command, *options], env=environment, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout + done.stderr)
    streams = json.loads(done.stdout)["streams"]
    return {
        "found": [(one["kind"], one["sequence"]) for stream in streams for one in stream["differences"]],
        "repaired": sum(stream["repaired"] for stream in streams),
        "command_s": round(took, 2),
        "comparing_s": sum(stream["milliseconds"] for stream in streams) / 1000,
        "round_trips": sum(stream["round_trips"] for stream in streams),
        "wire_bytes": wire.carried - before,
    }


def two_nodes(folder: Path, records: int) -> dict[str, Any]:
    """Two nodes' figures over real tables."""
    us, mx, port = bench_exchange.two_nodes(folder, {})
    from otay.exchange.models import Peer
    from otay.exchange.services import delivery

    figures: dict[str, Any] = {"records": records}
    with clocked(figures, "filling_s"):
        filled(us, mx, records - 1)
    figures["database_mb"] = [(home / "db.sqlite3").stat().st_size // 2**20 for home in (us, mx)]
    bench_exchange.told("filled", figures)
    other = bench_exchange.other_node(mx, port)
    try:
        bench_exchange.wait_for(port)
        wire = Wire(port)
        Peer.objects.update(url=f"http://127.0.0.1:{wire.port}")
        exchange_node.publish(1, 1)
        done = delivery.deliver_due(Peer.objects.get())
        assert done.records == 1, done.problem
        figures["first_digests_sender"] = bench_exchange.told("sender", folded(us, "out", records))
        figures["first_digests_receiver"] = bench_exchange.told("receiver", folded(mx, "in", records))
        book = sqlite3.connect(mx / "db.sqlite3", isolation_level=None, timeout=30)
        book.execute("PRAGMA foreign_keys=OFF")
        figures["equal"] = bench_exchange.told("equal", compared(us, wire))
        assert not figures["equal"]["found"]
        altered, missing, extra = records // 3, records * 2 // 3, records + 1
        book.execute("UPDATE exchange_inbox SET body = replace(body, 'F', 'X') WHERE sequence = ?", [altered])
        figures["altered"] = bench_exchange.told("altered", compared(us, wire))
        assert figures["altered"]["found"] == [("altered_there", altered)], figures
        book.execute("UPDATE exchange_inbox SET body = replace(body, 'X', 'F') WHERE sequence = ?", [altered])
        book.execute("DELETE FROM exchange_inbox WHERE sequence = ?", [missing])
        figures["missing"] = bench_exchange.told("missing", compared(us, wire))
        assert figures["missing"]["found"] == [("missing_there", missing)], figures
        figures["missing_repaired"] = bench_exchange.told("repaired", compared(us, wire, "--repair"))
        assert figures["missing_repaired"]["repaired"] == 1, figures
        names = ", ".join((*COLUMNS[1:], "received_at"))
        book.execute(
            f"INSERT INTO exchange_inbox (sequence, {names}) SELECT ?, {names} FROM exchange_inbox WHERE sequence = 1",
            [extra],
        )
        figures["extra"] = bench_exchange.told("extra", compared(us, wire))
        assert figures["extra"]["found"] == [("stray_there", extra)], figures
        book.execute("DELETE FROM exchange_inbox WHERE sequence = ?", [extra])
        figures["equal_again"] = bench_exchange.told("equal again", compared(us, wire))
        assert not figures["equal_again"]["found"]
        figures["receiver_memory_mb"] = _most_memory()
    finally:
        other.terminate()
        other.wait(20)
    return figures


def _most_memory() -> int:
    """The most that one process that answers has held, MB."""
    held = [0]
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            if b"bench_wsgi" in (status.parent / "cmdline").read_bytes():
                text = status.read_text()
                held.append(int(text.partition("VmHWM:")[2].split()[0]) // 1024)
    return max(held)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    records = 100_000 if chosen.quick else chosen.records
    with tempfile.TemporaryDirectory(prefix="otay-bench-") as folder:
        found = {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
            "tree_alone": tree_alone(records),
            "two_nodes": two_nodes(Path(folder), records),
        }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
