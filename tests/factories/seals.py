"""Frames of invented seals, in the protocols of their makers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from otay.formats.seals.gt06 import crc16
from otay.formats.seals.record import STATUS_BITS

START = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)
LOCKED = ("rope_inserted", "motor_locked", "back_cover_closed")


def after(minutes: float) -> datetime:
    """So many minutes after the start."""
    return START + timedelta(minutes=minutes)


def own_report(device: str = "S-1", at: datetime = START, **said: Any) -> bytes:
    """A report in Otay's own JSON."""
    when = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return json.dumps({"otay": "seal/1", "device_id": device, "time": when, "lat": 32.5, "lon": -117.0} | said).encode()


def jt701(
    device: str = "7012345678",
    at: datetime = START,
    *,
    lat: float = 32.5503,
    lon: float = -116.9384,
    flags: Iterable[str] = LOCKED,
    battery: int = 80,
    index: int = 1,
    vehicle: int = 1,
) -> bytes:
    """A binary frame of a JT701 lock, protocol version 0x11, with any of its status bits."""
    word = sum(1 << STATUS_BITS.index(name) for name in flags)
    when = at.astimezone(UTC)
    sides = 1 | (2 if lat >= 0 else 0) | (4 if lon >= 0 else 0)
    record = (
        bytes.fromhex(f"{when:%d%m%y%H%M%S}")
        + bytes.fromhex(f"{_minutes(lat):08d}{_minutes(lon):09d}{sides:x}")
        + bytes([0x25, 90])
        + (1234).to_bytes(4, "big")
        + bytes([9])
        + vehicle.to_bytes(4, "big")
        + word.to_bytes(2, "big")
        + bytes([battery])
        + (4321).to_bytes(2, "big")
        + (99).to_bytes(2, "big")
        + bytes([25])
    )
    return (
        b"$"
        + bytes.fromhex(device)
        + b"\x11\x11"
        + (len(record) + 1).to_bytes(2, "big")
        + record
        + bytes([index & 255])
    )


def _minutes(degrees: float) -> int:
    whole, part = divmod(abs(degrees), 1)
    return int(whole) * 1_000_000 + round(part * 600_000)


def eseal(device: str = "1000821", at: datetime = START, kind: str = "Normal", index: int = 1) -> bytes:
    """A text frame of an eSeal."""
    return (
        f"##S,eSeal,{device},256,3.0.8,{kind},{index},{at:%Y-%m-%d,%H:%M:%S},180,A,32.5503N 116.9384W,"
        "0,0,Close,0.0,0,3.78,1,E##"
    ).encode()


def gt06(kind: int, content: bytes = b"\x46\x04\x04\x00\x02", serial: int = 1) -> bytes:
    """A frame of a GT06 tracker; by default the content of a status, which names no device and no time."""
    inner = bytes([len(content) + 5, kind]) + content + serial.to_bytes(2, "big")
    return b"xx" + inner + crc16(inner).to_bytes(2, "big") + b"\r\n"
