"""Alarms: what happened, when it happened, and from when it could be known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from otay.core.geography import Position
from otay.core.i18n import N_, translate
from otay.engines.transit.observations import Observation

HIGH, MEDIUM, LOW = "high", "medium", "low"

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cut": (HIGH, N_("The seal was cut.")),
        "opened": (HIGH, N_("The seal was opened outside an authorised place or time.")),
        "cover_open": (HIGH, N_("The cover of the seal was opened.")),
        "tampered": (HIGH, N_("The seal reports tampering.")),
        "wrong_code": (MEDIUM, N_("A wrong code or an unknown card was tried.")),
        "low_battery": (LOW, N_("The battery is low.")),
        "device_fault": (LOW, N_("The device reports a fault.")),
        "device_swap": (HIGH, N_("Another device reports for this movement.")),
        "device_clock": (LOW, N_("The device tells times that have not come yet.")),
        "silence": (MEDIUM, N_("The device was silent for longer than its reporting interval explains.")),
        "gps_jump": (MEDIUM, N_("The position jumped further than a vehicle can drive.")),
        "gps_jam": (HIGH, N_("The device reports without satellites: perhaps it is jammed.")),
        "off_route": (HIGH, N_("The movement left its route.")),
        "wrong_direction": (MEDIUM, N_("The movement goes back along its route.")),
        "unplanned_stop": (MEDIUM, N_("The movement stopped where no stop is planned.")),
        "over_time_limit": (HIGH, N_("The time limit passed without arrival.")),
        "predicted_late": (MEDIUM, N_("At this pace the movement arrives after its time limit.")),
        "meeting": (HIGH, N_("Two movements stood together.")),
    }
)
"""Severity of each kind and the sentence for the control room."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """``time`` is when it happened, ``detected_at`` the first moment at which all that proves it had been heard.

    ``ended_at`` is when it was over, as far as is known. ``details`` are named facts in a fixed order.
    """

    kind: str
    movement: str
    device_id: str
    time: datetime
    detected_at: datetime
    ended_at: datetime | None = None
    position: Position | None = None
    details: tuple[tuple[str, Any], ...] = ()

    @property
    def severity(self) -> str:
        """``high``, ``medium`` or ``low``."""
        return KINDS[self.kind][0]

    @property
    def key(self) -> tuple[str, str, str, datetime]:
        """What makes it this alarm and no other, however often it is judged."""
        return self.kind, self.movement, self.device_id, self.time

    def text(self, language: str = "en") -> str:
        """The sentence for the control room."""
        return translate(KINDS[self.kind][1], language)


def raised(
    kind: str,
    first: Observation,
    evidence: Iterable[Observation],
    *,
    time: datetime | None = None,
    ended_at: datetime | None = None,
    position: Position | None = None,
    **details: Any,
) -> Alarm:
    """An alarm at ``first`` (or at ``time``), detected when the last piece of ``evidence`` was heard."""
    happened = time or first.time
    heard = max((item.heard for item in evidence), default=first.heard)
    return Alarm(
        kind,
        first.movement,
        first.device_id,
        happened,
        max(happened, heard),
        ended_at,
        position or first.position,
        tuple(details.items()),
    )
