"""The commands as users call them: a port by its code, a file of one's own, what is wrong with it, in both
languages."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from otay.core.errors import NotFound, Refused
from otay.engines.queueing.scenario import Profile
from otay.infrastructure.planning import commands
from otay.infrastructure.planning.building import default_scenario
from otay.infrastructure.planning.counts import port_counts, port_names
from otay.infrastructure.planning.forecast_command import forecast
from otay.infrastructure.planning.loading import load
from otay.infrastructure.planning.service_times import EXPORT, PRIMARY, SECONDARY

EXAMPLE = files("otay.engines.queueing").joinpath("examples", "trucks-both-sides.json")
COUNTS = files("otay.places").joinpath("data", "bts_us_mexico_2010_2023.csv")


def run(command: Any, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--lang", "en"])


@pytest.fixture
def small(tmp_path: Path) -> Path:
    raw = json.loads(EXAMPLE.read_text("utf-8"))
    file = tmp_path / "small.json"
    file.write_text(json.dumps(raw | {"days": 1, "replications": 2}), "utf-8")
    return file


def test_every_port_with_counts_has_a_default_scenario_that_adds_up() -> None:
    for port in port_names():
        scenario = default_scenario(port)
        month = scenario.start.strftime("%Y-%m")
        counts = port_counts(port)
        trucks = [one.arrivals for one in scenario.traffic if one.name.startswith("cargo")]
        total = sum(one.monthly[month] for one in trucks if isinstance(one, Profile))
        if trucks:
            assert total == pytest.approx(counts["Trucks"][month], abs=1)
        assert scenario.data
        assert scenario.assumptions


def test_known_hours_are_kept_and_traffic_comes_within_them() -> None:
    scenario = default_scenario("2505")
    cargo = next(lane for lane in scenario.lanes if lane.name == "cargo")
    assert {(opening.opens, opening.closes) for opening in cargo.hours} == {("08:00", "16:00")}
    arrivals = next(one.arrivals for one in scenario.traffic if one.name == "cargo")
    assert isinstance(arrivals, Profile)
    weights = np.array(arrivals.hour)
    assert weights[:, :8].sum() == weights[:, 16:].sum() == 0


def test_every_default_says_where_it_comes_from_and_how_far_it_may_be_off() -> None:
    for service in [*(one.service for one in PRIMARY.values()), *SECONDARY.values(), EXPORT]:
        assert service.source
        assert service.mean_seconds is not None
        assert service.low is not None
        assert service.high is not None
        assert service.low < service.mean_seconds < service.high
    assert all(referral.source for one in PRIMARY.values() for referral in one.referrals)


def test_a_port_or_month_without_counts_is_refused() -> None:
    with pytest.raises(NotFound):
        default_scenario("9999")
    with pytest.raises(Refused, match="2024-05"):
        default_scenario("2504", "2024-05")


def test_simulate_a_port() -> None:
    result = run(commands.simulate, "2505", "--replications", "2", "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["port"] == "2505"
    wait = answer["groups"]["lane/general"]["mean_wait"]
    assert wait["low"] <= wait["mean"] <= wait["high"]
    assert wait["band_low"] <= wait["band_high"]
    assert "NaN" not in result.stdout


def test_simulate_writes_a_scenario_that_gives_the_same_answer(tmp_path: Path) -> None:
    file = tmp_path / "tecate.json"
    assert run(commands.simulate, "2505", "--write", str(file)).exit_code == 0
    direct, again = (run(commands.simulate, source, "--replications", "2", "--json") for source in ("2505", str(file)))
    assert json.loads(direct.stdout) == json.loads(again.stdout)


def test_simulate_reads_as_text(small: Path) -> None:
    result = run(commands.simulate, str(small))
    assert result.exit_code == 0, result.output
    assert "lane/cargo" in result.output
    assert "Assumptions:" in result.output
    assert "%(" not in result.output


def test_hours_lanes_and_staff(small: Path) -> None:
    hours = run(commands.hours, str(small), "--json")
    assert hours.exit_code == 0, hours.output
    assert json.loads(hours.stdout)["harmonised"]["option"] == "harmonised"
    lanes = json.loads(run(commands.lanes, str(small), "--json", "--most", "1").stdout)
    assert [one["option"] for one in lanes["options"]] == ["as it stands", "cargo > cargo_fast: 1"]
    staff = run(commands.staff, str(small), "--json", "--no-shifts", "--seconds", "2", "--replications", "2")
    answer = json.loads(staff.stdout)
    assert {lane["lane"] for lane in answer["lanes"]} == {"cargo", "cargo_fast"}
    assert len(answer["lanes"][0]["booths_by_period_of_week"]) == 168
    for command in (commands.hours, commands.lanes, commands.staff):
        extra = ["--no-shifts", "--seconds", "1"] if command is commands.staff else ["--replications", "2"]
        shown = run(command, str(small), *extra)
        assert shown.exit_code == 0, shown.output
        assert "%(" not in shown.output


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"days": -1}, "/days"),
        ({"lanes": [{"name": "cargo"}, {"name": "cargo_fast"}, {"name": "spare"}]}, "/lanes/2/name"),
    ],
)
def test_what_is_wrong_is_named_and_exits_with_one(small: Path, change: dict[str, Any], place: str) -> None:
    small.write_text(json.dumps(json.loads(small.read_text("utf-8")) | change), "utf-8")
    result = run(commands.simulate, str(small), "--json")
    assert result.exit_code == 1
    assert place in {finding["place"] for finding in json.loads(result.stderr)["findings"]}


def test_neither_file_nor_port() -> None:
    result = run(commands.simulate, "nowhere.json")
    assert result.exit_code == 1
    assert "nowhere.json" in result.stderr


def traced(folder: Path, name: str, content: bytes | None) -> Path:
    raw = json.loads(EXAMPLE.read_text("utf-8"))
    for traffic in raw["traffic"]:
        traffic["arrivals"] = {"kind": "trace", "file": name}
    if content is not None:
        (folder / name).write_bytes(content)
    (folder / "trace.json").write_text(json.dumps(raw), "utf-8")
    return folder / "trace.json"


def test_a_trace_is_read_from_beside_the_scenario(tmp_path: Path) -> None:
    file = traced(tmp_path, "seen.csv", b"time,lane\n2023-07-03T06:15,a\n2023-07-03 06:10:30,a\n")
    arrivals = load(str(file)).traffic[0].arrivals
    assert arrivals.kind == "trace"
    assert sorted(arrivals.minutes) == [370.5, 375.0]


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("seen.csv", b"minute\n5\nsix\n", "/traffic/0/arrivals/file line 3, column minute"),
        ("seen.csv", b"minute\n-5\n", "/traffic/0/arrivals/file line 2, column minute"),
        ("seen.csv", b"minute\n1e9\n", "/traffic/0/arrivals/file line 2, column minute"),
        ("seen.csv", b"when\n5\n", "/traffic/0/arrivals/file line 1"),
        ("seen.csv", b"\xff\xfe\x00\x01", "/traffic/0/arrivals/file"),
        ("seen.csv", b"minute\n", "/traffic/0/arrivals/file"),
        ("seen.csv", None, "/traffic/0/arrivals/file"),
        ("../../etc/passwd", None, "/traffic/0/arrivals/file"),
    ],
)
def test_a_corrupt_trace_is_refused_by_line(tmp_path: Path, name: str, content: bytes | None, place: str) -> None:
    with pytest.raises(Refused) as refused:
        load(str(traced(tmp_path, name, content)))
    assert place in {finding.place for finding in refused.value.findings}


def test_forecast_prints_point_and_intervals(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    lines = COUNTS.read_text("utf-8").splitlines()
    file.write_text("\n".join([lines[0], *(line for line in lines if line.startswith("2505,"))]), "utf-8")
    result = run(
        forecast, str(file), "--months", "6", "--measure", "Personal Vehicles", "--holdout", "2023-01", "--json"
    )
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert [month["month"] for month in answer["series"][0]["months"]] == [f"2023-0{month}" for month in range(1, 7)]
    assert answer["accuracy"]["mase"] > 0
    shown = run(forecast, str(file), "--months", "2", "--measure", "Trucks")
    assert "2024-02" in shown.output
    assert run(forecast, str(file), "--port", "9").exit_code == 1
    assert run(forecast, str(file), "--holdout", "soon").exit_code == 1
    assert run(forecast, str(tmp_path / "none.csv")).exit_code == 1
    file.write_text("port_code,month,measure,value\n1,2023-01,Trucks,-4\n", "utf-8")
    refused = run(forecast, str(file))
    assert refused.exit_code == 1
    assert "line 2, column value" in refused.stderr


@pytest.mark.parametrize("command", [commands.simulate, commands.staff, commands.hours, commands.lanes, forecast])
def test_help_has_examples_in_both_languages(command: Any) -> None:
    for language in ("en", "es"):
        shown = CliRunner().invoke(command, ["--lang", language, "--help"])
        assert shown.exit_code == 0
        assert f"otay {command.name} " in shown.output


def test_what_to_build_for_a_year() -> None:
    answer = json.loads(run(commands.lanes, "2504", "--year", "2030", "--replications", "2", "--json").stdout)
    assert answer["year"] == 2030
    assert {one["kind"] for one in answer["places"]} == {"booth", "dock"}
    assert all(one["added"] == one["needed"] - one["now"] >= 0 for one in answer["places"])
    assert all(one["low"] < one["factor"] < one["high"] for one in answer["growth"].values())
    shown = run(commands.lanes, "2505", "--growth", "1.8", "--growth", "cargo=2.5", "--replications", "2")
    assert "cargo: 2.50 times" in shown.output
    assert "+" in shown.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["2504", "--year", "2020"], "2020"),
        (["2504", "--growth", "much"], "much"),
        (["2504", "--growth", "bikes=2"], "bikes"),
        (["2504", "--growth", "-1"], "-1"),
    ],
)
def test_growth_that_cannot_be_is_refused(arguments: list[str], told: str) -> None:
    refused = run(commands.lanes, *arguments)
    assert refused.exit_code == 1
    assert told in refused.stderr
