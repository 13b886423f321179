"""The node's own key, in ``keys/signing.pem``, readable by its owner alone; and real time."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from otay.core.errors import Conflict
from otay.core.i18n import N_
from otay.exchange.domain.keys import SigningKey

FILE = "signing.pem"


def real_now() -> datetime:
    """The time of the machine, for back-off, freshness and waiting times: a demo may play the node's clock faster."""
    return datetime.now(UTC)


def path() -> Path:
    """Where the key lies."""
    return Path(settings.OTAY.keys) / FILE


@lru_cache(maxsize=4)
def _read(file: Path, changed: int) -> SigningKey:
    return SigningKey.from_pem(file.read_bytes())


def own_key() -> SigningKey:
    """The node's key.

    Raises:
        Conflict: when the node has none yet.
    """
    try:
        return _read(path(), path().stat().st_mtime_ns)
    except FileNotFoundError:
        raise Conflict(N_("This node has no signing key yet. Make one with: otay exchange identity")) from None


def make_key() -> SigningKey:
    """The node's key, made now if there is none. Two processes that try at once end with the same key."""
    _make(path())
    return own_key()


def _make(file: Path) -> None:
    write_once(file, SigningKey.generate().pem())


def _partial(file: Path, content: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}.partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return partial


def write_over(file: Path, content: bytes) -> None:
    """Write ``file`` whole or not at all, readable by its owner alone."""
    os.replace(_partial(file, content), file)


def write_once(file: Path, content: bytes) -> None:
    """As :func:`write_over`, but what is there already stays: two processes that try at once end with the same."""
    partial = _partial(file, content)
    try:
        os.link(partial, file)  # fails where the file exists: an existing key is never replaced
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def next_path() -> Path:
    """Where the next key lies while neighbours are told of it."""
    return path().with_name("next.pem")


def next_key() -> SigningKey | None:
    """The key that will take the place of the present one; None when no change is under way."""
    try:
        return _read(next_path(), next_path().stat().st_mtime_ns)
    except FileNotFoundError:
        return None


def make_next_key() -> SigningKey:
    """The next key, made now if there is none."""
    _make(next_path())
    return _read(next_path(), next_path().stat().st_mtime_ns)


def switch_key() -> None:
    """Put the next key in the place of the present one. Only the public half of the old is kept, to verify with; a
    crash between the two steps leaves the old key in use, and the change is made at the next try."""
    old = own_key()
    folder = path().with_name("retired")
    folder.mkdir(exist_ok=True, mode=0o700)
    (folder / f"{old.id}.pub").write_bytes(old.public)
    os.replace(next_path(), path())


@lru_cache(maxsize=4)
def _retired(folder: Path, changed: int) -> dict[str, bytes]:
    return {file.stem: file.read_bytes() for file in folder.glob("*.pub")}


def own_public_keys() -> dict[str, bytes]:
    """Key name -> raw key of every key that this node has or had: what it signed goes on verifying."""
    folder, key = path().with_name("retired"), own_key()
    try:
        before = _retired(folder, folder.stat().st_mtime_ns)
    except FileNotFoundError:
        before = {}
    return {**before, key.id: key.public}


def own_country() -> str:
    """The country code of this node."""
    return str(settings.OTAY.country)
