"""Whole scenarios: both ways of playing agree, figures add up, intervals hold, choices are found."""

import json
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from otay.core.errors import Refused
from otay.engines.queueing import closed_forms
from otay.engines.queueing.allocation import allocations, moves
from otay.engines.queueing.approximations import fewest_booths, fluid, psa, sipp
from otay.engines.queueing.layout import lay_out
from otay.engines.queueing.measures import count, measure
from otay.engines.queueing.opening import opening_hours, variants
from otay.engines.queueing.playing import draw_traffic, play_lines, play_network
from otay.engines.queueing.reading import make_scenario, read_scenario
from otay.engines.queueing.replication import run
from otay.engines.queueing.scenario import Scenario
from otay.engines.queueing.services import quantiles
from otay.engines.queueing.shifts import SLOTS, cover
from otay.engines.queueing.simulation import interval, on_threads, simulate
from otay.engines.queueing.staffing import staff
from otay.engines.queueing.streaming import lane_hours
from otay.engines.queueing.streams import stream
from otay.engines.queueing.tallying import quantiles as quantiles_of
from otay.engines.queueing.tallying import together
from otay.engines.queueing.warming import warm_up

EXAMPLES = files("otay.engines.queueing").joinpath("examples")
RUSH = [1, 1, 1, 1, 2, 5, 8, 8, 7, 5, 4, 4, 4, 4, 5, 5, 7, 7, 5, 4, 4, 3, 2, 2]


def port(**changes: Any) -> Scenario:
    def traffic(name: str, lane: str, month: float, seconds: float) -> dict[str, Any]:
        return {
            "name": name,
            "lanes": [lane],
            "arrivals": {"kind": "profile", "monthly": {"2023-07": month}, "hour": RUSH},
            "service": {"mean_seconds": seconds, "low": 0.9 * seconds, "high": 1.1 * seconds},
            "referrals": [{"to": "secondary", "share": 0.05}],
        }

    raw = {
        "name": "Invented",
        "start": "2023-07-03",
        "days": 3,
        "warm_up_days": 1,
        "traffic": [traffic("general", "general", 60_000, 55), traffic("trusted", "trusted", 20_000, 20)],
        "lanes": [{"name": "general", "booths": 3}, {"name": "trusted", "booths": 1}],
        "secondary": [{"name": "secondary", "docks": 3, "service": {"mean_seconds": 900}}],
    }
    return make_scenario(raw | changes)


def trucks(**changes: Any) -> Scenario:
    raw = json.loads(EXAMPLES.joinpath("trucks-both-sides.json").read_text("utf-8"))
    return make_scenario(raw | {"days": 2} | changes)


@pytest.mark.parametrize("scenario", [port(), trucks()], ids=["cars", "trucks"])
def test_recursion_and_events_play_the_same(scenario: Scenario) -> None:
    layout = lay_out(scenario)
    assert layout.independent
    for replication in range(2):
        drawn = draw_traffic(layout, replication)
        for one, other in zip(play_lines(layout, drawn), play_network(layout, drawn), strict=True):
            for name in ("at_road", "start", "end", "secondary_start", "lane", "status"):
                np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=0, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    "scenario",
    [port(), port(warm_up_days=0), port(lanes=[{"name": "general", "booths": 1}, {"name": "trusted"}]), trucks()],
    ids=["cars", "cold", "swamped", "trucks"],
)
def test_what_passes_compiled_tells_what_the_arrays_tell(scenario: Scenario) -> None:
    """Drawn and counted in kernels: the figures of whole arrays drawn by numpy and counted by numpy."""
    layout = lay_out(scenario)
    for replication in range(2):
        groups, series = run(layout, replication)
        expected, by_hour = measure(layout, play_lines(layout, draw_traffic(layout, replication)), compiled=False)
        assert groups.keys() == expected.keys()
        for name, figures in expected.items():
            assert groups[name] == pytest.approx(figures, rel=1e-9, abs=1e-9, nan_ok=True), name
        for name, values in by_hour.items():
            np.testing.assert_allclose(series[name], values, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("scenario", [port(), trucks()], ids=["cars", "trucks"])
def test_tallies_of_arrays_agree_compiled_or_not(scenario: Scenario) -> None:
    layout = lay_out(scenario)
    for one in play_lines(layout, draw_traffic(layout, 1)):
        left, right = (count(layout, one, compiled=compiled).tally for compiled in (True, False))
        np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-6)


