"""A database that holds what real services wrote is brought to this program's tables, on both engines."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factories import upgraded_node
from factories.postgres_server import Server
from otay.node import config

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def postgres() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="otay-upgrade-"))
    folder.chmod(0o755)
    server = Server(folder)
    server.create()
    server.start()
    server.sql("CREATE DATABASE us", "postgres")
    yield server.url("us")
    server.stop()
    shutil.rmtree(folder)


def run(action: str, home: Path) -> Any:
    done = subprocess.run(
        [sys.executable, upgraded_node.__file__, action, str(home)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def upgraded(home: Path, database: str | None) -> None:
    config.create(home, country="US", name="Invented", language="en", url="http://127.0.0.1:9", database=database)
    before = run("fill", home)
    assert run("age", home) > 15
    otay = [sys.executable, "-c", "from otay.cli import main; main()", "node", "migrate", "--home", str(home)]
    subprocess.run(otay, check=True, timeout=600)
    after = run("judge", home)
    assert {name: after[name] for name in before} == before
    assert len(before["sent"]) == 600
    assert len(before["received"]) == 301
    assert (after["pending"], after["whole"]) == ([], True)
    assert after["problems"] == [["body 1"], []], "the one that the test itself altered"
    assert (after["kept"], after["forgotten"]) == (2, 1), "the triggers are up: a touched row forgets its digest"
    assert set(after["pages"].values()) <= {200, 403}
    assert list(after["pages"].values()).count(200) > 20


def test_a_filled_sqlite_database_is_upgraded(tmp_path: Path) -> None:
    upgraded(tmp_path / "us", None)


@pytest.mark.postgres
def test_a_filled_postgresql_database_is_upgraded(tmp_path: Path, postgres: str) -> None:
    upgraded(tmp_path / "us", postgres)
