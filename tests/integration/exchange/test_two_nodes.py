"""Two real nodes, each with its own processes and database on disk, worked by their administrators' commands."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from factories.exchange_nodes import LiveNode, two_nodes


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[LiveNode, LiveNode]]:
    us, mx = two_nodes(tmp_path)
    with LiveNode(*us) as first, LiveNode(*mx) as second:
        yield first, second


def change(node: LiveNode, statement: str) -> None:
    """What somebody does to a database behind its node's back."""
    with sqlite3.connect(node.home / "db.sqlite3", timeout=20) as database:
        database.execute(statement)
    database.close()


def differences(node: LiveNode, *options: str) -> list[list[tuple[int, str]]]:
    answer = node.run("exchange", "reconcile", *options)
    return [[(one["sequence"], one["kind"]) for one in stream["differences"]] for stream in answer["streams"]]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_one_record_altered_missing_or_lost_at_either_node_is_found_and_what_lacks_is_repaired(nodes):
    us, mx = nodes
    us.publish(1, 1000)
    assert differences(us) == [[], []]
    change(mx, "UPDATE exchange_inbox SET body = replace(body, '1.5', '9.5') WHERE sequence = 777")
    change(mx, "DELETE FROM exchange_inbox WHERE sequence IN (1, 500, 1000)")
    change(us, "DELETE FROM exchange_outbox WHERE sequence = 42")
    expected = [
        (1, "missing_there"), (42, "missing_here"), (500, "missing_there"), (777, "altered_there"),
        (1000, "missing_there"),
    ]  # fmt: skip
    assert differences(us, "--repair") == [expected, []]
    assert us.tried("exchange", "reconcile")[0] == 1  # what was altered stays an alarm
    assert differences(us) == [[(777, "altered_there")], []]
    assert "altered" in us.run("exchange", "status")["peers"][0]["alarm"]
    assert differences(mx) == [[], [(777, "altered_here")]]
    change(mx, "UPDATE exchange_inbox SET body = replace(body, '9.5', '1.5') WHERE sequence = 777")
    assert differences(us) == [[], []]
    assert us.tried("exchange", "verify")[0] == mx.tried("exchange", "verify")[0] == 0
