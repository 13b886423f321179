"""Two movements that stand together where nothing is planned."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from typing import NamedTuple

from otay.core.geography import Box, Position, haversine
from otay.engines.transit.alarms import Alarm, raised
from otay.engines.transit.observations import Observation
from otay.engines.transit.settings import TransitRules
from otay.engines.transit.track import Fix, Track, within

_MARGIN_DEGREES = 0.05


def meetings(tracks: Sequence[Track], rules: TransitRules) -> Iterator[Alarm]:
    """Two movements stood so near each other for so long; each of the two gets the alarm."""
    moving = [track for track in tracks if track.fixes]
    boxes = {id(track): Box.around([fix.position for fix in track.fixes], _MARGIN_DEGREES) for track in moving}
    for one, other in combinations(moving, 2):
        if boxes[id(one)].touches([fix.position for fix in other.fixes]):
            yield from _pair(one, other, rules)


def _pair(one: Track, other: Track, rules: TransitRules) -> Iterator[Alarm]:
    times = sorted({fix.time for fix in (*one.fixes, *other.fixes)})
    gap = timedelta(seconds=rules.meeting_gap_s)
    together: list[_Moment] = []
    for time in times:
        here, there = _at(one.fixes, time, gap), _at(other.fixes, time, gap)
        near = here is not None and there is not None and haversine(here[0], there[0]) <= rules.meeting_m
        if near and here is not None and there is not None:
            moment = _Moment(time, here[0], there[0], (*here[1], *there[1]))
            if together and not _stand(together[0], moment, rules):
                yield from _alarm(one, other, together, rules)
                together = []
            together.append(moment)
        else:
            yield from _alarm(one, other, together, rules)
            together = []
    yield from _alarm(one, other, together, rules)


class _Moment(NamedTuple):
    """Where both were at one time, and the observations that say so."""

    time: datetime
    one: Position
    other: Position
    evidence: tuple[Observation, ...]


def _stand(start: _Moment, now: _Moment, rules: TransitRules) -> bool:
    return max(haversine(start.one, now.one), haversine(start.other, now.other)) <= 2 * rules.meeting_m


def _alarm(one: Track, other: Track, together: list[_Moment], rules: TransitRules) -> Iterator[Alarm]:
    least = timedelta(seconds=rules.meeting_s)
    proof = next((moment for moment in together if moment.time - together[0].time >= least), None)
    if proof is None or len(together) < 2:
        return
    start = together[0]
    if within(start.one, start.time, rules.authorised_places) or one.at_an_end(start.one):
        return
    evidence = (*start.evidence, *proof.evidence)
    for track, second, position in ((one, other, start.one), (other, one, start.other)):
        first = next(item for item in start.evidence if item.movement == track.movement)
        yield raised(
            "meeting",
            first,
            evidence,
            time=start.time,
            ended_at=together[-1].time,
            position=position,
            other=second.movement or second.observations[0].device_id,
        )


def _at(fixes: Sequence[Fix], time: datetime, gap: timedelta) -> tuple[Position, tuple[Observation, ...]] | None:
    """Where the movement was: at a position, or between two that are not too far apart in time."""
    index = bisect_left(fixes, time, key=lambda fix: fix.time)
    if index < len(fixes) and fixes[index].time == time:
        return fixes[index].position, (fixes[index].seen,)
    if index == 0 or index == len(fixes):
        return None
    before, after = fixes[index - 1], fixes[index]
    if after.time - before.time > gap:
        return None
    share = (time - before.time) / (after.time - before.time)
    (ax, ay), (bx, by) = before.position, after.position
    return (ax + share * (bx - ax), ay + share * (by - ay)), (before.seen, after.seen)
