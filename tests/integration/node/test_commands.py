"""The node from the terminal, in processes of its own: set up, serve, work, back up, restore."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # each command is a process of its own
BASE = {name: value for name, value in os.environ.items() if not name.startswith("OTAY_")}


def otay(*arguments: str | Path, code: int = 0, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from otay.cli import main; main()", *map(str, arguments)],
        capture_output=True, text=True, env={**BASE, "OTAY_LANG": "en", **environment}, check=False,
    )  # fmt: skip
    assert done.returncode == code, f"{done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout if code == 0 else done.stdout + done.stderr


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("node") / "us"
    port = free_port()
    otay("node", "init", folder, "--country", "us", "--name", 'Invented "node"', "--url", f"http://127.0.0.1:{port}")
    otay("node", "person", "add", "root", "--role", "administrator", "--home", folder)
    return folder


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from otay.cli import main; main()", *map(str, arguments)],
        env={**BASE, "OTAY_LANG": "en"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def health(url: str, wanted: str, seconds: float = 40) -> dict[str, object]:
    end = time.monotonic() + seconds
    found: dict[str, object] = {}
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/api/v1/health", timeout=5) as answer:
                found = json.load(answer)
                if found["status"] == wanted:
                    return found
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(0.2)
    raise AssertionError(f"not {wanted} in time: {found}")


def url_of(home: Path) -> str:
    return next(line.split('"')[1] for line in (home / "node.toml").read_text().splitlines() if line.startswith("url"))


def test_a_node_is_not_made_twice(home: Path) -> None:
    assert "exists already" in otay("node", "init", home, "--country", "US", code=1)
    assert 'name = "Invented \\"node\\""' in (home / "node.toml").read_text()
    assert (home / "keys").stat().st_mode & 0o777 == 0o700


def test_people_and_programs(home: Path) -> None:
    made = json.loads(otay("node", "person", "add", "ana", "--role", "port_officer@2506", "--home", home, "--json"))
    assert len(made["password"]) == 19
    listed = json.loads(otay("node", "person", "list", "--json", OTAY_HOME=str(home)))
    assert {"port_officer@2506"} == set(next(item for item in listed if item["username"] == "ana")["roles"])
    assert "There is no role king" in otay("node", "person", "add", "b", "--role", "king", "--home", home, code=1)
    assert otay("node", "client", "add", "acme", "--role", "trader", "--home", home).startswith("otay_")
    otay("node", "client", "revoke", "acme", "--home", home)
    assert "no client" in otay("node", "client", "revoke", "acme", "--home", home, code=1)


def test_serving_and_stopping(home: Path) -> None:
    server = start("node", "serve", "--home", home)
    try:
        assert health(url_of(home), "up")["database"] is True
        begin = time.monotonic()
        server.send_signal(signal.SIGINT)
        output, _ = server.communicate(timeout=10)
    finally:
        server.kill()
    assert time.monotonic() - begin < 4
    assert server.returncode == 0, output
    assert "Traceback" not in output


def test_a_worker_process_of_its_own(home: Path) -> None:
    server = start("node", "serve", "--home", home, "--no-background")
    worker = start("node", "work", "--home", home)
    try:
        health(url_of(home), "up")
        begin = time.monotonic()
        worker.terminate()
        assert worker.wait(timeout=5) == 0
        assert time.monotonic() - begin < 3
        health(url_of(home), "degraded")
    finally:
        server.terminate()
        output, _ = server.communicate(timeout=10)
        worker.kill()
        worker.communicate()
    assert "Traceback" not in output


def test_a_database_of_another_version_is_not_served(home: Path, tmp_path: Path) -> None:
    otay("node", "backup", tmp_path / "b.tar.gz", "--home", home)
    otay("node", "restore", tmp_path / "b.tar.gz", tmp_path / "old")
    with sqlite3.connect(tmp_path / "old" / "db.sqlite3") as database:
        database.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    assert "otay node migrate" in otay("node", "serve", "--home", tmp_path / "old", code=1)


def test_backup_and_restore(home: Path, tmp_path: Path) -> None:
    (home / "files" / "ab").mkdir(exist_ok=True)
    (home / "files" / "ab" / "message").write_bytes(b"UNB+UNOA:1\x00" * 1000)
    archive = tmp_path / "node.tar.gz"
    made = json.loads(otay("node", "backup", archive, "--home", home, "--json"))
    assert archive.stat().st_mode & 0o777 == 0o600
    assert made["members"] >= 4
    assert "not overwritten" in otay("node", "backup", archive, "--home", home, code=1)
    again = tmp_path / "again"
    otay("node", "restore", archive, again)
    assert (again / "files" / "ab" / "message").read_bytes() == b"UNB+UNOA:1\x00" * 1000
    assert (again / "keys" / "django.key").read_text() == (home / "keys" / "django.key").read_text()
    assert (again / "keys" / "django.key").stat().st_mode & 0o777 == 0o600
    assert [p["username"] for p in json.loads(otay("node", "person", "list", "--json", "--home", again))][-1] == "root"
    assert "not empty" in otay("node", "restore", archive, again, code=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "node.tar.gz"], "nothing half-written is left"


def repacked(archive: Path, target: Path, change) -> Path:  # type: ignore[no-untyped-def]
    with tarfile.open(archive) as source, tarfile.open(target, "w:gz") as sink:
        for entry in source.getmembers():
            data = source.extractfile(entry).read()  # type: ignore[union-attr]
            for name, content in change(entry.name, data):
                copy = tarfile.TarInfo(name)
                copy.size = len(content)
                sink.addfile(copy, io.BytesIO(content))
    return target


def test_an_archive_that_was_tampered_with_is_refused(home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "node.tar.gz"
    otay("node", "backup", archive, "--home", home)
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(archive.read_bytes()[:-2000])
    other = tmp_path / "other.tar.gz"
    other.write_bytes(gzip.compress(b"no tar at all" * 100))

    def beside_settings(name: str):  # type: ignore[no-untyped-def]
        return lambda n, d: [(n, d), (name, b"x")] if n == "node.toml" else [(n, d)]

    changed = [
        cut, other,
        repacked(archive, tmp_path / "a.tar.gz", lambda n, d: [(n, d + b"#" if n == "node.toml" else d)]),
        repacked(archive, tmp_path / "b.tar.gz", lambda n, d: [] if n == "keys/django.key" else [(n, d)]),
        repacked(archive, tmp_path / "c.tar.gz", beside_settings("files/../../escaped")),
        repacked(archive, tmp_path / "d.tar.gz", beside_settings("/tmp/otay-escaped")),
        repacked(archive, tmp_path / "e.tar.gz", lambda n, d: [] if n == "manifest.json" else [(n, d)]),
    ]  # fmt: skip
    for file in changed:
        otay("node", "restore", file, tmp_path / "target", code=1)
    assert not (tmp_path / "target").exists()
    assert not (tmp_path / "escaped").exists()
    assert not Path("/tmp/otay-escaped").exists()


def test_a_log_that_was_altered_is_found_and_not_restored(home: Path, tmp_path: Path) -> None:
    assert json.loads(otay("audit", "verify", "--home", home, "--json"))["whole"] is True
    otay("node", "backup", tmp_path / "b.tar.gz", "--home", home)
    otay("node", "restore", tmp_path / "b.tar.gz", tmp_path / "copy")
    with sqlite3.connect(tmp_path / "copy" / "db.sqlite3") as database:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            database.execute("UPDATE node_auditevent SET subject = 'x' WHERE sequence = 2")
        database.execute("DROP TRIGGER node_auditevent_no_update")
        database.execute("UPDATE node_auditevent SET subject = 'x' WHERE sequence = 2")
    assert "Entry 2 was altered" in otay("audit", "verify", "--home", tmp_path / "copy", code=1)
    assert "Entry 2 was altered" in otay("audit", "verify", "--home", tmp_path / "copy", "--lang", "en", code=1)
    otay("node", "backup", tmp_path / "bad.tar.gz", "--home", tmp_path / "copy")
    assert "does not verify" in otay("node", "restore", tmp_path / "bad.tar.gz", tmp_path / "worse", code=1)
    assert not (tmp_path / "worse").exists()


def test_a_demo_node_is_for_loopback_only(tmp_path: Path) -> None:
    refused = otay(
        "node", "init", tmp_path / "x", "--country", "US", "--demo", "--url", "https://border.example", code=1
    )
    assert "loopback" in refused
    assert not (tmp_path / "x").exists()
