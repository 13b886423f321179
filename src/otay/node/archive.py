"""A running archive of a node on SQLite, from which it can be brought back to any moment.

::

    DIR/                       one folder, outside of the node's own disk
      20261124T101500.123456/  a generation: one copy of the database and everything since
        base.sqlite3.gz        the database file at its beginning
        generation.json        its digest, page size and beginning
        00000001.json, .gz     the transactions of a few seconds: digest, time; the pages they wrote
      node/                    settings, keys and message files, as they are now

SQLite writes transactions to a log and moves them into the database file from time to time (a checkpoint); then the log
begins anew. A reader that stays open keeps the log from being moved beyond where it began to read: the database file
stands still meanwhile and no transaction leaves the log unseen. From time to time the archive stops the writers for a
moment, copies what is left, lets the log be moved and opens its next reader before they go on. After an interruption
nobody knows what went by: a new generation begins.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from otay.core.errors import NotFound, Refused
from otay.core.i18n import N_
from otay.node import config, postgres
from otay.node.config import NodeConfig
from otay.node.sqlite import wal

BASE, GENERATION, BESIDE = "base.sqlite3.gz", "generation.json", "node"
FORMAT = "otay-archive-1"
MOVE_AFTER = 2000
"""Frames of the log (8 MB) after which writers are stopped for a moment and the log begins anew."""
LONGEST = timedelta(days=1)
_TRIES = 40


class Archive:
    """What writes the archive of ``node`` to ``folder``; :meth:`step` once every few seconds. Only in a process without
    another connection to the database: whoever closes a file loses all locks that its process holds on it.
    """

    def __init__(self, node: NodeConfig, folder: Path, *, keep: timedelta = timedelta(days=14)) -> None:
        if postgres.is_postgres(node.database):
            raise Refused(
                N_("This node is on PostgreSQL, whose server archives its log itself: see the manual, Back up")
            )
        self.node, self.folder, self.keep = node, folder, keep
        self.database = config.sqlite_path(node.database)
        self.anchor = self._connect()  # while one connection is open, log and index stay the same files
        self.anchor.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self.files = [os.open(f"{self.database}{suffix}", os.O_RDONLY) for suffix in ("", "-wal", "-shm")]
        self.reader: sqlite3.Connection | None = None
        self.generation: Path | None = None
        self.number = 0
        self.at = self._position()
        self.began = datetime.now(UTC)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def step(self) -> int:
        """Archive what was committed since the last time; how many frames that were."""
        if self.generation is None or datetime.now(UTC) - self.began > LONGEST:
            self._begin()
        written = self._copy()
        if self.at.frames > MOVE_AFTER:
            self._move_log()
        self._copy_files()
        return written

    def close(self) -> None:
        """Let go of the log."""
        for link in (self.reader, self.anchor):
            if link is not None:
                link.close()
        for file in self.files:
            os.close(file)
        self.reader, self.files = None, []

    def _connect(self) -> sqlite3.Connection:
        link = sqlite3.connect(self.database, timeout=30, isolation_level=None)
        link.execute("PRAGMA wal_autocheckpoint=0")
        return link

    def _begin(self) -> None:
        """A new generation: pin the log, and copy the database file, which stands still from then on."""
        self.generation = None
        if not self._move_log():
            raise Refused(
                N_("The log of %(path)s cannot be moved: a program reads the database without end"), path=self.database
            )
        self.began, self.number = datetime.now(UTC), 0
        complete = self.folder / self.began.strftime("%Y%m%dT%H%M%S.%f")
        partial = complete.with_name(complete.name + ".partial")
        partial.mkdir(mode=0o700)
        digest, at = hashlib.sha256(), 0
        with gzip.open(partial / BASE, "wb", compresslevel=1) as sink:
            while chunk := os.pread(self.files[0], 1 << 20, at):
                digest.update(chunk)
                sink.write(chunk)
                at += len(chunk)
        _flush(partial / BASE)
        told = {"format": FORMAT, "began": self.began.isoformat(), "country": self.node.country}
        _written(partial / GENERATION, {**told, "page_size": self.at.page_size, "sha256": digest.hexdigest()})
        partial.rename(complete)
        _flush(self.folder)
        self.generation = complete
        self._forget_old()

    def _forget_old(self) -> None:
        known = generations(self.folder)
        for (_began, path), (next_began, _path) in itertools.pairwise(known):
            if next_began < self.began - self.keep:
                shutil.rmtree(path)
        for path in self.folder.glob("*.partial"):
            shutil.rmtree(path)

    def _move_log(self) -> bool:
        """Stop the writers, copy what is left, move the log into the database file, and pin it before they go on. False
        when an older reader kept a part of it from being moved: that is for the next time."""
        for _try in range(_TRIES):
            writer, mover = self._connect(), self._connect()
            try:
                writer.execute("BEGIN IMMEDIATE")
                if self.generation is not None:
                    self._copy()
                if self.reader is not None:
                    self.reader.close()
                _busy, length, moved = mover.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                self.reader = self._connect()
                self.reader.execute("BEGIN")
                self.reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
                self.at = self._position()
            finally:
                mover.close()
                writer.close()
            if length == moved >= 0:  # -1: another is moving the log at this moment
                return True
            time.sleep(0.1)
        return False

    def _position(self) -> wal.Position:
        for _try in range(_TRIES):
            with suppress(wal.NotQuiet):
                return wal.position(self.files[2])
            time.sleep(0.005)
        raise Refused(N_("The log of %(path)s cannot be read"), path=self.database)

    def _copy(self) -> int:
        """Append the complete transactions that are not archived yet."""
        assert self.generation is not None  # noqa: S101 it has begun
        now, end = datetime.now(UTC), self._position()
        if end == self.at:
            return 0
        count, digest, number = 0, hashlib.sha256(), self.number + 1
        target = self.generation / f"{number:08d}.gz"
        partial = target.with_suffix(".partial")
        with gzip.open(partial, "wb", compresslevel=1) as sink:
            for frame in wal.frames(self.files[1], self.at, end):
                digest.update(frame)
                sink.write(frame)
                count += 1
        self.at = end
        if not count:
            partial.unlink()
            return 0
        _flush(partial)
        partial.rename(target)
        _written(target.with_suffix(".json"), {"at": now.isoformat(), "sha256": digest.hexdigest(), "frames": count})
        _flush(self.generation)
        self.number = number
        return count

    def _copy_files(self) -> None:
        """Settings, keys and message files: they are written once, so that a name that is there is whole."""
        for path in [self.node.home / config.FILE, *self.node.keys.rglob("*"), *self.node.files.rglob("*")]:
            if not path.is_file() or path.is_symlink() or path.name.endswith(".partial"):
                continue
            copy = self.folder / BESIDE / path.relative_to(self.node.home)
            there = copy.stat() if copy.exists() else None
            found = path.stat()
            if there is None or (there.st_size, there.st_mtime_ns) != (found.st_size, found.st_mtime_ns):
                copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.copy2(path, copy.with_name(copy.name + ".partial"))
                copy.with_name(copy.name + ".partial").rename(copy)


def run(node: NodeConfig, folder: Path, *, every: float, keep: timedelta, stopped: Callable[[float], bool]) -> None:
    """Archive until ``stopped`` (which waits so many seconds) says so."""
    archive = Archive(node, folder, keep=keep)
    try:
        while True:
            archive.step()
            if stopped(every):
                archive.step()
                return
    finally:
        archive.close()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _written(path: Path, document: dict[str, Any]) -> None:
    with path.open("x", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())


def generations(folder: Path) -> list[tuple[datetime, Path]]:
    """The complete generations of an archive with their beginnings, oldest first."""
    found = [path.parent for path in folder.glob(f"*/{GENERATION}") if path.parent.suffix != ".partial"]
    return sorted((datetime.fromisoformat(_read(path / GENERATION)["began"]), path) for path in found)


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, OSError) as problem:
        raise Refused(N_("%(path)s cannot be read: %(problem)s"), path=path, problem=problem) from problem


def unpack(folder: Path, home: Path, *, at: datetime) -> dict[str, Any]:
    """Make database, settings, keys and files in ``home`` from the archive: the database as it was at ``at``, the rest
    as it was last. ``country`` and ``made_at``, the moment up to which all transactions are in it (those of the seconds
    between it and ``at``, the archive's interval, are not).

    Raises:
        NotFound: when the archive begins later.
        Refused: when a part is missing or is not what its digest says.
    """
    fitting = [(began, path) for began, path in generations(folder) if began <= at]
    if not fitting:
        raise NotFound(N_("The archive %(path)s does not reach back to %(at)s"), path=folder, at=at.isoformat())
    reached, generation = fitting[-1]
    settings = _read(generation / GENERATION)
    if settings.get("format") != FORMAT:
        raise Refused(N_("%(path)s is not an archive of a node"), path=folder)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = home / "db.sqlite3"
    _inflate(generation / BASE, database, settings["sha256"])
    for number, path in enumerate(sorted(generation.glob("*[0-9].json")), start=1):
        part = _read(path)
        moment = datetime.fromisoformat(part["at"])
        if moment > at:
            break
        if int(path.stem) != number:
            raise Refused(N_("%(path)s is missing from the archive"), path=path.with_name(f"{number:08d}.json"))
        _apply(path.with_suffix(".gz"), database, part["sha256"], settings["page_size"])
        reached = moment
    shutil.copytree(folder / BESIDE, home, dirs_exist_ok=True)
    config.set_database(home, None)
    return {"country": settings["country"], "made_at": reached.isoformat()}


def _inflate(source: Path, target: Path, sha256: str) -> None:
    digest = hashlib.sha256()
    try:
        with gzip.open(source, "rb") as packed, target.open("xb") as sink:
            while chunk := packed.read(1 << 20):
                digest.update(chunk)
                sink.write(chunk)
    except (OSError, EOFError) as problem:
        raise Refused(N_("%(path)s cannot be read: %(problem)s"), path=source, problem=problem) from problem
    if digest.hexdigest() != sha256:
        raise Refused(N_("%(path)s is not what its digest says"), path=source)


def _apply(source: Path, database: Path, sha256: str, page_size: int) -> None:
    plain = database.with_suffix(".part")
    _inflate(source, plain, sha256)
    with plain.open("rb") as log, database.open("r+b") as sink:
        wal.apply(sink, log, page_size)
    plain.unlink()
