"""What seals complain of. Each rule is one sentence; an alarm told again and again is one alarm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from otay.engines.transit.alarms import Alarm, raised
from otay.engines.transit.observations import Observation
from otay.engines.transit.track import Track, by_device, within

CUT = frozenset({"rope_cut", "cut", "seal_cut", "string_cut"})
OPENED = frozenset({"unlock", "unlocked", "open", "opened", "door_open", "rope_pulled"})
COVER = frozenset({"cover_open", "back_cover_open"})
TAMPERED = frozenset({"tampering", "tamper", "removed"})
WRONG_CODE = frozenset({"wrong_password", "wrong_code", "unauthorised_card"})
FAULT = frozenset({"motor_fault", "fault", "power_cut", "power_off"})
LOW_BATTERY = frozenset({"low_battery"})
KNOWN_EVENTS = CUT | OPENED | COVER | TAMPERED | WRONG_CODE | FAULT | LOW_BATTERY
RECOVERY_PCT = 5.0


def _episodes(
    track: Track, active: Callable[[Observation], bool]
) -> Iterator[tuple[Observation, Observation, list[Observation]]]:
    """First and last observation of each run of active ones of a device, and the run."""
    pause = timedelta(seconds=track.rules.repeat_s)
    for _, items in by_device(track.observations):
        run: list[Observation] = []
        for item in items:
            if not active(item):
                continue
            if run and item.time - run[-1].time > pause:
                yield run[0], run[-1], run
                run = []
            run.append(item)
        if run:
            yield run[0], run[-1], run


def _told(track: Track, kind: str, names: frozenset[str]) -> Iterator[Alarm]:
    for first, last, run in _episodes(track, lambda item: bool(item.events & names)):
        told = sorted(set().union(*(item.events & names for item in run)))
        place = track.place_of(first)
        yield raised(kind, first, (first,), ended_at=last.time, position=place, events=", ".join(told))


def cut(track: Track) -> Iterator[Alarm]:
    """The rope or string of the seal was cut."""
    return _told(track, "cut", CUT)


def cover_open(track: Track) -> Iterator[Alarm]:
    """The cover of the seal was opened."""
    return _told(track, "cover_open", COVER)


def tampered(track: Track) -> Iterator[Alarm]:
    """The seal says that somebody tampers with it."""
    return _told(track, "tampered", TAMPERED)


def wrong_code(track: Track) -> Iterator[Alarm]:
    """A wrong password or a card that is not authorised was tried."""
    return _told(track, "wrong_code", WRONG_CODE)


def device_fault(track: Track) -> Iterator[Alarm]:
    """The device reports a fault or loss of power."""
    return _told(track, "device_fault", FAULT)


def opened(track: Track) -> Iterator[Alarm]:
    """The seal was open outside an authorised place, or outside its hours.

    An opening whose place is not known is not authorised.
    """
    places = track.rules.authorised_places

    def forbidden(item: Observation) -> bool:
        return bool(item.events & OPENED) and not within(track.place_of(item), item.time, places)

    for first, last, run in _episodes(track, forbidden):
        told = sorted(set().union(*(item.events & OPENED for item in run)))
        place = track.place_of(first)
        yield raised("opened", first, (first,), ended_at=last.time, position=place, events=", ".join(told))


def low_battery(track: Track) -> Iterator[Alarm]:
    """The battery fell to the limit; it is over when it is charged five points above it."""
    rules = track.rules
    for _, items in by_device(track.observations):
        first: Observation | None = None
        ended: Observation | None = None
        for item in items:
            low = bool(item.events & LOW_BATTERY)
            low = low or (item.battery is not None and item.battery <= rules.low_battery_pct)
            limit = rules.low_battery_v
            low = low or (limit is not None and item.battery_v is not None and item.battery_v <= limit)
            well = item.battery is not None and item.battery > rules.low_battery_pct + RECOVERY_PCT
            if low and first is None:
                first = item
            elif first is not None and well and not low:
                ended = item
                yield raised("low_battery", first, (first,), ended_at=ended.time, battery=first.battery)
                first = None
        if first is not None:
            yield raised("low_battery", first, (first,), battery=first.battery)
