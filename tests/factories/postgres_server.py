"""A PostgreSQL server of one's own, with its full durability, for what the shared one of the tests cannot show."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path

import psycopg

from factories.exchange_nodes import free_port


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
