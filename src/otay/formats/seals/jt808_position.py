"""JT808 location reports: the fixed part, and the items after it that locks and seals add.

Items whose meaning is not public are kept as hex under ``items``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from otay.core.i18n import N_
from otay.formats.seals.cursor import Cursor, bcd_time, place
from otay.formats.seals.frames import Report
from otay.formats.seals.jt808_lock import lock_command

ZONE_HOURS = 8
Said = dict[str, Any]

ALARM_BITS = {
    0: "sos",
    1: "overspeed",
    2: "fatigue",
    4: "fault",
    5: "gps_antenna_cut",
    6: "gps_antenna_cut",
    7: "low_battery",
    8: "power_off",
    9: "fault",
    10: "fault",
    11: "fault",
    15: "vibration",
    16: "tampering",
    17: "tampering",
    18: "low_battery",
    19: "parking",
    20: "geofence",
    26: "general",
    28: "movement",
    29: "accident",
    30: "accident",
}
_STATUS = {0: "ignition", 1: "positioned", 10: "blocked", 26: "charging"}


def read_location(body: bytes, report: Report, offset: int) -> Said:
    """What one location report says; ``offset`` is where it begins in the frame."""
    cursor = Cursor(body)
    alarm, status = cursor.number(4), cursor.number(4)
    lat = cursor.number(4) / 1e6 * (-1 if status >> 2 & 1 else 1)
    lon = cursor.number(4) / 1e6 * (-1 if status >> 3 & 1 else 1)
    north, east = place(lat, lon, report, offset + 8)
    said: Said = {
        "alarm_word": alarm,
        "alarms": [name for bit, name in ALARM_BITS.items() if alarm >> bit & 1],
        "status_word": status,
        "status": {name: bool(status >> bit & 1) for bit, name in _STATUS.items()},
        "valid": bool(status >> 1 & 1) and north is not None,
        "lat": north,
        "lon": east,
        "altitude": cursor.signed(2),
        "speed": cursor.number(2) / 10,
        "course": cursor.number(2),
        "locks": [],
        "items": {},
    }
    said["time"] = bcd_time(cursor.take(6), report, offset + 22, day_first=False, zone_hours=ZONE_HOURS)
    _padlock(said, report, offset)
    if cursor.left == 20 and body[28:30] not in (b"\x01\x04", b"\x30\x01", b"\x31\x01"):
        cursor.take(4)
        said |= {"odometer_m": cursor.number(4) * 1000, "battery_v": cursor.number(2) / 10}
        said |= {"area_id": cursor.number(4), "rssi": cursor.number(1)}
        return _finished(said)
    while cursor.left >= 2:
        kind, size = cursor.number(1), cursor.number(1)
        if size > cursor.left:
            text = N_("An item says it has %(size)s bytes, %(left)s are left.")
            report.warn(offset + cursor.at, "seal.item", text, f"{kind:02x}", size=size, left=cursor.left)
            break
        data = cursor.take(size)
        if not _item(kind, data, said):
            said["items"][f"{kind:02x}"] = data.hex()
    return _finished(said)


def _padlock(said: Said, report: Report, offset: int) -> None:
    """Two makes of padlock use the bit of speeding for tampering, and that of an emergency for removal.

    The frame does not tell its make; but what stands still cannot be speeding, so such a frame means tampering.
    """
    if said["alarm_word"] & 2 and not said["speed"]:
        said["alarms"].append("tampering")
        message = N_("An alarm of speeding at no speed: by it, padlocks mean tampering.")
        report.note(offset, "seal.padlock", message, f"{said['alarm_word']:08x}")


def _finished(said: Said) -> Said:
    said["alarms"] = list(dict.fromkeys(said["alarms"]))
    for name in ("locks", "items"):
        if not said[name]:
            del said[name]
    return said


def _item(kind: int, data: bytes, said: Said) -> bool:
    reader = _ITEMS.get(kind)
    return reader(data, said) if reader and data else False


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _scaled(name: str, size: int, scale: float) -> Callable[[bytes, Said], bool]:
    def read(data: bytes, said: Said) -> bool:
        if len(data) != size:
            return False
        said[name] = round(_big(data) * scale, 6) if scale != 1 else _big(data)
        return True

    return read


def _text(name: str) -> Callable[[bytes, Said], bool]:
    def read(data: bytes, said: Said) -> bool:
        said[name] = data.decode("ascii", "replace").strip(" \x00")
        return True

    return read


def _command(data: bytes, said: Said) -> bool:
    said |= lock_command(data)
    return True


def _lock_text(data: bytes, said: Said) -> bool:
    """Item ``33``: one byte is a mode; ``*M00...`` carries the voltage of the lock."""
    if len(data) == 1:
        said["mode"] = data[0]
        return True
    text = data.decode("ascii", "replace")
    said["lock_text"] = text
    if text.startswith("*M00") and text[10:13].isdecimal():
        said["battery_v"] = int(text[10:13]) / 100
    return True


def _locks_by_radio(data: bytes, said: Said) -> bool:
    """Item ``63``: locks that report by radio: identifier, voltage, sealed, state, signal."""
    if len(data) % 11:
        return False
    for at in range(0, len(data), 11):
        part = data[at : at + 11]
        said["locks"].append(
            {
                "id": part[:6].hex(),
                "battery_v": _big(part[6:8]) / 1000,
                "sealed": part[8] == 0x31,
                "state": part[9],
                "rssi": part[10],
            }
        )
    return True


def _locks_by_wire(data: bytes, said: Said) -> bool:
    """Item ``d5``: two bytes are a voltage; else locks with identifier, card, charge and state."""
    if len(data) == 2:
        said["battery_v"] = _big(data) / 100
        return True
    if len(data) != 1 + data[0] * 13:
        return False
    for at in range(1, len(data), 13):
        part = data[at : at + 13]
        status = _big(part[11:13])
        lock = {"id": part[:5].hex(), "card": part[5:10].hex(), "battery": part[10]}
        said["locks"].append(lock | {"status_word": status, "locked": not status >> 5 & 1})
    return True


def _event(data: bytes, said: Said) -> bool:
    """Item ``60``: an event; 0061 to 0066 are acts at a lock with a card."""
    if len(data) < 2:
        return False
    said["event"] = _big(data[:2])
    if 0x61 <= said["event"] <= 0x66 and len(data) >= 16:
        said |= {"lock_id": data[2:8].hex(), "card": data[8:16].decode("ascii", "replace")}
    return True


def _rope(data: bytes, said: Said) -> bool:
    """Item ``da``: how often the rope was cut, and whether it and the cover are in place."""
    if len(data) < 3:
        return False
    said["rope_cut_count"] = _big(data[:2])
    said["status"] |= {"rope_inserted": bool(data[2] & 1), "moving": bool(data[2] & 4), "cover": bool(data[2] & 8)}
    return True


def _charge(data: bytes, said: Said) -> bool:
    if len(data) != 1:
        return False
    if data[0] == 0xFF:
        said["charging"] = True
    else:
        said["battery"] = data[0]
    return True


def _charge_and_source(data: bytes, said: Said) -> bool:
    if len(data) != 2:
        return False
    said |= {"charging": data[0] == 0, "battery": data[1]}
    return True


def _charge_and_voltage(data: bytes, said: Said) -> bool:
    if len(data) != 4:
        return False
    said |= {"battery": data[1], "battery_v": _big(data[2:]) / 100}
    return True


def _lock_state(data: bytes, said: Said) -> bool:
    """Item ``e8``: three bytes are the state of a lock; two and more with a code are extended alarms."""
    if len(data) == 3:
        said["lock_status"] = _big(data)
        return True
    name = _EXTENDED.get(_big(data[:2]))
    if name:
        said["alarms"].append(name)
    return bool(name)


_EXTENDED = {
    0x0406: "vibration",
    0x0407: "tow",
    0x0408: "geofence_enter",
    0x0409: "geofence_exit",
    0x040C: "door_open",
    0x0C01: "sos",
    0x0C02: "low_battery",
    0x0C0E: "power_cut",
    0x0C0F: "low_battery",
    0x0C10: "power_off",
    0x0C12: "tampering",
}


def _vendor(data: bytes, said: Said) -> bool:
    """Item ``fe``: a charge, a voltage or a distance by its length; marked ``7c`` it holds alarms, then the charge."""
    if len(data) == 1:
        said["battery"] = data[0]
    elif len(data) == 2:
        said["power_v"] = _big(data) / 10
    elif len(data) == 4:
        said["odometer_m"] = _big(data)
    elif data[0] == 0x7C:
        return _marked(data, said)
    else:
        return False
    return True


def _marked(data: bytes, said: Said) -> bool:
    at = 1
    while at + 2 <= len(data):
        kind, size = data[at], data[at + 1]
        part = data[at + 2 : at + 2 + size]
        if kind == 1 and len(part) == 4:
            word = _big(part)
            said["alarms"] += [name for bit, name in {3: "accident", 4: "tampering"}.items() if word >> bit & 1]
        at += 2 + size
    return True


def _state_of_user(data: bytes, said: Said) -> bool:
    if len(data) == 4 and _big(data) & 8:
        said["alarms"].append("vibration")
    return len(data) == 4


def _sub_items(data: bytes, said: Said) -> bool:
    """Item ``eb``: a list of longer items, of which those of power and tampering are read; in ``89`` and ``c5`` a bit
    that is not set alarms.
    """
    at = 0
    while at + 4 <= len(data):
        size = _big(data[at : at + 2])
        if size < 2 or at + 2 + size > len(data):
            return False
        kind, part = _big(data[at + 2 : at + 4]), data[at + 4 : at + 2 + size]
        if kind == 0x2D and len(part) == 2:
            said["battery_v"] = _big(part) / 1000
        elif kind == 0x89 and len(part) >= 4:
            word = _big(part[:4])
            said["alarms"] += [name for bit, name in {0: "power_off", 12: "removed"}.items() if not word >> bit & 1]
        elif kind == 0xC5 and len(part) >= 4 and not _big(part[:4]) >> 6 & 1:
            said["alarms"].append("vibration")
        elif kind == 0xC6 and part and part[0] in (3, 4):
            said["alarms"].append("low_battery")
        elif kind in (0xA8, 0xE1) and part:
            said["battery"] = part[0]
        at += 2 + size
    return at == len(data)


_ITEMS: dict[int, Callable[[bytes, Said], bool]] = {
    0x01: _scaled("odometer_m", 4, 100),
    0x06: _scaled("battery", 1, 1),
    0x0B: _command,
    0x30: _scaled("rssi", 1, 1),
    0x31: _scaled("satellites", 1, 1),
    0x33: _lock_text,
    0x56: lambda data, said: _scaled("battery", 1, 10)(data[:1], said),
    0x60: _event,
    0x61: _scaled("power_v", 2, 0.01),
    0x63: _locks_by_radio,
    0x67: _text("password"),
    0x68: _scaled("battery", 2, 0.01),
    0x69: _scaled("battery_v", 2, 0.01),
    0x82: _scaled("power_v", 2, 0.1),
    0xBD: _text("card"),
    0xD0: _state_of_user,
    0xD3: _scaled("power_v", 2, 0.1),
    0xD4: _charge,
    0xD5: _locks_by_wire,
    0xDA: _rope,
    0xE1: _charge,
    0xE3: _charge_and_voltage,
    0xE4: _charge_and_source,
    0xE8: _lock_state,
    0xE9: _charge,
    0xEB: _sub_items,
    0xED: _text("card"),
    0xF1: _scaled("power_v", 4, 0.001),
    0xFB: _text("container"),
    0xFC: _scaled("geofence_id", 1, 1),
    0xFE: _vendor,
}
