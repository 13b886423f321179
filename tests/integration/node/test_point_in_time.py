"""A node on PostgreSQL goes back to a moment with the server's own archive of its log: a real server, destroyed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from factories.exchange_nodes import free_port
from otay.node import config

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(600)]
OTAY = [sys.executable, "-c", "from otay.cli import main; main()"]


def program(name: str) -> str:
    places = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*places, os.environ["PATH"]]))
    assert found, f"{name} is missing: make services"
    return found


class Server:
    """A PostgreSQL of the test's own, which archives its log."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.archive, self.port = folder / "data", folder / "wal", free_port()
        self.archive.mkdir()
        self.owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
        if self.owner:
            for path in (folder, self.archive):
                os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, name: str, *arguments: str) -> None:
        subprocess.run([program(name), *arguments], check=True, stdout=subprocess.DEVNULL, **self.as_owner())

    def as_owner(self) -> dict[str, int]:
        return {"user": self.owner.pw_uid, "group": self.owner.pw_gid} if self.owner else {}

    def create(self) -> None:
        self.run(
            "initdb", "--auth=trust", "--username=otay", "--encoding=UTF8", "--locale=C.UTF-8", "-D", str(self.folder)
        )
        with (self.folder / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"archive_mode = on\narchive_command = 'cp %p {self.archive}/%f'\n")

    def start(self) -> None:
        command = [
            program("postgres"),
            "-D",
            str(self.folder),
            "-p",
            str(self.port),
            "-c",
            "listen_addresses=127.0.0.1",
        ]
        command += ["-c", f"unix_socket_directories={self.folder}"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.as_owner()
        )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                with psycopg.connect(self.url("postgres"), connect_timeout=2) as link:
                    if not link.execute("SELECT pg_is_in_recovery()").fetchone()[0]:
                        return
            except psycopg.OperationalError:
                pass
            time.sleep(0.1)
        raise AssertionError("the server did not start")

    def url(self, database: str) -> str:
        return f"postgresql://otay@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "otay") -> list[tuple]:
        with psycopg.connect(self.url(database), autocommit=True) as link:
            answer = link.execute(statement)
            return answer.fetchall() if answer.description else []

    def destroy(self) -> None:
        """Killed, and its disk gone; the archive of the log is on another."""
        self.stop()
        shutil.rmtree(self.folder)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


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
