"""Comparing books: what the range digests cost, how large they are, and how fast one altered record is found.

First the tree alone over synthetic digests; then one node with a stream of that many small records on SQLite, comparing
with a neighbour that holds the same ones (answered in the same process, so that no network is measured).

    python benchmarks/bench_reconcile.py [--records N] [--quick] [--json]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "factories"))
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


INSERT = (
    "INSERT INTO exchange_inbox (peer_id, sequence, record_type, business_key, version, citation, created_at, "
    "body_digest, corrects, body, link, note, port, state, received_at) VALUES (" + ", ".join(["%s"] * 15) + ")"
)


def filled(records: int) -> Any:
    """A peer with a received stream of ``records`` small records, chained as they would have come."""
    from django.db import connection, transaction
    from django.utils import timezone

    from otay.core.canonical import digest
    from otay.exchange.domain import envelope
    from otay.exchange.domain.envelope import Record
    from otay.exchange.models import Peer
    from otay.node.models import ChainHead

    now = timezone.now()
    peer = Peer.objects.create(country="MX", name="MX", url="http://127.0.0.1:9", trusted_at=now, trusted_by="bench")
    previous, last = envelope.genesis("MX>US"), 0
    text = now.replace(tzinfo=None).isoformat(" ", "microseconds")
    for first in range(1, records + 1, 20_000):
        made = []
        for number in range(first, min(first + 20_000, records + 1)):
            body = b'{"number":"P-%d","weight":"1.5"}' % number
            made.append(Record("test.parcel", f"P-{number}", 1, "MX-US-core/1", now, digest(body), body))
        entries = envelope.chained(made, previous=previous, last_sequence=last)
        rows = [
            (
                peer.pk, entry.sequence, record.record_type, record.business_key, 1, record.agreement, text,
                record.body_digest, b"", record.body.decode(), entry.link, "", "", "applied", text,
            )
            for record, entry in zip(made, entries, strict=True)
        ]  # fmt: skip
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(INSERT, rows)
        previous, last = entries[-1].link, entries[-1].sequence
    ChainHead.objects.create(name="exchange:MX>US", sequence=last, link=previous)
    return peer


def database_bytes() -> int:
    """Bytes of the database's pages in use."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute("PRAGMA page_size")
        return int(pages * cursor.fetchone()[0])


def node_figures(records: int) -> dict[str, Any]:
    """A node's own figures over a real table."""
    from django.db import connection

    from otay.exchange.services import ranges as kept

    figures: dict[str, Any] = {"records": records}
    with clocked(figures, "insert_s"):
        peer = filled(records)
    before = database_bytes()
    with clocked(figures, "first_fold_s"):
        kept.fold(peer, "in")
    figures["fold_us_per_record"] = round(figures["first_fold_s"] / records * 1e6, 1)
    figures["state_bytes"] = database_bytes() - before
    figures["state_share"] = round(figures["state_bytes"] / before, 6)
    with clocked(figures, "compare_equal_s"):
        theirs = kept.tree(peer, "in", records)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exchange_inbox SET body = replace(body, '1.5', '9.5') WHERE sequence = %s", [records // 2]
        )
    with clocked(figures, "find_altered_s"):
        ours, nodes = kept.tree(peer, "in", records), [0]
        for level in range(ours.depth, 0, -1):
            nodes = ranges.differing(ours.children(level, nodes[0]), theirs.children(level, nodes[0]), nodes[0])
        first, last = ranges.bucket_bounds(nodes[0])
        altered = [line.sequence for line in kept.lines(peer, "in", first, last) if line.body == "altered"]
    assert altered == [records // 2], altered
    figures["questions"] = ours.depth + 1
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    records = 100_000 if chosen.quick else chosen.records
    from otay.node import config

    with tempfile.TemporaryDirectory(prefix="otay-bench-") as folder:
        home = config.create(Path(folder) / "us", country="US", name="US", language="en", url="http://127.0.0.1:1").home
        exchange_node.start(str(home))
        exchange_node.prepare(str(home))
        found = {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
            "tree_alone": [tree_alone(size) for size in ((records,) if chosen.quick else (records, 10_000_000))],
            "node": node_figures(records),
            "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
