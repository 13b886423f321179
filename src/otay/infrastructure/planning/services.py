"""What planners, approvers and measuring programs do. One function a verb; each writes to the audit log."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from otay.core.canonical import canonical_json
from otay.core.errors import Conflict, NotFound, Refused
from otay.core.i18n import N_
from otay.infrastructure.planning import domain, queries, starting
from otay.infrastructure.planning.domain import SEARCHES, Origin, Step
from otay.infrastructure.planning.engine_version import engine_version
from otay.infrastructure.planning.models import (
    PlanScenario,
    PlanSearch,
    PlanStep,
    PlanVersion,
    SimulationRun,
    WaitObservation,
)
from otay.node import audit, clock, jobs
from otay.node.actors import Actor
from otay.node.clock import real_now
from otay.node.models import JobRun
from otay.node.queries import officers_holding
from otay.places.queries import ports

if TYPE_CHECKING:
    from otay.engines.queueing.scenario import Scenario

EDIT, RUN, APPROVE, OBSERVE = "planning.edit", "planning.run", "planning.approve", "planning.observe"
MOST_JOBS = 4
"""Runs and searches that one actor may have waiting or running."""
MOST_BODY = 2_000_000
"""Characters of a scenario that a node keeps."""


def normal(raw: Any) -> dict[str, Any]:
    """A scenario as it is kept: checked, complete, in one form.

    Raises:
        Refused: when it cannot be used, with a finding for each thing wrong.
    """
    from otay.engines.queueing.reading import make_scenario
    from otay.engines.queueing.scenario import Trace

    scenario = make_scenario(raw)
    for index, traffic in enumerate(scenario.traffic):
        if isinstance(traffic.arrivals, Trace) and traffic.arrivals.file:
            raise Refused(
                N_("Traffic %(index)s names a file of arrivals: a node keeps scenarios alone. Write the minutes into "
                   "the scenario, or use otay simulate."), index=index,
            )  # fmt: skip
    body: dict[str, Any] = scenario.model_dump(mode="json", by_alias=True)
    if len(canonical(body)) > MOST_BODY:
        raise Refused(N_("The scenario is larger than 2 MB"))
    return body


def canonical(body: Mapping[str, Any]) -> bytes:
    """The bytes whose digest names a scenario. Numbers are written as text, for canonical JSON knows no fractions."""
    return canonical_json(_texts(body))


def _texts(value: Any) -> Any:
    match value:
        case float():
            return repr(value)
        case dict():
            return {key: _texts(item) for key, item in value.items()}
        case list():
            return [_texts(item) for item in value]
    return value


def _check_port(port: str) -> None:
    if port not in {one.code for one in ports()}:
        raise NotFound(N_("There is no port of entry %(code)s. The list of ports has them all."), code=port)


@transaction.atomic
def create_scenario(
    *, actor: Actor, port: str, title: str, body: Any, origin: Origin = Origin.EDITED, note: str = ""
) -> PlanVersion:
    """A new scenario of ``port`` with its first version; who makes it owns it."""
    actor.require(EDIT, port=port)
    _check_port(port)
    kept = normal(body) | {"port": port}
    title = title.strip()[:200] or kept["name"]
    highest = 0
    for number in PlanScenario.objects.select_for_update().filter(port=port).values_list("number", flat=True):
        highest = max(highest, int(number.rpartition("-")[2]))
    row = PlanScenario.objects.create(
        number=f"{port}-{highest + 1}", port=port, title=title, owner=actor.key, created_at=clock.now()
    )
    return _add_version(actor, row, kept, origin, note, "planning.created")


def _add_version(
    actor: Actor, row: PlanScenario, body: dict[str, Any], origin: Origin, note: str, action: str
) -> PlanVersion:
    row.last_version += 1
    row.save(update_fields=["last_version"])
    made = PlanVersion.objects.create(
        scenario=row, number=row.last_version, body=body, digest=hashlib.sha256(canonical(body)).hexdigest(),
        origin=origin, note=note.strip()[:500], author=actor.key, made_at=clock.now(),
    )  # fmt: skip
    audit.record(actor=actor, action=action, subject=f"scenario:{row.number}", version=made.number, digest=made.digest)
    return made


@transaction.atomic
def save_version(
    *, actor: Actor, number: str, body: Any, after: int, origin: Origin = Origin.EDITED, note: str = ""
) -> PlanVersion:
    """A new version of a scenario. ``after``: the version that the change was made on; nobody's work is overwritten.

    Raises:
        Conflict: when there is a newer version by now.
        Refused: when the scenario cannot be used.
    """
    row = _locked(actor, number)
    actor.require(EDIT, port=row.port)
    if row.last_version != after:
        raise Conflict(
            N_("There is a newer version %(newer)s: look at it and make the change there"), newer=row.last_version
        )
    kept = normal(body) | {"port": row.port}
    newest = row.versions.get(number=row.last_version)
    if newest.digest == hashlib.sha256(canonical(kept)).hexdigest():
        return newest
    return _add_version(actor, row, kept, origin, note, "planning.saved")


def _locked(actor: Actor, number: str) -> PlanScenario:
    queries.scenario(actor, number)
    return PlanScenario.objects.select_for_update().get(number=number)


@transaction.atomic
def take_step(*, actor: Actor, number: str, version: int, step: Step, text: str = "") -> domain.Standing:
    """Submit, approve, return, withdraw or comment a version. Approval takes another person than who made it."""
    row = _locked(actor, number)
    found = queries.version(actor, number, version)
    text = text.strip()[:2000]
    actor.require(_PERMISSION[step], port=row.port)
    steps = list(found.steps.order_by("pk"))
    standing = queries.standing(steps)
    after = domain.after(standing, step)
    if step is Step.APPROVED:
        domain.check_four_eyes(actor.key, found.author, queries.submitter(steps))
    if step is Step.WITHDRAWN and actor.key not in {found.author, queries.submitter(steps), row.owner}:
        actor.require(APPROVE, port=row.port)
    if step in {Step.RETURNED, Step.COMMENTED} and not text:
        raise Refused(N_("Say why: others must understand it later"))
    PlanStep.objects.create(version=found, kind=step, actor=actor.key, at=clock.now(), text=text)
    audit.record(
        actor=actor, action=f"planning.{step}", subject=f"scenario:{number}", reason=text[:300], version=version
    )
    return after


_PERMISSION = {
    Step.SUBMITTED: EDIT,
    Step.APPROVED: APPROVE,
    Step.RETURNED: APPROVE,
    Step.WITHDRAWN: queries.VIEW,
    Step.COMMENTED: "planning.comment",
}


@transaction.atomic
def hand_over(*, actor: Actor, number: str, owner: str) -> None:
    """Give a scenario to another officer who may edit plans of its port: the owner does, or who approves there.

    Raises:
        Refused: when ``owner`` (an audit key) may not edit plans of that port.
    """
    row = _locked(actor, number)
    actor.require(EDIT if row.owner == actor.key else APPROVE, port=row.port)
    if owner not in officers_holding(EDIT, row.port):
        raise Refused(N_("Choose an officer who may edit plans of this port: the owner answers for the scenario"))
    if owner == row.owner:
        return
    PlanScenario.objects.filter(pk=row.pk).update(owner=owner)
    audit.record(
        actor=actor, action="planning.handed_over", subject=f"scenario:{number}", owner=owner, before=row.owner
    )


def expected_vehicles(scenario: Scenario) -> float:
    """Vehicles and people that one replication plays, about."""
    from otay.engines.queueing.scenario import Trace

    total = 0.0
    for traffic in scenario.traffic:
        if isinstance(traffic.arrivals, Trace):
            total += len(traffic.arrivals.minutes)
        else:
            months = list(traffic.arrivals.monthly.values())
            total += max(months) * (scenario.days + scenario.warm_up_days) / 28
    return total


def run_digest(version: PlanVersion, replications: int) -> str:
    """Names what is played, how often, and by which engine."""
    return hashlib.sha256(f"{version.digest}/{replications}/{engine_version()}".encode()).hexdigest()


@transaction.atomic
def start_run(*, actor: Actor, version: PlanVersion, replications: int, at_once: bool = True) -> SimulationRun:
    """Play a version, unless the same was played before: then that run is the answer. Not ``at_once``: when the task
    queue comes to it.

    Raises:
        Refused: when it is larger than a node takes.
        Conflict: when the actor has too many waiting already.
    """
    actor.require(RUN, port=version.scenario.port)
    domain.check_work(expected_vehicles(queries.scenario_of(version)), replications)
    digest = run_digest(version, replications)
    row = SimulationRun.objects.select_for_update().defer("tallies").filter(digest=digest).first()
    if row is not None and (row.finished_at or queries.running(row.job)):
        return row
    _check_few(actor)
    if row is None:
        row = SimulationRun.objects.create(
            version=version, digest=digest, engine=engine_version(), replications=replications, asked_at=real_now()
        )
    row.job = jobs.start(actor=actor, job=starting.RUN, arguments={"run": row.pk})
    SimulationRun.objects.filter(pk=row.pk).update(job=row.job)
    if at_once:
        starting.begin(row.job)
    return row


def _check_few(actor: Actor) -> None:
    waiting = JobRun.objects.filter(
        started_by=actor.key, state__in=[JobRun.State.QUEUED, JobRun.State.RUNNING], job__startswith="planning."
    ).count()
    if waiting >= MOST_JOBS:
        raise Conflict(N_("You have %(count)s runs waiting: let one end, or cancel it"), count=waiting)


def cancel_job(*, actor: Actor, job: JobRun | None) -> None:
    """Stop a run or a search of one's own."""
    if job is None:
        raise Conflict(N_("The job has ended already"))
    jobs.cancel(actor=actor, run_id=job.pk)


