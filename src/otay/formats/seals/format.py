"""The entries of the seals in the registry."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.formats.registry import Format, ReadResult

MAX_BYTES = 16 * 1024 * 1024
_LONG = rb"\$[\x70-\x9f]|\$.{7}\x00|\(\d{1,20},(P\d\d,|[^,()]*,[^,()]*,WLNET,)"
_SHORT = rb"\$[\x00-\x69].{6}[^\x00]|\(\d{1,20},(\d{1,3},)?[UWS]\d\d[,)]"


def _detector(pattern: bytes) -> Callable[[bytes, str], float]:
    marks = re.compile(pattern, re.DOTALL)

    def detect(data: bytes, name: str) -> float:
        from otay.formats.seals.frames import first_bytes

        return 0.85 if marks.match(first_bytes(data)) else 0

    return detect


def _reader(key: str) -> Callable[[bytes, str], ReadResult]:
    def read(data: bytes, name: str) -> ReadResult:
        from otay.formats.seals.families import FAMILIES
        from otay.formats.seals.frames import read as read_frames

        return read_frames(data, FAMILIES[key])

    return read


def _write(result: ReadResult) -> Sequence[bytes]:
    from otay.formats.seals.own import write

    nowhere = [index for index, item in enumerate(result.records) if not item.get("time") or not item.get("device_id")]
    if nowhere:
        message = N_("A report needs a device and a time.")
        raise Refused(message, findings=[error(f"/{index}", "seal.report", message) for index in nowhere])
    return [write(result.records)]


def _template(language: str) -> bytes:
    return (
        b'{"otay": "seal/1", "device_id": "EXAMPLE-0001", "time": "2026-01-15T08:30:00Z", "index": 7, "lat": 32.5503, '
        b'"lon": -116.9384, "valid": true, "speed": 42.0, "course": 180.0, "battery": 86, '
        b'"status": {"locked": true, "rope_inserted": true}, "alarms": []}\n'
    )


_KINDS = (
    ("jt701", N_("Electronic lock, Jointech JT701"), _LONG),
    ("jt600", N_("Electronic lock or tracker, Jointech JT600"), _SHORT),
    ("eseal", N_("Electronic seal, eSeal text"), rb"##S,"),
    ("teratrack", N_("Electronic lock, TeraTrack JSON"), rb'[\[\s]*\{.{0,2000}?"MDeviceID"'),
    ("jt808", N_("Electronic lock or tracker, JT/T 808"), rb"\x7e.{10}|\xe7.{10}"),
    ("gt06", N_("Tracker with tamper alarms, GT06"), rb"\x78\x78|\x79\x79"),
    ("upro", N_("Tracker with logistics lock, Upro"), rb"\*..20[01]\d+,"),
)

FORMATS = (
    *(Format(key, title, _detector(marks), _reader(key), max_bytes=MAX_BYTES) for key, title, marks in _KINDS),
    Format(
        "otay-seal",
        N_("Electronic seal, Otay's own JSON"),
        _detector(rb'[\[\s]*\{.{0,2000}?"otay"\s*:\s*"seal/'),
        _reader("otay-seal"),
        _write,
        MAX_BYTES,
        _template,
    ),
)
