"""What several threads have to write at the same time, written by one of them in one transaction.

SQLite lets one transaction write at a time, and each waits for the disk. Threads that come while another one writes
are therefore taken together, by the first of them, as soon as it has ended: under load a flush of the disk serves them
all, and nobody waits for company that has not come. If a common try fails, each is tried by itself, so that what fails
on one of them costs no other. PostgreSQL writes for many at once, and flushes for many at once, by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection

Work = TypeVar("Work")
Result = TypeVar("Result")


@dataclass(slots=True)
class _Ticket(Generic[Work]):
    work: Work
    done: bool = False
    result: Any = None
    problem: BaseException | None = None


class Together(Generic[Work, Result]):
    """Calls ``write`` with the work of all threads that wait; it answers one result for each, in order."""

    def __init__(self, write: Callable[[Sequence[Work]], Sequence[Result]]) -> None:
        self._write = write
        self._waiting: list[_Ticket[Work]] = []
        self._list = threading.Lock()
        self._turn = threading.Lock()

    def __call__(self, work: Work) -> Result:
        """The result of ``work``; raises what writing it raised."""
        if connection.vendor != "sqlite" or connection.in_atomic_block:
            return self._write([work])[0]
        ticket = _Ticket(work)
        with self._list:
            self._waiting.append(ticket)
        with self._turn:
            if not ticket.done:
                with self._list:
                    tickets, self._waiting = self._waiting, []
                self._serve(tickets)
        if ticket.problem is not None:
            raise ticket.problem
        result: Result = ticket.result
        return result

    def _serve(self, tickets: Sequence[_Ticket[Work]]) -> None:
        if len(tickets) == 1:
            self._alone(tickets[0])
            return
        try:
            results = self._write([ticket.work for ticket in tickets])
        except Exception:  # whose fault it was shows when each is tried by itself
            for ticket in tickets:
                self._alone(ticket)
            return
        except BaseException as problem:  # this thread is to end: the others must not wait for what it took
            for ticket in tickets:
                ticket.problem, ticket.done = problem, True
            raise
        for ticket, result in zip(tickets, results, strict=True):
            ticket.result, ticket.done = result, True

    def _alone(self, ticket: _Ticket[Work]) -> None:
        try:
            ticket.result = self._write([ticket.work])[0]
        except BaseException as problem:
            ticket.problem = problem
        ticket.done = True
