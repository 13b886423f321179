"""Between the doors and the tables: messages wait for one another for a moment and go in together.

A door hands over a message and a function; that function is called once the bytes are on the disk. Until then the
sender is not answered, so whatever happens to this process, the sender still has the message.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, close_old_connections, connections

from otay.goods.transit.reports import storing
from otay.goods.transit.reports.incoming import BATCH_BYTES, BATCH_MESSAGES, Message
from otay.goods.transit.reports.models import Door

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.02
LEFT_BEHIND_SECONDS = 5.0
LONGEST_BACK_OFF_SECONDS = 5.0
Handed = tuple[Message, Callable[[], None]]


class Collector:
    """One thread that stores what the doors of a process hand over. ``submit`` waits while it is full."""

    def __init__(self, door: Door, *, most: int = 4 * BATCH_MESSAGES) -> None:
        self.door = door
        self.stored = 0
        self._queue: queue.Queue[Handed] = queue.Queue(most)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"collector {door}", daemon=True)
        self._looked = time.monotonic()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def submit(self, message: Message, on_disk: Callable[[], None]) -> None:
        """Hand over one message; ``on_disk`` is called from the collector's thread."""
        self._queue.put((message, on_disk))

    def offer(self, message: Message, on_disk: Callable[[], None]) -> bool:
        """Like :meth:`submit`, for who must not wait: False when full."""
        try:
            self._queue.put_nowait((message, on_disk))
        except queue.Full:
            return False
        return True

    def stop(self, *, seconds: float = 10.0) -> None:
        """Store what was handed over and end. What cannot be stored in time stays with its senders."""
        self._stop.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not (self._stop.is_set() and self._queue.empty()):
            batch = self._gather()
            if batch:
                self._store(batch)
            if time.monotonic() - self._looked > LEFT_BEHIND_SECONDS:
                self._look_behind()
        connections.close_all()

    def _gather(self) -> list[Handed]:
        try:
            batch = [self._queue.get(timeout=0.2)]
        except queue.Empty:
            return []
        size = len(batch[0][0].data)
        end = time.monotonic() + GATHER_SECONDS
        while len(batch) < BATCH_MESSAGES and size < BATCH_BYTES:
            try:
                item = self._queue.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                break
            batch.append(item)
            size += len(item[0].data)
        return batch

    def _store(self, batch: list[Handed]) -> None:
        messages = [message for message, _ in batch]
        wait = 0.05
        while True:
            try:
                journal = storing.take(self.door, messages)
                break
            except (DatabaseError, InterfaceError):
                logger.exception("the database does not take reports; again in %.1f s", wait)
                close_old_connections()
                if self._stop.wait(wait):
                    return
                wait = min(LONGEST_BACK_OFF_SECONDS, wait * 2)
        for _, on_disk in batch:
            on_disk()
        self.stored += len(batch)
        try:
            storing.settle(journal)
        except Exception:
            logger.exception("batch %s waits in the journal", journal.pk)
            close_old_connections()

    def _look_behind(self) -> None:
        self._looked = time.monotonic()
        try:
            storing.settle_left_behind()
        except Exception:
            logger.exception("what was left behind could not be settled")
        close_old_connections()
