"""eSeal: ``##S,eSeal,<id>,<customer>,<firmware>,<type>,<index>,...,E##``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from otay.core.i18n import N_
from otay.formats.seals.cursor import NO_TIME, place
from otay.formats.seals.frames import NO_POSITION, Bad, Family, Kind, Piece, Report, shown
from otay.formats.seals.record import Record, record, utc

_BEGIN, _END = b"##S,", b",E##"
MAX_FRAME = 4096
ALARM_OF_TYPE = {
    "Event-Door": "door_open",
    "Event-Shock": "vibration",
    "Event-Drop": "drop",
    "Event-Lock": "lock",
    "Event-RC-Unlock": "unlock",
}
ANSWERED = ("Startup", "Normal", "Button-Normal", "Termination", *ALARM_OF_TYPE)

_FRAME = re.compile(
    r"##S,(?P<model>[^,]{1,32}),(?P<id>\d{1,20}),(?P<customer>\d{1,10}),(?P<firmware>[^,]{1,32}),(?P<type>[^,]{1,32}),"
    r"(?P<index>\d{1,10}),(?P<date>\d{4}-\d\d-\d\d),(?P<time>\d\d:\d\d:\d\d),(?P<interval>\d{1,6}),(?P<fix>[AV]),"
    r"(?P<lat>\d{1,3}\.\d{1,10})(?P<ns>[NS]) (?P<lon>\d{1,3}\.\d{1,10})(?P<ew>[EW]),(?P<course>\d{1,4}),"
    r"(?P<speed>\d{1,4}),(?P<door>[^,]{1,16}),(?P<acceleration>-?\d{1,4}(?:\.\d{1,8})?),"
    r"(?P<nfc>[^,]{0,64}),(?P<battery>\d{1,3}(?:\.\d{1,4})?),(?P<rssi>-?\d{1,4}),E##"
)
_DOOR = {"open": True, "opened": True, "close": False, "closed": False}
_HEAD = re.compile(
    r"##S,[^,]{1,32},(?P<id>\d{1,20}),(?P<customer>\d{0,10}),(?P<firmware>[^,]{0,32}),(?P<type>[^,]{1,32})(,|$)"
)


def split(data: bytes) -> Iterator[Piece]:
    """Frames of a stream, from ``##S,`` to ``,E##``."""
    at = 0
    while at < len(data):
        begin = data.find(_BEGIN, at)
        if begin < 0:
            # the mark itself may be cut in two
            if tail := data[at:].strip():
                yield Piece(Kind.PARTIAL if _BEGIN.startswith(tail) else Kind.GARBAGE, at, data[at:])
            return
        if data[at:begin].strip():
            yield Piece(Kind.GARBAGE, at, data[at:begin])
        restart = data.find(_BEGIN, begin + 4, begin + MAX_FRAME)
        end = data.find(_END, begin, restart if restart >= 0 else begin + MAX_FRAME)
        if end < 0 and restart < 0:
            kind = Kind.PARTIAL if len(data) - begin < MAX_FRAME else Kind.GARBAGE
            yield Piece(kind, begin, data[begin:])
            return
        if end < 0:
            yield Piece(Kind.GARBAGE, begin, data[begin:restart])
            at = restart
            continue
        at = end + len(_END)
        yield Piece(Kind.FRAME, begin, data[begin:at])


def decode(frame: bytes, report: Report) -> Iterator[Record]:
    """The record of one frame; an answer of the seal to a command carries no position."""
    text = frame.decode("ascii", "replace")
    found = _FRAME.fullmatch(text)
    if found is None:
        yield _without_position(text, frame, report)
        return
    moment = utc(*(int(part) for part in (found["date"] + ":" + found["time"]).replace("-", ":").split(":")))
    if moment is None:
        report.warn(found.start("date"), "seal.time", NO_TIME, f"{found['date']} {found['time']}")
    lat = float(found["lat"]) * (-1 if found["ns"] == "S" else 1)
    lon = float(found["lon"]) * (-1 if found["ew"] == "W" else 1)
    north, east = place(lat, lon, report, found.start("lat"))
    kind = found["type"]
    door = _DOOR.get(found["door"].lower())
    alarms = [ALARM_OF_TYPE[kind]] if kind in ALARM_OF_TYPE else []
    if door and "door_open" not in alarms:
        alarms.append("door_open")
    yield record(
        found["id"],
        type=kind,
        model=found["model"],
        customer=found["customer"],
        firmware=found["firmware"],
        index=int(found["index"]),
        time=moment,
        interval_s=int(found["interval"]),
        valid=found["fix"] == "A" and north is not None,
        lat=north,
        lon=east,
        course=int(found["course"]),
        speed=float(found["speed"]),
        speed_kmh=int(found["speed"]),
        door_open=door,
        status={} if door is None else {"door_open": door},
        alarms=alarms,
        acceleration=float(found["acceleration"]),
        nfc=found["nfc"],
        battery_v=float(found["battery"]),
        rssi=int(found["rssi"]),
        ack=answer(text),
    )


def _without_position(text: str, frame: bytes, report: Report) -> Record:
    head = _HEAD.match(text)
    if head is None:
        raise Bad(
            0, "seal.fields", N_("This text does not have the fields of a %(type)s message."), text[:120], type="eSeal"
        )
    kind = head["type"]
    if kind in ANSWERED:
        raise Bad(
            head.end(), "seal.fields", N_("This text does not have the fields of a %(type)s message."), text, type=kind
        )
    report.note(0, "seal.ignored", NO_POSITION, shown(frame))
    return record(head["id"], type=kind, firmware=head["firmware"], ignored=True)


def answer(text: str, config: str = "") -> str | None:
    """What the seal wants to hear back, or None. A ``Startup`` is answered with the seal's configuration."""
    found = _FRAME.fullmatch(text)
    if found is None or found["type"] not in ANSWERED:
        return None
    extra = f",{config}" if found["type"] == "Startup" else ""
    return f"{text[: found.start('type')]}{found['type']} ACK,{int(found['index'])}{extra},E##"


ESEAL = Family("eseal", split, decode)
