"""A node is destroyed in the middle of its stream and brought back from an older copy: no double, no hole, no fork."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from factories.exchange_books import rows
from factories.exchange_nodes import LiveNode, two_nodes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
OTAY = [sys.executable, "-c", "from otay.cli import main; main()"]


def books(home: Path, table: str) -> list[tuple]:
    return rows(
        home, f"SELECT sequence, business_key, version, body, hex(link) FROM exchange_{table} ORDER BY sequence"
    )


def keys(home: Path, table: str) -> list[str]:
    return [row[1] for row in books(home, table)]


def restored(archive: Path, home: Path) -> None:
    subprocess.run([*OTAY, "node", "restore", str(archive), str(home)], check=True, timeout=300)


def destroyed(node: LiveNode, first: int, count: int, *, at_least: int, other: Path) -> None:
    """Publish and deliver, be killed in the middle of it when ``other`` holds ``at_least`` records, lose the disk."""
    assert node.process
    assert node.process.stdin
    node.process.stdin.write(json.dumps(["publish", str(first), str(count)]) + "\n")
    node.process.stdin.flush()
    end = time.monotonic() + 200
    while time.monotonic() < end and rows(other, "SELECT count(*) FROM exchange_inbox")[0][0] < at_least:
        time.sleep(0.02)
    node.kill()
    shutil.rmtree(node.home)


def test_a_node_destroyed_in_the_middle_of_its_stream_comes_back_without_a_double_or_a_hole(tmp_path: Path) -> None:
    us, mx = two_nodes(tmp_path)
    archive = tmp_path / "us.tar.gz"
    with LiveNode(*mx) as other:
        node = LiveNode(*us)
        with node:
            node.publish(1, 300)
            other.publish(1, 200)
            assert node.tried("node", "backup", str(archive))[0] == 0
            node.publish(301, 900)
            other.publish(201, 300)
            destroyed(node, 1201, 4000, at_least=1300, other=mx[0])
        held = keys(mx[0], "inbox")
        assert len(held) > 1200
        restored(archive, us[0])
        assert keys(us[0], "outbox") == [f"P-{number}" for number in range(1, 301)]
        with LiveNode(*us) as again:
            assert again.run("exchange", "status")["peers"][0]["state"] == "restoring"
            again.publish(301, 5)  # the same work once more
            again.publish(9001, 20)
            assert keys(mx[0], "inbox") == held, "nothing went before the neighbour was asked"
            found = again.run("exchange", "recover", "MX", "--reason", "the disk was lost")
            assert (found["first"], found["last"], found["repeated"]) == (301, len(held), 5)
            again.publish(9101, 10)
            other.publish(501, 5)
            assert keys(us[0], "outbox") == [
                *held,
                *(f"P-{number}" for number in (*range(9001, 9021), *range(9101, 9111))),
            ]
            assert books(us[0], "outbox") == books(mx[0], "inbox")
            assert books(us[0], "inbox") == books(mx[0], "outbox")
            assert rows(us[0], "SELECT DISTINCT state FROM exchange_outbox") == [("receipted",)]
            for one, table in ((us[0], "outbox"), (mx[0], "outbox")):
                there = mx[0] if one == us[0] else us[0]
                assert [key for (key,) in rows(there, "SELECT business_key FROM test_book ORDER BY rowid")] == keys(
                    one, table
                )
            compared = again.run("exchange", "reconcile")
            assert [stream["differences"] for stream in compared["streams"]] == [[], []]
            assert again.tried("exchange", "verify")[0] == other.tried("exchange", "verify")[0] == 0
            assert other.run("exchange", "status")["peers"][0]["alarm"] == ""
