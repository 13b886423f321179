"""Long jobs: started by a person, run in the background, with progress, cancel and resume.

A room registers what it can do and starts it from a service::

    jobs.register(Job("planning.sweep", _("Sweep of lane plans"), run=sweep, permission="planning.sweep"))

    def sweep(run: JobRun, actor: Actor) -> dict:
        for index in range(run.resume_state.get("index", 0), total):
            ...
            progress(run, index + 1, total, state={"index": index + 1})
        return {"plans": total}

``progress`` is where a job is cancelled, and where it stops when the node stops; it goes on from ``resume_state``.
Call it outside a transaction, often: it writes at most twice a second.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django_tasks import task

from otay.core.errors import Conflict, NotFound, OtayError
from otay.core.i18n import N_
from otay.node import audit
from otay.node.accounts import actor_by_key
from otay.node.actors import Actor
from otay.node.clock import real_now
from otay.node.models import JobRun
from otay.node.registry import Registry, Text

logger = logging.getLogger(__name__)

MANAGE_JOBS = "node.manage_jobs"
WRITE_EVERY_SECONDS = 0.5
SILENT_AFTER = timedelta(seconds=60)
State = JobRun.State

stopping = threading.Event()
_running_here: dict[int, float] = {}  # run id -> when its progress was last written


class Cancelled(Exception):
    """Raised inside a job by :func:`progress` when a person cancelled it."""


class NodeStops(Exception):
    """Raised inside a job by :func:`progress` when the node stops; the job is queued again."""


@dataclass(frozen=True, slots=True)
class Job:
    """What can run: ``run`` gets its :class:`JobRun` and the actor who started it; what it returns is kept.

    ``retakes`` is how often a run whose process died is taken again by itself. Give it to jobs that a second run cannot
    harm; it is bounded, because what killed one process may kill the next.
    """

    key: str
    title: Text
    run: Callable[[JobRun, Actor], dict[str, Any] | None]
    permission: str
    retakes: int = 0


jobs: Registry[Job] = Registry("jobs")
register = jobs.register


def start(*, actor: Actor, job: str, arguments: dict[str, Any] | None = None) -> JobRun:
    """Queue a run of ``job``.

    Raises:
        Forbidden: unless ``actor`` holds the job's permission.
    """
    if job not in jobs:
        raise NotFound(N_("There is no job %(job)s"), job=job)
    actor.require(jobs[job].permission)
    with transaction.atomic():
        run = JobRun.objects.create(job=job, arguments=arguments or {}, started_by=actor.key, created_at=real_now())
        audit.record(actor=actor, action="node.job_started", subject=f"job:{run.pk}", job=job)
        _enqueue(run)
    return run


def cancel(*, actor: Actor, run_id: int) -> None:
    """Ask a run to stop; one that has not begun never does."""
    run = _own_run(actor, run_id)
    with transaction.atomic():
        asked = JobRun.objects.filter(pk=run.pk, state__in=[State.QUEUED, State.RUNNING]).update(cancel_asked=True)
        if not asked:
            raise Conflict(N_("The job has ended already"))
        JobRun.objects.filter(pk=run.pk, state=State.QUEUED).update(state=State.CANCELLED, finished_at=real_now())
        audit.record(actor=actor, action="node.job_cancelled", subject=f"job:{run.pk}", job=run.job)


def resume(*, actor: Actor, run_id: int) -> None:
    """Go on with a run that was cancelled, failed or lost its process, from where it was."""
    run = _own_run(actor, run_id)
    with transaction.atomic():
        again = JobRun.objects.filter(pk=run.pk, state__in=[State.CANCELLED, State.FAILED, State.INTERRUPTED])
        if not again.update(state=State.QUEUED, cancel_asked=False, error="", finished_at=None):
            raise Conflict(N_("The job is not one that stopped half-way"))
        audit.record(actor=actor, action="node.job_resumed", subject=f"job:{run.pk}", job=run.job)
        _enqueue(run)


def progress(run: JobRun, done: int, total: int, state: dict[str, Any] | None = None) -> None:
    """Say how far ``run`` is, and from where it could go on.

    Raises:
        Cancelled, NodeStops: when the job is to end here. Let them pass.
    """
    run.done, run.total = done, total
    if state is not None:
        run.resume_state = state
    if stopping.is_set():
        raise NodeStops
    now = time.monotonic()
    if done < total and now - _running_here.get(run.pk, 0.0) < WRITE_EVERY_SECONDS:
        return
    _running_here[run.pk] = now
    _keep(run)
    if JobRun.objects.filter(pk=run.pk, cancel_asked=True).exists():
        raise Cancelled


def execute(run_id: int) -> None:
    """Run a queued run to its end; called by the task. A run that is not queued any more is left alone."""
    now = real_now()
    if not JobRun.objects.filter(pk=run_id, state=State.QUEUED).update(
        state=State.RUNNING, started_at=now, heartbeat_at=now
    ):
        return
    run = JobRun.objects.get(pk=run_id)
    _running_here[run_id] = 0.0
    try:
        result = jobs[run.job].run(run, _starter(run)) or {}
    except Cancelled:
        _end(run, State.CANCELLED)
    except NodeStops:
        _keep(run)
        JobRun.objects.filter(pk=run.pk).update(state=State.QUEUED)
        _enqueue(run)
    except Exception as problem:
        logger.exception("job %s (run %s) failed", run.job, run_id)
        _end(run, State.FAILED, error=f"{type(problem).__name__}: {problem}"[:2000])
    else:
        _end(run, State.DONE, result=result)
    finally:
        _running_here.pop(run_id, None)


def beat() -> None:
    """Say that the runs of this process are alive; those of dead processes are taken again or are interrupted."""
    now = real_now()
    if _running_here:
        JobRun.objects.filter(pk__in=list(_running_here), state=State.RUNNING).update(heartbeat_at=now)
    silent = JobRun.objects.filter(state=State.RUNNING, heartbeat_at__lt=now - SILENT_AFTER)
    for run in silent.only("pk", "job", "lost"):
        again = run.job in jobs and run.lost < jobs[run.job].retakes
        changed = {"state": State.QUEUED} if again else {"state": State.INTERRUPTED, "finished_at": now}
        with transaction.atomic():
            if silent.filter(pk=run.pk).update(lost=F("lost") + 1, **changed) and again:
                _enqueue(run)


def runs(actor: Actor) -> QuerySet[JobRun]:
    """The runs that ``actor`` may see, newest first: their own, or all for who manages jobs."""
    found = JobRun.objects.order_by("-pk")
    return found if actor.may(MANAGE_JOBS) else found.filter(started_by=actor.key)


def _own_run(actor: Actor, run_id: int) -> JobRun:
    run = runs(actor).filter(pk=run_id).first()
    if run is None:
        raise NotFound(N_("There is no job run %(run)s"), run=run_id)
    return run


def _starter(run: JobRun) -> Actor:
    actor = actor_by_key(run.started_by)
    if actor is None:
        raise OtayError(N_("%(actor)s, who started the job, may not work here any more"), actor=run.started_by)
    actor.require(jobs[run.job].permission)
    return actor


@task()
def run_job(run_id: int) -> None:
    """The task by which the queue knows a run."""
    execute(run_id)


def _enqueue(run: JobRun) -> None:
    run_job.enqueue(run.pk)


def _keep(run: JobRun) -> None:
    JobRun.objects.filter(pk=run.pk).update(
        done=run.done, total=run.total, resume_state=run.resume_state, heartbeat_at=real_now()
    )


def _end(run: JobRun, state: State, *, error: str = "", result: dict[str, Any] | None = None) -> None:
    _keep(run)
    JobRun.objects.filter(pk=run.pk).update(state=state, error=error, result=result or {}, finished_at=real_now())
