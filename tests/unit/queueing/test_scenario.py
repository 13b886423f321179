"""The scenario file: what is wrong is refused by the name of its field; what stands is drawn as it says."""

import json
from datetime import date
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otay.core.errors import Refused
from otay.engines.queueing.arrivals import hourly_rates, times_of
from otay.engines.queueing.reading import make_scenario, read_scenario
from otay.engines.queueing.scenario import Bunched, Profile, ServiceTime, Trace
from otay.engines.queueing.schema import scenario_schema
from otay.engines.queueing.services import CELLS, double_stack_factor, draw, quantiles, variation
from otay.engines.queueing.streams import stream
from otay.engines.queueing.timetable import level_steps, weekdays

EXAMPLES = files("otay.engines.queueing").joinpath("examples")


def minimal(**changes: Any) -> dict[str, Any]:
    raw: dict[str, Any] = {
        "name": "A port",
        "start": "2023-07-03",
        "days": 2,
        "traffic": [
            {
                "name": "cars",
                "lanes": ["cars"],
                "arrivals": {"kind": "profile", "monthly": {"2023-07": 3000}},
                "service": {"mean_seconds": 50},
            }
        ],
        "lanes": [{"name": "cars", "booths": 2}],
    }
    return raw | changes


def with_at(path: str, value: Any) -> dict[str, Any]:
    raw = json.loads(json.dumps(minimal(secondary=[{"name": "s", "service": {"mean_seconds": 9}}])))
    *parents, last = path.split("/")
    place = raw
    for part in parents:
        place = place[int(part)] if part.isdigit() else place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return raw


@pytest.mark.parametrize(
    ("path", "value", "place", "rule"),
    [
        ("traffic/0/arrivals/monthly/2023-07", -5, "/traffic/0/arrivals/monthly/2023-07", "scenario.negative_demand"),
        ("traffic/0/service/mean_seconds", 0, "/traffic/0/service/mean_seconds", "scenario.service_time"),
        ("traffic/0/service/mean_seconds", None, "/traffic/0/service/mean_seconds", "scenario.missing"),
        ("traffic/0/arrivals/monthly", {"2023-06": 5}, "/traffic/0/arrivals/monthly", "scenario.missing_month"),
        ("lanes/0/hours", [{"opens": "20:00", "closes": "06:00"}], "/lanes/0/hours/0/closes", "scenario.never_open"),
        ("lanes/0/hours", [], "/lanes/0/hours", "scenario.never_open"),
        ("lanes/0/booths", 0, "/lanes/0/booths", "scenario.never_open"),
        ("lanes/0/booths", [{"days": "sun", "booths": 0}], "/lanes/0/booths", "scenario.never_open"),
        ("lanes", [{"name": "cars"}, {"name": "spare"}], "/lanes/1/name", "scenario.unused_lane"),
        ("lanes/0/shared_with", "other", "/lanes/0/shared_with", "scenario.unknown_name"),
        ("traffic/0/lanes", ["bikes"], "/traffic/0/lanes/0", "scenario.unknown_name"),
        ("traffic/0/referrals", [{"to": "x", "share": 0.1}], "/traffic/0/referrals/0/to", "scenario.unknown_name"),
        ("traffic/0/referrals", [{"to": "s", "share": 1.5}], "/traffic/0/referrals/0/share", "scenario.too_large"),
        ("traffic/0/service/low", 90, "/traffic/0/service/low", "scenario.range"),
        ("traffic/0/arrivals/hour", [0] * 24, "/traffic/0/arrivals/hour", "scenario.weights"),
        ("traffic/0/lane", "x", "/traffic/0/lane", "scenario.unknown_field"),
        ("incidents", [{"lane": "cars", "from_minute": 9, "to_minute": 3}], "/incidents/0/to_minute", "scenario.order"),
        ("days", 0, "/days", "scenario.too_small"),
        ("start", "yesterday", "/start", "scenario.form"),
        (
            "neighbour",
            [{"name": "n", "traffic": ["x"], "service": {"mean_seconds": 9}}],
            "/neighbour/0/traffic/0",
            "scenario.unknown_name",
        ),
    ],
)
def test_what_is_wrong_is_named(path: str, value: Any, place: str, rule: str) -> None:
    with pytest.raises(Refused) as refused:
        make_scenario(with_at(path, value))
    assert (place, rule) in {(finding.place, finding.rule) for finding in refused.value.findings}
    assert all(finding.text("en") and "%(" not in finding.text("en") for finding in refused.value.findings)


