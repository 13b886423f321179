"""Alarms that come to be, change, and go when late reports take their ground away; and what officers find."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from otay.engines.transit.alarms import KINDS
from otay.engines.transit.alarms import Alarm as Judged
from otay.goods.transit import sharing
from otay.goods.transit.domain.alarm_life import Act
from otay.goods.transit.domain.steps import ARRIVED, DONE
from otay.goods.transit.models import Alarm, AlarmEvent, Journey, Movement
from otay.node import audit, clock
from otay.node.actors import SYSTEM, Actor

RISK = ("", "low", "medium", "high")
MEETING = "meeting"


def settle(*, movement: Movement, judged: Sequence[Judged], now: datetime, stored: Iterable[Alarm]) -> int:
    """Make the ``stored`` alarms of ``movement`` those that were ``judged``; returns how many were raised anew.

    What is the same alarm keeps its life: the same kind, device and time, else the same kind and device and a time that
    overlaps (late reports move the beginning). What is judged no longer is withdrawn, never deleted.
    """
    stored = [row for row in stored if row.source == "reports"]
    pairs, fresh = _paired(stored, judged)
    events: list[AlarmEvent] = []
    taken = {row.pk for row, _ in pairs}
    # first those that go: another may take the place that one leaves
    for row in stored:
        if row.pk not in taken and row.withdrawn_at is None:
            row.withdrawn_at = now
            row.save(update_fields=["withdrawn_at"])
            events.append(_event(row, Act.WITHDRAWN, now))
    for row, one in pairs:
        events += _changed(row, one, now)
    made = Alarm.objects.bulk_create(_new(movement, one, now) for one in fresh)
    events += [_event(row, Act.RAISED, now) for row in made]
    if events:
        _tell(movement, AlarmEvent.objects.bulk_create(events), now)
    return len(made)


def _paired(stored: Sequence[Alarm], judged: Sequence[Judged]) -> tuple[list[tuple[Alarm, Judged]], list[Judged]]:
    by_key = {(row.kind, row.device_id, row.time): row for row in stored}
    pairs, left = [], []
    for one in judged:
        row = by_key.pop((one.kind, one.device_id, one.time), None)
        if row is None:
            left.append(one)
        else:
            pairs.append((row, one))
    free, fresh = sorted(by_key.values(), key=lambda row: (row.time, row.pk)), []
    for one in left:
        same = next((row for row in free if _overlap(row, one)), None)
        if same is None:
            fresh.append(one)
        else:
            free.remove(same)
            pairs.append((same, one))
    return pairs, fresh


def _overlap(row: Alarm, one: Judged) -> bool:
    if row.kind != one.kind or row.device_id != one.device_id or row.withdrawn_at is not None:
        return False
    ended = one.ended_at
    return (row.ended_at is None or one.time <= row.ended_at) and (ended is None or row.time <= ended)


def _new(movement: Movement, one: Judged, now: datetime) -> Alarm:
    lon, lat = one.position or (None, None)
    return Alarm(
        movement=movement, kind=one.kind, severity=one.severity, device_id=one.device_id, time=one.time,
        detected_at=one.detected_at, ended_at=one.ended_at, lat=lat, lon=lon, details=dict(one.details), raised_at=now,
        acted_at=now,
    )  # fmt: skip


def _changed(row: Alarm, one: Judged, now: datetime) -> list[AlarmEvent]:
    lon, lat = one.position or (None, None)
    wanted = {
        "time": one.time, "detected_at": one.detected_at, "ended_at": one.ended_at, "lat": lat, "lon": lon,
        "details": dict(one.details),
    }  # fmt: skip
    returned = row.withdrawn_at is not None
    moved = row.time != one.time
    if not returned and all(getattr(row, name) == value for name, value in wanted.items()):
        return []
    for name, value in wanted.items():
        setattr(row, name, value)
    row.withdrawn_at = None
    row.save(update_fields=[*wanted, "withdrawn_at"])
    if returned:
        return [_event(row, Act.RETURNED, now)]
    return [_event(row, Act.CHANGED, now)] if moved else []


def _event(row: Alarm, act: Act, now: datetime, actor: Actor = SYSTEM, text: str = "") -> AlarmEvent:
    return AlarmEvent(alarm=row, act=act, at=now, actor=actor.key, text=text[:500])


def raise_by_officer(
    *,
    actor: Actor,
    movement: Movement,
    kind: str,
    at: datetime,
    details: Mapping[str, Any],
    lat: float | None = None,
    lon: float | None = None,
) -> Alarm:
    """What an officer found on the truck, as an alarm that no report withdraws; in the caller's transaction."""
    now = clock.now()
    row, made = Alarm.objects.get_or_create(
        movement=movement, kind=kind, device_id="", time=at,
        defaults={
            "severity": KINDS[kind][0], "detected_at": at, "raised_at": now, "acted_at": now, "source": "officer",
            "details": dict(details), "lat": lat, "lon": lon,
        },
    )  # fmt: skip
    if made:
        event = _event(row, Act.RAISED, now, actor, str(details.get("remarks", "")))
        event.save()
        _tell(movement, [event], now)
    return row


def _tell(movement: Movement, events: Sequence[AlarmEvent], now: datetime) -> None:
    """The neighbour hears of high alarms, a verdict already given is opened again, the movement shows its risk."""
    high = [event for event in events if event.alarm.severity == "high" and event.act in _TOLD]
    if high:
        sharing.publish_alarms(actor=SYSTEM, events=[event for event in high if _ours_to_tell(movement, event.alarm)])
    late = [event for event in high if event.act != Act.WITHDRAWN]
    if late and (movement.state in DONE or movement.state in ARRIVED) and movement.reopened_at is None:
        movement.reopened_at = now
        movement.save(update_fields=["reopened_at"])
        audit.record(
            actor=SYSTEM, action="transit.verdict_reopened", subject=f"movement:{movement.mrn}",
            alarms=", ".join(sorted({event.alarm.kind for event in late})),
        )  # fmt: skip
    refresh_risk(movement)


def _ours_to_tell(movement: Movement, alarm: Alarm) -> bool:
    """Not what the neighbour told us, nor what time alone says of its own movement, which it knows better."""
    return alarm.source == "officer" or (alarm.source == "reports" and not (movement.peer and not alarm.device_id))


_TOLD = (Act.RAISED, Act.WITHDRAWN, Act.RETURNED)


def refresh_risk(movement: Movement) -> None:
    """The gravest open alarm is the movement's risk."""
    open_ones = Alarm.objects.filter(movement=movement, withdrawn_at__isnull=True).exclude(state="closed")
    severities = list(open_ones.values_list("severity", flat=True))
    Journey.objects.update_or_create(
        movement=movement,
        defaults={"risk": max(severities, key=RISK.index, default=""), "open_alarms": len(severities)},
    )