@transaction.atomic
def resume_job(*, actor: Actor, job: JobRun | None) -> None:
    """Go on with a run of one's own that was stopped; replications that are kept are not played again."""
    if job is None:
        raise Conflict(N_("The job is not one that stopped half-way"))
    _check_few(actor)
    jobs.resume(actor=actor, run_id=job.pk)
    starting.begin(job)


@transaction.atomic
def start_search(*, actor: Actor, version: PlanVersion, kind: Origin, arguments: Mapping[str, Any]) -> PlanSearch:
    """Let the engine search for a better plan than ``version``."""
    actor.require(EDIT, port=version.scenario.port)
    if kind not in {*SEARCHES, Origin.CALIBRATED}:
        raise NotFound(N_("There is no search %(kind)s"), kind=str(kind))
    domain.check_work(expected_vehicles(queries.scenario_of(version)), 8)
    _check_few(actor)
    row = PlanSearch.objects.create(
        version=version, kind=kind, arguments=dict(arguments), asked_by=actor.key, asked_at=real_now()
    )
    row.job = jobs.start(actor=actor, job=starting.SEARCH, arguments={"search": row.pk})
    row.save(update_fields=["job"])
    starting.begin(row.job)
    return row


@transaction.atomic
def keep_found(*, actor: Actor, search: PlanSearch, found: Mapping[str, Any]) -> None:
    """Keep what a search found, and its plan as a new version when there is a better one."""
    made = None
    if found.get("scenario"):
        row = _locked(actor, search.version.scenario.number)
        actor.require(EDIT, port=row.port)
        note = f"{search.version.number} > {search.kind}"
        made = _add_version(
            actor, row, normal(found["scenario"]) | {"port": row.port}, Origin(search.kind), note, "planning.found"
        )
    PlanSearch.objects.filter(pk=search.pk).update(result=dict(found) | {"scenario": None}, made=made)


