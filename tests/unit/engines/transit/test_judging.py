"""Each rule raises what it should, at the time it happened, and the judgement does not depend on how it was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.transit import LINE, ROAD, START, drive, minute, seen, stand
from otay.engines.transit.alarms import KINDS, Alarm
from otay.engines.transit.judging import RULES, judge
from otay.engines.transit.observations import Observation, in_order
from otay.engines.transit.settings import Place, TransitRules


def kinds(observations: list[Observation], rules: TransitRules | None = None, **judged: Any) -> list[str]:
    return [alarm.kind for alarm in judge(observations, ROAD, rules, **judged)]


def the(kind: str, observations: list[Observation], rules: TransitRules | None = None, **judged: Any) -> Alarm:
    (alarm,) = [item for item in judge(observations, ROAD, rules, **judged) if item.kind == kind]
    return alarm


def test_a_quiet_journey_raises_nothing() -> None:
    assert judge(drive(), ROAD, TransitRules(time_limit_s=4 * 3600)) == []
    assert judge([], ROAD) == []


def test_a_cut_in_a_dead_zone_is_judged_when_it_happened() -> None:
    late = [
        replace(
            item,
            received_at=item.time + timedelta(hours=1),
            events=frozenset({"rope_cut"} if item == seen(100) else ()),
        )
        for item in drive(95, 110)
    ]
    alarm = the("cut", [*drive(0, 95), *drive(110), *late])
    assert (alarm.time, alarm.detected_at) == (minute(100), minute(160))
    assert alarm.position == seen(100).position
    assert alarm.severity == "high"


def test_an_alarm_that_is_told_again_and_again_is_one() -> None:
    again = [replace(item, events=frozenset({"rope_cut"})) for item in drive(50, 80)]
    alarm = the("cut", [*drive(0, 50), *again, *drive(80)])
    assert (alarm.time, alarm.ended_at) == (minute(50), minute(79))
    apart = [seen(50, events=["rope_cut"]), seen(90, events=["rope_cut"])]
    assert kinds([*drive(0, 50), *drive(51, 90), *drive(91), *apart]).count("cut") == 2


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("cover_open", "cover_open"),
        ("tampering", "tampered"),
        ("wrong_password", "wrong_code"),
        ("unauthorised_card", "wrong_code"),
        ("motor_fault", "device_fault"),
        ("low_battery", "low_battery"),
        ("jamming", "gps_jam"),
        ("unlock", "opened"),
        ("door_open", "opened"),
    ],
)
def test_each_event_has_its_alarm(event: str, kind: str) -> None:
    alarm = the(kind, [*drive(0, 60), seen(60, events=[event]), *drive(61)])
    assert alarm.time == alarm.detected_at == minute(60)


def yard(**change: Any) -> TransitRules:
    return TransitRules(authorised_places=(Place(name="yard", lat=32.5, lon=-116.4, radius_m=600, **change),))


@pytest.mark.parametrize(
    ("rules", "raised"),
    [
        (yard(), False),
        (yard(opens=minute(55), closes=minute(65)), False),
        (yard(opens=minute(61)), True),
        (yard(closes=minute(59)), True),
        (TransitRules(), True),
    ],
)
def test_an_opening_is_judged_by_place_and_time(rules: TransitRules, raised: bool) -> None:
    track = [*drive(0, 60), seen(60, events=["unlock"]), *drive(61)]
    assert ("opened" in kinds(track, rules)) == raised


def test_an_opening_without_position_is_where_the_truck_was() -> None:
    blind = seen(60, lat=None, lon=None, events=["unlock"])
    assert "opened" not in kinds([*drive(0, 60), blind, *drive(61)], yard())
    assert the("opened", [*drive(0, 20), blind, *drive(140)], yard()).position is None


def test_a_seal_opened_in_the_yard_may_not_leave_it_open() -> None:
    open_seal = [replace(item, events=frozenset({"unlock"})) for item in drive(60, 70)]
    assert the("opened", [*drive(0, 60), *open_seal, *drive(70)], yard()).time == minute(61)


def test_the_battery_is_low_until_it_is_charged() -> None:
    levels = [40, 21, 20, 15, 24, 20, 26, 50, 10]
    track = [seen(index, battery=level) for index, level in enumerate(levels)]
    alarms = [alarm for alarm in judge(track, ROAD) if alarm.kind == "low_battery"]
    assert [(alarm.time, alarm.ended_at) for alarm in alarms] == [(minute(2), minute(6)), (minute(8), None)]
    assert kinds([seen(0, battery_v=3.4)], TransitRules(low_battery_v=3.5)) == ["low_battery"]


def test_silence_is_measured_by_the_interval_of_the_device() -> None:
    quick = [*drive(0, 60), *drive(90)]
    alarm = the("silence", quick)
    assert (alarm.time, alarm.ended_at) == (minute(59 + 5), minute(90))
    slow = [*drive(0, 60, step=10), *drive(80, 199, step=10)]
    assert "silence" not in kinds(slow)
    assert "silence" in kinds(slow, TransitRules(report_interval_s=60))


def test_stored_reports_fill_the_silence() -> None:
    stored = [replace(item, received_at=minute(200)) for item in drive(60, 90)]
    assert "silence" not in kinds([*drive(0, 60), *stored, *drive(90)])


def test_silence_goes_on_until_now_unless_the_movement_has_arrived() -> None:
    alarm = the("silence", drive(0, 60), judged_at=minute(300))
    assert (alarm.time, alarm.ended_at) == (minute(64), None)
    assert "silence" not in kinds(drive(), judged_at=minute(900))


def test_off_route_needs_dwell_and_ends_with_hysteresis() -> None:
    def at(metres: float, start: int, end: int) -> list[Observation]:
        return drive(start, end, lat=32.5 + metres / 111_195)

    track = [*drive(0, 60), *at(600, 60, 70), *at(450, 70, 75), *at(300, 75, 80), *drive(80)]
    alarm = the("off_route", track)
    assert (alarm.time, alarm.detected_at, alarm.ended_at) == (minute(60), minute(62), minute(75))
    assert dict(alarm.details)["furthest_m"] == pytest.approx(600, abs=2)
    assert "off_route" not in kinds([*drive(0, 60), *at(600, 60, 62), *drive(62)])
    # along the edge it goes out and in again, but is never back
    edge = [item for start in range(60, 90, 2) for item in (*at(520, start, start + 1), *at(480, start + 1, start + 2))]
    assert kinds([*drive(0, 60), *edge, *drive(90)]).count("off_route") == 1


def test_the_proof_of_an_excursion_may_arrive_late() -> None:
    away = [replace(item, received_at=minute(180)) for item in drive(60, 70, lat=32.52)]
    alarm = the("off_route", [*drive(0, 60), *away, *drive(70)])
    assert (alarm.time, alarm.detected_at) == (minute(60), minute(180))


def test_going_back_along_the_route_is_wrong() -> None:
    back = [seen(60 + step, lon=-117 + 0.01 * (60 - step)) for step in range(1, 20)]
    ahead = [seen(80 + step, lon=-117 + 0.01 * (41 + step)) for step in range(100)]
    alarm = the("wrong_direction", [*drive(0, 61), *back, *ahead])
    assert alarm.time == minute(63)
    assert alarm.ended_at is not None
    assert "wrong_direction" not in kinds([*drive(0, 61), *back[:2], *drive(64)])


def test_a_stop_where_none_is_planned() -> None:
    rest = [seen(number + 30, lon=-117 + 0.01 * number) for number in range(61, 199)]
    track = [*drive(0, 60), *stand(60, 60, 91), *rest]
    alarm = the("unplanned_stop", track)
    assert (alarm.time, alarm.detected_at) == (minute(60), minute(80))
    planned = TransitRules(stop_places=(Place(lat=32.5, lon=-116.4),))
    assert "unplanned_stop" not in kinds(track, planned)
    assert "unplanned_stop" not in kinds([*drive(0, 60), *stand(60, 60, 75), *drive(75)])
    assert "unplanned_stop" not in kinds([*stand(0, 0, 60), *drive(60)])


def test_the_time_limit_counts_from_departure_and_arrival_ends_it() -> None:
    alarm = the("over_time_limit", drive(), TransitRules(time_limit_s=3600))
    assert (alarm.time, alarm.ended_at) == (minute(60), minute(198))
    assert "over_time_limit" not in kinds(drive(0, 50), TransitRules(time_limit_s=3600))
    assert "over_time_limit" in kinds(drive(0, 50), TransitRules(time_limit_s=3600), judged_at=minute(61))
    assert "over_time_limit" in kinds(drive(), TransitRules(deadline=minute(197)))
    assert "over_time_limit" not in kinds(drive(), TransitRules(deadline=minute(198)))


def test_lateness_is_predicted_before_it_comes() -> None:
    rules = TransitRules(deadline=minute(150))
    alarm = the("predicted_late", drive(), rules)
    assert (alarm.time, alarm.detected_at) == (minute(30), minute(45))
    assert dict(alarm.details)["minutes_late"] == pytest.approx(49, abs=2)
    assert "predicted_late" not in kinds(drive(), TransitRules(deadline=minute(220)))


def test_a_jump_is_set_aside_and_does_not_count_as_leaving_the_route() -> None:
    track = [*drive(0, 60), seen(60, lat=34.0), *drive(61)]
    alarm = the("gps_jump", track)
    assert alarm.time == minute(60)
    assert kinds(track) == ["gps_jump"]


def test_positions_that_agree_are_believed_again() -> None:
    track = [*drive(0, 60), *drive(60, 199, lat=33.5)]
    assert kinds(track)[:2] == ["gps_jump", "off_route"] or "off_route" in kinds(track)


def test_reports_without_satellites_are_jamming_when_they_last() -> None:
    blind = drive(60, 75, valid=False)
    alarm = the("gps_jam", [*drive(0, 60), *blind, *drive(75)])
    assert (alarm.time, alarm.detected_at, alarm.ended_at) == (minute(60), minute(70), minute(75))
    assert "gps_jam" not in kinds([*drive(0, 60), *blind[:9], *drive(69)])


def test_another_device_is_noticed() -> None:
    other = drive(100, 199, device_id="S2")
    alarm = the("device_swap", [*drive(0, 100), *other])
    assert (alarm.time, alarm.device_id) == (minute(100), "S2")
    rules = TransitRules(devices={"": ("S1", "S2")})
    assert "device_swap" not in kinds([*drive(0, 100), *other], rules)


def test_a_clock_ahead_of_time_is_noticed_and_not_believed() -> None:
    wrong = replace(seen(150, lat=40.0, events=["rope_cut"]), received_at=minute(60))
    alarm = the("device_clock", [*drive(0, 100), wrong])
    assert alarm.time == alarm.detected_at == minute(60)
    assert kinds([*drive(0, 100), wrong]) == ["device_clock"]


def test_two_movements_that_stand_together() -> None:
    one = [*drive(0, 60, movement="A"), *stand(60, 60, 72, movement="A"), *drive(72, 199, movement="A")]
    other = [replace(item, movement="B", device_id="S2") for item in stand(60, 40, 75)]
    alarms = [alarm for alarm in judge([*one, *other], ROAD) if alarm.kind == "meeting"]
    assert [(alarm.movement, dict(alarm.details)["other"]) for alarm in alarms] == [("A", "B"), ("B", "A")]
    assert {alarm.time for alarm in alarms} == {minute(60)}
    assert "meeting" not in kinds([*one, *other], yard())
    convoy = [replace(item, movement="B", device_id="S2") for item in drive()]
    assert "meeting" not in kinds([*drive(movement="A"), *convoy])


def test_without_a_route_only_its_own_rules_are_silent() -> None:
    track = [*drive(0, 60), seen(60, lat=32.6, events=["rope_cut"]), *drive(61)]
    assert [alarm.kind for alarm in judge(track)] == ["cut"] or "cut" in [alarm.kind for alarm in judge(track)]


def test_every_rule_has_a_sentence_in_both_languages() -> None:
    for rule in RULES:
        assert (rule.__doc__ or "").strip().endswith(".")
    for kind in KINDS:
        alarm = Alarm(kind, "", "", START, START)
        assert alarm.text("en") != alarm.text("es")


observations = st.builds(
    Observation,
    time=st.integers(0, 300).map(minute),
    device_id=st.sampled_from(["S1", "S2"]),
    movement=st.sampled_from(["A", "B"]),
    lat=st.one_of(st.none(), st.sampled_from([32.5, 32.5, 32.5001, 32.51, 33.5])),
    lon=st.one_of(st.none(), st.integers(0, 199).map(lambda index: LINE[index][0])),
    valid=st.booleans(),
    battery=st.one_of(st.none(), st.sampled_from([10.0, 20.0, 50.0])),
    events=st.sets(st.sampled_from(["rope_cut", "unlock", "jamming", "low_battery"]), max_size=2).map(frozenset),
    received_at=st.one_of(st.none(), st.integers(0, 400).map(minute)),
)
rule_sets = st.builds(
    TransitRules,
    report_interval_s=st.one_of(st.none(), st.just(300.0)),
    off_route_s=st.sampled_from([0.0, 120.0]),
    stop_s=st.sampled_from([300.0, 1200.0]),
    time_limit_s=st.one_of(st.none(), st.just(7200.0)),
    repeat_s=st.sampled_from([0.0, 900.0]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(observations, max_size=25), rule_sets, st.randoms(use_true_random=False))
def test_the_alarms_are_the_same_in_any_order_and_told_twice(
    told: list[Observation], rules: TransitRules, random: Any
) -> None:
    expected = judge(told, ROAD, rules)
    shuffled = told * 2
    random.shuffle(shuffled)
    assert judge(shuffled, ROAD, rules) == expected
    for alarm in expected:
        assert alarm.detected_at >= alarm.time
        assert alarm.ended_at is None or alarm.ended_at >= alarm.time or alarm.kind == "silence"
    assert len({alarm.key for alarm in expected if alarm.kind != "meeting"}) == sum(
        alarm.kind != "meeting" for alarm in expected
    )


def test_of_two_heard_at_once_the_same_is_kept_in_either_order() -> None:
    silent = Observation(time=START, device_id="S2", movement="B", events=frozenset({"rope_cut"}))
    told = replace(silent, received_at=START)
    assert in_order([silent, told]) == in_order([told, silent]) == [told]


@settings(max_examples=50, deadline=None)
@given(st.lists(observations, max_size=20))
def test_one_order_for_all(told: list[Observation]) -> None:
    ordered = in_order(told)
    assert ordered == in_order(reversed(told))
    assert [item.time for item in ordered] == sorted(item.time for item in ordered)


@settings(max_examples=60, deadline=None)
@given(st.lists(observations, min_size=1, max_size=20))
def test_a_seal_alarm_is_known_as_soon_as_its_report_is(told: list[Observation]) -> None:
    """Judged with what had been heard by then, the alarm is there; with less, it is not."""
    for alarm in judge(told, ROAD):
        if alarm.kind not in ("cut", "opened"):
            continue
        heard = [item for item in told if item.heard <= alarm.detected_at]
        assert any(found.kind == alarm.kind and found.movement == alarm.movement for found in judge(heard, ROAD))


@pytest.mark.timeout(60)
def test_a_long_rest_that_is_no_stop_yet_is_judged_in_time() -> None:
    parked = [Observation(minute(index / 60), "S1", lat=32.5, lon=-116.5) for index in range(5000)]
    assert "unplanned_stop" not in kinds(parked, TransitRules(stop_s=86_400))
    assert "unplanned_stop" in kinds(parked, TransitRules(stop_s=3600))
