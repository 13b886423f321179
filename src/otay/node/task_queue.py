"""One step of working off the django-tasks queue."""

from __future__ import annotations

import threading
from functools import cache

from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import exclusive_transaction

IDLE_SECONDS = 0.5


@cache
def _worker(name: str) -> Worker:
    return Worker(
        queue_names=["*"],
        interval=IDLE_SECONDS,
        batch=False,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=name,
        excluded_queue_names=[],
    )


def step(worker_id: str = "") -> float:
    """Run one waiting task; returns the seconds to wait before the next call.

    The queue is looked at without a lock first: on SQLite a lock stops every other writer. Several processes never
    take the same task (a locked row is skipped).
    """
    ready = DBTaskResult.objects.ready().filter(backend_name="default")
    if not ready.exists():
        return IDLE_SECONDS
    worker = _worker(worker_id or threading.current_thread().name)
    with exclusive_transaction(ready.db):
        found = ready.get_locked()
        if found is not None:
            found.claim(worker.worker_id)
    if found is not None:
        worker.run_task(found)
    return 0.0
