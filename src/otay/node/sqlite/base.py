"""SQLite lets one connection write at a time; who finds it busy sleeps, longer each time up to 100 ms, and tries again.
Several threads of one process then sleep while nobody writes, and one may be overtaken for seconds. Here they wait for
one another on a lock of the process, first; other processes are still met by SQLite's own way.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any

from django.db.backends.sqlite3 import base

_turns: dict[str, threading.Lock] = defaultdict(threading.Lock)
LONGEST_WAIT = 30.0
"""As long as SQLite itself is told to wait; after that it decides."""


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that holds the turn of its database from the beginning of a transaction to its end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turn: threading.Lock | None = None

    def _start_transaction_under_autocommit(self) -> None:
        turn = _turns[str(self.settings_dict["NAME"])]
        self._turn = turn if turn.acquire(timeout=LONGEST_WAIT) else None
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._pass_on()
            raise

    def _pass_on(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.release()

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        finally:
            if self.connection is None or not self.connection.in_transaction:
                self._pass_on()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._pass_on()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._pass_on()
