"""JT808 lock frames 5501 and 5502: Jointech's time and place, state of the lock, and what was done with it."""

from __future__ import annotations

from typing import Any

from otay.core.i18n import N_
from otay.formats.seals.cursor import Cursor
from otay.formats.seals.frames import Report
from otay.formats.seals.jointech_location import location

_LOCK_PRODUCT = 3
_TRACKER_PRODUCTS = (1, 2)
_LOCK_ALARMS = {
    0: "overspeed",
    1: "low_battery",
    2: "vibration",
    3: "low_battery",
    5: "geofence_enter",
    6: "geofence_exit",
}


def read_lock_location(body: bytes, report: Report) -> dict[str, Any]:
    """What one lock frame says."""
    cursor = Cursor(body)
    said = location(cursor, report)
    said |= {"rssi": cursor.number(1), "satellites": cursor.number(1), "odometer_m": cursor.number(4) * 1000}
    battery = cursor.number(1)
    said |= {"battery": battery if battery <= 100 else None, "charging": battery in (0xAA, 0xAB)}
    said |= {"cid": cursor.number(4), "lac": cursor.number(2), "product": cursor.number(1)}
    status, alarm = cursor.number(2), cursor.number(2)
    said |= {"status_word": status, "alarm_word": alarm}
    if said["product"] == _LOCK_PRODUCT:
        said["status"] = {"motor_locked": bool(status >> 5 & 1)}
        said["alarms"] = [name for bit, name in _LOCK_ALARMS.items() if alarm >> bit & 1]
    elif said["product"] in _TRACKER_PRODUCTS and alarm & 1:
        said["alarms"] = ["low_battery"]
    while cursor.left >= 2:
        kind, size = cursor.number(1), cursor.number(1)
        if size > cursor.left:
            text = N_("An item says it has %(size)s bytes, %(left)s are left.")
            report.warn(cursor.at, "seal.item", text, f"{kind:02x}", size=size, left=cursor.left)
            break
        _item(kind, cursor.take(size), said)
    return said


def _item(kind: int, data: bytes, said: dict[str, Any]) -> None:
    if kind == 0x0B and data:
        said |= lock_command(data)
    elif kind == 0x02 and len(data) == 2:
        said["altitude"] = int.from_bytes(data, "big", signed=True)
    elif kind == 0x0C and len(data) >= 6:
        said["tilt"] = [int.from_bytes(data[at : at + 2], "big", signed=True) for at in (0, 2, 4)]
    elif kind == 0x10 and data:
        said["wake_source"] = data[0]
    elif kind == 0xFC and data:
        said["geofence_id"] = data[0]
    else:
        said.setdefault("items", {})[f"{kind:02x}"] = data.hex()


def lock_command(data: bytes) -> dict[str, Any]:
    """Item ``0b``: what was asked of the lock, with which card or password, and how it went."""
    said: dict[str, Any] = {"lock_command": data[0]}
    size, rest = len(data), data[1:]
    if 5 <= size <= 6:
        said["lock_card"] = int.from_bytes(rest[:4], "big")
        rest = rest[4:]
    elif size >= 7:
        said["lock_password"] = rest[:6].decode("ascii", "replace")
        rest = rest[6:]
    if size % 2 == 0 and rest:
        said["unlock_result"] = rest[0]
    return said
