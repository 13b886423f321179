"""Reads that pages, the API and services share. Each shows an actor only the ports that it may see."""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max, QuerySet

from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.infrastructure.planning.domain import Origin, Standing, Step, standing_of
from otay.infrastructure.planning.models import (
    PlanScenario,
    PlanSearch,
    PlanStep,
    PlanVersion,
    SimulationRun,
    WaitObservation,
)
from otay.node.actors import Actor
from otay.node.models import JobRun

if TYPE_CHECKING:
    from otay.engines.queueing.scenario import Scenario

VIEW = "planning.view"


def scenarios(actor: Actor, port: str = "") -> QuerySet[PlanScenario]:
    """Scenarios that ``actor`` may see, newest first; those of one ``port`` when given."""
    actor.require(VIEW, port=port or None)
    held = actor.ports(VIEW)
    rows = PlanScenario.objects.order_by("-pk")
    rows = rows if held is None else rows.filter(port__in=held)
    return rows.filter(port=port) if port else rows


def scenario(actor: Actor, number: str) -> PlanScenario:
    """The scenario ``number``.

    Raises:
        NotFound: when there is none, or none that ``actor`` may see: the answer is the same.
    """
    found = scenarios(actor).filter(number=number).first()
    if found is None:
        raise NotFound(N_("There is no scenario %(number)s here, or none that you may see."), number=number)
    return found


def version(actor: Actor, number: str, which: int | None = None) -> PlanVersion:
    """A version of a scenario, the newest when none is named.

    Raises:
        NotFound: when there is none, or none that ``actor`` may see.
    """
    row = scenario(actor, number)
    found = row.versions.select_related("scenario").filter(number=which or row.last_version).first()
    if found is None:
        raise NotFound(N_("Scenario %(number)s has no version %(version)s"), number=number, version=which)
    return found


def steps_of(versions: Iterable[PlanVersion]) -> dict[int, list[PlanStep]]:
    """Steps by version (primary key), oldest first."""
    found: dict[int, list[PlanStep]] = defaultdict(list)
    for step in PlanStep.objects.filter(version__in=[one.pk for one in versions]).order_by("pk"):
        found[step.version_id].append(step)
    return found


def standing(steps: Sequence[PlanStep]) -> Standing:
    """Where the version with these steps stands."""
    return standing_of(step.kind for step in steps)


