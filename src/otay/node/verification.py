"""The check of the whole audit log as a long job, for the auditor's page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from otay.node import audit, jobs
from otay.node.actors import Actor
from otay.node.models import ChainHead, JobRun

JOB = "node.verify_audit"


def verify_log(run: JobRun, actor: Actor) -> dict[str, Any]:
    """Check every event; the result names the first bad one."""
    total = ChainHead.objects.filter(name=audit.CHAIN).values_list("sequence", flat=True).first() or 0
    verdict = audit.verify(on_progress=lambda done: jobs.progress(run, min(done, total), total))
    return {
        "whole": verdict.whole,
        "checked": verdict.checked,
        "problem": verdict.problem,
        "sequence": verdict.sequence,
    }


def register() -> None:
    """Make the job known."""
    jobs.register(jobs.Job(JOB, _("Check of the audit log"), verify_log, "node.read_audit"))
