"""Runs as jobs: stopped and gone on with, played once, in a process apart; searches and fits make versions."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from factories import planning
from otay.core.errors import Conflict, OtayError, Refused
from otay.infrastructure.planning import engine_client, queries, services, starting
from otay.infrastructure.planning.domain import Method, Origin, Quality
from otay.infrastructure.planning.models import PlanVersion, SimulationRun
from otay.node import clock, jobs, protection
from otay.node.actors import Actor
from otay.node.models import JobRun

REAL_ASK = engine_client.ask


class Cancelling:
    """The real engine, whose answers a person cancels after so many replications."""

    def __init__(self, after: int, actor: Actor, job: int) -> None:
        self.after, self.actor, self.job, self.asked = after, actor, job, 0

    def __call__(self, operation: str, request: dict[str, Any], tell: engine_client.Told) -> dict[str, Any]:
        def counting(told: dict[str, Any]) -> None:
            self.asked += 1
            if self.asked == self.after:
                jobs.cancel(actor=self.actor, run_id=self.job)
            tell(told)

        return REAL_ASK(operation, request, counting)


def test_a_run_is_cancelled_keeps_what_it_played_and_goes_on_to_the_same_figures(
    by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "WRITE_EVERY_SECONDS", 0.0)
    version = planning.plan(by)
    row = services.start_run(actor=by, version=version, replications=6)
    assert row.job is not None
    monkeypatch.setattr(engine_client, "ask", Cancelling(3, by, row.job.pk))
    jobs.execute(row.job.pk)
    stopped = queries.run(by, row.pk)
    assert stopped.job is not None
    assert stopped.job.state == JobRun.State.CANCELLED
    assert stopped.result is None
    assert sum(map(len, queries.tallies(stopped).values())) == 3
    asked: list[list[Any]] = []

    def watching(operation: str, request: dict[str, Any], tell: engine_client.Told) -> dict[str, Any]:
        asked.extend(request["wanted"])
        return REAL_ASK(operation, request, tell)

    monkeypatch.setattr(engine_client, "ask", watching)
    services.resume_job(actor=by, job=stopped.job)
    jobs.execute(stopped.job.pk)
    done = queries.run(by, row.pk)
    assert done.finished_at
    assert len(asked) == 6 + 2 * 2 - 3
    again = planning.plan(by, title="Again")
    assert planning.played(again, by, 6).result == done.result


def test_the_same_is_played_once(by: Actor) -> None:
    version = planning.plan(by)
    first = planning.played(version, by)
    assert services.start_run(actor=by, version=version, replications=4).pk == first.pk
    assert services.start_run(actor=by, version=version, replications=5).pk != first.pk
    assert JobRun.objects.count() == 2


def test_nobody_fills_the_node_with_runs(by: Actor) -> None:
    version = planning.plan(by)
    for count in range(services.MOST_JOBS):
        services.start_run(actor=by, version=version, replications=2 + count)
    with pytest.raises(Conflict):
        services.start_run(actor=by, version=version, replications=50)
    big = planning.plan(by, title="Big", traffic=[_grown(one, 1e6) for one in planning.body()["traffic"]])
    with pytest.raises(Refused, match="at most"):
        services.start_run(actor=by, version=big, replications=500)


def _grown(traffic: dict[str, Any], factor: float) -> dict[str, Any]:
    monthly = {month: count * factor for month, count in traffic["arrivals"]["monthly"].items()}
    return {**traffic, "arrivals": {**traffic["arrivals"], "monthly": monthly}}


def test_numba_stays_out_of_the_web_process() -> None:
    code = (
        "import django, sys; django.setup();"
        "from otay.infrastructure.planning import api, comparing, port_facts, running, summing, urls;"
        "from otay.infrastructure.planning.building import default_scenario;"
        "print(sorted({'numba', 'polars', 'reportlab', 'lightgbm'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_engine_refuses_with_findings_fails_with_a_reason_and_is_replaced_when_it_dies() -> None:
    with pytest.raises(Refused) as refused:
        engine_client.ask("play", {"scenario": {"name": "x"}, "wanted": []}, lambda _told: None)
    assert {finding.place for finding in refused.value.findings} >= {"/start", "/traffic", "/lanes"}
    with pytest.raises(OtayError, match="engine failed"):
        engine_client.ask("nothing", {}, lambda _told: None)

    def die(_told: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine_client.ask("play", {"scenario": planning.body(), "wanted": [["central", 0]]}, die)
    parts: list[Any] = []
    request = {"scenario": planning.body(), "wanted": [["central", 0]]}
    engine_client.ask("play", request, lambda told: parts.append(told["part"]))
    assert [part[:2] for part in parts] == [["central", 0]]
    engine_client.end_all()


@pytest.mark.parametrize("kind", [Origin.LANES, Origin.HOURS, Origin.STAFFING])
def test_a_search_keeps_what_it_found_as_a_version(by: Actor, browser: Client, kind: Origin) -> None:
    busy = planning.body()["lanes"]
    lanes = [{**busy[0], "booths": 4}, {**busy[1], "booths": 1}, busy[2]]
    version = planning.plan(by, lanes=lanes)
    row = services.start_search(actor=by, version=version, kind=kind, arguments={"shifts": kind is Origin.STAFFING})
    assert row.job is not None
    address = f"/planning/searches/{row.pk}/"
    assert "found nothing yet" not in browser.get(address).content.decode()
    jobs.execute(row.job.pk)
    found = queries.search(by, row.pk)
    told = browser.get(address).content.decode()
    assert found.job is not None
    assert found.job.state == JobRun.State.DONE, found.job.error
    assert found.result is not None
    if kind is Origin.HOURS:  # everything is open all week
        assert found.made is None
        assert found.result["figures"]["reason"] == "open_all_week"
        assert "there are no hours to change" in told
    else:
        assert {Origin.LANES: "Every variant on the same traffic", Origin.STAFFING: "The shifts"}[kind] in told
        assert found.made is not None
        assert found.made.origin == kind
        assert PlanVersion.objects.get(pk=version.pk).body == version.body


def test_the_smallest_addition_for_a_forecast_year_becomes_a_version(by: Actor, browser: Client) -> None:
    lanes = [{**lane, "booths": 1} for lane in planning.body()["lanes"]]
    version = planning.plan(by, days=1, lanes=lanes)
    row = services.start_search(actor=by, version=version, kind=Origin.INFRASTRUCTURE, arguments={"year": 2025})
    assert row.job is not None
    jobs.execute(row.job.pk)
    found = queries.search(by, row.pk)
    assert found.job is not None
    assert found.job.state == JobRun.State.DONE, found.job.error
    assert found.result is not None
    assert found.made is not None
    wanted = {one["place"]: one["now"] + one["added"] for one in found.result["figures"]["places"]}
    assert any(one["added"] for one in found.result["figures"]["places"])
    for lane in found.made.body["lanes"]:
        booths = lane["booths"]
        most = booths if isinstance(booths, int) else max(entry["booths"] for entry in booths)
        assert most == wanted[lane["name"]]
    assert "What to add" in browser.get(f"/planning/searches/{row.pk}/").content.decode()


def test_a_lane_is_fitted_to_what_was_observed(by: Actor, browser: Client) -> None:
    version = planning.plan(by, days=7, replications=2, warm_up_days=0, traffic=planning.body()["traffic"])
    at = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=8)
    services.record_observations(
        actor=by,
        observed=[
            services.Observed(planning.PORT, "general", at + timedelta(hours=hour), 30.0, Method.RFID, Quality.MEASURED)
            for hour in range(0, 96, 4)
        ],
    )
    row = services.start_search(actor=by, version=version, kind=Origin.CALIBRATED, arguments={"lane": "general"})
    assert row.job is not None
    jobs.execute(row.job.pk)
    found = queries.search(by, row.pk)
    assert found.job is not None
    assert found.job.state == JobRun.State.DONE, found.job.error
    assert found.result is not None
    figures = found.result["figures"]
    assert figures["observations"] == 24
    assert figures["error_after"] < figures["error_before"]
    service = next(one for one in figures["parameters"] if one["name"] == "service")
    assert service["value"] > 1  # longer waits than the model's want longer service or more demand
    assert any(not one["identified"] for one in figures["directions"])
    assert found.made is not None
    fitted = found.made.body["traffic"][0]["service"]["mean_seconds"]
    assert fitted == pytest.approx(50 * service["value"], rel=1e-3)
    assert "What the observations cannot tell" in browser.get(f"/planning/searches/{row.pk}/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_run_starts_without_the_queue_and_its_figures_are_waited_for(by: Actor) -> None:
    version = planning.plan(by)
    row = services.start_run(actor=by, version=version, replications=2)
    ended = starting._here[row.job_id or 0]
    starting.wait_for_result(row, 30)
    assert SimulationRun.objects.get(pk=row.pk).result is not None
    assert ended.wait(30)
    assert queries.run(by, row.pk).finished_at


def test_versions_and_steps_cannot_be_rewritten(by: Actor) -> None:
    version = planning.plan(by)
    protection.install(connection, "planning_planversion")
    try:
        for change in (lambda: PlanVersion.objects.update(note="x"), version.delete):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()
    finally:
        protection.remove(connection, "planning_planversion")
