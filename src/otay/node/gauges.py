"""What the node itself tells Prometheus: its loops, its periodic jobs and its long jobs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Count

from otay.node import leases, loops
from otay.node.clock import real_now
from otay.node.models import JobRun, ScheduledJob
from otay.node.registry import Gauge

Row = tuple[Sequence[str], float]


def _loops() -> Iterable[Row]:
    alive = leases.alive([loop.key for loop in loops.all_loops()])
    return [((key,), float(up)) for key, up in alive.items()]


def _late() -> Iterable[Row]:
    now = real_now()
    due = ScheduledJob.objects.values_list("key", "next_run")
    return [((key,), max(0.0, (now - at).total_seconds())) for key, at in due]


def _failing() -> Iterable[Row]:
    return [((key,), float(bool(error))) for key, error in ScheduledJob.objects.values_list("key", "last_error")]


def _jobs() -> Iterable[Row]:
    found = dict(JobRun.objects.values_list("state").annotate(Count("pk")))
    return [((state,), float(found.get(state, 0))) for state in JobRun.State.values]


GAUGES = (
    Gauge("otay_loop_up", "1 while a background loop runs in some process", _loops, ("loop",)),
    Gauge("otay_schedule_late_seconds", "How long a periodic job is overdue", _late, ("job",)),
    Gauge("otay_schedule_failed", "1 if the last run of a periodic job failed", _failing, ("job",)),
    Gauge("otay_jobs", "Runs of long jobs by state", _jobs, ("state",)),
)