def test_quantiles_of_counted_waits_are_within_their_cell() -> None:
    layout = lay_out(port())
    for one in play_lines(layout, draw_traffic(layout, 0)):
        waits = (one.start - one.at_road)[(one.arrival >= 0) & ~np.isnan(one.start)]
        found = quantiles_of(together([count(layout, one).tally], layout.horizon), (0.5, 0.9, 0.95))
        exact = np.quantile(waits, (0.5, 0.9, 0.95))
        np.testing.assert_array_less(np.abs(found - exact), (1 + exact) / 128)


def test_warming_up_compiles_without_an_answer() -> None:
    warm_up()


def test_figures_add_up() -> None:
    layout = lay_out(port())
    groups, series = measure(layout, play_lines(layout, draw_traffic(layout, 0)))
    both = [groups["traffic/general"], groups["traffic/trusted"]]
    assert groups["total"]["arrivals"] == sum(one["arrivals"] for one in both)
    assert groups["total"]["delay_hours"] == pytest.approx(sum(one["delay_hours"] for one in both))
    assert groups["lane/general"]["mean_wait"] == groups["traffic/general"]["mean_wait"]
    assert groups["lane/general"]["booth_hours"] == 3 * 72
    # Little: the mean line is the rate of arrivals times the mean wait (looked at every 5 minutes, hence roughly).
    assert groups["lane/general"]["mean_queue"] == pytest.approx(
        groups["traffic/general"]["delay_hours"] / 72, rel=0.15
    )
    assert np.isfinite(series["traffic/general"]).sum() == 72


def test_the_example_with_everything_runs_by_events_and_loses_nobody() -> None:
    result = simulate(read_scenario(EXAMPLES.joinpath("two-lanes.json").read_bytes()), 2)
    assert result.method == "events"
    total = result.groups["total"]
    accounted = sum(total[key].mean for key in ("served", "balked", "turned_away"))
    assert accounted == pytest.approx(total["arrivals"].mean)


def test_the_same_seed_gives_the_same_answer_on_any_number_of_threads() -> None:
    one, other = (simulate(port(), 4, threads=threads).as_dict() for threads in (1, 3))
    assert one == other


def test_the_band_holds_the_mean_and_slower_service_waits_longer() -> None:
    found = simulate(port(), 4).groups["traffic/general"]["mean_wait"]
    assert found.band_low is not None
    assert found.band_high is not None
    assert found.band_low < found.mean < found.band_high


def test_a_line_that_never_clears_is_remarked() -> None:
    scenario = port(lanes=[{"name": "general", "booths": 1}, {"name": "trusted", "booths": 1}])
    rules = {finding.rule for finding in simulate(scenario, 2, band=False).findings}
    assert "simulation.unserved" in rules or "simulation.saturated" in rules


def test_intervals_hold_the_mean_as_often_as_they_say() -> None:
    chance = np.random.default_rng(1)
    held = [found.low <= 3 <= found.high for found in (interval(chance.normal(3, 2, 8)) for _ in range(4000))]
    assert np.mean(held) == pytest.approx(0.95, abs=0.012)
    assert np.isnan(interval([np.nan]).mean)


def test_an_interrupt_or_an_error_stops_what_has_not_begun() -> None:
    begun = []

    def work(index: int) -> int:
        begun.append(index)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        on_threads(work, 100, threads=1)
    assert len(begun) < 100


def test_staffing_holds_the_level_with_fewer_hours_than_the_formula() -> None:
    found = staff(port(), replications=3, seconds=6)
    general = next(lane for lane in found.lanes if lane.lane == "general")
    assert general.missed_periods == 0
    assert general.load_hours < general.officer_hours <= general.officer_hours_formula
    assert general.share_within.mean > 0.8


def test_staffing_stays_within_the_booths_that_exist_and_says_what_it_misses() -> None:
    lanes = [{"name": "general", "booths": 2, "most_booths": 2}, {"name": "trusted", "booths": 1}]
    found = staff(port(lanes=lanes), replications=2, seconds=2)
    general = found.lanes[0]
    assert general.booths.max() <= 2
    assert general.missed_periods > 0
    with pytest.raises(Refused):
        staff(port(), period=7)


def test_moving_a_booth_helps_one_side_and_harms_the_other() -> None:
    options = {one.name: one for one in allocations(port(), among=["general", "trusted"], most=1, replications=3)}
    moved = options["general > trusted: 1"]
    assert moved.wait_changes["trusted"].mean < 0 < moved.wait_changes["general"].low
    assert moved.officer_hours == options[""].officer_hours
    assert options[""].delay_change.mean == 0
    with pytest.raises(Refused):
        allocations(port(), among=["general", "nobody"])


