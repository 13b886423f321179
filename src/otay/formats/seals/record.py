"""One shape for what every family of seals says.

A record holds ``device_id``, ``time`` (ISO 8601, UTC), ``valid``, ``lat``, ``lon``, ``speed`` (km/h), ``course``
(degrees), ``battery`` (per cent), ``status`` (named flags), ``alarms`` (names of :data:`ALARMS`), and beside these
whatever else the frame says, in its own words. What a frame does not say is null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

Record = dict[str, Any]

KMH_PER_KNOT = 1.852
KMH_PER_MILE = 1.609344

Alarm = Literal[
    "rope_cut",
    "unlock",
    "wrong_password",
    "unauthorised_card",
    "cover_open",
    "door_open",
    "tampering",
    "removed",
    "motor_fault",
    "low_battery",
    "power_cut",
    "vibration",
    "movement",
    "drop",
    "accident",
    "geofence_enter",
    "geofence_exit",
    "geofence",
    "sos",
    "overspeed",
    "fatigue",
    "tow",
    "parking",
    "gps_antenna_cut",
    "jamming",
    "fault",
    "power_off",
    "lock",
    "contact_lost",
    "general",
]
"""Every alarm that a reader may name."""
ALARMS: tuple[str, ...] = get_args(Alarm)

STATUS_BITS = (
    "lbs_fix",
    "geofence_enter_alarm",
    "geofence_exit_alarm",
    "rope_cut_alarm",
    "vibration_alarm",
    "ack_required",
    "rope_inserted",
    "motor_locked",
    "unlock_alarm",
    "wrong_password_alarm",
    "unauthorised_card_alarm",
    "low_battery_alarm",
    "back_cover_open_alarm",
    "back_cover_closed",
    "motor_fault_alarm",
)
"""The bits of the JT701 status word, lowest first, as the maker's table names them."""

ALARM_OF_FLAG = {
    "geofence_enter_alarm": "geofence_enter",
    "geofence_exit_alarm": "geofence_exit",
    "rope_cut_alarm": "rope_cut",
    "vibration_alarm": "vibration",
    "vibration_or_tamper_alarm": "tampering",
    "unlock_alarm": "unlock",
    "wrong_password_alarm": "wrong_password",
    "unauthorised_card_alarm": "unauthorised_card",
    "low_battery_alarm": "low_battery",
    "back_cover_open_alarm": "cover_open",
    "motor_fault_alarm": "motor_fault",
}


def record(
    device_id: str, *, status: Mapping[str, bool] | None = None, alarms: Iterable[str] = (), **said: Any
) -> Record:
    """A record with every key of the common shape; what is not given is null."""
    known: Record = {
        "device_id": device_id,
        "time": None,
        "valid": False,
        "lat": None,
        "lon": None,
        "speed": None,
        "course": None,
        "battery": None,
        "status": dict(status or {}),
        "alarms": list(dict.fromkeys(alarms)),
    }
    return known | said


def alarms_of(status: Mapping[str, bool]) -> list[str]:
    """The alarms that the flags of a JT701 status name."""
    return [ALARM_OF_FLAG[name] for name, is_set in status.items() if is_set and name in ALARM_OF_FLAG]


def utc(*parts: int, zone_hours: int = 0) -> str | None:
    """``year, month, day, hour, minute, second`` as ISO 8601 in UTC; None for a moment that does not exist."""
    try:
        moment = datetime(*parts, tzinfo=UTC) - timedelta(hours=zone_hours)  # type: ignore[misc,arg-type]
    except (ValueError, OverflowError):
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment.year >= 1000 else None


def kmh(value: float | None, unit: float = 1.0) -> float | None:
    """A speed in km/h from another unit."""
    return None if value is None else round(value * unit, 2)
