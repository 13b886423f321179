"""What the movement does on its way: leaves the route, turns back, stops, comes late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from math import isfinite

from otay.core.geography import haversine
from otay.engines.transit.alarms import Alarm, raised
from otay.engines.transit.track import Fix, Track, within

ENOUGH_S = 1800.0
"""So long under way before its pace says something."""


def off_route(track: Track) -> Iterator[Alarm]:
    """The movement was outside the corridor for longer than the dwell; it is back only well inside."""
    if track.corridor is None:
        return
    rules, dwell = track.rules, timedelta(seconds=track.rules.off_route_s)
    out: list[Fix] = []
    for fix in track.fixes:
        if out and fix.distance < rules.back_m:
            yield from _excursion(out, dwell, fix)
            out = []
        elif out or fix.distance > rules.corridor_m:
            out.append(fix)
    if out:
        yield from _excursion(out, dwell, None)


def _excursion(out: list[Fix], dwell: timedelta, back: Fix | None) -> Iterator[Alarm]:
    """One excursion, proved by the first position that is still outside after the dwell."""
    first = out[0]
    proof = next((fix for fix in out if fix.time - first.time >= dwell), None)
    if proof is None:
        return
    ended = None if back is None else back.time
    furthest = round(max(fix.distance for fix in out))
    yield raised("off_route", first.seen, (first.seen, proof.seen), ended_at=ended, furthest_m=furthest)


def wrong_direction(track: Track) -> Iterator[Alarm]:
    """On its route, the movement goes back further than noise and turning explain."""
    furthest: Fix | None = None
    current: Fix | None = None
    for fix in track.fixes:
        if not fix.distance <= track.rules.corridor_m:
            continue
        if furthest is None or fix.progress >= furthest.progress:
            furthest = fix
        behind = furthest.progress - fix.progress
        if current is None and behind > track.rules.wrong_way_m:
            current = fix
            start = furthest
        elif current is not None and behind < track.rules.wrong_way_m / 2:
            yield raised("wrong_direction", current.seen, (start.seen, current.seen), ended_at=fix.time)
            current, furthest = None, fix
    if current is not None:
        yield raised("wrong_direction", current.seen, (start.seen, current.seen))


def unplanned_stop(track: Track) -> Iterator[Alarm]:
    """The movement stood in one place where neither a stop nor an opening is planned."""
    least = timedelta(seconds=track.rules.stop_s)
    places = (*track.rules.stop_places, *track.rules.authorised_places)
    fixes = track.fixes
    begin = 0
    while begin < len(fixes):
        end = begin
        while end + 1 < len(fixes) and _stands(fixes[begin], fixes[end + 1], track):
            end += 1
        start = fixes[begin]
        if fixes[end].time - start.time >= least:
            planned = within(start.position, start.time, places) or track.at_an_end(start.position)
            if not planned:
                proof = next(fix for fix in fixes[begin : end + 1] if fix.time - start.time >= least)
                minutes = round((fixes[end].time - start.time).total_seconds() / 60)
                left = fixes[end].time if end + 1 < len(fixes) else None
                yield raised("unplanned_stop", start.seen, (start.seen, proof.seen), ended_at=left, minutes=minutes)
            begin = end + 1
        else:
            # half of the window at a time: a rest of nearly the limit must not cost its square
            begin += max(1, (end - begin) // 2)


def _stands(start: Fix, fix: Fix, track: Track) -> bool:
    return haversine(start.position, fix.position) <= track.rules.stop_radius_m


def over_time_limit(track: Track) -> Iterator[Alarm]:
    """The time limit passed and the movement had not arrived."""
    deadline = track.deadline
    if deadline is None or track.last_time < deadline:
        return
    arrival = track.arrival
    if arrival is not None and arrival.time <= deadline:
        return
    ended = None if arrival is None else arrival.time
    first = track.observations[0]
    last = max((fix for fix in track.fixes if fix.time <= deadline), key=lambda fix: fix.time, default=None)
    place = None if last is None else last.position
    yield raised("over_time_limit", first, (), time=max(deadline, first.time), ended_at=ended, position=place)


def predicted_late(track: Track) -> Iterator[Alarm]:
    """The movement is expected after its time limit, and this for some time.

    Expected as earlier journeys on the corridor went on, else at the pace of the last hours.
    """
    deadline = track.deadline
    if track.corridor is None or deadline is None:
        return
    hold = timedelta(seconds=track.rules.late_hold_s)
    late: list[Fix] = []
    arrival = track.arrival
    pace = timedelta(seconds=track.rules.pace_s)
    begin = 0
    for index, fix in enumerate(track.on_route):
        if fix.time >= deadline or (arrival is not None and fix.time >= arrival.time):
            return
        while fix.time - track.on_route[begin].time > pace:
            begin += 1
        expected = _expected(track, begin, index)
        if expected is not None and expected > deadline.timestamp():
            late.append(fix)
            if fix.time - late[0].time >= hold:
                minutes = round((expected - deadline.timestamp()) / 60) if isfinite(expected) else None
                yield raised("predicted_late", late[0].seen, (late[0].seen, fix.seen), minutes_late=minutes)
                return
        elif expected is not None:
            late = []


def _expected(track: Track, first: int, last: int) -> float | None:
    """When the movement arrives, as a time stamp; infinity where it does not move."""
    under_way = (track.on_route[last].time - track.departed_at).total_seconds()
    if track.history is None and under_way < ENOUGH_S:
        return None
    found = track.expected(first, last)
    return None if found is None else found.likely
