"""What the signal itself gives away: silence, jumps, jamming, another device, a wrong clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median_low

from otay.engines.transit.alarms import Alarm, raised
from otay.engines.transit.observations import Observation
from otay.engines.transit.track import Track, by_device

JAMMED = frozenset({"jamming", "jam", "gps_antenna_cut"})
DEFAULT_INTERVAL = timedelta(minutes=5)
ENOUGH = 5
"""Gaps from which the reporting interval is learnt."""


def reporting_interval(times: Sequence[datetime], given: timedelta | None = None) -> timedelta:
    """The interval a device reports in: as given, else the median of its own gaps, else five minutes."""
    if given is not None:
        return given
    gaps = [after - before for before, after in pairwise(times) if after > before]
    return median_low(gaps) if len(gaps) >= ENOUGH else DEFAULT_INTERVAL


def silence(track: Track) -> Iterator[Alarm]:
    """The device was silent for longer than its own reporting interval explains.

    The alarm's time is the moment at which the silence was no longer explained. Reports stored meanwhile and delivered
    later fill the silence: then there was none.
    """
    times = sorted({item.time for item in track.observations})
    interval = reporting_interval(times, track.rules.interval)
    allowed = max(interval * track.rules.silence_factor, timedelta(seconds=track.rules.silence_min_s))
    ends: list[datetime | None] = [*times[1:], None]
    first_heard = {}
    for item in reversed(track.observations):
        first_heard[item.time] = item
    for begin, end in zip(times, ends, strict=True):
        until = end or _still_awaited(track)
        if until is None or until - begin <= allowed:
            continue
        last = first_heard[begin]
        seconds = round((until - begin).total_seconds())
        place = track.place_of(last)
        yield raised("silence", last, (last,), time=begin + allowed, ended_at=end, position=place, silent_s=seconds)


def _still_awaited(track: Track) -> datetime | None:
    """Up to when reports should have come after the last one; None where the movement has arrived."""
    return None if track.arrival is not None else track.judged_at


def gps_jump(track: Track) -> Iterator[Alarm]:
    """Two positions lie further apart than a vehicle can drive in between."""
    yield from track.jumps


def gps_jam(track: Track) -> Iterator[Alarm]:
    """The device keeps reporting, but for a while without satellites, or says that it is jammed."""
    limit = timedelta(seconds=track.rules.jam_s)
    for _, items in by_device(track.observations):
        run: list[Observation] = []
        for item in [*items, None]:
            blind = item is not None and (not item.valid or bool(item.events & JAMMED))
            if item is not None and blind:
                run.append(item)
                continue
            if run:
                yield from _jam(run, limit, track, item)
            run = []


def _jam(run: list[Observation], limit: timedelta, track: Track, after: Observation | None) -> Iterator[Alarm]:
    said = next((item for item in run if item.events & JAMMED), None)
    proof = next((item for item in run if item.time - run[0].time >= limit and item.time > run[0].time), None)
    if said is None and proof is None:
        return
    known = [item for item in (said, proof) if item is not None]
    place = track.place_of(run[0])
    detected = min(known, key=lambda item: item.heard)
    ended = None if after is None else after.time
    yield raised("gps_jam", run[0], (run[0], detected), ended_at=ended, position=place, reports=len(run))


def device_swap(track: Track) -> Iterator[Alarm]:
    """A device reports that does not belong to the movement: by the rules, else any but the first."""
    first = track.observations[0]
    expected = track.rules.devices.get(track.movement, (first.device_id,))
    for device, items in by_device(track.observations):
        if device not in expected:
            evidence = (items[0],) if track.movement in track.rules.devices else (first, items[0])
            place = track.place_of(items[0])
            yield raised("device_swap", items[0], evidence, position=place, expected=", ".join(expected))


def device_clock(items: Sequence[Observation]) -> Iterator[Alarm]:
    """A report tells a time that had not come when it was received; it is not believed in anything else."""
    for _, reports in by_device(items):
        first = min(reports, key=lambda item: (item.received_at or item.time, item.time))
        received = first.received_at or first.time
        ahead = round((first.time - received).total_seconds())
        yield Alarm("device_clock", first.movement, first.device_id, received, received, details=(("ahead_s", ahead),))