@dataclass(frozen=True, slots=True)
class Observed:
    """A wait to record. ``lane`` is the name of the lane group as scenarios have it."""

    port: str
    lane: str
    at: datetime
    minutes: float
    method: domain.Method
    quality: domain.Quality = domain.Quality.MEASURED
    crossing: str = ""
    lanes_open: int | None = None
    source: str = ""


_LANE = re.compile(r"^[\w .-]{1,60}$")


@transaction.atomic
def record_observations(*, actor: Actor, observed: Sequence[Observed]) -> int:
    """Record waits; one that is there already changes nothing. Returns how many are new."""
    now = clock.now()
    known = {one.code for one in ports()}
    for one in observed:
        actor.require(OBSERVE, port=one.port)
        if one.port not in known:
            raise NotFound(N_("There is no port of entry %(code)s. The list of ports has them all."), code=one.port)
        if not _LANE.match(one.lane):
            raise Refused(N_("%(lane)s is no name of a lane group"), lane=one.lane[:60])
        domain.check_observation(one.minutes, one.at, now)
    before = WaitObservation.objects.count()
    WaitObservation.objects.bulk_create(
        [
            WaitObservation(
                port=one.port, crossing=one.crossing[:40], lane=one.lane, at=one.at, minutes=one.minutes,
                lanes_open=one.lanes_open, method=one.method, quality=one.quality, source=one.source[:120],
                recorded_by=actor.key, recorded_at=now,
            )
            for one in observed
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )  # fmt: skip
    added = WaitObservation.objects.count() - before
    for port in sorted({one.port for one in observed}):
        audit.record(actor=actor, action="planning.observed", subject=f"port:{port}", count=len(observed), added=added)
    return added


def of_month(scenario: Scenario, days: int) -> dict[str, Any]:
    """The default scenario of a week as it is, or of the whole calendar month that it falls in."""
    from calendar import monthrange
    from datetime import date

    if days > 7:
        first = date(scenario.start.year, scenario.start.month, 1)
        scenario = scenario.model_copy(update={"start": first, "days": monthrange(first.year, first.month)[1]})
    return scenario.model_dump(mode="json", by_alias=True)
