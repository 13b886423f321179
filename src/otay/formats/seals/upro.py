"""Upro: text frames of lettered items, ``*HQ20...&A...&B...#``; item ``l`` is the state of a logistics lock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from otay.core.i18n import N_
from otay.formats.seals.cursor import NO_TIME, place
from otay.formats.seals.frames import Bad, Family, Kind, Piece, Report
from otay.formats.seals.record import KMH_PER_KNOT, Record, kmh, record, utc

MAX_FRAME = 8 * 1024
_HEAD = re.compile(r"\*(?P<head>..20)(?P<ack>[01])(?P<id>\d{1,20}),(?P<type>.)(?P<subtype>.)(?P<rest>.*)", re.DOTALL)
_PLACE = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d{6})(\d{3})(\d{6})(\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)")


def split(data: bytes) -> Iterator[Piece]:
    """Frames of a stream, from ``*`` to ``#``."""
    at = 0
    while at < len(data):
        begin = data.find(b"*", at)
        if begin < 0:
            begin = len(data)
        if data[at:begin].strip():
            yield Piece(Kind.GARBAGE, at, data[at:begin])
        if begin == len(data):
            return
        end = data.find(b"#", begin, begin + MAX_FRAME)
        if end < 0:
            yield Piece(Kind.PARTIAL if len(data) - begin < MAX_FRAME else Kind.GARBAGE, begin, data[begin:])
            return
        at = end + 1
        yield Piece(Kind.FRAME, begin, data[begin:at])


def decode(frame: bytes, report: Report) -> Iterator[Record]:
    """The record of one frame."""
    text = frame.decode("ascii", "replace").removesuffix("#")
    head = _HEAD.match(text)
    if head is None:
        raise Bad(
            0, "seal.fields", N_("This text does not have the fields of a %(type)s message."), text[:120], type="Upro"
        )
    said: dict[str, Any] = {"type": head["type"] + head["subtype"], "items": {}}
    said["ack_required"] = head["ack"] == "1"
    said["ack"] = f"*{head['head']}Y{said['type']}#" if said["ack_required"] else None
    offset = head.start("rest")
    for item in head["rest"].split("&"):
        if item:
            _item(item[0], item[1:], said, head["head"], report, offset)
        offset += len(item) + 1
    yield record(head["id"], **said)


def _item(letter: str, value: str, said: dict[str, Any], head: str, report: Report, offset: int) -> None:
    number = int(value) if re.fullmatch(r"[0-9]{1,8}", value) else None
    if letter == "A":
        said |= _place(value, report, offset + 1)
    elif letter == "F" and number is not None:
        said["speed"] = kmh(number / 10, KMH_PER_KNOT)
    elif letter == "G" and number is not None:
        said["altitude"] = number / 10
    elif letter == "T" and number is not None and number <= 100:
        said["battery"] = number
    elif letter == "R" and head.startswith("HQ") and re.fullmatch(r"[0-9]{4}.*", value):
        said |= {"rssi": int(value[:2]), "satellites": int(value[2:4])}
    elif letter == "W" and number is not None:
        said["alarms"] = ["tampering"] if int(value[:2]) >> 2 & 1 else []
    elif letter == "l" and re.fullmatch(r"[0-9]{4}", value):
        said["logistics_lock"] = int(value[0]) & 7
    elif letter == "B":
        said["status_text"] = value[:64]
    else:
        said["items"][letter] = value[:200]


def _place(value: str, report: Report, offset: int) -> dict[str, Any]:
    found = _PLACE.fullmatch(value)
    if found is None:
        report.warn(
            offset, "seal.fields", N_("This text does not have the fields of a %(type)s message."), value, type="A"
        )
        return {}
    hour, minute, second, lat_deg, lat_min, lon_deg, lon_min, flags, speed, course, day, month, year = map(
        int, found.groups()
    )
    moment = utc(2000 + year, month, day, hour, minute, second)
    if moment is None:
        report.warn(offset, "seal.time", NO_TIME, value)
    lat, lon = lat_deg + lat_min / 600_000, lon_deg + lon_min / 600_000
    north, east = place(lat if flags & 2 else -lat, lon if flags & 4 else -lon, report, offset + 6)
    return {
        "time": moment,
        "valid": bool(flags & 1) and north is not None,
        "lat": north,
        "lon": east,
        "speed": kmh(speed * 2, KMH_PER_KNOT),
        "course": course * 10,
    }


UPRO = Family("upro", split, decode)
