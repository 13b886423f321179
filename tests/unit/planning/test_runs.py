"""What runs are added up from: the same figures as the kernel's own, differences on shared random numbers, bounds."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.planning import body
from otay.core.errors import Conflict, Forbidden, Refused
from otay.engines.queueing.layout import lay_out
from otay.engines.queueing.reading import make_scenario
from otay.engines.queueing.replication import run
from otay.infrastructure.planning import domain, observing, summing
from otay.infrastructure.planning.domain import Standing, Step
from otay.infrastructure.planning.tallying import packed, tally


def parts(scenario: object, count: int = 3) -> dict[str, dict[int, dict[str, np.ndarray]]]:
    layout = lay_out(scenario)  # type: ignore[arg-type]
    return {"central": {index: summing.unpacked(packed(tally(layout, index))) for index in range(count)}}


@pytest.mark.parametrize("choice", [False, True])
def test_figures_are_those_of_the_kernel(choice: bool) -> None:
    raw = body()
    if choice:
        raw["traffic"][1]["lanes"] = ["ready", "general"]
    scenario = make_scenario(raw)
    mine = summing.figures(summing.known(scenario), parts(scenario, 1)["central"][0])
    kernel, _series = run(lay_out(scenario), 0)
    for group, figures in kernel.items():
        for key in {"arrivals", "mean_wait", "p95_wait", "share_within", "utilisation", "delay_hours"} & set(figures):
            assert mine[group][key] == pytest.approx(figures[key], rel=1e-4, abs=1e-4), (group, key)
    assert mine["traffic/cargo"]["there"] == pytest.approx(kernel["traffic/cargo"]["neighbour_delay"], rel=1e-4)


def test_queue_and_wait_agree_with_littles_law() -> None:
    scenario = make_scenario(body())
    one = parts(scenario, 1)["central"][0]
    line = one["queue"].sum(axis=1)
    waited = one["lanes"][:, summing.WAITED].sum(axis=1)
    assert line == pytest.approx(waited, rel=0.02)  # they differ by who still waits at the end


def test_a_plan_against_itself_shows_no_difference_and_more_booths_gain() -> None:
    scenario = make_scenario(body())
    raw = body()
    raw["lanes"][0]["booths"] = 3
    more = make_scenario(raw)
    first, second = parts(scenario), parts(more)
    same = summing.contrast(scenario, first, scenario, first)["groups"]
    assert all(one["mean"] in {0.0, None} for figures in same.values() for one in figures.values())
    found = summing.contrast(scenario, first, more, second)["groups"]
    assert found["traffic/general"]["mean_wait"]["high"] < 0
    assert found["traffic/ready"]["mean_wait"]["mean"] == 0.0  # the same vehicles in the same booths


def test_a_summary_holds_bands_curves_and_costs() -> None:
    scenario = make_scenario(body(costs={"currency": "USD", "officer_hour": 50.0, "waiting_hour": 10.0}))
    found = parts(scenario, 3)
    for level in ("low", "high"):
        layout = lay_out(scenario, level)
        found[level] = {index: summing.unpacked(packed(tally(layout, index))) for index in range(2)}
    told = summing.summarise(scenario, found)
    wait = told["groups"]["total"]["mean_wait"]
    assert wait["band_low"] < wait["mean"] < wait["band_high"]
    assert told["officer_hours"] == {"here": 96.0, "there": 24.0}
    total = told["groups"]["total"]
    assert total["staff_cost"]["mean"] == 120 * 50
    assert total["cost"]["mean"] == pytest.approx(120 * 50 + 10 * total["all_delay_hours"]["mean"], abs=0.01)
    assert len(told["curves"]["general"]["week"]) == 168
    assert told["approximations"]["general"]["fluid"] >= 0
    assert "export" in told["neighbour"]


@given(st.lists(st.sampled_from(list(Step)), max_size=12))
def test_a_version_is_approved_only_from_submission(steps: list[Step]) -> None:
    standing, taken = Standing.DRAFT, []
    for step in steps:
        try:
            standing = domain.after(standing, step)
        except Conflict:
            continue
        taken.append(step)
    assert domain.standing_of(taken) is standing
    if standing is Standing.APPROVED:
        decisive = [step for step in taken if step is not Step.COMMENTED]
        assert decisive[-2:] == [Step.SUBMITTED, Step.APPROVED]


def test_four_eyes() -> None:
    domain.check_four_eyes("c", "a", "b")
    for actor in ("a", "b"):
        with pytest.raises(Forbidden):
            domain.check_four_eyes(actor, "a", "b")


@pytest.mark.parametrize(("vehicles", "count"), [(1e9, 20), (10, 1), (10, 501), (1e6, 500)])
def test_runs_that_a_node_does_not_take(vehicles: float, count: int) -> None:
    with pytest.raises(Refused):
        domain.check_work(vehicles, count)


@given(st.binary(max_size=400))
def test_any_bytes_as_a_file_of_waits_are_read_or_found_wrong(content: bytes) -> None:
    rows, findings = observing.read_csv(content, ZoneInfo("America/Tijuana"))
    assert isinstance(rows, list)
    assert isinstance(findings, list)


def test_a_file_of_waits_is_read_in_the_port_s_time_and_faults_name_line_and_column() -> None:
    text = (
        "at,lane,minutes,method,quality,lanes_open\n"
        "2023-07-03T06:15,general,42,bluetooth,measured,8\n"
        "2023-07-03T06:15+00:00,ready,12.5,,,\n"
        "yesterday,general,5,,,\n"
        "2023-07-03T07:00,general,-3,,,\n"
        "2023-07-03T07:00,,inf,guess,fine,x\n"
    )
    rows, findings = observing.read_csv(text.encode(), ZoneInfo("America/Los_Angeles"), "feed")
    assert [(row.lane, row.at, row.minutes) for row in rows] == [
        ("general", datetime(2023, 7, 3, 13, 15, tzinfo=UTC), 42.0),
        ("ready", datetime(2023, 7, 3, 6, 15, tzinfo=UTC), 12.5),
    ]
    assert rows[0].lanes_open == 8
    assert [finding.place for finding in findings] == [
        "line 4, column at", "line 5, column minutes", "line 6, column minutes", "line 6, column lane",
        "line 6, column method", "line 6, column quality", "line 6, column lanes_open",
    ]  # fmt: skip
