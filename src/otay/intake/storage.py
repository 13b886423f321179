"""The bytes of large messages: files below ``HOME/files/intake``, on the disk before the row that names them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import uuid4

from django.conf import settings

ORPHAN_AGE = 3600.0
"""Seconds after which a file that no row names is left over from a crash, not about to be named."""


def folder() -> Path:
    """Where the files are."""
    return Path(settings.OTAY.files) / "intake"


def keep(raw: bytes) -> str:
    """Write ``raw`` to a file of its own, flushed to the disk with its folder; returns the name to read it back by."""
    name = uuid4().hex
    name = f"{name[:2]}/{name}"
    path = folder() / name
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _flush_folder(path.parent.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    _flush_folder(path.parent)
    return name


def read(name: str) -> bytes:
    """The bytes kept under ``name``."""
    return (folder() / name).read_bytes()


def drop(names: Iterable[str]) -> None:
    """Remove files that no row names."""
    for name in names:
        (folder() / name).unlink(missing_ok=True)


def old_files(age: float = ORPHAN_AGE) -> Iterator[str]:
    """Names of the files older than ``age`` seconds."""
    before = time.time() - age
    root = folder()
    for path in root.glob("*/*"):
        if path.stat().st_mtime < before:
            yield str(path.relative_to(root))


def _flush_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
