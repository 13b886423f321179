"""JT/T 808 and its kin: framing with escapes and checksum, header, and the messages that locks send.

``7e`` (or ``e7``) opens and closes a frame; inside, ``7d02`` is ``7e`` and ``7d01`` is ``7d`` (``3e02``, ``3e01`` for
``e7``). The standard tells time in China's zone, eight hours east of UTC; the frames 5501 and 5502 tell it in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Any

from otay.core.i18n import N_
from otay.formats.seals.cursor import Cursor, bcd_time
from otay.formats.seals.frames import NO_POSITION, Bad, Family, Kind, Piece, Report, shown
from otay.formats.seals.jt808_lock import read_lock_location
from otay.formats.seals.jt808_position import ZONE_HOURS, read_location
from otay.formats.seals.record import Record, record

ESCAPES = {0x7E: (0x7D, {1: 0x7D, 2: 0x7E}), 0xE7: (0x3E, {1: 0x3E, 2: 0xE7})}
MAX_FRAME = 8 * 1024
LOCATION, LOCATION_ANSWER, BATCH, BATCH_2 = 0x0200, 0x0201, 0x0704, 0x0210
LOCK_LOCATION, LOCK_LOCATION_BLIND = 0x5501, 0x5502
CARD = 0x0702
HEARTBEAT, REGISTER, AUTH, LOGOUT, TIME_REQUEST, TRANSPARENT = 0x0002, 0x0100, 0x0102, 0x0003, 0x0109, 0x0900
NAMES = {
    0x0001: "answer",
    HEARTBEAT: "heartbeat",
    LOGOUT: "logout",
    REGISTER: "register",
    AUTH: "authentication",
    0x0104: "parameters",
    0x0107: "attributes",
    TIME_REQUEST: "time_request",
    LOCATION: "location",
    LOCATION_ANSWER: "location_answer",
    BATCH: "location_batch",
    BATCH_2: "location_batch",
    0x0701: "command_answer",
    CARD: "card",
    TRANSPARENT: "transparent",
    0x0506: "heartbeat",
    0x1300: "text_answer",
    0x6006: "text",
    LOCK_LOCATION: "lock_location",
    LOCK_LOCATION_BLIND: "lock_location_blind",
}
_TEXT_END = b")"


@dataclass(frozen=True, slots=True)
class Message:
    """A frame without escapes and checksum."""

    mark: int
    type: int
    attributes: int
    version: int | None
    terminal: bytes
    serial: int
    body: bytes
    body_at: int

    @property
    def device_id(self) -> str:
        """The identifier without leading zeros; six bytes that are not decimal hold fourteen digits of an IMEI."""
        digits = self.terminal.hex()
        if digits.isdecimal():
            return digits.lstrip("0") or "0"
        if len(self.terminal) == 6:
            imei = f"{int.from_bytes(self.terminal, 'big'):014d}"
            return imei + luhn(imei)
        return digits


def luhn(digits: str) -> str:
    """The check digit of an IMEI."""
    doubled = [int(digit) * (2 - index % 2) for index, digit in enumerate(reversed(digits))]
    return str(-sum(number // 10 + number % 10 for number in doubled) % 10)


def split(data: bytes) -> Iterator[Piece]:
    """Frames of a stream, escapes still in."""
    at, size = 0, len(data)
    while at < size:
        mark = data[at]
        if mark == 0x28:
            end = data.find(_TEXT_END, at)
        elif mark in ESCAPES:
            end = data.find(bytes([mark]), at + 1)
            # two marks together are the end of one frame and the beginning of the next
            if end == at + 1:
                at = end
                continue
        else:
            begin = next((where for where in range(at, size) if data[where] in ESCAPES or data[where] == 0x28), size)
            if data[at:begin].strip():
                yield Piece(Kind.GARBAGE, at, data[at:begin])
            at = begin
            continue
        if end < 0:
            whole = size - at <= MAX_FRAME
            yield Piece(Kind.PARTIAL if whole else Kind.GARBAGE, at, data[at:])
            return
        yield Piece(Kind.FRAME, at, data[at : end + 1])
        at = end + 1


def opened(frame: bytes) -> Message:
    """The message in a frame.

    Raises:
        Bad: if it is too short, escaped wrongly, or its checksum does not hold.
    """
    mark = frame[0]
    inner = _without_escapes(frame[1:-1], mark)
    if len(inner) < 12:
        raise Bad(0, "seal.truncated", N_("The frame ends before it is complete."), frame.hex())
    wanted = reduce(xor, inner[:-1])
    if wanted != inner[-1]:
        message = N_("The checksum is %(found)s, the bytes give %(wanted)s.")
        raise Bad(
            len(frame) - 2,
            "seal.checksum",
            message,
            frame[-2:-1].hex(),
            found=f"{inner[-1]:02x}",
            wanted=f"{wanted:02x}",
        )
    cursor = Cursor(inner[:-1])
    kind, attributes = cursor.number(2), cursor.number(2)
    version = cursor.number(1) if attributes & 0x4000 else None
    terminal = cursor.take(10 if version is not None else 7 if mark == 0xE7 else 6)
    serial = cursor.number(1 if kind in (LOCK_LOCATION, LOCK_LOCATION_BLIND) else 2)
    if attributes & 0x2000 and kind not in (LOCK_LOCATION, LOCK_LOCATION_BLIND):
        cursor.take(4)
    return Message(mark, kind, attributes, version, terminal, serial, inner[cursor.at : -1], cursor.at + 1)


def _without_escapes(data: bytes, mark: int) -> bytes:
    escape, meanings = ESCAPES[mark]
    if escape not in data:
        return data
    out, at = bytearray(), 0
    while at < len(data):
        byte = data[at]
        if byte == escape:
            meaning = meanings.get(data[at + 1]) if at + 1 < len(data) else None
            if meaning is None:
                message = N_("An escape is followed by a byte that it does not explain.")
                raise Bad(at + 1, "seal.escape", message, data[at : at + 2].hex())
            out.append(meaning)
            at += 2
        else:
            out.append(byte)
            at += 1
    return bytes(out)


def decode(frame: bytes, report: Report) -> Iterator[Record]:
    """The records of one frame."""
    if frame[:1] == b"(":
        yield _text(frame, report)
        return
    message = opened(frame)
    declared = message.attributes & 0x3FF
    if declared != len(message.body) and message.type not in (LOCK_LOCATION, LOCK_LOCATION_BLIND):
        text = N_("The header says %(declared)s bytes, the frame has %(found)s.")
        report.warn(3, "seal.length", text, declared, declared=declared, found=len(message.body))
    head: dict[str, Any] = {
        "message_id": f"{message.type:04x}",
        "message": NAMES.get(message.type, "other"),
        "terminal_id": message.terminal.hex(),
        "index": message.serial,
    }
    read = _READERS.get(message.type)
    found = list(read(message, report)) if read else [{"ignored": True}]
    for said in found:
        yield record(message.device_id, **{**head, **said})


Said = dict[str, Any]
_TEXT = re.compile(r"\((?P<device>\d{1,20}),(?P<rest>[\x20-\x7e]{0,400})\)")


def _text(frame: bytes, report: Report) -> Record:
    """A lock's answer to a command is text in parentheses, of which only the device is read."""
    found = _TEXT.fullmatch(frame.decode("ascii", "replace"))
    if found is None:
        raise Bad(0, "seal.fields", N_("This text is not a message of a lock."), shown(frame))
    report.note(0, "seal.ignored", NO_POSITION, shown(frame))
    return record(found["device"], message="text", ignored=True, text=found["rest"])


