"""The planner's way through the pages: port, scenario, edit, play, compare, export."""

from __future__ import annotations

import base64
import io
import json
import re
import zlib

import polars
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from factories import planning
from factories.node import signed_in
from otay.infrastructure.planning import editing, queries
from otay.infrastructure.planning.models import PlanScenario, PlanVersion
from otay.node.actors import Actor
from otay.node.models import User

P = planning.PORT


def test_a_port_shows_what_is_data_and_what_is_assumed(browser: Client) -> None:
    page = browser.get(f"/planning/ports/{P}/").content.decode()
    assert "Bureau of Transportation Statistics" in page
    assert "Shares of SENTRI" in page
    assert "95 % interval, from" in page
    assert browser.get("/planning/").status_code == 200
    assert browser.get("/planning/explained/").status_code == 200
    assert browser.get("/planning/ports/9999/").status_code == 404


def test_a_scenario_is_started_from_the_counts_edited_and_kept_in_versions(browser: Client) -> None:
    answer = browser.post(f"/planning/ports/{P}/start/", {"title": "Mine", "month": "2023-07", "length": "week"})
    assert answer.status_code == 302
    version = PlanVersion.objects.get()
    assert version.body["days"] == 7
    number = version.scenario.number
    for section, _part, _name in editing.sections(version.body):
        page = browser.get(f"/planning/scenarios/{number}/v1/edit/{section}/")
        assert page.status_code == 200, section
    given = editing.fields(version.body, "lane-0") | {"lanes.0.booths.0.6": "9", "note": "more at six"}
    assert browser.post(f"/planning/scenarios/{number}/v1/edit/lane-0/", given).status_code == 302
    second = PlanVersion.objects.get(number=2)
    assert editing.fields(second.body, "lane-0")["lanes.0.booths.0.6"] == "9"
    assert PlanVersion.objects.get(number=1).body == version.body
    page = browser.get(f"/planning/scenarios/{number}/v2/").content.decode()
    assert "more at six" in page
    assert "Changed since version 1" in page


def test_a_wrong_field_is_named_and_nothing_is_saved(browser: Client, by: Actor) -> None:
    version = planning.plan(by)
    number = version.scenario.number
    fields = editing.fields(version.body, "traffic-0")
    wrong = fields | {"traffic.0.arrivals.monthly.2023-07": "-5", "traffic.0.service.mean_seconds": "0"}
    answer = browser.post(f"/planning/scenarios/{number}/v1/edit/traffic-0/", wrong)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Demand must not be negative" in page
    assert "A service time must be greater than zero" in page
    assert PlanVersion.objects.count() == 1


def test_work_of_somebody_else_is_not_overwritten(browser: Client, by: Actor) -> None:
    version = planning.plan(by)
    number = version.scenario.number
    fields = editing.fields(version.body, "general")
    assert browser.post(f"/planning/scenarios/{number}/v1/edit/general/", fields | {"days": "2"}).status_code == 302
    again = browser.post(f"/planning/scenarios/{number}/v1/edit/general/", fields | {"days": "3"})
    assert again.status_code == 409
    assert "newer version" in again.content.decode()
    assert PlanVersion.objects.count() == 2


def test_files_go_down_and_up_and_broken_ones_are_refused_by_field(browser: Client, by: Actor) -> None:
    number = planning.plan(by).scenario.number
    raw = json.loads(browser.get(f"/planning/scenarios/{number}/v1/file/").content)
    raw["lanes"][0]["booths"] = 5
    up = SimpleUploadedFile("s.json", json.dumps(raw).encode())
    assert browser.post(f"/planning/scenarios/{number}/v1/upload/", {"file": up}).status_code == 302
    raw["lanes"][0]["hours"] = [{"days": "mon", "opens": "10:00", "closes": "09:00"}]
    up = SimpleUploadedFile("s.json", json.dumps(raw).encode())
    refused = browser.post(f"/planning/scenarios/{number}/v2/upload/", {"file": up})
    assert refused.status_code == 422
    assert "/lanes/0/hours/0/closes" in refused.content.decode()
    for bad in (b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}'):
        up = SimpleUploadedFile("s.json", bad)
        assert browser.post(f"/planning/ports/{P}/start/", {"file": up}).status_code == 422


