"""Threads and processes take turns at writing to SQLite: nobody is overtaken for long, and a turn always ends."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from factories.seal_traffic import wait
from otay.node.sqlite import turns

SETTINGS = {
    "ENGINE": "otay.node.sqlite",
    "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 0.2, "init_command": "PRAGMA journal_mode=WAL;"},
}


@pytest.fixture
def handler(tmp_path: Path, django_db_blocker: Any) -> Iterator[ConnectionHandler]:
    """Connections of this test's own to a file of its own, one a thread."""
    made = ConnectionHandler({"default": {**SETTINGS, "NAME": str(tmp_path / "turns.sqlite3")}})
    with django_db_blocker.unblock():
        with made["default"].cursor() as cursor:
            cursor.execute("CREATE TABLE note (writer INT, number INT)")
        yield made
        made["default"].close()


def begin(connection: Any) -> None:
    connection.ensure_connection()
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def end(connection: Any, *, commit: bool = True) -> None:
    (connection.commit if commit else connection.rollback)()
    connection.set_autocommit(True)


def in_threads(handler: ConnectionHandler, work: Any, count: int) -> list[BaseException]:
    """What went wrong in any of ``count`` threads that each do ``work(connection, number)``."""
    problems: list[BaseException] = []

    def run(number: int) -> None:
        connection = handler["default"]
        try:
            work(connection, number)
        except BaseException as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return problems


def test_writers_that_together_need_longer_than_sqlite_waits_all_get_their_turn(handler: ConnectionHandler) -> None:
    def write(connection: Any, number: int) -> None:
        begin(connection)
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO note VALUES (%s, 1)", [number])
            time.sleep(0.1)
        end(connection)

    assert in_threads(handler, write, 8) == []  # 0.8 s in all, and SQLite itself gives up after 0.2 s
    with handler["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM note")
        assert cursor.fetchone() == (8,)


@pytest.mark.parametrize("how", ["commit", "rollback", "close", "failed commit"])
def test_a_turn_ends_however_the_transaction_ends(handler: ConnectionHandler, how: str) -> None:
    connection = handler["default"]
    begin(connection)
    turn = turns.turns[connection.settings_dict["NAME"]]
    assert turn.locked()
    if how == "close":
        connection.close()
    elif how == "failed commit":
        connection.connection.close()
        with pytest.raises(Exception, match="closed"):
            connection.commit()
        connection.close()
    else:
        end(connection, commit=how == "commit")
    assert not turn.locked()


def test_another_program_that_writes_is_met_by_sqlite_s_own_way_and_leaves_no_turn_behind(
    handler: ConnectionHandler, tmp_path: Path
) -> None:
    import sqlite3

    other = sqlite3.connect(tmp_path / "turns.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    connection = handler["default"]
    with pytest.raises(OperationalError, match="locked"):
        begin(connection)
    assert not turns.turns[connection.settings_dict["NAME"]].locked()
    other.execute("COMMIT")
    other.close()
    connection.set_autocommit(True)


def test_a_statement_outside_of_a_transaction_waits_for_its_turn_too(handler: ConnectionHandler) -> None:
    connection = handler["default"]
    begin(connection)
    done: list[int] = []

    def write(other: Any, number: int) -> None:
        with other.cursor() as cursor:
            cursor.execute("INSERT INTO note VALUES (%s, 1)", [number])
            done.append(number)

    writer = threading.Thread(target=lambda: in_threads(handler, write, 1))
    writer.start()
    time.sleep(0.5)  # longer than SQLite itself would wait
    assert not done
    end(connection)
    writer.join(20)
    assert done == [0]
    assert not turns.turns[connection.settings_dict["NAME"]].locked()


_HOG = """
import sys, time
from otay.node.sqlite.turns import Turn
turn = Turn(sys.argv[1])
while True:
    turn.acquire()
    with open(sys.argv[2], "ab") as log:
        log.write(b".")
    time.sleep(0.005)
    turn.release()
"""


def test_a_process_that_writes_without_a_pause_lets_others_in(tmp_path: Path) -> None:
    log = tmp_path / "log"
    hog = subprocess.Popen([sys.executable, "-c", _HOG, str(tmp_path / "db"), str(log)])
    try:
        wait("the other process", log.exists)
        turn, overtaken = turns.Turn(str(tmp_path / "db")), []
        for _ in range(20):
            before = log.stat().st_size
            assert turn.acquire()
            overtaken.append(log.stat().st_size - before)
            turn.release()
        assert statistics.median(overtaken) <= 3, overtaken
    finally:
        hog.kill()
        hog.wait()
    assert turn.acquire(), "what a dead process held is free"
    turn.release()


def test_who_waits_too_long_for_a_turn_asks_sqlite(handler: ConnectionHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONGEST_WAIT", 0.05)
    connection = handler["default"]
    turn = turns.turns[connection.settings_dict["NAME"]]
    turn.acquire()
    begin(connection)
    end(connection)
    assert turn.locked(), "the turn of somebody else is not given back"
    turn.release()
