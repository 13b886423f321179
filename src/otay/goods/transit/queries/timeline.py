"""One line of time for a movement: procedure, seals, alarms and what people did, in order of when it happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from otay.goods.transit.models import AlarmEvent, Movement, SealLogEntry

EVENT, SEAL, ALARM, ACT = "event", "seal", "alarm", "act"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened. ``recorded_at``: when this node learnt of it; ``code``: what, as ``kind`` calls it."""

    at: datetime
    recorded_at: datetime
    kind: str
    code: str
    actor: str
    thing: Any


def entries(movement: Movement) -> list[Entry]:
    """Everything, oldest first."""
    found = [
        Entry(one.at, one.recorded_at, EVENT, one.step, one.actor, one) for one in movement.events.order_by("at", "pk")
    ]
    log = SealLogEntry.objects.filter(movement=movement.mrn).select_related("seal")
    found += [Entry(one.at, one.recorded_at, SEAL, one.act, one.actor, one) for one in log]
    found += [
        Entry(one.time, one.detected_at, ALARM, one.kind, one.source, one)
        for one in movement.alarms.filter(withdrawn_at__isnull=True)
    ]
    acts = AlarmEvent.objects.filter(alarm__movement=movement).exclude(act="raised").select_related("alarm")
    found += [Entry(one.at, one.at, ACT, one.act, one.actor, one) for one in acts]
    return sorted(found, key=lambda entry: (entry.at, entry.recorded_at))
