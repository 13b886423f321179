"""Periodic jobs: what rooms registered in ``registry.schedules``, run one after another, on real time."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from decimal import Decimal

from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django_tasks_db.models import DBTaskResult

from otay.node import registry
from otay.node.clock import real_now
from otay.node.models import ScheduledJob

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 5.0
KEEP_TASKS = timedelta(days=14)


def step() -> float:
    """Run the job that is due first; returns the seconds to wait before the next call.

    A job is noted as run before it starts: one that kills the process does not do so again at once.
    """
    _add_new()
    due = ScheduledJob.objects.filter(key__in=[item.key for item in registry.schedules]).order_by("next_run").first()
    if due is None:
        return LONGEST_WAIT_SECONDS
    wait = (due.next_run - real_now()).total_seconds()
    if wait > 0:
        return min(wait, LONGEST_WAIT_SECONDS)
    run_now(due)
    return 0.0


def run_now(job: ScheduledJob) -> None:
    """Run ``job`` and note how it went; an exception is noted and logged, never raised."""
    schedule = registry.schedules[job.key]
    started = real_now()
    ScheduledJob.objects.filter(pk=job.pk).update(next_run=started + schedule.every, last_run=started)
    begin = time.perf_counter()
    problem = ""
    try:
        schedule.run()
    except Exception as exc:
        logger.exception("scheduled job %s failed", job.key)
        problem = f"{type(exc).__name__}: {exc}"[:2000]
    seconds = Decimal(f"{time.perf_counter() - begin:.3f}")
    ScheduledJob.objects.filter(pk=job.pk).update(last_error=problem, last_seconds=seconds)


def _add_new() -> None:
    known = set(ScheduledJob.objects.values_list("key", flat=True))
    new = [ScheduledJob(key=item.key, next_run=real_now()) for item in registry.schedules if item.key not in known]
    if new:
        ScheduledJob.objects.bulk_create(new, ignore_conflicts=True)


def tidy() -> None:
    """Drop expired sessions, and results of tasks that ended a while ago."""
    SessionStore.clear_expired()
    with transaction.atomic():
        DBTaskResult.objects.finished().filter(finished_at__lt=real_now() - KEEP_TASKS).delete()
