"""Starting jobs at once: what a person waits for does not wait for the task queue."""

from __future__ import annotations

import threading
import time

from django.db import close_old_connections, connections, transaction

from otay.infrastructure.planning.models import SimulationRun
from otay.node import jobs
from otay.node.models import JobRun

RUN, SEARCH = "planning.run", "planning.search"
_here: dict[int, threading.Event] = {}


def begin(job: JobRun) -> None:
    """Once the transaction holds, start ``job`` in this process, not waiting for the task queue, which finds it taken
    (and takes it where this process dies first)."""
    transaction.on_commit(lambda: _start(job.pk))


def _start(job_id: int) -> None:
    ended = threading.Event()
    _here[job_id] = ended

    def run() -> None:
        close_old_connections()
        try:
            jobs.execute(job_id)
        finally:
            connections.close_all()
            ended.set()
            _here.pop(job_id, None)

    threading.Thread(target=run, daemon=True, name=f"planning job {job_id}").start()


def wait_for_result(row: SimulationRun, seconds: float) -> None:
    """Wait until a run that this process plays has figures to show, or ``seconds`` have passed."""
    ended = _here.get(row.job_id or 0)
    until = time.monotonic() + seconds
    while ended is not None and time.monotonic() < until and not ended.wait(0.04):
        if SimulationRun.objects.filter(pk=row.pk, result__isnull=False).exists():
            return
