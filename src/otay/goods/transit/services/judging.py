"""The judgement of stored movements: whatever was heard, and whenever, the alarms are those of the whole record.

A movement is judged anew from all its reports when one of its devices has something new, when a person changed
something, and when time alone may change the answer (silence, time limit).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import floor, isfinite

from django.db import transaction
from django.db.models import Q

from otay.core.geography import haversine
from otay.engines.transit.alarms import Alarm as Judged
from otay.engines.transit.arrival import expected_arrival
from otay.engines.transit.judging import judge
from otay.engines.transit.meeting import meetings
from otay.engines.transit.signal_rules import reporting_interval
from otay.engines.transit.track import Fix, Track
from otay.goods.transit import reports
from otay.goods.transit.models import Alarm, Journey, Movement, MovementSeal, Standing
from otay.goods.transit.services import raising
from otay.goods.transit.services.observing import Watched
from otay.node import clock

log = logging.getLogger(__name__)

CELL = 0.005
"""Degrees: larger than any two that stand together are apart."""
RECHECK = timedelta(minutes=5)
FULL = 300
PAUSE_SECONDS = 0.9
awake = threading.Event()
"""Set when reports were stored in this process: the loop then judges without waiting."""
reports.listeners.append(lambda _devices: awake.set())

FIRST_WORD = timedelta(minutes=15)
"""So long after it was affixed an electronic seal must have said something, where its interval is not known."""


def judge_due(*, limit: int = 300) -> int:
    """Judge what is due, in one transaction with the marks that say so; returns how many movements were judged."""
    with transaction.atomic():
        now = clock.now()
        due = reports.due(limit)
        wanted = _movements_of(due.since)
        timed = Journey.objects.filter(check_at__lte=now).order_by("check_at").values_list("movement_id", flat=True)
        wanted |= set(timed[: max(1, limit - len(wanted))])
        count = judge_movements(sorted(wanted), now=now)
        reports.judged(due)
    return count


def step() -> float:
    """The loop: judge what is due; again at once while there is more, else soon, or when reports are stored."""
    if judge_due() >= FULL:
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
    rows = Movement.objects.select_for_update(of=("self",)).filter(pk__in=ids).select_related("route").order_by("pk")
    uses: dict[int, list[MovementSeal]] = {}
    for use in MovementSeal.objects.filter(movement__in=ids).select_related("seal").order_by("affixed_at", "pk"):
        uses.setdefault(use.movement_id, []).append(use)
    for row in rows:
        try:
            with transaction.atomic():
                _judge(Watched(row, tuple(uses.get(row.pk, ())), now))
        except Exception:
            log.exception("movement %s could not be judged; again in %s", row.mrn, RECHECK)
            Journey.objects.filter(movement=row).update(check_at=now + RECHECK)
    return len(rows)


def _judge(watched: Watched) -> None:
    row, now = watched.movement, watched.now
    if not watched.observations:
        _judge_without_reports(watched)
        return
    alarms = judge(watched.observations, watched.corridor, watched.rules, judged_at=watched.judged_at)
    alarms = [one for one in alarms if one.kind != raising.MEETING and not _settled_by_arrival(row, one)]
    _stand(watched)
    alarms += _meetings(watched)
    raising.settle(movement=row, judged=_once(alarms), now=now)
    _journey(watched)


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


def _judge_without_reports(watched: Watched) -> None:
    """A movement that nobody hears: its time limit is judged all the same, and an electronic seal that says nothing."""
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
    raising.settle(movement=row, judged=alarms, now=now)
    check = None
    if watched.on_the_way:
        ahead = [row.time_limit, *(use.affixed_at + _first_word(watched, use) for use in watched.uses)]
        check = min((moment for moment in ahead if moment > now), default=None)
    Journey.objects.update_or_create(movement=row, defaults={"judged_at": now, "check_at": check})


def _first_word(watched: Watched, use: MovementSeal) -> timedelta:
    interval = use.seal.report_interval_s
    return timedelta(seconds=interval * watched.rules.silence_factor) if interval else FIRST_WORD


def _stand(watched: Watched) -> None:
    """Write down where the movement stood, so that others that stood there find it."""
    track = watched.track
    stretches = [] if track is None else _stretches(track.fixes, watched.rules.meeting_m, watched.rules.meeting_gap_s)
    wanted = {
        (floor(fix.position[0] / CELL), floor(fix.position[1] / CELL), fix.time, last.time) for fix, last in stretches
    }
    stored = {
        (one.cell_x, one.cell_y, one.since, one.until): one.pk
        for one in Standing.objects.filter(movement=watched.movement)
    }
    if gone := [pk for key, pk in stored.items() if key not in wanted]:
        Standing.objects.filter(pk__in=gone).delete()
    Standing.objects.bulk_create(
        Standing(movement=watched.movement, cell_x=x, cell_y=y, since=since, until=until)
        for x, y, since, until in sorted(wanted - set(stored))
    )


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


def _meetings(watched: Watched) -> list[Judged]:
    """Meetings with every movement that stood beside this one; the others are judged anew where they lack theirs."""
    own = watched.movement
    beside = _beside(own)
    known = {
        name
        for details in Alarm.objects.filter(movement=own, kind=raising.MEETING, withdrawn_at__isnull=True).values_list(
            "details", flat=True
        )
        for name in str(details.get("other", "")).split(", ")
    }
    found: list[Judged] = []
    met: set[str] = set()
    for other in beside:
        uses = tuple(other.seals.select_related("seal").order_by("affixed_at", "pk"))
        pair = _pair(watched, Watched(other, uses, watched.now))
        ours = [one for one in pair if one.movement == own.mrn]
        found += ours
        if ours:
            met.add(other.mrn)
    if changed := (known ^ met) - {""}:
        Journey.objects.filter(movement__mrn__in=changed).update(check_at=watched.now)
    return found


def _beside(own: Movement) -> list[Movement]:
    wanted = Q(pk__in=())
    for one in Standing.objects.filter(movement=own):
        wanted |= Q(
            cell_x__range=(one.cell_x - 1, one.cell_x + 1), cell_y__range=(one.cell_y - 1, one.cell_y + 1),
            since__lte=one.until, until__gte=one.since,
        )  # fmt: skip
    ids = Standing.objects.filter(wanted).exclude(movement=own).values_list("movement_id", flat=True)
    return list(Movement.objects.filter(pk__in=set(ids)).select_related("route").order_by("mrn"))


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


def _journey(watched: Watched) -> None:
    """Where the movement is, how far along, and when it is expected."""
    track, row, now = watched.track, watched.movement, watched.now
    if track is None:
        return
    last = track.fixes[-1] if track.fixes else None
    newest = track.observations[-1]
    early, likely, late = _expected(track)
    known = [one.battery for one in reversed(track.observations) if one.battery is not None]
    Journey.objects.update_or_create(
        movement=row,
        defaults={
            "judged_at": now, "check_at": _next_check(watched, track), "seen_at": newest.time,
            "heard_at": max(one.heard for one in track.observations),
            "lat": last.position[1] if last else None, "lon": last.position[0] if last else None,
            "speed": newest.speed, "course": newest.course, "battery": known[0] if known else None,
            "off_m": last.distance if last and isfinite(last.distance) else None,
            "progress_m": last.progress if last and isfinite(last.progress) else None,
            "early": early, "likely": likely, "late": late,
        },
    )  # fmt: skip


def _expected(track: Track) -> tuple[datetime | None, datetime | None, datetime | None]:
    """The expected arrival and its interval, from the pace of the last hours on the route."""
    if track.corridor is None or track.arrival is not None:
        return None, None, None
    on_route = [fix for fix in track.fixes if fix.distance <= track.rules.corridor_m]
    if not on_route:
        return None, None, None
    since = on_route[-1].time - timedelta(seconds=track.rules.pace_s)
    done = [(fix.time.timestamp(), fix.progress) for fix in on_route if fix.time >= since]
    found = expected_arrival(done, track.corridor.length)
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
