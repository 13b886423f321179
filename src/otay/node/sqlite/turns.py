"""Whose turn it is to write to a SQLite file, among the threads of this process and among processes of this machine.

SQLite itself gives no turns: a writer that finds the file busy sleeps, up to 100 ms, and looks again, so one that comes
back at once overtakes it every time. Here whoever waits stands at a gate that the one who writes must pass again too.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time

LONGEST_WAIT = 30.0
"""As long as SQLite itself is told to wait; after that it decides."""
_FIRST_LOOK, _LONGEST_LOOK = 0.0005, 0.004


class Turn:
    """The turn of one database. ``path`` empty: of this process alone, as for a database in memory."""

    def __init__(self, path: str = "") -> None:
        self._path = path
        self._lock = threading.Lock()
        self._files: tuple[int, int] | None = None
        self._across = False

    def locked(self) -> bool:
        """True while a thread of this process has it."""
        return self._lock.locked()

    def acquire(self) -> bool:
        """Wait for the turn; False when another thread of this process did not pass it on in time."""
        ends = time.monotonic() + LONGEST_WAIT
        if not self._lock.acquire(timeout=LONGEST_WAIT):
            return False
        self._across = bool(self._path) and self._among_processes(ends)
        return True

    def release(self) -> None:
        """Pass it on."""
        if self._across and self._files is not None:
            self._across = False
            fcntl.flock(self._files[1], fcntl.LOCK_UN)
        self._lock.release()

    def _among_processes(self, ends: float) -> bool:
        """False where it took too long, or the folder takes no such files: SQLite decides then."""
        try:
            gate, turn = self._files = self._files or (_opened(f"{self._path}.gate"), _opened(f"{self._path}.turn"))
            if not _locked(gate, ends):
                return False
            try:
                return _locked(turn, ends)
            finally:
                fcntl.flock(gate, fcntl.LOCK_UN)
        except OSError:
            return False


def _opened(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locked(file: int, ends: float) -> bool:
    pause = _FIRST_LOOK
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= ends:
                return False
            time.sleep(pause)
            pause = min(_LONGEST_LOOK, pause * 2)
        else:
            return True


class _Turns(dict[str, Turn]):
    def __missing__(self, name: str) -> Turn:
        return self.setdefault(name, Turn("" if ":memory:" in name or "mode=memory" in name else name))


turns = _Turns()
"""The turn of each database, by its name in the settings."""
