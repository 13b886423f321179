"""A node on PostgreSQL goes back to a moment with the server's own archive of its log: a real server, destroyed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from factories.postgres_server import Server
from otay.node import config

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(600)]
OTAY = [sys.executable, "-c", "from otay.cli import main; main()"]


@pytest.fixture
def server():
    folder = Path(tempfile.mkdtemp(prefix="otay-pitr-"))  # pytest's own folders are closed to another user
    folder.chmod(0o755)
    made = Server(folder)
    made.create()
    made.start()
    made.sql("CREATE DATABASE otay", "postgres")
    yield made
    made.stop()
    shutil.rmtree(folder)


def otay(*arguments: str) -> str:
    done = subprocess.run([*OTAY, *arguments], check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_node_on_postgresql_goes_back_to_the_moment_before_the_mistake(server: Server, tmp_path: Path) -> None:
    home, base = tmp_path / "us", server.folder.parent / "base"
    config.create(
        home, country="US", name="Invented", language="en", url="http://127.0.0.1:9", database=server.url("otay")
    )
    otay("node", "migrate", "--home", str(home))
    otay("node", "person", "add", "before", "--role", "auditor", "--home", str(home))
    server.run("pg_basebackup", "-d", server.url("postgres"), "-D", str(base), "-X", "stream")
    otay("node", "person", "add", "since", "--role", "auditor", "--home", str(home))
    (moment,) = server.sql("SELECT now()::text")[0]
    otay("node", "person", "add", "mistake", "--role", "administrator", "--home", str(home))
    written = server.sql("SELECT pg_walfile_name(pg_current_wal_lsn())")[0][0]
    server.sql("SELECT pg_switch_wal()")
    end = time.monotonic() + 60
    while time.monotonic() < end and not (server.archive / written).exists():
        time.sleep(0.1)
    server.destroy()
    base.rename(server.folder)
    with (server.folder / "postgresql.auto.conf").open("a") as settings:
        settings.write(
            f"restore_command = 'cp {server.archive}/%f %p'\nrecovery_target_time = '{moment}'\n"
            "recovery_target_action = promote\n"
        )
    (server.folder / "recovery.signal").touch()
    if server.owner:
        os.chown(server.folder / "recovery.signal", server.owner.pw_uid, server.owner.pw_gid)
    server.start()
    told = otay("node", "restored", "--home", str(home), "--json")
    assert '"audit_entries"' in told
    people = otay("node", "person", "list", "--home", str(home), "--json")
    assert '"since"' in people
    assert '"mistake"' not in people
    assert '"whole": true' in otay("audit", "verify", "--home", str(home), "--json")