def test_a_lane_is_added_and_taken_away(browser: Client, by: Actor) -> None:
    number = planning.plan(by).scenario.number
    browser.post(f"/planning/scenarios/{number}/v1/lanes/", {"name": "sentri", "booths": "1", "users": ["general"]})
    assert [lane["name"] for lane in PlanVersion.objects.get(number=2).body["lanes"]][-1] == "sentri"
    browser.post(f"/planning/scenarios/{number}/v2/lanes/", {"remove": "3"})
    assert PlanVersion.objects.get(number=3).body["lanes"] == PlanVersion.objects.get(number=1).body["lanes"]


def test_a_run_shows_figures_is_compared_and_exported(browser: Client, by: Actor) -> None:
    first = planning.plan(by)
    lanes = planning.body()["lanes"]
    second = planning.plan(by, title="More", lanes=[{**lanes[0], "booths": 3}, *lanes[1:]])
    runs = [planning.played(one, by) for one in (first, second)]
    page = browser.get(f"/planning/runs/{runs[0].pk}/?lane=general")
    assert page.status_code == 200
    assert "The week, mean wait" in page.content.decode() or "the week, mean wait" in page.content.decode()
    compared = browser.get(f"/planning/compare/?one={runs[0].pk}&other={runs[1].pk}").content.decode()
    assert "gains" in compared
    assert "no difference shown" in compared
    table = browser.get(f"/planning/runs/{runs[0].pk}/files/results.csv").content.decode("utf-8-sig")
    parquet = polars.read_parquet(io.BytesIO(browser.get(f"/planning/runs/{runs[0].pk}/files/results.parquet").content))
    assert len(table.splitlines()) == parquet.height + 1
    mean = parquet.filter((polars.col("group") == "total") & (polars.col("figure") == "mean_wait"))["mean"][0]
    assert mean == queries.run(by, runs[0].pk).result["groups"]["total"]["mean_wait"]["mean"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["By lane group", "What is assumed"]),
        ("es-mx", ["Por grupo de carriles", "Lo que se supone"]),
    ],
)
def test_the_report_says_it_in_the_reader_s_language(
    browser: Client, by: Actor, language: str, words: list[str]
) -> None:
    run = planning.played(planning.plan(by), by)
    User.objects.update(language=language)
    answer = browser.get(f"/planning/runs/{run.pk}/files/report.pdf")
    assert answer["Content-Type"] == "application/pdf"
    content = answer.content
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    text = shown_text(content)
    for word in words:
        assert word in text
    assert "Counts of the test" in text


def shown_text(content: bytes) -> str:
    """What a PDF of ours shows: the strings of its page streams. Enough for these files, which reportlab wrote."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", content, re.S):
        page = zlib.decompress(base64.a85decode(b"<~" + stream.strip(), adobe=True))
        found += re.findall(rb"\(((?:[^()\\]|\\.)*)\)\s*Tj", page)
    plain = [re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), one) for one in found]
    return " ".join(one.decode("cp1252") for one in plain)


def test_approval_takes_a_second_person(browser: Client, by: Actor, director: User) -> None:
    number = planning.plan(by).scenario.number
    step = f"/planning/scenarios/{number}/v1/step/"
    browser.post(step, {"kind": "submitted"})
    browser.post(step, {"kind": "approved"})
    assert "Approved" not in browser.get(f"/planning/scenarios/{number}/v1/").content.decode()
    boss = signed_in(director)
    assert "waits for approval" in boss.get("/").content.decode()
    boss.post(step, {"kind": "approved", "text": "Agreed"})
    assert queries.approved()[number].number == 1
    assert "Agreed" in browser.get(f"/planning/scenarios/{number}/v1/").content.decode()


def test_observations_are_recorded_imported_and_compared(browser: Client, by: Actor) -> None:
    path = f"/planning/ports/{P}/observations/"
    one = {"lane": "general", "at": "2023-07-03T08:10", "minutes": "25", "method": "manual", "quality": "estimated"}
    assert browser.post(path, one).status_code == 302
    assert browser.post(path, one | {"minutes": "-1"}).status_code == 422
    rows = "at,lane,minutes,method\n2023-07-03T09:00,general,30,rfid\n2023-07-03T25:00,general,30,rfid\n"
    file = SimpleUploadedFile("w.csv", rows.encode())
    answer = browser.post(f"{path}file/", {"file": file})
    assert "line 3, column at" in answer.content.decode()
    planning.played(planning.plan(by), by)
    page = browser.get(f"/planning/ports/{P}/calibration/").content.decode()
    assert "Model less observed" in page
    assert PlanScenario.objects.count() == 1
