"""Crash points: a process that dies, as by ``kill -9``, at the n-th point that matters for what is on disk.

A point is just before or just after a statement, a commit, a roll-back, a signature, a batch that goes out or an answer
that comes in, on whatever thread. :func:`arm` counts them down; at the last one the process kills itself, after it has
written the point's name to a file.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any


def arm(at: int, told: Path) -> None:
    """Die at the ``at``-th crash point from now on, and name it in the file ``told``."""
    passed = itertools.count(1)  # one step of it cannot be split between threads
    log = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def point(name: str) -> None:
        if next(passed) == at:
            os.write(log, f"{name}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    _around_statements(point)
    _around_calls(point)


def _around_statements(point: Callable[[str], None]) -> None:
    from django.db import connections
    from django.db.backends.signals import connection_created

    def statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        words = sql.split()
        table = next((word.strip('"') for word in words if word.startswith(('"exchange_', '"node_'))), "")
        name = f"{words[0]} {table}".strip()
        point(f"before {name}")
        try:
            return execute(sql, params, many, context)
        finally:
            point(f"after {name}")

    def fit(*, connection: Any, **_more: Any) -> None:
        if statement not in connection.execute_wrappers:
            connection.execute_wrappers.append(statement)

    connection_created.connect(fit, weak=False)
    for connection in connections.all(initialized_only=True):
        fit(connection=connection)


def _around_calls(point: Callable[[str], None]) -> None:
    from django.db import connection

    from otay.exchange.domain.keys import SigningKey
    from otay.exchange.services import transport

    wrapper = type(connection._connections[connection._alias])  # type: ignore[attr-defined]
    for owner, name, title in (
        (wrapper, "_commit", "commit"), (wrapper, "_rollback", "rollback"), (SigningKey, "sign", "signature"),
        (transport, "deliver", "delivery"), (transport, "ask", "question"),
    ):  # fmt: skip
        setattr(owner, name, _pointed(getattr(owner, name), title, point))


def _pointed(call: Callable[..., Any], title: str, point: Callable[[str], None]) -> Callable[..., Any]:
    def pointed(*arguments: Any, **named: Any) -> Any:
        point(f"before {title}")
        try:
            return call(*arguments, **named)
        finally:
            point(f"after {title}")

    return pointed
