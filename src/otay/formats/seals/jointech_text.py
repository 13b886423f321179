"""Jointech text frames: positions ``U01``.., ``W01``, lock events ``P45``, and the binary record of sub-sensors.

Sources: the protocol as the open decoders of this family document it. The codes of the event source of P45 are not
public: they are given as numbers, and an unlock is claimed only where the frame says that it was verified.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from otay.core.i18n import N_
from otay.formats.seals.cursor import NO_TIME, Cursor, bcd_time, place
from otay.formats.seals.frames import NO_POSITION, Bad, Report, shown
from otay.formats.seals.jointech_location import location
from otay.formats.seals.record import KMH_PER_MILE, Record, kmh, record, utc

ESCAPES = {0x15: b"(", 0x14: b")", 0x11: b",", 0x00: b"="}
_ESCAPED = re.compile(rb"=([\x00\x11\x14\x15])")
_SENSOR = re.compile(rb"\((\d{1,20}),([^,()]{0,8}),([^,()]{0,8}),WLNET,(\d{1,3}),(\d{1,3}),")
_SENSOR_BYTES = 40
_POSITION_TYPES = re.compile(r"U0[1236]")
NO_FIELDS = N_("This text does not have the fields of a %(type)s message.")


def escaped_back(frame: bytes) -> bytes:
    """A text frame without its escapes: ``3d15`` is ``(``, ``3d14`` is ``)``, ``3d11`` a comma, ``3d00`` is ``=``."""
    head = _SENSOR.match(frame)
    if head is None or len(frame) == head.end() + _SENSOR_BYTES + 1:
        return frame
    return _ESCAPED.sub(lambda found: ESCAPES[found[1][0]], frame)


def decode_text(frame: bytes, report: Report) -> Iterator[Record]:
    """The records of one text frame."""
    if head := _SENSOR.match(frame):
        yield _sensor(frame, head, report)
        return
    text = frame.decode("ascii", "replace")
    fields = text.removeprefix("(").removesuffix(")").split(",")
    if not re.fullmatch(r"\d{1,20}", fields[0]):
        raise Bad(1, "seal.device", N_("The identifier of the device is not decimal."), fields[0])
    kind = next((field for field in fields[1:4] if re.fullmatch(r"[A-Z]\d\d", field)), "")
    read = _READERS.get(kind) or (_read_u if _POSITION_TYPES.fullmatch(kind) else None)
    if read is None:
        report.note(0, "seal.ignored", NO_POSITION, shown(frame))
        yield record(fields[0], type=kind or None, ignored=True, fields=fields[1:])
        return
    yield record(fields[0], type=kind, **read(fields, text, report))


_U = re.compile(
    r"\(\d+,(?P<type>U\d\d),(?:(?P<alarm>\d+),)?(?P<date>\d{6}),(?P<time>\d{6}),(?P<fix>[TF]),"
    r"(?P<lat>\d{1,3}\.\d{1,8}),(?P<ns>[NS]),(?P<lon>\d{1,3}\.\d{1,8}),(?P<ew>[EW]),(?P<speed>\d{1,4}(?:\.\d{0,6})?),"
    r"(?P<course>\d{1,3}),(?P<sats>\d{1,3}),(?P<battery>\d{1,3})%,(?P<status>[01]{1,64}),(?P<cid>\d{1,10}),"
    r"(?P<lac>\d{1,6}),(?P<gsm>\d{1,3}),(?P<odometer>\d{1,10}),(?P<index>\d{1,10})(?:,(?P<check>[0-9A-Fa-f]{2}))?.*"
)


def _read_u(fields: list[str], text: str, report: Report) -> dict[str, Any]:
    found = _matched(_U, text, fields[1])
    kind = found["type"]
    status = found["status"]
    return {
        "alarm_code": int(found["alarm"]) if found["alarm"] else None,
        "time": _time(found["date"], found["time"], report, found.start("date")),
        "valid": found["fix"] == "T",
        **_place(found, report),
        "speed": kmh(float(found["speed"]), KMH_PER_MILE),
        "speed_raw": float(found["speed"]),
        "course": int(found["course"]),
        "satellites": int(found["sats"]),
        "battery": int(found["battery"]),
        "battery_pct": int(found["battery"]),
        "status_bin": status,
        "status_word": int(status, 2),
        "status": {f"bit_{bit}": digit == "1" for bit, digit in enumerate(reversed(status))},
        "cid": int(found["cid"]),
        "lac": int(found["lac"]),
        "gsm": int(found["gsm"]),
        "odometer_m": int(found["odometer"]) * 1000,
        "index": int(found["index"]),
        "checksum": found["check"],
        "ack": "(S20)" if kind == "U06" else "(S39)",
    }


_P45 = re.compile(
    r"\(\d+,P45,(?P<date>\d{6}),(?P<time>\d{6}),(?P<lat>\d{1,3}\.\d{1,8}),(?P<ns>[NS]),(?P<lon>\d{1,3}\.\d{1,8}),"
    r"(?P<ew>[EW]),(?P<fix>[AV]),(?P<speed>\d{1,4}(?:\.\d{1,3})?),(?P<course>\d{1,3})(?:\.\d{1,3})?,(?P<source>\d{1,3}),"
    r"(?P<verified>\d{1,3}),(?P<rfid>[0-9A-Za-z]{0,20}),(?P<password>\d{1,3}),(?P<wrong>\d{1,5}),(?P<index>\d{1,10})(?P<rest>(?:,[^)]{0,200})?)\)"
)


def _read_p45(fields: list[str], text: str, report: Report) -> dict[str, Any]:
    found = _matched(_P45, text, "P45")
    verified, wrong = int(found["verified"]), int(found["wrong"])
    return {
        "time": _time(found["date"], found["time"], report, found.start("date")),
        "valid": found["fix"] == "A",
        **_place(found, report),
        "speed": kmh(float(found["speed"]), KMH_PER_MILE),
        "speed_raw": float(found["speed"]) if "." in found["speed"] else int(found["speed"]),
        "course": int(found["course"]),
        "event_source": int(found["source"]),
        "unlock_verification": verified,
        "rfid": found["rfid"],
        "card": found["rfid"] if found["rfid"].strip("0") else None,
        "password_verification": int(found["password"]),
        "wrong_password_count": wrong,
        "status": {"unlock_verified": verified == 1, "password_verified": int(found["password"]) == 1},
        "alarms": ["unlock"] * (verified == 1) + ["wrong_password"] * (wrong > 0),
        "index": int(found["index"]),
        "more": found["rest"].strip(",").split(",") if found["rest"] else [],
        "ack": f"(P69,0,{int(found['index'])})",
    }


_W01 = re.compile(
    r"\(\d+,W01,(?P<lon>\d{3}\d\d\.\d{1,6}),(?P<ew>[EW]),(?P<lat>\d\d\d\d\.\d{1,6}),(?P<ns>[NS]),(?P<fix>[AV]),"
    r"(?P<date>\d{6}),(?P<time>\d{6}),(?P<speed>\d{1,4}),(?P<course>\d{1,3}),(?P<power>\d{1,3}),(?P<gps>\d{1,3}),"
    r"(?P<gsm>\d{1,3}),(?P<alert>\d{1,3}).*"
)


def _read_w01(fields: list[str], text: str, report: Report) -> dict[str, Any]:
    found = _matched(_W01, text, "W01")
    clock = found["time"]
    return {
        "time": _time(found["date"], clock, report, found.start("date")),
        "date_digits": found["date"],
        "time_of_day": f"{clock[:2]}:{clock[2:4]}:{clock[4:]}",
        "valid": found["fix"] == "A",
        **_place(found, report, minutes=True),
        "speed": float(found["speed"]),
        "speed_kmh": int(found["speed"]),
        "course": int(found["course"]),
        "battery": int(found["power"]) if int(found["power"]) <= 100 else None,
        "power": int(found["power"]),
        "gps": int(found["gps"]),
        "gsm": int(found["gsm"]),
        "alert_type": int(found["alert"]),
    }


_READERS: dict[str, Callable[[list[str], str, Report], dict[str, Any]]] = {"P45": _read_p45, "W01": _read_w01}


def _matched(pattern: re.Pattern[str], text: str, kind: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise Bad(0, "seal.fields", NO_FIELDS, text[:120], type=kind)
    return found


def _time(date: str, clock: str, report: Report, offset: int) -> str | None:
    day, month, year = (int(date[at : at + 2]) for at in (0, 2, 4))
    moment = utc(2000 + year, month, day, *(int(clock[at : at + 2]) for at in (0, 2, 4)))
    if moment is None:
        report.warn(offset, "seal.time", NO_TIME, f"{date} {clock}")
    return moment


def _place(found: re.Match[str], report: Report, *, minutes: bool = False) -> dict[str, float | None]:
    lat, lon = float(found["lat"]), float(found["lon"])
    if minutes:
        lat, lon = (_from_minutes(found[name]) for name in ("lat", "lon"))
    lat, lon = lat * (-1 if found["ns"] == "S" else 1), lon * (-1 if found["ew"] == "W" else 1)
    north, east = place(lat, lon, report, found.start("lat"))
    return {"lat": north, "lon": east}


def _from_minutes(text: str) -> float:
    cut = text.index(".") - 2
    minutes = float(text[cut:])
    return int(text[:cut]) + minutes / 60 if minutes < 60 else 999.0


def _sensor(frame: bytes, head: re.Match[bytes], report: Report) -> Record:
    """A sub-sensor speaks through its lock: position and time of the lock, then what the sensor measured."""
    cursor = Cursor(frame[:-1] if frame.endswith(b")") else frame, head.end())
    said = location(cursor, report)
    start = cursor.at
    said["sensor_time"] = bcd_time(cursor.take(6), report, start, day_first=True)
    said |= {"sensor_id": cursor.take(5).hex(), "index": cursor.number(1), "sensor_battery_v": cursor.number(2) / 100}
    said |= {"sensor_battery_pct": cursor.number(1), "sensor_rssi": -cursor.number(1), "sensor_type": cursor.number(1)}
    if said["sensor_type"] == 1:
        raw = cursor.number(2)
        temperature = None if raw == 0xFFFF else (-1 if raw & 0xF000 else 1) * (raw & 0xFFF) / 10
        said |= {"temp1": temperature, "humidity": cursor.number(1)}
    if cursor.left:
        said["trailing_hex"] = cursor.take(cursor.left).hex()
    return record(head[1].decode(), type="WLNET", **said)
