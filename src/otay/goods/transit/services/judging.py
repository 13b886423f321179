"""The judgement of stored movements: whatever was heard, and whenever, the alarms are those of the whole record.

A movement is judged anew from all its reports when one of its devices has something new, when a person changed
something, and when time alone may change the answer (silence, time limit). Seals that complain go before those that
only say where they are, and few are judged in one transaction: under load positions wait, a cut does not.
"""

from __future__ import annotations

import logging
import threading
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import isfinite
from typing import NamedTuple

from django.db import transaction

from otay.engines.transit.alarms import Alarm as Judged
from otay.engines.transit.history import profile
from otay.engines.transit.judging import judge
from otay.engines.transit.signal_rules import reporting_interval
from otay.engines.transit.track import Track
from otay.goods.transit import reports, sharing
from otay.goods.transit.models import Alarm, Journey, JourneyProfile, Movement, MovementSeal
from otay.goods.transit.queries.history import corridor_key
from otay.goods.transit.services import encounters, raising
from otay.goods.transit.services.encounters import Standings
from otay.goods.transit.services.observing import Watched, watch
from otay.node import clock
from otay.node.actors import SYSTEM

log = logging.getLogger(__name__)

RECHECK = timedelta(minutes=5)
SLICE = 50
"""Movements of one transaction, where they are judged fast enough."""
SLICE_SECONDS = 0.25
"""So long the doors may have to wait for the database, and a cut for positions: slower slices become smaller."""
PAUSE_SECONDS = 0.9
_size = [SLICE // 10]
"""The present slice. It begins small, for a route that is met for the first time takes as long as a slice."""
awake = threading.Event()
"""Set when reports were stored in this process: the loop then judges without waiting."""
reports.listeners.append(lambda _devices: awake.set())

FIRST_WORD = timedelta(minutes=15)
"""So long after it was affixed an electronic seal must have said something, where its interval is not known."""


def judge_due(*, limit: int = SLICE) -> int:
    """Judge what is due, in one transaction with the marks that say so.

    Returns how many devices and movements there were, 0 where nothing was due; as many as ``limit`` when there may be
    more.
    """
    with transaction.atomic():
        now = clock.now()
        due = reports.due(limit)
        wanted = _movements_of(due.since)
        timed = Journey.objects.filter(check_at__lte=now).order_by("check_at").values_list("movement_id", flat=True)
        wanted |= set(timed[: max(1, limit - len(wanted))])
        count = judge_movements(sorted(wanted), now=now)
        reports.judged(due)
    return max(count, len(due.since))


def step() -> float:
    """The loop: judge what is due; again at once while there is more, else soon, or when reports are stored."""
    size = _size[0]
    begun = time.monotonic()
    count = judge_due(limit=size)
    if count >= size:
        each = (time.monotonic() - begun) / count
        _size[0] = min(SLICE, 2 * size, max(SLICE // 10, int(SLICE_SECONDS / max(each, 1e-6))))
        return 0.0
    awake.wait(PAUSE_SECONDS)
    awake.clear()
    return 0.01


def _movements_of(devices: Iterable[str]) -> set[int]:
    uses = MovementSeal.objects.filter(seal__device_id__in=list(devices))
    return set(uses.values_list("movement_id", flat=True))


def judge_movements(ids: Sequence[int], *, now: datetime | None = None) -> int:
    """Judge these movements, in the caller's transaction. One that cannot be judged is logged and tried again later."""
    now = now or clock.now()
    locked = Movement.objects.select_for_update(of=("self",)).filter(pk__in=ids)
    rows = list(locked.select_related("route").defer("route__line").order_by("pk"))
    stood = encounters.standings(rows)
    alarms: dict[int, list[Alarm]] = {row.pk: [] for row in rows}
    for alarm in Alarm.objects.filter(movement__in=list(alarms)).order_by("pk"):
        alarms[alarm.movement_id].append(alarm)
    watched = watch(rows, now)
    try:
        with transaction.atomic():
            found = [_judged(one, alarms, stood) for one in watched]
    except Exception:
        # one of them cannot be judged: the others one by one, for a savepoint each costs as much as its judgement
        found = [_judged_alone(one, stood) for one in watched]
    journeys = [one.journey for one in found if one.journey.seen_at is not None]
    unheard = [one.journey for one in found if one.journey.seen_at is None]
    _keep(journeys, _WHERE)
    _keep(unheard, _WHEN)
    _keep_profiles(found)
    sharing.publish_positions(actor=SYSTEM, journeys=journeys)
    if stood.again:
        Journey.objects.filter(movement__mrn__in=stood.again).update(check_at=now)
    return len(rows)


class Found(NamedTuple):
    """What came of a judgement besides alarms: where the movement is, and how it went once it arrived."""

    journey: Journey
    profile: JourneyProfile | None = None


def _judged(watched: Watched, alarms: Mapping[int, list[Alarm]], stood: Standings) -> Found:
    """Judge one movement."""
    stored = alarms[watched.movement.pk]
    if watched.track is None:
        return Found(_judge_without_reports(watched, stored))
    _judge(watched, stored, stood)
    return Found(_journey(watched, watched.track), _profile(watched, watched.track))


def _judged_alone(watched: Watched, stood: Standings) -> Found:
    row = watched.movement
    try:
        with transaction.atomic():
            # what the try before changed in memory was taken back in the database
            row.refresh_from_db(fields=["reopened_at"])
            return _judged(watched, {row.pk: list(Alarm.objects.filter(movement=row).order_by("pk"))}, stood)
    except Exception:
        log.exception("movement %s could not be judged; again in %s", row.mrn, RECHECK)
        return Found(Journey(movement=row, judged_at=None, check_at=watched.now + RECHECK))


_WHEN = ("judged_at", "check_at")
_WHERE = (
    *_WHEN,
    *("seen_at", "heard_at", "lat", "lon", "speed", "course", "battery", "off_m", "progress_m", "early", "likely"),
    *("late", "earlier_journeys"),
)


def _keep(journeys: Sequence[Journey], fields: Sequence[str]) -> None:
    """Into the table, these fields of them; the risk is not the judgement's."""
    if journeys:
        Journey.objects.bulk_create(
            journeys, update_conflicts=True, unique_fields=["movement"], update_fields=list(fields)
        )


def _keep_profiles(found: Sequence[Found]) -> None:
    """How those went that arrived; not of one that late reports show on its way still."""
    arrived = [one.profile for one in found if one.profile is not None]
    if arrived:
        JourneyProfile.objects.bulk_create(
            arrived, update_conflicts=True, unique_fields=["movement"], update_fields=["corridor", "arrived_at", "left"]
        )
    on_the_way = [one.journey.movement_id for one in found if one.profile is None and one.journey.seen_at is not None]
    if on_the_way:
        JourneyProfile.objects.filter(movement__in=on_the_way).delete()


def _profile(watched: Watched, track: Track) -> JourneyProfile | None:
    row = watched.movement
    if row.route_id is None or track.arrival is None:
        return None
    left = profile(track.advance, track.arrival.time.timestamp())
    if left is None:
        return None
    seconds = [round(one) for one in left]
    return JourneyProfile(
        movement=row, corridor=corridor_key(row.route_id), arrived_at=track.arrival.time, left=seconds
    )


def _judge(watched: Watched, stored: Sequence[Alarm], stood: Standings) -> None:
    row = watched.movement
    alarms = judge(
        watched.observations, watched.corridor, watched.rules, judged_at=watched.judged_at, history=watched.history
    )
    alarms = [one for one in alarms if one.kind != raising.MEETING and not _settled_by_arrival(row, one)]
    alarms += encounters.encounters(watched, encounters.stand(watched, stood), stored, stood)
    raising.settle(movement=row, judged=_once(alarms), now=watched.now, stored=stored)


def _settled_by_arrival(row: Movement, one: Judged) -> bool:
    """An arrival that an office recorded in time stands over what the track lets us guess."""
    in_time = row.arrived_at is not None and row.arrived_at <= row.time_limit
    return in_time and one.kind in ("over_time_limit", "predicted_late")


def _once(alarms: Sequence[Judged]) -> list[Judged]:
    """One alarm for each kind, device and time; of several meetings at one moment the others are named together."""
    found = []
    ordered = sorted(alarms, key=lambda one: (one.time, one.kind, one.device_id, one.details))
    for _, group in groupby(ordered, key=lambda one: (one.time, one.kind, one.device_id)):
        same = list(group)
        if len(same) > 1 and same[0].kind == raising.MEETING:
            others = ", ".join(sorted(str(dict(one.details)["other"]) for one in same))
            found.append(_meeting(same[0], others))
        else:
            found.append(same[0])
    return found


def _meeting(one: Judged, others: str) -> Judged:
    return Judged(
        one.kind, one.movement, one.device_id, one.time, one.detected_at, one.ended_at, one.position,
        (("other", others),),
    )  # fmt: skip


def _judge_without_reports(watched: Watched, stored: Sequence[Alarm]) -> Journey:
    """A movement that nobody hears: its time limit is judged all the same, and an electronic seal that says nothing.

    What the neighbour, who may hear it, tells of it stands instead.
    """
    row, now = watched.movement, watched.now
    alarms: list[Judged] = []
    arrived_late = row.arrived_at is not None and row.arrived_at > row.time_limit
    if arrived_late or (watched.on_the_way and row.departed_at and now >= row.time_limit):
        alarms.append(Judged("over_time_limit", row.mrn, "", row.time_limit, row.time_limit, row.arrived_at))
    for use in watched.uses:
        silent_from = use.affixed_at + _first_word(watched, use)
        waits = watched.on_the_way and use.removed_at is None and use.seal.device_id
        if waits and row.departed_at is not None and now >= silent_from:
            alarms.append(Judged("silence", row.mrn, use.seal.device_id, silent_from, silent_from))
    told = {one.kind for one in stored if one.source == "peer" and one.withdrawn_at is None}
    alarms = [one for one in alarms if one.kind not in told]
    raising.settle(movement=row, judged=alarms, now=now, stored=stored)
    check = None
    if watched.on_the_way:
        ahead = [row.time_limit, *(use.affixed_at + _first_word(watched, use) for use in watched.uses)]
        check = min((moment for moment in ahead if moment > now), default=None)
    return Journey(movement=row, judged_at=now, check_at=check)


def _first_word(watched: Watched, use: MovementSeal) -> timedelta:
    interval = use.seal.report_interval_s
    return timedelta(seconds=interval * watched.rules.silence_factor) if interval else FIRST_WORD


def _journey(watched: Watched, track: Track) -> Journey:
    """Where the movement is, how far along, and when it is expected."""
    last = track.fixes[-1] if track.fixes else None
    newest = track.observations[-1]
    early, likely, late = _expected(track)
    journeys = 0 if track.history is None else track.history.journeys
    known = [one.battery for one in reversed(track.observations) if one.battery is not None]
    return Journey(
        movement=watched.movement, judged_at=watched.now, check_at=_next_check(watched, track), seen_at=newest.time,
        heard_at=max(one.heard for one in track.observations),
        lat=last.position[1] if last else None, lon=last.position[0] if last else None,
        speed=newest.speed, course=newest.course, battery=known[0] if known else None,
        off_m=last.distance if last and isfinite(last.distance) else None,
        progress_m=last.progress if last and isfinite(last.progress) else None,
        early=early, likely=likely, late=late, earlier_journeys=None if likely is None else journeys,
    )  # fmt: skip


def _expected(track: Track) -> tuple[datetime | None, datetime | None, datetime | None]:
    """The expected arrival and its interval: none before something was seen on the route, none after the arrival."""
    if track.corridor is None or track.arrival is not None or not track.on_route:
        return None, None, None
    since = track.on_route[-1].time - timedelta(seconds=track.rules.pace_s)
    first = bisect_left(track.on_route, since, key=lambda fix: fix.time)
    found = track.expected(first, len(track.on_route) - 1)
    if found is None:
        return None, None, None
    return _moment(found.early), _moment(found.likely), _moment(found.late)


def _moment(stamp: float) -> datetime | None:
    return datetime.fromtimestamp(stamp, UTC) if isfinite(stamp) and stamp < 4e9 else None


def _next_check(watched: Watched, track: Track) -> datetime | None:
    """When time alone may change the judgement: the silence that is no longer explained, the time limit."""
    if not watched.on_the_way:
        return None
    times = sorted({one.time for one in track.observations})
    interval = reporting_interval(times, watched.rules.interval)
    allowed = max(interval * watched.rules.silence_factor, timedelta(seconds=watched.rules.silence_min_s))
    ahead = [times[-1] + allowed, watched.movement.time_limit]
    return min((moment for moment in ahead if moment > watched.now), default=watched.now + RECHECK)
