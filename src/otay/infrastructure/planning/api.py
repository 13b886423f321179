"""The planning API: scenarios and their versions, runs, searches, comparisons, observed waits, forecasts."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from otay.core.errors import NotFound, Refused
from otay.core.i18n import N_
from otay.infrastructure.planning import comparing, exporting, port_facts, queries, services
from otay.infrastructure.planning.domain import Origin, Step
from otay.infrastructure.planning.models import PlanScenario, PlanSearch, PlanVersion, SimulationRun
from otay.infrastructure.planning.schemas import (
    AddedOut,
    ObservationsIn,
    PlanStepIn,
    RunIn,
    RunOut,
    ScenarioIn,
    ScenarioOut,
    ScenarioPage,
    SearchIn,
    SearchOut,
    VersionDetail,
    VersionIn,
)
from otay.node import audit
from otay.node.actors import Actor

router = Router()
PAGE = 50


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _version(one: PlanVersion, standing: str) -> dict[str, Any]:
    names = ("number", "origin", "note", "author", "made_at", "digest")
    return {name: getattr(one, name) for name in names} | {"standing": standing}


def _scenario(row: PlanScenario) -> dict[str, Any]:
    names = ("number", "port", "title", "owner", "created_at")
    versions = [_version(line.version, line.standing) for line in queries.version_lines(row)]
    return {name: getattr(row, name) for name in names} | {"versions": versions}


@router.get("scenarios", response=ScenarioPage, summary="Scenarios that you may see, newest first")
def list_scenarios(
    request: HttpRequest,
    port: str = "",
    before: Annotated[int | None, Query(description="`next` of the page before")] = None,
) -> dict[str, Any]:
    """Those of the ports that you plan for."""
    rows = queries.scenarios(_actor(request), port)
    rows = rows if before is None else rows.filter(pk__lt=before)
    page = list(rows[: PAGE + 1])
    return {
        "scenarios": [_scenario(row) for row in page[:PAGE]],
        "next": page[PAGE - 1].pk if len(page) > PAGE else None,
    }


@router.post("scenarios", response={201: VersionDetail}, summary="Make a scenario of a port")
def make_scenario(request: HttpRequest, body: ScenarioIn) -> Status[dict[str, Any]]:
    """From a scenario file, or from the counts of the port. What is wrong with a file is named, all of it."""
    from otay.infrastructure.planning.building import default_scenario

    actor = _actor(request)
    actor.require(services.EDIT, port=body.port)
    raw: Any = body.body
    if raw is None:
        raw = services.of_month(default_scenario(body.port, body.month, body.days), body.days)
    made = services.create_scenario(
        actor=actor, port=body.port, title=body.title, body=raw, note=body.note,
        origin=Origin.DEFAULT if body.body is None else Origin.UPLOADED,
    )  # fmt: skip
    return Status(201, _detail(made))


def _detail(one: PlanVersion) -> dict[str, Any]:
    steps = list(one.steps.order_by("pk"))
    return _version(one, queries.standing(steps)) | {
        "scenario": one.scenario.number, "body": one.body, "steps": steps,
    }  # fmt: skip


@router.get("scenarios/{number}", response=ScenarioOut, summary="A scenario with its versions")
def get_scenario(request: HttpRequest, number: str) -> dict[str, Any]:
    """Versions, newest first, and where each stands."""
    return _scenario(queries.scenario(_actor(request), number))


@router.get("scenarios/{number}/versions/{version}", response=VersionDetail, summary="A version with its file")
def get_version(request: HttpRequest, number: str, version: int) -> dict[str, Any]:
    """``body`` is a scenario file, as `otay simulate` reads it."""
    return _detail(queries.version(_actor(request), number, version))


@router.post("scenarios/{number}/versions", response={201: VersionDetail}, summary="Save a new version")
def save_version(request: HttpRequest, number: str, body: VersionIn) -> Status[dict[str, Any]]:
    """Refused with 409 when there is a newer version than the one the change was made on."""
    _actor(request).require_any("planning.edit")
    made = services.save_version(
        actor=_actor(request), number=number, body=body.body, after=body.after, note=body.note, origin=Origin.UPLOADED
    )
    return Status(201, _detail(made))


@router.post("scenarios/{number}/versions/{version}/steps", response=VersionDetail, summary="Submit, approve, comment")
def take_step(request: HttpRequest, number: str, version: int, body: PlanStepIn) -> dict[str, Any]:
    """Who made or submitted a version cannot approve it."""
    _actor(request).require_any("planning.edit", "planning.approve", "planning.comment")
    actor = _actor(request)
    services.take_step(actor=actor, number=number, version=version, step=Step(body.kind), text=body.text)
    return _detail(queries.version(actor, number, version))


@router.post("scenarios/{number}/versions/{version}/runs", response={202: RunOut}, summary="Play a version")
def start_run(request: HttpRequest, number: str, version: int, body: RunIn) -> Status[dict[str, Any]]:
    """Answers at once; ask for the run until it has figures. The same run is never played twice."""
    _actor(request).require_any("planning.run")
    actor = _actor(request)
    row = services.start_run(
        actor=actor, version=queries.version(actor, number, version), replications=body.replications
    )
    return Status(202, _run(queries.run(actor, row.pk)))


def _run(row: SimulationRun) -> dict[str, Any]:
    job = row.job
    return {
        "id": row.pk, "scenario": row.version.scenario.number, "version": row.version.number, "engine": row.engine,
        "replications": row.replications, "state": job.state if job else "done", "done": job.done if job else 0,
        "total": job.total if job else 0, "error": job.error if job else "", "asked_at": row.asked_at,
        "finished_at": row.finished_at, "milliseconds": row.milliseconds, "result": row.result,
    }  # fmt: skip


@router.get("runs/{run}", response=RunOut, summary="A run with its figures")
def get_run(request: HttpRequest, run: int) -> dict[str, Any]:
    """Waits in minutes. ``low`` and ``high``: 95 % interval of chance; ``band_low`` and ``band_high``: service times at
    both ends of their ranges."""
    return _run(queries.run(_actor(request), run))


@router.post("runs/{run}/cancel", response=RunOut, summary="Stop a run")
def cancel_run(request: HttpRequest, run: int) -> dict[str, Any]:
    """What was played is kept."""
    _actor(request).require_any("planning.run")
    actor = _actor(request)
    services.cancel_job(actor=actor, job=queries.run(actor, run).job)
    return _run(queries.run(actor, run))


@router.post("runs/{run}/resume", response=RunOut, summary="Go on with a run that was stopped")
def resume_run(request: HttpRequest, run: int) -> dict[str, Any]:
    """Replications that are kept are not played again."""
    _actor(request).require_any("planning.run")
    actor = _actor(request)
    services.resume_job(actor=actor, job=queries.run(actor, run).job)
    return _run(queries.run(actor, run))


@router.get("runs/{run}/results", summary="The figures of a run as a table: csv or parquet")
def get_results(request: HttpRequest, run: int, format: str = "csv") -> HttpResponse:
    """One row a figure: by group, by hour of the day, by hour of the week."""
    actor = _actor(request)
    row = queries.run(actor, run)
    if format not in exporting.WRITERS:
        raise Refused(N_("There is no format %(format)s: ask for csv or parquet"), format=format[:20])
    if not row.finished_at:
        raise NotFound(N_("Run %(run)s has no figures yet"), run=run)
    audit.record(actor=actor, action="planning.exported", subject=f"run:{run}", format=format)
    content, media_type = exporting.written(row, format)
    return HttpResponse(content, content_type=media_type)


@router.get("comparisons", response=dict[str, Any], summary="Two runs beside each other")
def get_comparison(request: HttpRequest, one: int, other: int) -> dict[str, Any]:
    """The second less the first, replication by replication on shared random numbers, with 95 % intervals."""
    actor = _actor(request)
    found = comparing.compared(queries.run(actor, one), queries.run(actor, other))
    effects = [
        {"class": effect.name, "count": effect.people, "change_minutes": effect.change, "verdict": effect.verdict}
        for effect in found["effects"]
    ]
    return {"replications": found["replications"], "groups": found["groups"], "effects": effects}


@router.post(
    "scenarios/{number}/versions/{version}/searches", response={202: SearchOut}, summary="Search a better plan"
)
def start_search(request: HttpRequest, number: str, version: int, body: SearchIn) -> Status[dict[str, Any]]:
    """Fewest officers, hours of service, allocation of booths, or the smallest addition for a forecast year."""
    _actor(request).require_any("planning.search")
    actor = _actor(request)
    found = queries.version(actor, number, version)
    arguments: dict[str, Any] = {}
    kind = Origin(body.kind)
    if kind is Origin.INFRASTRUCTURE and body.year:
        arguments = {"year": body.year}
    row = services.start_search(actor=actor, version=found, kind=kind, arguments=arguments)
    return Status(202, _search(queries.search(actor, row.pk)))


def _search(row: PlanSearch) -> dict[str, Any]:
    job = row.job
    return {
        "id": row.pk, "scenario": row.version.scenario.number, "version": row.version.number, "kind": row.kind,
        "state": job.state if job else "done", "done": job.done if job else 0, "total": job.total if job else 0,
        "error": job.error if job else "", "figures": (row.result or {}).get("figures"),
        "made": row.made.number if row.made else None,
    }  # fmt: skip


@router.get("searches/{search}", response=SearchOut, summary="What a search found")
def get_search(request: HttpRequest, search: int) -> dict[str, Any]:
    """``made`` is the version that holds the plan."""
    return _search(queries.search(_actor(request), search))


@router.post("observations", response={201: AddedOut}, summary="Record observed waits")
def record(request: HttpRequest, body: ObservationsIn) -> Status[dict[str, int]]:
    """A wait that is there already changes nothing, so that a batch can be sent again."""
    observed = [
        services.Observed(**{**one.model_dump(), "at": one.at if one.at.tzinfo else one.at.replace(tzinfo=UTC)})
        for one in body.observations
    ]
    added = services.record_observations(actor=_actor(request), observed=observed)
    return Status(201, {"received": len(observed), "added": added})


@router.get("ports/{port}/demand", response=dict[str, Any], summary="Counts of a port and their forecast")
def get_demand(request: HttpRequest, port: str, measure: str = "Personal Vehicles") -> dict[str, Any]:
    """Monthly, with 80 and 95 % intervals for the months to come."""
    _actor(request).require(queries.VIEW, port=port)
    if measure not in port_facts.MEASURES:
        raise Refused(N_("There is no measure %(measure)s"), measure=measure[:40])
    told = port_facts.demand(port, measure)
    return {"months": told.pop("x"), **told}
