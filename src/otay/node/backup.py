"""A node in one file and back: database, keys, message bytes and settings, each with its digest.

The database is copied while the node runs (SQLite's online backup; ``pg_dump``), the other files after it: what a row
names was on disk before the row. Nothing is ever half-written: the archive and the restored folder get their names when
they are complete.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from shutil import rmtree
from typing import IO, Any

from otay.core.errors import Conflict, Refused
from otay.core.i18n import N_
from otay.node import archive, config, postgres
from otay.node.config import NodeConfig

MANIFEST = "manifest.json"
FORMAT = "otay-backup-1"
SQLITE_MEMBER, POSTGRES_MEMBER = "db.sqlite3", "database.dump"
_LOOSE = (config.FILE, "clock.json")
_MAX_MANIFEST = 256 * 1024 * 1024


def backup(node: NodeConfig, file: Path) -> dict[str, Any]:
    """Write the node to ``file`` (owner-only) and return the manifest.

    Raises:
        Conflict: when ``file`` exists already.
    """
    if file.exists():
        raise Conflict(N_("%(path)s exists already and is not overwritten"), path=file)
    partial = file.with_name(file.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as raw:
            manifest = _write_archive(node, raw)
            raw.flush()
            os.fsync(raw.fileno())
        os.link(partial, file)  # unlike a rename this never replaces a file that came meanwhile
    except FileExistsError:
        raise Conflict(N_("%(path)s exists already and is not overwritten"), path=file) from None
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def _write_archive(node: NodeConfig, raw: IO[bytes]) -> dict[str, Any]:
    members: dict[str, dict[str, Any]] = {}
    with (
        tempfile.TemporaryDirectory(dir=node.home, prefix=".backup-") as scratch,
        gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=3) as packed,
        tarfile.open(fileobj=packed, mode="w|") as tape,
    ):
        name, copy = _copy_database(node, Path(scratch))
        _add(tape, members, name, copy)
        for member, path in _files(node):
            _add(tape, members, member, path)
        manifest = {
            "format": FORMAT, "country": node.country, "name": node.name, "made_at": datetime.now(UTC).isoformat(),
            "members": members,
        }  # fmt: skip
        content = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        tape.addfile(_entry(MANIFEST, len(content)), io.BytesIO(content))
    return manifest


def _copy_database(node: NodeConfig, scratch: Path) -> tuple[str, Path]:
    if postgres.is_postgres(node.database):
        postgres.dump(node.database, scratch / POSTGRES_MEMBER)
        return POSTGRES_MEMBER, scratch / POSTGRES_MEMBER
    copy = scratch / SQLITE_MEMBER
    source = sqlite3.connect(f"file:{config.sqlite_path(node.database)}?mode=ro", uri=True, timeout=30)
    target = sqlite3.connect(copy)
    try:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    finally:
        target.close()
        source.close()
    return SQLITE_MEMBER, copy


def _files(node: NodeConfig) -> Iterator[tuple[str, Path]]:
    for name in _LOOSE:
        if (node.home / name).is_file():
            yield name, node.home / name
    for folder in (node.keys, node.files):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and not path.name.endswith(".partial"):
                yield path.relative_to(node.home).as_posix(), path


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _add(tape: tarfile.TarFile, members: dict[str, dict[str, Any]], name: str, path: Path) -> None:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        reader = _Digesting(file, size)
        tape.addfile(_entry(name, size), reader)
        members[name] = {"size": size, "sha256": reader.digest.hexdigest()}


class _Digesting:
    """Reads at most ``size`` bytes of a file that may still grow, and digests what it gave."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.file, self.left, self.digest = file, size, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        wanted = self.left if size < 0 else min(size, self.left)
        data = self.file.read(wanted)
        self.left -= len(data)
        self.digest.update(data)
        return data


def restore(file: Path, home: Path, *, database: str | None = None, at: datetime | None = None) -> dict[str, Any]:
    """Make the folder ``home`` from ``file``, check every digest and the audit log, and return the manifest.

    ``database`` names an empty PostgreSQL database for a backup of one; else the one that the settings name. ``file``
    may be the folder of a running archive (:mod:`otay.node.archive`); ``at`` is the moment to go back to, else its end.

    Raises:
        Conflict: when ``home`` exists and is not empty, or the database is not empty.
        Refused: when the archive is not whole or not one of ours.
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise Conflict(N_("%(path)s is not empty and is not overwritten"), path=home)
    home.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{home.name}-", suffix=".partial", dir=home.parent))
    try:
        if file.is_dir():
            manifest = archive.unpack(file, partial, at=at or datetime.now(UTC))
        else:
            manifest = _unpack(file, partial)
            _place_database(partial, manifest, database)
        _settle(partial)
        if home.exists():
            home.rmdir()
        partial.rename(home)
    except BaseException:
        rmtree(partial, ignore_errors=True)
        raise
    return manifest


def _unpack(file: Path, folder: Path) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    manifest: dict[str, Any] = {}
    try:
        with tarfile.open(file, mode="r|gz") as tape:
            for entry in tape:
                source = tape.extractfile(entry) if entry.isreg() else None
                if source is None:
                    raise _not_ours(file, entry.name)
                if entry.name == MANIFEST:
                    manifest = json.loads(source.read(_MAX_MANIFEST))
                    continue
                found[entry.name] = _unpack_one(file, folder, entry.name, source)
    except (tarfile.TarError, EOFError, OSError, ValueError) as problem:
        raise Refused(N_("%(path)s cannot be read: %(problem)s"), path=file, problem=problem) from problem
    if manifest.get("format") != FORMAT or manifest.get("members") != found:
        raise Refused(N_("%(path)s is not whole: its contents are not those its manifest lists"), path=file)
    return manifest


def _unpack_one(file: Path, folder: Path, name: str, source: IO[bytes]) -> dict[str, Any]:
    parts = PurePosixPath(name).parts
    known = name in {*_LOOSE, SQLITE_MEMBER, POSTGRES_MEMBER} or parts[:1] in {("keys",), ("files",)}
    if not known or ".." in parts or PurePosixPath(name).is_absolute():
        raise _not_ours(file, name)
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(handle, "wb") as out:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
            out.write(chunk)
    return {"size": size, "sha256": digest.hexdigest()}


def _not_ours(file: Path, name: str) -> Refused:
    return Refused(N_("%(path)s holds %(name)s, which no backup of a node has"), path=file, name=name)


def _place_database(folder: Path, manifest: dict[str, Any], database: str | None) -> None:
    (folder / "files").mkdir(exist_ok=True, mode=0o700)
    if SQLITE_MEMBER in manifest["members"]:
        config.set_database(folder, None)
        return
    url = database or config.load(folder).database
    config.set_database(folder, url)
    postgres.load(url, folder / POSTGRES_MEMBER)
    (folder / POSTGRES_MEMBER).unlink()


def _settle(folder: Path) -> None:
    """In a process of its own: this one may be another node, or none."""
    environment = {name: value for name, value in os.environ.items() if name not in {"OTAY_HOME", "OTAY_DATABASE"}}
    answer = subprocess.run(
        [sys.executable, "-c", "from otay.cli import main; main()", "node", "restored", "--home", str(folder)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if answer.returncode:
        raise Refused(
            N_("The restored node is not in order: %(problem)s"), problem=(answer.stderr or answer.stdout).strip()
        )
