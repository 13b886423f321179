"""The running archive of a node on SQLite: every transaction of a busy database, and any moment of the past."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from otay.core.errors import NotFound, Refused
from otay.node import archive, config

RUN = """
import sys, threading, signal
from datetime import timedelta
from pathlib import Path
from otay.node import archive, config
archive.MOVE_AFTER = 20
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
archive.run(config.load(Path(sys.argv[1])), Path(sys.argv[2]), every=0.05, keep=timedelta(days=1), stopped=stop.wait)
"""


class Busy:
    """A database that two threads write to; when each of its rows was there, at the latest."""

    def __init__(self, home: Path) -> None:
        config.create(home, country="US", name="Invented node", language="en", url="http://127.0.0.1:9")
        self.file = home / "db.sqlite3"
        self.ended = threading.Event()
        self.written: dict[int, tuple[datetime, datetime]] = {}
        with self.connected() as link:
            link.execute("PRAGMA journal_mode=WAL")
            link.execute("CREATE TABLE t (number INTEGER PRIMARY KEY, filling BLOB, twice INT)")
        self.threads = [threading.Thread(target=self.write, args=(part,)) for part in range(2)]

    def connected(self) -> sqlite3.Connection:
        return sqlite3.connect(self.file, timeout=30, isolation_level=None)

    def write(self, part: int) -> None:
        chance, link, number = random.Random(part), self.connected(), part
        link.execute("PRAGMA wal_autocheckpoint=30")
        while not self.ended.is_set():
            number += 2
            before = datetime.now(UTC)
            link.execute("BEGIN IMMEDIATE")
            link.execute("INSERT INTO t VALUES (?, ?, ?)", (number, chance.randbytes(chance.randint(1, 30_000)), 1))
            if number % 7 == 0:
                link.execute("DELETE FROM t WHERE number <= ? AND number % 2 = ?", (number - 100, part))
            if number % 5 == 0:
                link.execute("ROLLBACK")
                continue
            link.execute("COMMIT")
            self.written[number] = before, datetime.now(UTC)
            time.sleep(0.002)
        link.close()

    def __enter__(self) -> Busy:
        for one in self.threads:
            one.start()
        return self

    def __exit__(self, *_problem: object) -> None:
        self.ended.set()
        for one in self.threads:
            one.join()


def archiver(home: Path, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", RUN, str(home), str(folder)])


def wait_for(folder: Path, parts: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and len(list(folder.glob("*/*[0-9].json"))) < parts:
        time.sleep(0.02)


def assert_as_it_was(busy: Busy, folder: Path, home: Path, at: datetime) -> int:
    """What was there before the moment that is reached is there; nothing that was begun after ``at`` is."""
    reached = datetime.fromisoformat(archive.unpack(folder, home, at=at)["made_at"])
    link = sqlite3.connect(home / "db.sqlite3")
    assert link.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    there = {number for (number,) in link.execute("SELECT number FROM t")}
    link.close()
    newest = max(there, default=0)
    for number, (before, after) in busy.written.items():
        if after <= reached and number > newest - 100:
            assert number in there, (number, after, reached)
        if before > at:
            assert number not in there
    return len(there)


@pytest.mark.timeout(200)
def test_every_moment_of_a_busy_database_can_be_gone_back_to(tmp_path: Path) -> None:
    home, folder = tmp_path / "us", tmp_path / "archive"
    moments = []
    with Busy(home) as busy:
        first = archiver(home, folder)
        for parts in (3, 8, 14):
            wait_for(folder, parts)
            moments.append(datetime.now(UTC))
        first.send_signal(signal.SIGKILL)
        first.wait()
        time.sleep(0.1)  # transactions that nobody archives: the next generation begins with them
        second = archiver(home, folder)
        wait_for(folder, 20)
        with busy.connected() as link:
            link.execute("VACUUM")
        wait_for(folder, 24)
        moments.append(datetime.now(UTC))
    time.sleep(0.2)
    second.send_signal(signal.SIGTERM)
    assert second.wait(30) == 0
    moments.append(datetime.now(UTC))
    assert len(archive.generations(folder)) == 2
    held = [
        assert_as_it_was(busy, folder, tmp_path / f"back-{number}", moment) for number, moment in enumerate(moments)
    ]
    assert all(held)
    end = sqlite3.connect(home / "db.sqlite3")
    again = sqlite3.connect(tmp_path / "back-4" / "db.sqlite3")
    assert (
        again.execute("SELECT * FROM t ORDER BY 1").fetchall() == end.execute("SELECT * FROM t ORDER BY 1").fetchall()
    )
    end.close()
    again.close()
    assert (tmp_path / "back-4" / "keys" / "django.key").read_text() == (home / "keys" / "django.key").read_text()
    with pytest.raises(NotFound):
        archive.unpack(folder, tmp_path / "before", at=moments[0] - timedelta(days=1))
    generation = archive.generations(folder)[0][1]
    part = generation / "00000002.json"
    told = json.loads(part.read_text())
    part.write_text(json.dumps({**told, "sha256": "0" * 64}))
    with pytest.raises(Refused):
        archive.unpack(folder, tmp_path / "altered", at=moments[2])
    part.unlink()
    with pytest.raises(Refused):
        archive.unpack(folder, tmp_path / "with-a-hole", at=moments[2])
