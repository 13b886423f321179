"""Jointech JT600 and JT701: how a stream is cut, and the binary frames.

A binary frame is ``$``, ten digits of identifier, in the long form a protocol version, a type, a length, position
records and an index. The long form is that of the locks (JT701): their identifiers begin with 7 to 9, and where others
use it, the high byte of its length shows it, which is zero at a place where the short form never has a zero. The units
of the speed are not documented in public: knots, as the trackers of this maker say elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from otay.core.i18n import N_
from otay.formats.seals.cursor import Cursor
from otay.formats.seals.frames import Bad, Family, Kind, Piece, Report
from otay.formats.seals.jointech_location import LOCATION_BYTES, location
from otay.formats.seals.jointech_text import decode_text, escaped_back
from otay.formats.seals.record import STATUS_BITS, Record, alarms_of, record

WITH_GEOFENCE = (0x17, 0x19)
"""Versions whose record ends with the number of a geofence and reserved bytes."""
_OPEN, _CLOSE, _DOLLAR = b"(", b")", b"$"


def split(data: bytes) -> Iterator[Piece]:
    """Frames of a stream. Text frames come with their escapes undone."""
    at, size = 0, len(data)
    while at < size:
        mark = data[at : at + 1]
        if mark == _DOLLAR:
            end = _binary_end(data, at)
        elif mark == _OPEN:
            end = _text_end(data, at)
        else:
            begin = min((found for found in (data.find(_DOLLAR, at), data.find(_OPEN, at)) if found >= 0), default=size)
            if data[at:begin].strip():
                yield Piece(Kind.GARBAGE, at, data[at:begin])
            at = begin
            continue
        if end is None or end > size:
            yield Piece(Kind.PARTIAL, at, data[at:])
            return
        frame = data[at:end]
        yield Piece(Kind.FRAME, at, escaped_back(frame) if mark == _OPEN else frame)
        at = end


def is_long(data: bytes, at: int = 0) -> bool:
    """True if the binary frame that begins at ``at`` has the long form."""
    return data[at + 1 : at + 2] >= b"\x70" or data[at + 8 : at + 9] == b"\x00"


def _binary_end(data: bytes, at: int) -> int | None:
    if len(data) - at < 10:
        return None
    where = at + (8 if is_long(data, at) else 7)
    return at + int.from_bytes(data[where : where + 2], "big") + 10


def _text_end(data: bytes, at: int) -> int | None:
    end = data.find(_CLOSE, at)
    if end < 0:
        return None
    # the records of sub-sensors are binary: a parenthesis inside them ends nothing unless a frame may begin after it
    if b",WLNET," in data[at : at + 64]:
        stop = end
        while stop >= 0 and data[stop + 1 : stop + 2] not in (b"", _OPEN, _DOLLAR, b"\r", b"\n"):
            stop = data.find(_CLOSE, stop + 1)
        end = stop if stop >= 0 else end
    return end + 1


def decode(frame: bytes, report: Report) -> Iterable[Record]:
    """The records of one frame, binary or text."""
    return _decode_binary(frame, report) if frame[:1] == _DOLLAR else decode_text(frame, report)


def _decode_binary(frame: bytes, report: Report) -> Iterator[Record]:
    cursor = Cursor(frame, 1)
    identifier = cursor.take(5).hex()
    if not identifier.isdecimal():
        raise Bad(1, "seal.device", N_("The identifier of the device is not decimal."), identifier)
    long = is_long(frame)
    version = cursor.number(1) if long else 0
    kind = cursor.number(1)
    head: dict[str, Any] = {
        "protocol_version": version,
        "type_nibble": kind >> 4,
        "data_type": kind & 15,
        "length": cursor.number(2),
    }
    start, found = cursor.at, [_position(identifier, cursor, report, version if long else None, kind >> 4)]
    size = cursor.at - start
    # what is left is more records of the same size, or whatever this firmware adds to the only one
    while cursor.left > LOCATION_BYTES and (cursor.left - 1) % size == 0:
        found.append(_position(identifier, cursor, report, version if long else None, kind >> 4))
    index = cursor.number(1) if cursor.left else None
    if cursor.left:
        head["trailing_hex"] = cursor.take(cursor.left).hex()
    for item in found:
        item |= {**head, "index": index, "ack": _answer(item, version, index)}
    yield from found


def _answer(item: Record, version: int, index: int | None) -> str | None:
    if not item.get("ack_required"):
        return None
    return "(P35)" if version < 0x19 else f"(P69,0,{index})"


def _position(identifier: str, cursor: Cursor, report: Report, version: int | None, kind: int) -> Record:
    said = location(cursor, report)
    try:
        if version is not None:
            said |= _lock(cursor, version)
        elif kind in _SHORT:
            said |= _SHORT[kind](cursor)
        else:
            raise Bad(cursor.at, "seal.type", N_("This type of record is not known."), kind)
    except Bad as bad:
        # the position is whole: it stands, without what is missing after it
        report.warn(bad.offset, bad.rule, bad.message, bad.value, **bad.params)
        cursor.take(max(0, cursor.left - 1))
    return record(identifier, **said)


def _lock(cursor: Cursor, version: int) -> dict[str, Any]:
    said: dict[str, Any] = {"odometer_m": cursor.number(4) * 1000, "satellites": cursor.number(1)}
    said["vehicle_id"] = cursor.take(4).hex()
    word = cursor.number(2)
    status = {name: bool(word >> bit & 1) for bit, name in enumerate(STATUS_BITS)}
    battery = cursor.number(1)
    charging = battery == 0xFF
    said |= {
        "status": status,
        "status_word": word,
        "alarms": alarms_of(status),
        "ack_required": status["ack_required"],
        "charging": charging,
        "battery": None if charging else battery,
        "battery_pct": None if charging else battery,
        "cid": cursor.number(2),
        "lac": cursor.number(2),
        "gsm": cursor.number(1),
    }
    if version in WITH_GEOFENCE and cursor.left > 1:
        said["geofence_id"] = cursor.number(1)
        said["reserved_hex"] = cursor.take(cursor.left - 1).hex()
    return said


def _tracker(cursor: Cursor) -> dict[str, Any]:
    return {
        "satellites": cursor.number(1),
        "power_v_raw": cursor.number(1),
        "flags_byte": cursor.number(1),
        "altitude": cursor.number(2),
        "cid": cursor.number(2),
        "lac": cursor.number(2),
        "rssi": cursor.number(1),
    }


_VEHICLE_FLAGS = (
    (0, 0, "ignition", ""),
    (0, 6, "door_open", "door_open"),
    (1, 0, "charging", ""),
    (1, 1, "blocked", ""),
    (1, 2, "sos", "sos"),
    (1, 3, "gps_antenna_open", "gps_antenna_cut"),
    (1, 4, "overspeed", "overspeed"),
    (2, 2, "fatigue", "fatigue"),
    (2, 3, "tow", "tow"),
)
"""Byte and bit in the status of a vehicle tracker, the flag's name, and the alarm that it raises."""


def _vehicle(cursor: Cursor) -> dict[str, Any]:
    fuel = cursor.number(1) << 8
    word = cursor.take(4)
    status = {name: bool(word[byte] >> bit & 1) for byte, bit, name, _ in _VEHICLE_FLAGS}
    odometer = cursor.number(4) * 1000
    return {
        "status": status,
        "status_word": int.from_bytes(word, "big"),
        "alarms": [alarm for _, _, name, alarm in _VEHICLE_FLAGS if alarm and status[name]],
        "odometer_m": odometer,
        "fuel": fuel + cursor.number(1),
    }


def _tanker(cursor: Cursor) -> dict[str, Any]:
    bits = cursor.number(10)
    word = bits & 0xFFFFFF
    return {
        "fuels": [bits >> shift & 0xFFF for shift in (68, 56, 44)],
        "odometer_m": (bits >> 24 & 0xFFFFF) * 1000,
        "status": {"ignition": bool(word & 1)},
        "status_word": word,
    }


_SHORT = {1: _tracker, 2: _vehicle, 3: _tanker}

JT600 = Family("jt600", split, decode)
JT701 = Family("jt701", split, decode)