def submitter(steps: Sequence[PlanStep]) -> str:
    """Who submitted it last; empty when nobody did."""
    return next((step.actor for step in reversed(steps) if step.kind == Step.SUBMITTED), "")


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version with where it stands and its newest run."""

    version: PlanVersion
    standing: Standing
    run: SimulationRun | None


def version_lines(row: PlanScenario) -> list[VersionLine]:
    """All versions of a scenario, newest first."""
    versions = list(row.versions.defer("body").order_by("-number"))
    steps = steps_of(versions)
    newest: dict[int, SimulationRun] = {}
    for run in _light(SimulationRun.objects.filter(version__in=versions)).order_by("pk"):
        newest[run.version_id] = run
    return [VersionLine(one, standing(steps.get(one.pk, [])), newest.get(one.pk)) for one in versions]


def _light(rows: QuerySet[SimulationRun]) -> QuerySet[SimulationRun]:
    return rows.defer("tallies", "result").select_related("job")


def approved(port: str = "") -> dict[str, PlanVersion]:
    """The version in force by scenario number: the newest that stands approved."""
    rows = PlanVersion.objects.defer("body").select_related("scenario").filter(steps__kind=Step.APPROVED).distinct()
    rows = rows.filter(scenario__port=port) if port else rows
    versions = list(rows.order_by("number"))
    steps = steps_of(versions)
    return {one.scenario.number: one for one in versions if standing(steps.get(one.pk, [])) is Standing.APPROVED}


def waiting_for_approval(actor: Actor) -> list[PlanVersion]:
    """Versions that stand submitted, oldest first, at the ports where ``actor`` approves."""
    held = actor.ports("planning.approve")
    rows = PlanVersion.objects.defer("body").select_related("scenario").filter(steps__kind=Step.SUBMITTED).distinct()
    rows = rows if held is None else rows.filter(scenario__port__in=held)
    versions = list(rows.order_by("pk"))
    steps = steps_of(versions)
    return [one for one in versions if standing(steps.get(one.pk, [])) is Standing.SUBMITTED]


def run(actor: Actor, pk: int) -> SimulationRun:
    """A run with its result, without its tallies.

    Raises:
        NotFound: when there is none, or none that ``actor`` may see.
    """
    actor.require(VIEW)
    held = actor.ports(VIEW)
    rows = SimulationRun.objects.defer("tallies").select_related("version__scenario", "job").filter(pk=pk)
    found = (rows if held is None else rows.filter(version__scenario__port__in=held)).first()
    if found is None:
        raise NotFound(N_("There is no run %(run)s here, or none that you may see."), run=pk)
    return found


def search(actor: Actor, pk: int) -> PlanSearch:
    """A search.

    Raises:
        NotFound: when there is none, or none that ``actor`` may see.
    """
    actor.require(VIEW)
    held = actor.ports(VIEW)
    rows = PlanSearch.objects.select_related("version__scenario", "job", "made__scenario").filter(pk=pk)
    found = (rows if held is None else rows.filter(version__scenario__port__in=held)).first()
    if found is None:
        raise NotFound(N_("There is no search %(search)s here, or none that you may see."), search=pk)
    return found


def searches(row: PlanScenario) -> list[PlanSearch]:
    """The newest searches from any version of a scenario."""
    found = PlanSearch.objects.filter(version__scenario=row).select_related("job", "made", "version")
    return list(found.defer("result", "version__body", "made__body").order_by("-pk")[:10])


def fits(port: str) -> list[PlanSearch]:
    """The newest fits of a port to what was observed."""
    rows = PlanSearch.objects.filter(version__scenario__port=port, kind=Origin.CALIBRATED).order_by("-pk")
    return list(rows.select_related("job", "made", "version__scenario").defer("result")[:10])


def finished_runs(actor: Actor, port: str) -> list[SimulationRun]:
    """Runs of a port that have a result, newest first, few."""
    actor.require(VIEW, port=port)
    rows = _light(SimulationRun.objects.filter(version__scenario__port=port, finished_at__isnull=False))
    return list(
        rows.select_related("version__scenario").defer("version__body", "result", "tallies").order_by("-pk")[:40]
    )


def running(job: JobRun | None) -> bool:
    """True while a job has not ended."""
    return job is not None and job.state in {JobRun.State.QUEUED, JobRun.State.RUNNING}


def scenario_of(row: PlanVersion) -> Scenario:
    """The scenario that a version holds."""
    from otay.engines.queueing.reading import make_scenario

    return make_scenario(row.body)


def tallies(row: SimulationRun) -> dict[str, dict[int, Any]]:
    """The replications of a run by level and index; empty when none is kept."""
    from otay.infrastructure.planning.summing import unpacked

    content = SimulationRun.objects.values_list("tallies", flat=True).get(pk=row.pk)
    return {
        level: {index: unpacked(one) for index, one in found.items()} for level, found in packed_parts(content).items()
    }


def packed_parts(content: bytes | memoryview | None) -> dict[str, dict[int, bytes]]:
    """The replications of a run as they are kept."""
    found: dict[str, dict[int, bytes]] = defaultdict(dict)
    if content:
        with zipfile.ZipFile(BytesIO(bytes(content))) as kept:
            for name in kept.namelist():
                level, _slash, index = name.partition("/")
                found[level][int(index)] = kept.read(name)
    return dict(found)


def scenario_counts(actor: Actor) -> dict[str, int]:
    """Scenarios by port."""
    return dict(scenarios(actor).order_by().values_list("port").annotate(Count("id")))


def observation_summary(port: str) -> list[dict[str, Any]]:
    """By lane and method: how many observations, the newest, and how many of each quality."""
    rows = WaitObservation.objects.filter(port=port).values("lane", "method", "quality")
    counted = rows.annotate(count=Count("id"), newest=Max("at")).order_by("lane", "method", "quality")
    return [dict(one) for one in counted]