@pytest.mark.parametrize("content", [b"", b"{", b'{"days": NaN}', b"[1]", b"\xff\xfe", b'"x"', b"[" * 100_000])
def test_what_is_no_scenario_is_refused(content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read_scenario(content)
    assert refused.value.findings


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "start", "traffic", "lanes", "days", "arrivals"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
@settings(max_examples=100, deadline=None)
def test_nothing_else_than_refused_is_raised(raw: Any) -> None:
    with pytest.raises(Refused):
        make_scenario(raw)


@pytest.mark.parametrize("name", ["two-lanes.json", "trucks-both-sides.json"])
def test_examples_can_be_read_and_written_back(name: str) -> None:
    scenario = read_scenario(EXAMPLES.joinpath(name).read_bytes())
    assert make_scenario(json.loads(scenario.model_dump_json(by_alias=True))) == scenario


def test_the_schema_that_ships_is_that_of_the_code() -> None:
    shipped = json.loads(files("otay.engines.queueing").joinpath("scenario.schema.json").read_text("utf-8"))
    assert shipped == scenario_schema(), "write it anew: python -m otay.engines.queueing.schema"


@pytest.mark.parametrize(
    "service",
    [
        ServiceTime(mean_seconds=60, cv=0.7),
        ServiceTime(kind="gamma", mean_seconds=60, cv=0.4),
        ServiceTime(kind="erlang", mean_seconds=60, stages=3),
        ServiceTime(kind="exponential", mean_seconds=60),
        ServiceTime(kind="constant", mean_seconds=60),
        ServiceTime(kind="empirical", values_seconds=[30, 60, 60, 90]),
    ],
    ids=lambda service: service.kind,
)
def test_service_times_have_the_mean_and_variation_they_say(service: ServiceTime) -> None:
    table = quantiles(service)
    assert table.mean() == pytest.approx(1.0)
    assert table.std() / table.mean() == pytest.approx(variation(service), rel=0.02, abs=1e-9)
    assert (np.diff(table) >= 0).all()
    drawn = draw(table, 200_000, stream(1, "x"))
    assert drawn.mean() == pytest.approx(1.0, abs=0.02)
    assert np.unique(drawn).size <= CELLS


def test_double_booths_give_what_was_observed() -> None:
    """50 to 60 % more from a lane, when San Ysidro stacked its booths."""
    gain = 2 / double_stack_factor(quantiles(ServiceTime(mean_seconds=50, cv=0.5)))
    assert 1.5 < gain < 1.6


def test_a_month_holds_its_count_and_days_their_weights() -> None:
    profile = Profile(kind="profile", monthly={"2023-07": 3100}, weekday=[2, 1, 1, 1, 1, 1, 0], hour=[0.0] * 23 + [1.0])
    rates = hourly_rates(profile, date(2023, 7, 1), 31).reshape(31, 24)
    assert rates.sum() == pytest.approx(3100)
    assert rates[:, :23].sum() == 0
    assert rates[2].sum() == pytest.approx(2 * rates[3].sum())  # 3 July 2023 was a Monday
    assert rates[1].sum() == 0


def test_poisson_counts_vary_as_poisson_and_bunches_more() -> None:
    profile = Profile(kind="profile", monthly={"2023-07": 31 * 400})
    together = Bunched(kind="bunched", monthly={"2023-07": 31 * 400}, size=6, headway_seconds=2)
    for arrivals, dispersion in ((profile, 1.0), (together, 2 * 6 - 1)):
        counts = [times_of(arrivals, date(2023, 7, 3), 1, 0, stream(seed, "a")).size for seed in range(400)]
        assert np.mean(counts) == pytest.approx(400, rel=0.02)
        assert np.var(counts) / np.mean(counts) == pytest.approx(dispersion, rel=0.25)
    times = times_of(together, date(2023, 7, 3), 1, 0, stream(5, "a"))
    assert (np.diff(times) >= 0).all()


def test_more_demand_makes_the_same_stream_denser() -> None:
    one, double = (Profile(kind="profile", monthly={"2023-07": count}) for count in (31_000, 62_000))
    few, many = (times_of(arrivals, date(2023, 7, 3), 7, 0, stream(3, "a")) for arrivals in (one, double))
    np.testing.assert_allclose(few[:100], 2 * many[:100])


def test_a_trace_is_taken_as_it_is() -> None:
    assert times_of(Trace(kind="trace", minutes=[5, 1, 3]), date(2023, 7, 3), 1, 0, stream(1)).tolist() == [1, 3, 5]


def test_streams_differ_by_every_part_of_their_key_and_come_back() -> None:
    first = stream(1, 0, "2504", "cars", "service").random(4)
    assert (stream(1, 0, "2504", "cars", "service").random(4) == first).all()
    for key in [
        (1, "2504", "cars", "service"),
        (0, "2506", "cars", "service"),
        (0, "2504", "bus", "service"),
        (0, "2504", "cars", "arrivals"),
    ]:
        assert not (stream(1, *key).random(4) == first).any()


def test_timetables() -> None:
    scenario = make_scenario(
        minimal(
            lanes=[
                {
                    "name": "cars",
                    "booths": [
                        {"days": "mon", "from": "06:00", "to": "08:00", "booths": 2},
                        {"days": "mon", "from": "07:00", "to": "09:00", "booths": 1},
                    ],
                }
            ]
        )
    )
    booths = scenario.lanes[0].booths
    assert isinstance(booths, list)
    assert level_steps(booths) == [(0, 0), (360, 2), (420, 3), (480, 1), (540, 0)]
    assert weekdays("fri-mon") == [4, 5, 6, 0]
