"""What a device wants to hear back. A device that is not answered sends again, or keeps its memory full."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import xor

from otay.formats.seals import gt06, jt808
from otay.formats.seals.eseal import answer as answer_eseal
from otay.formats.seals.families import FAMILIES
from otay.formats.seals.frames import Bad, decode_frame

_ANSWERED = (
    *(jt808.HEARTBEAT, jt808.AUTH, jt808.LOGOUT, jt808.LOCATION, jt808.BATCH, jt808.BATCH_2, jt808.TRANSPARENT),
    *(0x0107, 0x0506, 0x1007, 0x6006, 0x8888),
)


def acknowledge(key: str, frame: bytes, *, now: datetime | None = None, config: str = "") -> bytes | None:
    """The answer to one frame of the family ``key``, or None where none is wanted or the frame is not whole.

    Args:
        key: the family, as in ``otay read --format``.
        frame: one frame as the splitter gave it.
        now: the time to tell a device that asks for it (UTC).
        config: the configuration that an eSeal is given when it starts.
    """
    if key == "jt808":
        return _jt808(frame, now)
    if key == "gt06":
        return _gt06(frame)
    if key == "eseal":
        text = answer_eseal(frame.decode("ascii", "replace"), config)
        return text.encode() + b"\r\n" if text else None
    records = decode_frame(FAMILIES[key], frame)
    answer = next((item["ack"] for item in records if item.get("ack")), None)
    return str(answer).encode() if answer else None


def _jt808(frame: bytes, now: datetime | None) -> bytes | None:
    if frame[:1] not in (b"\x7e", b"\xe7"):
        return None
    try:
        message = jt808.opened(frame)
    except Bad:
        return None
    serial = message.serial.to_bytes(2, "big")
    kind = message.type.to_bytes(2, "big")
    if message.type in _ANSWERED:
        return _framed(message, 0x8001, serial + kind + b"\x00")
    if message.type == jt808.REGISTER:
        return _framed(message, 0x8100, serial + b"\x00" + message.device_id.encode())
    if message.type == jt808.TIME_REQUEST and now is not None:
        clock = now.year.to_bytes(2, "big") + bytes([now.month, now.day, now.hour, now.minute, now.second, 0])
        return _framed(message, 0x8109, clock)
    if message.type in (jt808.LOCK_LOCATION, jt808.LOCK_LOCATION_BLIND) and message.attributes & 0x8000:
        return _framed(message, 0x4401, kind + b"\x00", short=True)
    return None


def _framed(message: jt808.Message, kind: int, body: bytes, *, short: bool = False) -> bytes:
    attributes = len(body) | (0x4000 if message.version is not None else 0)
    head = kind.to_bytes(2, "big") + attributes.to_bytes(2, "big")
    if message.version is not None:
        head += bytes([message.version])
    inner = head + message.terminal + (b"\x01" if short else b"\x00\x00") + body
    inner += bytes([reduce(xor, inner)])
    escape, meanings = jt808.ESCAPES[message.mark]
    codes = {byte: bytes([escape, code]) for code, byte in meanings.items()}
    mark = bytes([message.mark])
    return mark + b"".join(codes.get(byte, bytes([byte])) for byte in inner) + mark


def _gt06(frame: bytes) -> bytes | None:
    short = frame[:2] == gt06.SHORT
    kind_at = 3 if short else 4
    if len(frame) < 10 or gt06.crc16(frame[2:-4]) != int.from_bytes(frame[-4:-2], "big"):
        return None
    if frame[kind_at] not in (gt06.LOGIN, gt06.STATUS, gt06.HEARTBEAT, *gt06.WITH_CELL_LENGTH, *gt06.WITH_WIDE_CELL):
        return None
    inner = (b"\x05" if short else b"\x00\x05") + frame[kind_at : kind_at + 1] + frame[-6:-4]
    return frame[:2] + inner + gt06.crc16(inner).to_bytes(2, "big") + gt06.END
