"""Files in the background: checked and stored at the door, read by a job, proposed whole or refused with every finding.

A file of 100,000 entries takes longer than a browser waits. The version and the end of the import are written in one
transaction: a job whose process died has written nothing, is taken again, and proposes one version, never two.
"""

from __future__ import annotations

import zlib
from typing import Any

from django.db import transaction

from otay.core.canonical import digest
from otay.core.errors import Conflict, NotFound, OtayError, Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.node import audit, clock, jobs
from otay.node.actors import Actor
from otay.node.models import JobRun
from otay.screening.watchlists.models import ListImport, ListVersion, Watchlist
from otay.screening.watchlists.services import PROPOSE, check_usable, propose_read, required, watchlist_of

JOB = "screening.import_list"
RETAKES = 3
MOST_WAITING = 4
"""Files that one person or program may have waiting."""
Outcome = ListImport.Outcome
_UNDER_WAY = (JobRun.State.QUEUED, JobRun.State.RUNNING)


def take_file(
    *, actor: Actor, watchlist: str, data: bytes, file_name: str, why: str, mode: str = ListVersion.Mode.REPLACE,
    format: str = "",
) -> ListImport:  # fmt: skip
    """Keep ``data`` and start the job that proposes the list as it would make it.

    Raises:
        Refused: when it cannot be a list, by its size and how it begins.
        Conflict: when the same file is being read for this list, or too many wait.
    """
    actor.require(PROPOSE)
    held = watchlist_of(watchlist)
    kept = required(why=(why, 300))
    if mode not in ListVersion.Mode.values:
        raise Refused(N_("The mode is replace or update"))
    from otay.screening.watchlists.reading import check_start  # with the code that compares names

    check_start(data, file_name, format=format)
    mark, packed = digest(data), zlib.compress(data, 6)
    with transaction.atomic():
        waiting = ListImport.objects.filter(outcome=Outcome.WAITING, job__state__in=_UNDER_WAY)
        if waiting.filter(watchlist=held, digest=mark, mode=mode).exists():
            raise Conflict(N_("This file is being read already"))
        if waiting.filter(asked_by=actor.key).count() >= MOST_WAITING:
            raise Conflict(N_("%(count)d of your files wait to be read: let one end first"), count=MOST_WAITING)
        row = ListImport.objects.create(
            watchlist=held, data=packed, size=len(data), digest=mark, file_name=file_name[:120], format=format,
            mode=mode, why=kept["why"], asked_by=actor.key, asked_by_name=actor.name, asked_at=clock.now(),
        )  # fmt: skip
        row.job = jobs.start(actor=actor, job=JOB, arguments={"import": row.pk})
        row.save(update_fields=["job"])
    return row


def run_job(run: JobRun, actor: Actor) -> dict[str, Any]:
    """Read the file and propose its version; what is wrong with it is the result, not a failure of the job."""
    row = ListImport.objects.select_related("watchlist").get(pk=run.arguments["import"])
    if row.outcome == Outcome.WAITING:
        try:
            row = _propose(row, run, actor)
        except (Refused, Conflict) as problem:
            row = _refuse(row.pk, problem, actor)
    if row.version:
        return {"list": row.watchlist.key, "version": row.version.number}
    return {"list": row.watchlist.key, "findings": len(row.findings)}


def _propose(row: ListImport, run: JobRun, actor: Actor) -> ListImport:
    from otay.screening.watchlists.reading import read_list

    actor.require(PROPOSE)
    read = read_list(
        zlib.decompress(row.data), row.file_name, category=row.watchlist.category, format=row.format,
        report=lambda done, total: jobs.progress(run, done, total + 1),  # the last step is the writing
    )  # fmt: skip
    check_usable(read)
    jobs.progress(run, len(read.entries), len(read.entries) + 1)
    with transaction.atomic():
        held = _locked(row.pk)
        if held.outcome != Outcome.WAITING:  # a process that seemed dead was slow, and ended it
            return held
        held.version = propose_read(
            actor, held.watchlist, read, bytes(row.digest), row.file_name, row.why, ListVersion.Mode(row.mode)
        )
        _end(held, Outcome.PROPOSED)
    jobs.progress(run, run.total, run.total)
    return held


@transaction.atomic
def _refuse(pk: int, problem: OtayError, actor: Actor) -> ListImport:
    held = _locked(pk)
    if held.outcome != Outcome.WAITING:
        return held
    held.problem = error("", "watchlist.import", problem.template, **problem.params).as_record()
    held.findings = [finding.as_record() for finding in problem.findings]
    _end(held, Outcome.REFUSED)
    audit.record(
        actor=actor, action="screening.list_not_taken", subject=f"watchlist:{held.watchlist.key}", reason=held.why,
        file=held.file_name, findings=len(held.findings),
    )  # fmt: skip
    return held


def _end(held: ListImport, outcome: ListImport.Outcome) -> None:
    held.outcome, held.data, held.ended_at = outcome, b"", clock.now()
    held.save()


def _locked(pk: int) -> ListImport:
    """The import, locked before its list is: ends are written one after the other."""
    return ListImport.objects.select_for_update(of=("self",)).select_related("watchlist").get(pk=pk)


def cancel(*, actor: Actor, key: str, pk: int) -> None:
    """Stop reading a file of one's own."""
    actor.require(PROPOSE)
    row = import_of(key, pk)
    if row.job is None or row.outcome != Outcome.WAITING:
        raise Conflict(N_("The job has ended already"))
    jobs.cancel(actor=actor, run_id=row.job.pk)


def resume(*, actor: Actor, key: str, pk: int) -> None:
    """Read a file of one's own again that was stopped on the way."""
    actor.require(PROPOSE)
    row = import_of(key, pk)
    if row.job is None or row.outcome != Outcome.WAITING:
        raise Conflict(N_("The job has ended already"))
    jobs.resume(actor=actor, run_id=row.job.pk)


def import_of(key: str, pk: int) -> ListImport:
    """One import.

    Raises:
        NotFound: when this list has none with that number.
    """
    rows = ListImport.objects.defer("data").select_related("watchlist", "job", "version")
    found = rows.filter(pk=pk, watchlist__key=key).first()
    if found is None:
        raise NotFound(N_("The list %(key)s has no import %(number)d"), key=key, number=pk)
    return found


def imports(watchlist: Watchlist, count: int = 5) -> list[ListImport]:
    """The last imports of a list, newest first."""
    rows = ListImport.objects.filter(watchlist=watchlist).defer("data").select_related("job", "version")
    return list(rows.order_by("-pk")[:count])


def problem(row: ListImport, language: str) -> str:
    """Why a file was not taken."""
    return Finding.from_record(row.problem).text(language) if row.problem else ""
