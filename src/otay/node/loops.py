"""The background of a node: the loops that rooms registered, the task queue and the schedule, each in its thread.

Runs inside the web process (the default, one process a node) or in processes of its own (``otay node work``). Of
several processes only the one that holds a loop's lease steps it; the task queue is worked off by all.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterable

from django.db import close_old_connections, connections

from otay.node import jobs, registry, schedule, task_queue
from otay.node.leases import RENEW_EVERY_SECONDS, Holder
from otay.node.registry import Loop

logger = logging.getLogger(__name__)

SCHEDULE = Loop("node.schedule", schedule.step)
TASKS = Loop("node.tasks", task_queue.step)
FIRST_BACK_OFF_SECONDS, LONGEST_BACK_OFF_SECONDS = 0.25, 30.0
WAIT_FOR_LEASE_SECONDS = 1.0
STOP_SECONDS = 1.8


def all_loops() -> list[Loop]:
    """What runs in the background of this node."""
    return [*registry.loops, SCHEDULE, TASKS]


def back_off(failures: int) -> float:
    """Seconds to wait after so many failures in a row: twice as long each time, spread by up to a quarter."""
    longest: float = min(LONGEST_BACK_OFF_SECONDS, FIRST_BACK_OFF_SECONDS * 2 ** min(failures - 1, 10))
    return longest * random.uniform(0.75, 1.0)  # noqa: S311 - no secret


class Runner:
    """The threads. ``start``, then ``stop`` (within two seconds, whatever a loop is doing)."""

    def __init__(self, loops: Iterable[Loop] | None = None, *, shared: frozenset[str] = frozenset({TASKS.key})) -> None:
        self.loops = list(all_loops() if loops is None else loops)
        self.shared = shared
        self.holder = Holder()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin."""
        jobs.stopping.clear()
        targets = [(f"loop {loop.key}", self._run, (loop,)) for loop in self.loops]
        for name, target, arguments in [*targets, ("loop heartbeat", self._beat, ())]:
            thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)  # type: ignore[arg-type]
            self._threads.append(thread)
            thread.start()

    def stop(self, *, seconds: float = STOP_SECONDS) -> bool:
        """End every loop after the step it is in; True if all ended in time. Leases are let go."""
        self._stop.set()
        jobs.stopping.set()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        late = [thread.name for thread in self._threads if thread.is_alive()]
        if late:
            logger.warning("still busy at the stop: %s", ", ".join(late))
        try:
            self.holder.release()
        except Exception:
            logger.exception("leases were not let go: they end by themselves in seconds")
        return not late

    def ask_to_stop(self) -> None:
        """From a signal handler: begin to end; :meth:`stop` then waits for it."""
        self._stop.set()

    def wait(self) -> None:
        """Until somebody asks to stop."""
        while not self._stop.wait(0.5):
            pass

    def _run(self, loop: Loop) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                if loop.key in self.shared or self.holder.hold(loop.key):
                    wait, failures = loop.step(), 0
                else:
                    wait = WAIT_FOR_LEASE_SECONDS
            except Exception:
                failures += 1
                wait = back_off(failures)
                logger.exception("loop %s failed %d times in a row; again in %.1f s", loop.key, failures, wait)
            if wait > 0:
                close_old_connections()
                self._stop.wait(wait)
        connections.close_all()

    def _beat(self) -> None:
        while not self._stop.wait(RENEW_EVERY_SECONDS):
            try:
                self.holder.hold(TASKS.key)
                self.holder.renew()
                jobs.beat()
            except Exception:
                logger.exception("the heartbeat failed")
            close_old_connections()
        connections.close_all()
