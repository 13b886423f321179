"""From messages to reports: frames cut and decoded, nothing dropped. Plain Python, no database, no clock."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.formats.seals.families import FAMILIES
from otay.formats.seals.format import FORMATS
from otay.formats.seals.frames import GARBAGE, TRUNCATED, Family, Kind, Report, decode_frame, shown
from otay.formats.seals.record import Record
from otay.goods.transit.reports.incoming import MESSAGE_BYTES, Message

logger = logging.getLogger(__name__)

MAX_FRAMES = 4096
"""Frames of one message; the rest of it is kept as one frame that was not read."""
DIGEST_BYTES = 16
FUTURE_TOLERANCE = timedelta(minutes=5)
"""How far a device's clock may be ahead."""
PAST_TOLERANCE = timedelta(days=366)
"""How old a stored report may be; older ones come from a clock that was lost, such as after a GPS week rollover."""
_MORE = (
    *("type", "interval_s", "event_source", "unlock_verification", "password_verification", "charging", "model"),
    *("firmware", "ignored", "data_type", "alarm_code", "alert_type"),
)
_AS_JSON = json.JSONEncoder(sort_keys=True).encode
_UNSTORABLE = dict.fromkeys([0, *range(0xD800, 0xE000)], "\N{REPLACEMENT CHARACTER}")


@dataclass(slots=True)
class Frame:
    """One frame of message number ``message``, with what was read of it. No records: it could not be read."""

    message: int
    raw: bytes
    family: str
    records: list[Record] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read(messages: list[Message]) -> list[Frame]:
    """All frames of all messages, in order. Never raises for bad input."""
    return [frame for number, message in enumerate(messages) for frame in _frames(number, message)]


def set_aside(number: int, message: Message, rule: str, text: str, **params: Any) -> Frame:
    """The whole message as one frame that is not read."""
    return Frame(number, message.data, message.family[:16], findings=[error("", rule, text, **params)])


def recognise(data: bytes) -> str:
    """The family that ``data`` begins like; empty when none does."""
    score, key = max(((item.detect(data, ""), item.key) for item in FORMATS), key=lambda found: found[0])
    return key if score > 0 else ""


def message_of(topic: str, payload: bytes) -> Message:
    """A message of MQTT with what its topic, ``seals/<protocol>/<device>``, says of it."""
    _, _, rest = topic.partition("/")
    family, _, device = rest.partition("/")
    return Message(topic, payload, family if family in FAMILIES else "", device.partition("/")[0])


def _frames(number: int, message: Message) -> Iterator[Frame]:
    if len(message.data) > MESSAGE_BYTES:
        text = N_("A message may have %(most)s bytes; only so many are kept of this one.")
        yield set_aside(number, message, "seal.too_large", text, most=MESSAGE_BYTES)
        return
    key = message.family or recognise(message.data)
    if key not in FAMILIES:
        text = (
            N_("There is no protocol %(family)s.")
            if key
            else N_("The bytes do not begin like any protocol known here.")
        )
        yield set_aside(number, message, "seal.family", text, family=key)
        return
    try:
        yield from _cut(number, message, FAMILIES[key])
    except Exception as problem:  # a fault of ours must not cost the device its report: the bytes are kept
        logger.exception("a message of %s could not be read", message.source)
        text = N_("The reader failed: %(problem)s. The bytes are kept.")
        yield set_aside(number, message, "seal.fault", text, problem=type(problem).__name__)


def _cut(number: int, message: Message, family: Family) -> Iterator[Frame]:
    found: list[Frame] = []
    # GT06 names the device once a connection, when it signs in
    session = {"gt06": message.device} if message.device else {}
    for piece in family.split(message.data):
        if len(found) == MAX_FRAMES:
            text = N_("A message may hold %(most)s frames; what follows is kept unread.")
            rest = Message(message.source, message.data[piece.start :], family.key)
            found.append(set_aside(number, rest, "seal.too_many", text, most=MAX_FRAMES))
            break
        if piece.kind is Kind.FRAME:
            report = Report(start=piece.start, session=session)
            records = decode_frame(family, piece.data, report)
            if any(not item.get("device_id") for item in records):
                report.warn(0, "seal.device", N_("The message names no device."))
                records = [item for item in records if item.get("device_id")]
            found.append(Frame(number, piece.data, family.key, records, report.findings))
        else:
            partial = piece.kind is Kind.PARTIAL
            rule, text = ("seal.truncated", TRUNCATED) if partial else ("seal.garbage", GARBAGE)
            place = f"byte {piece.start}"
            findings = [error(place, rule, text, shown(piece.data))]
            found.append(Frame(number, piece.data, family.key, findings=findings))
    if not found:
        found.append(set_aside(number, message, "seal.empty", N_("The message is empty.")))
    yield from found


def digest_of(raw: bytes, *, other_sender: bool) -> bytes:
    """What a frame is known by. A frame sent by somebody else never stands in the way of the device's own."""
    return blake2b(raw, digest_size=DIGEST_BYTES, person=b"other" if other_sender else b"").digest()


def time_of(record: Record) -> datetime | None:
    """Event time of a record; None where it has none."""
    text = record.get("time")
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def wording_of(record: Record) -> str:
    """What few reports differ in (flags, alarms, type), as JSON in one order."""
    more = {name: record[name] for name in _MORE if record.get(name) is not None}
    said = {"status": record.get("status") or {}, "alarms": record.get("alarms") or [], "more": more}
    text = _AS_JSON({name: value for name, value in said.items() if value})
    # the encoder escapes what a database cannot keep, so that it shows
    return _AS_JSON(storable(json.loads(text))) if "\\u0000" in text or "\\ud" in text else text


def small(value: Any) -> int | None:
    """A whole number that fits 16 bits; else None."""
    return int(value) if isinstance(value, int | float) and -(2**15) <= value < 2**15 else None


def large(value: Any) -> int | None:
    """A whole number that fits 64 bits; else None."""
    return value if isinstance(value, int) and -(2**63) <= value < 2**63 else None


def storable(value: Any) -> Any:
    """``value`` without characters that PostgreSQL cannot keep (NUL, half surrogate pairs)."""
    match value:
        case str():
            return value if value.isprintable() else value.translate(_UNSTORABLE)
        case dict():
            return {storable(key): storable(item) for key, item in value.items()}
        case list() | tuple():
            return [storable(item) for item in value]
    return value
