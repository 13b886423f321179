"""The secret behind the lot: made on first use, readable by the node's owner alone, never in the database."""

from __future__ import annotations

import contextlib
import os
import secrets
from functools import cache
from pathlib import Path

from django.conf import settings

FILE = "selection.key"


def selection_secret() -> bytes:
    """The node's secret for drawing lots (32 bytes)."""
    return _read_or_make(settings.OTAY.keys / FILE)


@cache
def _read_or_make(path: Path) -> bytes:
    if not path.exists():
        partial = path.with_name(f"{FILE}.{os.getpid()}.partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        # Several processes may start at once: the first link wins, and all read what it holds.
        with contextlib.suppress(FileExistsError):
            os.link(partial, path)
        partial.unlink()
    return bytes.fromhex(path.read_text().strip())
