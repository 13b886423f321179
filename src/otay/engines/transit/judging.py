"""The judgement: all rules over all movements, by event time, the same for any order and any repetition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from otay.engines.corridor import Corridor
from otay.engines.transit import route_rules, seal_rules, signal_rules
from otay.engines.transit.alarms import Alarm
from otay.engines.transit.history import History
from otay.engines.transit.meeting import meetings
from otay.engines.transit.observations import Observation, in_order
from otay.engines.transit.settings import TransitRules
from otay.engines.transit.track import Track

RULES: tuple[Callable[[Track], Iterator[Alarm]], ...] = (
    seal_rules.cut,
    seal_rules.opened,
    seal_rules.cover_open,
    seal_rules.tampered,
    seal_rules.wrong_code,
    seal_rules.low_battery,
    seal_rules.device_fault,
    signal_rules.silence,
    signal_rules.gps_jump,
    signal_rules.gps_jam,
    signal_rules.device_swap,
    route_rules.off_route,
    route_rules.wrong_direction,
    route_rules.unplanned_stop,
    route_rules.over_time_limit,
    route_rules.predicted_late,
)


def judge(
    observations: Iterable[Observation],
    route: Corridor | None = None,
    rules: TransitRules | None = None,
    *,
    judged_at: datetime | None = None,
    history: History | None = None,
) -> list[Alarm]:
    """Every alarm that the observations give, in order of when it happened.

    Args:
        observations: in any order, told any number of times.
        route: the prescribed route; without one its rules are silent.
        rules: thresholds, places and deadlines.
        judged_at: the present moment, for silence and deadlines after the last observation.
        history: earlier journeys on the route, for the expected arrival.
    """
    rules = rules or TransitRules()
    ordered = in_order(observations)
    ahead = timedelta(seconds=rules.future_s)
    future = [item for item in ordered if item.received_at is not None and item.time - item.received_at > ahead]
    doubted = set(map(id, future))
    tracks = [
        Track(movement, items, route, rules, judged_at, history)
        for movement, items in _by_movement(item for item in ordered if id(item) not in doubted)
    ]
    alarms = [alarm for track in tracks for rule in RULES for alarm in rule(track)]
    for _, items in _by_movement(future):
        alarms += signal_rules.device_clock(items)
    alarms += meetings(tracks, rules)
    return sorted(alarms, key=lambda alarm: (alarm.time, alarm.kind, alarm.movement, alarm.device_id, alarm.details))


def _by_movement(observations: Iterable[Observation]) -> Iterator[tuple[str, list[Observation]]]:
    found: dict[str, list[Observation]] = {}
    for item in observations:
        found.setdefault(item.movement, []).append(item)
    yield from sorted(found.items())
