"""Who may do what: ports, roles, four eyes; the API; feeds at the door; the demo's cases."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from factories import planning
from factories.node import bearer, make_person, make_token, signed_in
from otay.infrastructure.planning import indicators, services, worked_cases
from otay.infrastructure.planning.models import PlanScenario, PlanVersion, SimulationRun, WaitObservation
from otay.intake.incoming import Incoming
from otay.intake.services import receive
from otay.node.accounts import actor_of_user
from otay.node.actors import Actor
from otay.node.models import AuditEvent, User

P = planning.PORT
ELSEWHERE = "2304"


def test_a_supervisor_sees_and_approves_at_own_ports_only(by: Actor, director: User) -> None:
    here, there = planning.plan(by), planning.plan(by, port=ELSEWHERE)
    run = planning.played(there, by, 2)
    boss = signed_in(director)
    assert boss.get(f"/planning/scenarios/{here.scenario.number}/v1/").status_code == 200
    assert boss.get(f"/planning/ports/{ELSEWHERE}/").status_code == 403
    number = there.scenario.number
    hidden = [
        f"/planning/scenarios/{number}/", f"/planning/scenarios/{number}/v1/", f"/planning/scenarios/{number}/v1/file/",
        f"/planning/runs/{run.pk}/", f"/planning/runs/{run.pk}/files/report.pdf",
        f"/planning/runs/{run.pk}/files/results.csv", f"/planning/compare/?one={run.pk}&other={run.pk}",
    ]  # fmt: skip
    assert [boss.get(path).status_code for path in hidden] == [404] * len(hidden)
    assert number not in boss.get("/planning/").content.decode()
    for verb, given, status in (
        ("run", {"replications": "2"}, 404), ("copy", {}, 403), ("search", {"kind": "lanes"}, 403),
    ):  # fmt: skip
        assert boss.post(f"/planning/scenarios/{number}/v1/{verb}/", given).status_code == status
    boss.post(f"/planning/scenarios/{number}/v1/step/", {"kind": "commented", "text": "Mine?"})
    assert not there.steps.exists()


def test_a_scenario_is_handed_to_who_may_plan_there_by_its_owner_or_who_approves(by: Actor, director: User) -> None:
    made = planning.plan(by)
    colleague, stranger = make_person("planner"), make_person("targeting")
    address = f"/planning/scenarios/{made.scenario.number}/v1/owner/"

    def owner() -> str:
        return PlanScenario.objects.get().owner

    signed_in(colleague).post(address, {"owner": f"officer:{colleague.pk}"})
    assert owner() == by.key, "a planner took somebody else's scenario"
    browser = signed_in(director)
    page = browser.get(f"/planning/scenarios/{made.scenario.number}/v1/").content.decode()
    assert f'value="officer:{colleague.pk}"' in page
    assert f'value="officer:{stranger.pk}"' not in page
    for wrong in (f"officer:{stranger.pk}", "officer:999999", "system", ""):
        browser.post(address, {"owner": wrong})
        assert owner() == by.key
    browser.post(address, {"owner": f"officer:{colleague.pk}"})
    assert owner() == f"officer:{colleague.pk}"
    kept = AuditEvent.objects.get(action="planning.handed_over")
    assert kept.detail == {"owner": f"officer:{colleague.pk}", "before": by.key}


@pytest.mark.parametrize(
    ("role", "view", "edit"),
    [("auditor", 200, 403), ("targeting", 403, 403), ("trader", 403, 403), ("transit", 403, 403)],
)
def test_other_roles_read_or_stay_out(by: Actor, role: str, view: int, edit: int) -> None:
    number = planning.plan(by).scenario.number
    browser = signed_in(make_person(role))
    assert browser.get(f"/planning/scenarios/{number}/v1/").status_code == view
    assert browser.get(f"/planning/scenarios/{number}/v1/edit/").status_code == edit
    assert browser.post(f"/planning/ports/{P}/start/", {"title": "x"}).status_code == edit
    browser.post(f"/planning/scenarios/{number}/v1/run/", {"replications": "2"})
    browser.post(f"/planning/scenarios/{number}/v1/step/", {"kind": "submitted"})
    assert not SimulationRun.objects.exists()
    assert not PlanVersion.objects.get().steps.exists()
    assert browser.post(f"/planning/ports/{P}/observations/", {"lane": "x"}).status_code == 403 or role == "auditor"
    assert not WaitObservation.objects.exists()


def test_a_booth_officer_records_waits_at_the_own_port_and_sees_no_plans(by: Actor) -> None:
    planning.plan(by)
    officer = signed_in(make_person(("port_officer", P)))
    one = {"lane": "general", "at": "2023-07-03T08:10", "minutes": "25", "method": "manual", "quality": "measured"}
    assert officer.get(f"/planning/ports/{P}/observations/").status_code == 200
    assert officer.post(f"/planning/ports/{P}/observations/", one).status_code == 302
    assert officer.post(f"/planning/ports/{ELSEWHERE}/observations/", one).status_code == 403
    assert officer.get(f"/planning/ports/{P}/calibration/").status_code == 403
    assert officer.get("/planning/").status_code == 403


def test_a_job_of_somebody_else_is_not_stopped(by: Actor) -> None:
    row = services.start_run(actor=by, version=planning.plan(by), replications=2)
    other = signed_in(make_person("planner"))
    other.post(f"/planning/runs/{row.pk}/cancel/")
    assert row.job is not None
    row.job.refresh_from_db()
    assert row.job.state == "queued"
    assert other.post(f"/planning/runs/{row.pk}/delete/").status_code == 404


def test_titles_and_names_are_shown_as_text_and_csv_holds_no_formulas(browser: Client, by: Actor) -> None:
    version = planning.plan(by, title="<script>alert(1)</script>", data=["<b>x</b>", "%(evil)s %d"])
    page = browser.get(f"/planning/scenarios/{version.scenario.number}/v1/").content.decode()
    assert "<script>alert" not in page
    assert "%(evil)s" in page
    run = planning.played(version, by, 2)
    assert browser.get(f"/planning/runs/{run.pk}/files/report.pdf").status_code == 200


@pytest.mark.parametrize("query", ["one=x&other=y", "one=1", "one=" + "9" * 40 + "&other=1", ""])
def test_nonsense_in_addresses_is_not_found(browser: Client, query: str) -> None:
    assert browser.get(f"/planning/compare/?{query}").status_code == 404


def test_the_api_makes_plays_compares_and_exports(browser: Client, by: Actor) -> None:
    def post(path: str, body: Any, status: int) -> Any:
        answer = browser.post(f"/api/v1/planning/{path}", json.dumps(body), content_type="application/json")
        assert answer.status_code == status, answer.content
        return answer.json()

    made = post("scenarios", {"port": P, "title": "By program", "body": planning.body()}, 201)
    number = made["scenario"]
    refused = post("scenarios", {"port": P, "body": planning.body(days=0)}, 422)
    assert refused["findings"][0]["place"] == "/days"
    post("scenarios", {"port": "9999", "body": planning.body()}, 404)
    lanes = planning.body()["lanes"]
    changed = planning.body(lanes=[{**lanes[0], "booths": 3}, *lanes[1:]])
    post(f"scenarios/{number}/versions", {"body": changed, "after": 1}, 201)
    post(f"scenarios/{number}/versions", {"body": changed, "after": 1}, 409)
    post(f"scenarios/{number}/versions/2/steps", {"kind": "submitted"}, 200)
    post(f"scenarios/{number}/versions/2/steps", {"kind": "approved"}, 403)
    asked = post(f"scenarios/{number}/versions/1/runs", {"replications": 2}, 202)
    assert asked["state"] == "queued"
    runs = [planning.played(version, by, 2).pk for version in PlanVersion.objects.order_by("number")]
    told = browser.get(f"/api/v1/planning/runs/{runs[0]}").json()
    assert told["result"]["groups"]["total"]["mean_wait"]["mean"] > 0
    compared = browser.get(f"/api/v1/planning/comparisons?one={runs[0]}&other={runs[1]}").json()
    assert {one["class"]: one["verdict"] for one in compared["effects"]}["ready"] == "same"
    assert browser.get(f"/api/v1/planning/runs/{runs[0]}/results?format=csv").status_code == 200
    assert browser.get(f"/api/v1/planning/runs/{runs[0]}/results?format=exe").status_code == 422
    assert browser.get(f"/api/v1/planning/scenarios/{number}").json()["versions"][0]["standing"] == "submitted"
    demand = browser.get(f"/api/v1/planning/ports/{P}/demand?measure=Trucks").json()
    assert len(demand["months"]) == len(demand["counted"]) == len(demand["point"]) > 14 * 12
    assert demand["low_95"][-1] < demand["point"][-1] < demand["high_95"][-1]
    wait = {"port": P, "lane": "general", "at": "2023-07-03T08:00:00Z", "minutes": 12, "method": "rfid"}
    assert post("observations", {"observations": [wait, wait]}, 201) == {"received": 2, "added": 1}
    post("observations", {"observations": [wait | {"at": "2999-01-01T00:00:00Z"}]}, 422)
    post("observations", {"observations": [wait | {"minutes": -1}]}, 422)


def test_a_program_without_a_planner_s_role_is_refused(reference: None) -> None:
    token = bearer(make_token("trader", party="DEMO"))
    assert Client().get("/api/v1/planning/scenarios", **token).status_code == 403  # type: ignore[arg-type]
    assert Client().get("/api/v1/planning/scenarios").status_code == 401


FEED = b"""<?xml version="1.0" encoding="utf-8"?><border_wait_time>
<port><port_number>250601</port_number><border>Mexican Border</border><port_name>Otay Mesa</port_name>
<crossing_name>Passenger</crossing_name><hours>24 hrs/day</hours><date>7/14/2023</date><time>13:05:01</time>
<port_status>Open</port_status><passenger_automation_type>Manual</passenger_automation_type>
<passenger_vehicle_lanes><maximum_lanes>13</maximum_lanes><standard_lanes><update_time>At 1:00 pm PDT</update_time>
<operational_status>delay</operational_status><delay_minutes>45</delay_minutes><lanes_open>5</lanes_open>
</standard_lanes></passenger_vehicle_lanes></port></border_wait_time>"""


def test_a_feed_of_wait_times_comes_through_the_door(director: User) -> None:
    officer = actor_of_user(director)
    receipt = receive(actor=officer, items=[Incoming(FEED, reference="feed-1")])[0]
    assert receipt.answer == {"observations": 1, "added": 1}, receipt.findings
    row = WaitObservation.objects.get()
    assert (row.port, row.crossing, row.lane, row.minutes, row.lanes_open, row.method) == (
        P, "otay-mesa", "general", 45.0, 5, "api",
    )  # fmt: skip
    assert row.at.isoformat() == "2023-07-14T20:00:00+00:00"


def test_a_feed_is_imported_on_the_page(browser: Client) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    browser.post(f"/planning/ports/{P}/observations/file/", {"file": SimpleUploadedFile("bwt.xml", FEED)})
    assert WaitObservation.objects.count() == 1


def test_the_demo_has_both_worked_cases_waiting_to_be_played(planner: User) -> None:
    worked_cases.make()
    assert set(PlanScenario.objects.values_list("port", flat=True)) == {"2504", "2304"}
    assert SimulationRun.objects.count() == 4
    laredo = PlanVersion.objects.get(scenario__number="2304-1")
    other = PlanVersion.objects.get(scenario__number="2304-2")
    assert laredo.body["neighbour"][0]["hours"] != other.body["neighbour"][0]["hours"]
    assert any("Nuevo Laredo" in text for text in laredo.body["assumptions"])
    assert indicators.ports_planned().value == 0
