"""GT06 (Concox and kin): positions and alarms of trackers that guard a door or a lock.

Only the login names the device; the frames after it on the same connection belong to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from otay.core.i18n import N_
from otay.formats.seals.cursor import NO_TIME, Cursor, place
from otay.formats.seals.frames import Bad, Family, Kind, Piece, Report
from otay.formats.seals.record import Record, record, utc

SHORT, LONG, END = b"\x78\x78", b"\x79\x79", b"\r\n"
LOGIN, STATUS, HEARTBEAT = 0x01, 0x13, 0x23
POSITIONS = (0x10, 0x11, 0x12, 0x16, 0x22, 0x26, 0x27, 0x2D, 0x31, 0x32, 0x37, 0xA0, 0xA3, 0xA4)
WITH_CELL_LENGTH = (0x16, 0x26, 0x27, 0x32)
WITH_WIDE_CELL = (0xA3, 0xA4)
ALARMS = {
    0x01: "sos",
    0x02: "power_cut",
    0x03: "vibration",
    0x04: "geofence_enter",
    0x05: "geofence_exit",
    0x06: "overspeed",
    0x09: "vibration",
    0x0C: "tampering",
    0x0E: "low_battery",
    0x0F: "low_battery",
    0x11: "power_off",
    0x13: "tampering",
    0x14: "door_open",
    0x23: "drop",
    0x25: "tampering",
    0x2C: "accident",
}


def crc16(data: bytes) -> int:
    """CRC-16/X-25, with which every frame ends."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    return crc ^ 0xFFFF


def split(data: bytes) -> Iterator[Piece]:
    """Frames of a stream: a mark, a length of one or two bytes, the content, an end of line."""
    at, size = 0, len(data)
    while at < size:
        mark = data[at : at + 2]
        if mark not in (SHORT, LONG):
            found = [where for where in (data.find(SHORT, at), data.find(LONG, at)) if where >= 0]
            begin = min(found, default=size)
            if data[at:begin].strip():
                partial = begin == size and data[at:] in (b"\x78", b"\x79")
                yield Piece(Kind.PARTIAL if partial else Kind.GARBAGE, at, data[at:begin])
            at = begin
            continue
        width = 1 if mark == SHORT else 2
        end = at + 2 + width + int.from_bytes(data[at + 2 : at + 2 + width], "big") + 2
        if size < at + 2 + width or end > size:
            yield Piece(Kind.PARTIAL, at, data[at:])
            return
        yield Piece(Kind.FRAME, at, data[at:end])
        at = end


def decode(frame: bytes, report: Report) -> Iterator[Record]:
    """The record of one frame."""
    width = 1 if frame[:2] == SHORT else 2
    if len(frame) < 2 + width + 7:
        raise Bad(0, "seal.truncated", N_("The frame ends before it is complete."), frame.hex())
    wanted, found = crc16(frame[2:-4]), int.from_bytes(frame[-4:-2], "big")
    if wanted != found:
        message = N_("The checksum is %(found)s, the bytes give %(wanted)s.")
        raise Bad(
            len(frame) - 4, "seal.checksum", message, frame[-4:-2].hex(), found=f"{found:04x}", wanted=f"{wanted:04x}"
        )
    kind = frame[2 + width]
    cursor = Cursor(frame[:-6], 3 + width)
    said: dict[str, Any] = {"message_id": f"{kind:02x}", "index": int.from_bytes(frame[-6:-4], "big")}
    if kind == LOGIN:
        report.session["gt06"] = cursor.take(8).hex().lstrip("0")
        said["ignored"] = True
    elif kind in POSITIONS:
        said |= _position(kind, cursor, report)
    elif kind in (STATUS, HEARTBEAT):
        said |= _state(cursor)
    else:
        said |= {"ignored": True, "data_hex": cursor.take(cursor.left)[:200].hex()}
    yield record(report.session.get("gt06", ""), **said)


def _position(kind: int, cursor: Cursor, report: Report) -> dict[str, Any]:
    start = cursor.at
    year, *rest = cursor.take(6)
    moment = utc(2000 + year, *rest)
    if moment is None:
        report.warn(start, "seal.time", NO_TIME, bytes([year, *rest]).hex())
    satellites = cursor.number(1) & 15
    lat, lon = cursor.number(4) / 1_800_000, cursor.number(4) / 1_800_000
    speed, flags = cursor.number(1), cursor.number(2)
    north, east = place(lat if flags >> 10 & 1 else -lat, -lon if flags >> 11 & 1 else lon, report, start + 7)
    said = {
        "time": moment,
        "valid": bool(flags >> 12 & 1) and north is not None,
        "lat": north,
        "lon": east,
        "speed": float(speed),
        "course": flags & 0x3FF,
        "satellites": satellites,
    }
    if kind in WITH_WIDE_CELL and cursor.left:
        cursor.take(min(cursor.left, max(0, cursor.number(1) - 1)))
        said |= _state(cursor, alarm=True)
    elif kind in WITH_CELL_LENGTH and cursor.left:
        # the length counts itself or not, depending on the device: a cell of eight bytes follows either way
        cursor.take(min(cursor.left, 8 if cursor.number(1) else _empty_cell(cursor)))
        said |= _state(cursor, alarm=True)
    return said


def _empty_cell(cursor: Cursor) -> int:
    return 8 if not any(cursor.data[cursor.at : cursor.at + 8]) else 0


def _state(cursor: Cursor, *, alarm: bool = False) -> dict[str, Any]:
    """State of the terminal, charge in sixths, signal, and the alarm."""
    if cursor.left < 3:
        return {}
    word, level, rssi = cursor.take(3)
    said: dict[str, Any] = {
        "status_word": word,
        "status": {
            "armed": bool(word & 1),
            "ignition": bool(word >> 1 & 1),
            "charging": bool(word >> 2 & 1),
            "blocked": bool(word >> 7 & 1),
        },
        "battery": level * 100 // 6 if level <= 6 else None,
        "rssi": rssi,
    }
    if cursor.left and alarm:
        code = cursor.number(1)
        said |= {"alarm_code": code, "alarms": [ALARMS[code]] if code in ALARMS else []}
    return said


GT06 = Family("gt06", split, decode)
