"""SQLite lets one connection write at a time; who finds it busy sleeps, longer each time up to 100 ms, and tries again.
Several writers then sleep while nobody writes, and one may be overtaken for seconds. Here they take turns, first
(:mod:`otay.node.sqlite.turns`), threads of one process and processes of one machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.sqlite3 import base

from otay.node.sqlite.turns import Turn, turns

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that holds the turn of its database from the beginning of a transaction to its end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turn: Turn | None = None

    def create_cursor(self, name: str | None = None) -> Any:
        """A cursor whose writes outside of a transaction take their turn as well."""
        return self.connection.cursor(factory=lambda connection: _Cursor(connection, self))

    @contextmanager
    def one_statement(self) -> Iterator[None]:
        """The turn, for a statement that is a transaction by itself."""
        turn = turns[str(self.settings_dict["NAME"])]
        held = turn.acquire()
        try:
            yield
        finally:
            if held:
                turn.release()

    def _start_transaction_under_autocommit(self) -> None:
        turn = turns[str(self.settings_dict["NAME"])]
        self._turn = turn if turn.acquire() else None
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


class _Cursor(base.SQLiteCursorWrapper):
    def __init__(self, connection: Any, wrapper: DatabaseWrapper) -> None:
        super().__init__(connection)
        self._wrapper = wrapper

    def execute(self, query: str, params: Any = None) -> Any:
        if self.connection.in_transaction or not query.lstrip()[:7].upper().startswith(_WRITES):
            return super().execute(query, params)
        with self._wrapper.one_statement():
            return super().execute(query, params)
