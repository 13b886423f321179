"""Movements that stand together: where each stood is written down, so that thousands find those beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor

from django.db.models import Q

from otay.core.geography import haversine
from otay.engines.transit.alarms import Alarm as Judged
from otay.engines.transit.meeting import meetings
from otay.engines.transit.track import Fix
from otay.goods.transit.models import Alarm, Movement, Standing
from otay.goods.transit.services.observing import Watched, watch
from otay.goods.transit.services.raising import MEETING

CELL = 0.005
"""Degrees: larger than any two that stand together are apart."""


@dataclass
class Standings:
    """Where movements stood, as written down; ``again``: those to be judged anew for what others were found to do."""

    of: dict[int, list[Standing]]
    again: set[str] = field(default_factory=set)


def standings(movements: Sequence[Movement]) -> Standings:
    """What is written down of these movements."""
    of: dict[int, list[Standing]] = {row.pk: [] for row in movements}
    for one in Standing.objects.filter(movement__in=list(of)):
        of[one.movement_id].append(one)
    return Standings(of)


def stand(watched: Watched, known: Standings) -> list[Standing]:
    """Write down where the movement stood; returns all that is written down of it."""
    track, row = watched.track, watched.movement
    stretches = [] if track is None else _stretches(track.fixes, watched.rules.meeting_m, watched.rules.meeting_gap_s)
    wanted = {
        (floor(fix.position[0] / CELL), floor(fix.position[1] / CELL), fix.time, last.time) for fix, last in stretches
    }
    stored = {(one.cell_x, one.cell_y, one.since, one.until): one for one in known.of[row.pk]}
    if gone := [one.pk for key, one in stored.items() if key not in wanted]:
        Standing.objects.filter(pk__in=gone).delete()
    made = [
        Standing(movement=row, cell_x=x, cell_y=y, since=since, until=until)
        for x, y, since, until in sorted(wanted - set(stored))
    ]
    if made:
        Standing.objects.bulk_create(made)
    return [one for key, one in stored.items() if key in wanted] + made


def _stretches(fixes: Sequence[Fix], near_m: float, gap_s: float) -> list[tuple[Fix, Fix]]:
    """First and last fix of each stretch in which the movement hardly moved; generous, for it only finds candidates."""
    found, begin = [], 0
    for index in range(1, len(fixes) + 1):
        ends = index == len(fixes) or (
            haversine(fixes[index].position, fixes[begin].position) > 3 * near_m
            or (fixes[index].time - fixes[index - 1].time).total_seconds() > gap_s
        )
        if ends:
            if index - begin > 1:
                found.append((fixes[begin], fixes[index - 1]))
            begin = index
    return found


def encounters(watched: Watched, stood: Sequence[Standing], alarms: Sequence[Alarm], known: Standings) -> list[Judged]:
    """Meetings with every movement that stood beside this one; the others are judged anew where they lack theirs."""
    own = watched.movement
    told = {
        name
        for row in alarms
        if row.kind == MEETING and row.withdrawn_at is None
        for name in str(row.details.get("other", "")).split(", ")
    }
    found: list[Judged] = []
    met: set[str] = set()
    for other in watch(_beside(own, stood), watched.now):
        ours = [one for one in _pair(watched, other) if one.movement == own.mrn]
        found += ours
        if ours:
            met.add(other.movement.mrn)
    known.again |= (told ^ met) - {""}
    return found


def _beside(own: Movement, stood: Sequence[Standing]) -> list[Movement]:
    if not stood:
        return []
    wanted = Q(pk__in=())
    for one in stood:
        wanted |= Q(
            cell_x__range=(one.cell_x - 1, one.cell_x + 1), cell_y__range=(one.cell_y - 1, one.cell_y + 1),
            since__lte=one.until, until__gte=one.since,
        )  # fmt: skip
    ids = Standing.objects.filter(wanted).exclude(movement=own).values_list("movement_id", flat=True)
    rows = Movement.objects.filter(pk__in=set(ids)).select_related("route").defer("route__line")
    return list(rows.order_by("mrn"))


def _pair(one: Watched, other: Watched) -> list[Judged]:
    first, second = sorted((one, other), key=lambda watched: watched.movement.mrn)
    tracks = [watched.track for watched in (first, second)]
    if any(track is None for track in tracks):
        return []
    places = (
        *first.rules.authorised_places, *second.rules.authorised_places, *first.rules.stop_places,
        *second.rules.stop_places,
    )  # fmt: skip
    rules = first.rules.model_copy(update={"authorised_places": places})
    return list(meetings([track for track in tracks if track is not None], rules))