def test_booths_that_cannot_move_make_no_row() -> None:
    lanes = [{"name": "general", "booths": 3}, {"name": "trusted", "booths": 1}]
    named = [name for name, _scenario in moves(port(lanes=lanes), [], 4)]
    assert named == ["general > trusted: 1", "general > trusted: 2"]


def test_longer_hours_for_the_same_officer_hours_are_offered_only_where_they_can_be_had() -> None:
    one = trucks()
    single = {**one.model_dump(mode="json", by_alias=True)}
    for part in [*single["lanes"], *single["neighbour"]]:
        part["booths"] = 1
    named = [name for name, _scenario in variants(make_scenario(single))]
    assert "both sides 1 h later" in named
    assert not [name for name in named if "same officer-hours" in name]
    assert [name for name, _scenario in variants(one) if "same officer-hours" in name]


def test_hours_of_both_sides_are_compared_on_the_same_trucks() -> None:
    options = {one.name: one for one in opening_hours(trucks(), replications=2)}
    assert options["harmonised"].officer_hours > options[""].officer_hours
    assert options["harmonised"].delay_hours.mean <= options[""].delay_hours.mean + 1e-6
    assert options["common"].officer_hours < options[""].officer_hours
    assert options["both sides 1 h shorter"].delay_change.mean > 0
    assert all(one.cost is not None for one in options.values())


@pytest.mark.slow
def test_shifts_cover_every_quarter_hour_within_one_percent() -> None:
    need = np.repeat(
        np.array([3, 2, 2, 3, 6, 14, 17, 17, 15, 12, 11, 11, 12, 12, 13, 14, 16, 16, 15, 12, 11, 9, 7, 5] * 7), 4
    )
    found = cover(need, seconds=12, gap=0.01)
    served = np.zeros(SLOTS, int)
    for shift in found.shifts:
        slots = list(range(shift.start // 15, shift.start // 15 + shift.hours * 4))
        pause = [(shift.break_start // 15 + step) % SLOTS for step in range(2)]
        for slot in slots:
            served[slot % SLOTS] += shift.officers * (slot % SLOTS not in pause)
    assert (served >= need).all()
    assert found.bound <= found.officer_hours
    assert found.officer_hours == sum(shift.officers * shift.hours for shift in found.shifts)
    assert cover(np.zeros(SLOTS, np.int64)).shifts == []


def test_streaming_equals_theory_and_counts_what_is_sent_on() -> None:
    scenario = make_scenario(
        {
            "name": "x",
            "start": "2023-07-03",
            "traffic": [
                {
                    "name": "a",
                    "lanes": ["a"],
                    "arrivals": {"kind": "trace", "minutes": [1]},
                    "service": {"kind": "exponential", "mean_seconds": 60},
                }
            ],
            "lanes": [{"name": "a"}],
        }
    )
    table = quantiles(scenario.traffic[0].service, 4096)
    means = []
    for seed in range(12):
        found = lane_hours(
            np.full(2000, 144.0), np.full(2000, 3), table, stream(seed, "s"), referral=0.1, docks=30, secondary=table
        )
        means.append(found.waited.sum() / found.arrivals.sum())
        assert found.referred == pytest.approx(0.1 * found.arrivals.sum(), rel=0.03)
        assert found.arrivals.sum() == pytest.approx(288_000, rel=0.01)
    exact = closed_forms.mean_wait(3, 2.4, 1)
    found_interval = interval(means)
    assert found_interval.mean == pytest.approx(exact, rel=0.03)


def test_approximations() -> None:
    assert sipp([2.4], [3], 1.0)[0] == pytest.approx(closed_forms.mean_wait(3, 2.4, 1))
    assert psa([2.4, 0.0], [3, 1], 1.0) == pytest.approx(closed_forms.mean_wait(3, 2.4, 1))
    assert np.isinf(sipp([4.0], [3], 1.0)[0])
    # Two a minute come for ten minutes to one booth: ten are left, and ten more minutes clear them.
    ends, waits = fluid([2, 0], [1, 1], 1.0, 10)
    assert ends.tolist() == [10, 0]
    assert waits.tolist() == [2.5, 0]
    booths = fewest_booths(2.4, 1.0, 0.8, 5.0, 3.0)
    assert closed_forms.mean_wait(booths, 2.4, 1) <= 3.0 < closed_forms.mean_wait(booths - 1, 2.4, 1) or booths == 3