def _location(message: Message, report: Report) -> Iterator[Said]:
    skip = 2 if message.type == LOCATION_ANSWER else 0
    yield read_location(message.body[skip:], report, message.body_at + skip)


def _lock_location(message: Message, report: Report) -> Iterator[Said]:
    said = read_lock_location(message.body, report)
    if message.type == LOCK_LOCATION_BLIND:
        said |= {"valid": False, "archive": True}
    said["ack_required"] = bool(message.attributes & 0x8000)
    yield said


def _batch(message: Message, report: Report) -> Iterator[Said]:
    body, width = Cursor(message.body), 2
    archive = False
    if message.type == BATCH_2:
        width = 1
        if len(message.body) == 7:
            battery = body.number(1)
            moment = bcd_time(body.take(6), report, message.body_at + 1, day_first=False, zone_hours=ZONE_HOURS)
            yield {"battery": battery if battery <= 100 else None, "time": moment}
            return
    else:
        count = body.number(2)
        archive = body.number(1) > 0
    found = 0
    while body.left >= width:
        size, start = body.number(width), body.at
        said = read_location(body.take(size), report, message.body_at + start)
        found += 1
        yield said | ({"archive": True} if archive else {})
    if message.type == BATCH and found != count:
        text = N_("The batch says %(count)s positions and has %(found)s.")
        report.warn(message.body_at, "seal.count", text, count, count=count, found=found)


def _heartbeat(message: Message, report: Report) -> Iterator[Said]:
    if len(message.body) < 3:
        yield {"ignored": True}
        return
    battery, rssi, status = message.body[:3]
    yield {"battery": battery if battery <= 100 else None, "rssi": rssi, "status_word": status, "ignored": True}


def _card(message: Message, report: Report) -> Iterator[Said]:
    """A card was put in or taken out: when, and whose (driver's identity of JT/T 808: a name, then twenty digits)."""
    body = Cursor(message.body)
    present = body.number(1) == 1
    moment = bcd_time(body.take(6), report, message.body_at + 1, day_first=False, zone_hours=ZONE_HOURS)
    said: Said = {"time": moment, "card_present": present}
    if body.left >= 2:
        said["card_result"] = body.number(1)
        body.take(min(body.left, body.number(1)))
        said["card"] = body.text(min(20, body.left)) or None
    yield said


def _transparent(message: Message, report: Report) -> Iterator[Said]:
    """Pass-through data: only the swipe of a card on a lock (``GTSL``) and its like are read."""
    text = message.body[1:].decode("ascii", "replace").strip()
    if message.body[:1] == b"\x40" and re.fullmatch(r"[\x20-\x7e]+", text):
        parts = text.split("|")
        yield {"card": parts[4] if text.startswith("GTSL") and len(parts) > 4 else None, "text": text[:200]}
        return
    yield {"ignored": True, "data_hex": message.body[:200].hex()}


_READERS = {
    LOCATION: _location,
    LOCATION_ANSWER: _location,
    LOCK_LOCATION: _lock_location,
    LOCK_LOCATION_BLIND: _lock_location,
    BATCH: _batch,
    BATCH_2: _batch,
    HEARTBEAT: _heartbeat,
    CARD: _card,
    TRANSPARENT: _transparent,
}

JT808 = Family("jt808", split, decode)
