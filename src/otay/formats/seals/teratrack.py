"""TeraTrack: one JSON object a message, with the flags of a JT701 by name and the slave locks of the truck."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from otay.core.i18n import N_
from otay.formats.seals.cursor import NO_TIME, place
from otay.formats.seals.frames import Bad, Family, Kind, Piece, Report
from otay.formats.seals.record import Record, alarms_of, record, utc

MAX_FRAME = 64 * 1024
MAX_SLAVES = 100
_FLAGS = {
    "rope_cut_alarm": ("LockCutOff",),
    # the makers write the word in both ways
    "vibration_or_tamper_alarm": ("SealTampered", "SealTempered"),
    "rope_inserted": ("LockRope",),
    "motor_locked": ("LockStatus",),
    "unlock_alarm": ("LockOpen",),
    "wrong_password_alarm": ("PasswordError",),
    "unauthorised_card_alarm": ("IllegalCard",),
    "low_battery_alarm": ("LowPower",),
    "back_cover_open_alarm": ("UnCoverBack",),
    "back_cover_closed": ("CoverStatus",),
    "motor_fault_alarm": ("LockStuck",),
}
_SLAVE = {
    "rope_cut": ("SLockCutOff",),
    "unlock_alarm": ("SLockOpen",),
    "cover_open": ("SUnCoverBack",),
    "cover_closed": ("SCoverStatus",),
    "timeout": ("STimeOut",),
    "rope_inserted": ("SLockRope",),
    "tamper": ("SSealTampered", "SSealTempered"),
    "motor_fault": ("SLockStuck",),
}
_SLAVE_ALARMS = {
    "rope_cut": "rope_cut",
    "unlock_alarm": "unlock",
    "cover_open": "cover_open",
    "tamper": "tampering",
    "timeout": "contact_lost",
    "motor_fault": "motor_fault",
}
_TIME = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)[ T](\d\d?):(\d\d?):(\d\d?)Z?")


def split(data: bytes) -> Iterator[Piece]:
    """JSON objects one after the other, whatever stands between them."""
    text = data.decode("utf-8", "surrogateescape")
    at = 0
    decoder = json.JSONDecoder()
    while at < len(text):
        begin = text.find("{", at)
        if begin < 0:
            begin = len(text)
        if text[at:begin].strip(" \t\r\n,[]"):
            yield Piece(Kind.GARBAGE, at, _bytes(text[at:begin]))
        if begin == len(text):
            return
        # only so much is looked at, so that a file of opening braces takes no longer than its length
        window = text[begin : begin + MAX_FRAME]
        try:
            _, size = decoder.raw_decode(window)
        except (ValueError, RecursionError):
            following = text.find("\n{", begin + 1)
            end = following + 1 if following >= 0 else len(text)
            whole = following >= 0 or len(window) == MAX_FRAME or window.rstrip().endswith("}")
            yield Piece(Kind.GARBAGE if whole else Kind.PARTIAL, begin, _bytes(text[begin:end]))
            at = end
            continue
        yield Piece(Kind.FRAME, begin, _bytes(window[:size]))
        at = begin + size


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def decode(frame: bytes, report: Report) -> Iterator[Record]:
    """The record of one message."""
    try:
        said = json.loads(frame)
    except (ValueError, RecursionError) as failure:
        raise Bad(0, "seal.json", N_("This is not JSON: %(reason)s."), reason=str(failure)[:100]) from None
    identifier = said.get("MDeviceID", said.get("IMEI")) if isinstance(said, dict) else None
    if not isinstance(identifier, str | int) or not re.fullmatch(r"[0-9A-Za-z-]{1,32}", str(identifier)):
        raise Bad(0, "seal.device", N_("The message names no device."), identifier)
    yield record(str(identifier), **_read(said, report))


def _read(said: Mapping[str, Any], report: Report) -> dict[str, Any]:
    status = _flags(said, _FLAGS, report)
    lat = _side(said, "Latitude", "LatitudeState", report)
    lon = _side(said, "Longitude", "LongitudeState", report)
    north, east = place(lat, lon, report, 0) if lat is not None and lon is not None else (None, None)
    slaves = [_slave(item, report) for item in _slaves(said)]
    speed = _number(said, "Speed", report)
    battery = _whole(said, "Power", report)
    alarms = alarms_of(status) + [name for item in slaves for name in item["alarms"]]
    if _text(said, "FenceAlarm") not in (None, "0"):
        alarms.append("geofence")
    wants_answer = _text(said, "MessageAck") == "1"
    return {
        "imei": _text(said, "IMEI"),
        "time": _time(said, report),
        "valid": north is not None,
        "lat": north,
        "lon": east,
        "speed": speed,
        "speed_kmh": speed,
        "odometer_raw": _number(said, "Mileage", report),
        "locked": status.get("motor_locked"),
        "card": _text(said, "CardNo"),
        "battery": battery if battery is not None and 0 <= battery <= 100 else None,
        "battery_pct": battery,
        "gsm": _whole(said, "GSM", report),
        "index": _whole(said, "Index", report),
        "device_type": _text(said, "DeviceType") or _text(said, "DiviceType"),
        "data_type": _text(said, "DataType"),
        "fence_alarm": _text(said, "FenceAlarm"),
        "area_id": _text(said, "AreaAlarmID"),
        "status": status,
        "alarms": alarms,
        "slaves": slaves,
        "ack_required": wants_answer,
        "ack": "{01}" if wants_answer else None,
    }


def _slaves(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = said.get("Slave")
    return [item for item in listed[:MAX_SLAVES] if isinstance(item, dict)] if isinstance(listed, list) else []


def _slave(said: Mapping[str, Any], report: Report) -> dict[str, Any]:
    flags = _flags(said, _SLAVE, report)
    return {
        "id": _text(said, "SDeviceId"),
        "battery_pct": _whole(said, "SPower", report),
        **flags,
        "alarms": [_SLAVE_ALARMS[name] for name, is_set in flags.items() if is_set and name in _SLAVE_ALARMS],
    }


def _flags(said: Mapping[str, Any], names: Mapping[str, tuple[str, ...]], report: Report) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for name, spellings in names.items():
        text = next((value for spelling in spellings if (value := _text(said, spelling)) is not None), None)
        if text in ("0", "1"):
            found[name] = text == "1"
        elif text is not None:
            report.warn(0, "seal.flag", N_("%(name)s is neither 0 nor 1."), text, name=spellings[0])
    return found


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = said.get(name)
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)[:64] if isinstance(value, str | int | float) else None


def _number(said: Mapping[str, Any], name: str, report: Report) -> float | None:
    text = _text(said, name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        report.warn(0, "seal.number", N_("%(name)s is not a number."), text, name=name)
        return None
    return value


def _whole(said: Mapping[str, Any], name: str, report: Report) -> int | None:
    value = _number(said, name, report)
    return None if value is None else int(value)


def _side(said: Mapping[str, Any], name: str, side: str, report: Report) -> float | None:
    """The state says the hemisphere, 0 south or west; some devices write the sign as well."""
    value = _number(said, name, report)
    if value is None:
        return None
    state = _text(said, side)
    if state == "1" and value < 0:
        report.warn(
            0,
            "seal.side",
            N_("%(name)s has a sign that %(side)s denies: the sign is kept."),
            value,
            name=name,
            side=side,
        )
        return value
    return -abs(value) if state == "0" else value


def _time(said: Mapping[str, Any], report: Report) -> str | None:
    text = _text(said, "DateTime") or ""
    found = _TIME.fullmatch(text)
    moment = utc(*map(int, found.groups())) if found else None
    if moment is None:
        report.warn(0, "seal.time", NO_TIME, text)
    return moment


TERATRACK = Family("teratrack", split, decode)
