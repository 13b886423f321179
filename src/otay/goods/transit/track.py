"""Tracks as CSV: positions and seal events of movements, under whatever names the columns have.

A row that cannot be judged is a finding with its line, never silently dropped.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from otay.core.findings import Finding, error, info, warning
from otay.core.i18n import N_
from otay.engines.transit.observations import Observation
from otay.engines.transit.seal_rules import KNOWN_EVENTS
from otay.engines.transit.signal_rules import JAMMED
from otay.formats.seals.record import ALARMS
from otay.formats.tabular.text import decode

MAX_BYTES = 256 * 1024 * 1024
MAX_FINDINGS = 1000
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "time": (
        "time",
        "event_time",
        "fixtime",
        "fix_time",
        "devicetime",
        "device_time",
        "timestamp",
        "datetime",
        "fecha_hora",
    ),
    "device_id": (
        "device_id",
        "device",
        "deviceid",
        "imei",
        "seal",
        "seal_id",
        "id",
        "dispositivo",
        "precinto",
        "candado",
    ),
    "movement": ("movement", "movement_id", "shipment", "trip", "mrn", "movimiento", "embarque"),
    "lat": ("lat", "latitude", "latitud"),
    "lon": ("lon", "lng", "long", "longitude", "longitud"),
    "valid": ("valid", "fix", "gps_valid", "valido"),
    "speed": ("speed", "speed_kmh", "speed_kph", "velocidad"),
    "speed_knots": ("speed_knots", "speed_kn"),
    "speed_ms": ("speed_ms", "speed_m_s"),
    "course": ("course", "heading", "bearing", "rumbo"),
    "battery": ("battery", "battery_pct", "battery_level", "batterylevel", "bateria"),
    "battery_v": ("battery_v", "voltage", "voltaje"),
    "event": ("event", "events", "alarm", "alarms", "evento", "alarma"),
    "received_at": ("received_at", "received", "servertime", "server_time", "recibido"),
}
"""The columns and the headings under which each is found."""
_NAMES = {name: column for column, names in COLUMNS.items() for name in names}
_KNOWN_EVENTS = KNOWN_EVENTS | JAMMED | frozenset(ALARMS)
_YES, _NO = ("1", "true", "t", "yes", "y", "a", "si", "sí"), ("0", "false", "f", "no", "n", "v")
_EPOCH = re.compile(r"\d{9,11}(\.\d+)?|\d{12,14}")
_YEARS = range(1970, 2200)


@dataclass
class _Reading:
    findings: list[Finding] = field(default_factory=list)
    noted: set[str] = field(default_factory=set)

    def add(self, finding: Finding) -> None:
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
        elif len(self.findings) == MAX_FINDINGS:
            text = N_("There are more findings; only the first %(limit)s are listed.")
            self.findings.append(error("", "track.more", text, limit=MAX_FINDINGS))

    def note_once(self, key: str, finding: Finding) -> None:
        if key not in self.noted and len(self.noted) < MAX_FINDINGS:
            self.noted.add(key)
            self.add(finding)


def read_track(data: bytes) -> tuple[list[Observation], list[Finding]]:
    """The observations of a track and what is wrong with its rows."""
    reading = _Reading()
    if len(data) > MAX_BYTES:
        text = N_("The track has %(size)s bytes; at most %(limit)s are read.")
        return [], [error("", "track.size", text, size=len(data), limit=MAX_BYTES)]
    text, _ = decode(data)
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    head = next((line for line in text.removeprefix("\ufeff").splitlines() if line.strip()), "")
    mark = max(",;\t|", key=head.count)
    found: list[Observation] = []
    rows = csv.reader(lines, delimiter=mark)
    try:
        columns = _columns(rows, reading)
        if columns is None:
            return [], reading.findings
        for cells in rows:
            if any(cell.strip() for cell in cells):
                row = {name: cells[at].strip() for name, at in columns.items() if at < len(cells)}
                item = _observation(row, f"line {rows.line_num}", reading)
                found += [item] if item else []
    except csv.Error as failure:
        reading.add(
            error(f"line {rows.line_num}", "track.syntax", N_("This is not a table: %(reason)s."), reason=str(failure))
        )
    return found, reading.findings


def _columns(rows: Iterator[list[str]], reading: _Reading) -> dict[str, int] | None:
    heading = next((cells for cells in rows if any(cell.strip() for cell in cells)), [])
    columns: dict[str, int] = {}
    for at, cell in enumerate(heading):
        name = re.sub(r"[^a-zñ0-9]+", "_", cell.strip().lower()).strip("_")
        column = _NAMES.get(name)
        if column is None or column in columns:
            reading.add(info("line 1", "track.column", N_("This column is not used."), cell))
        else:
            columns[column] = at
    missing = [column for column in ("time", "lat", "lon") if column not in columns]
    if missing:
        text = N_("The track has no column %(columns)s.")
        remedy = N_("Name the columns in the first line, such as %(example)s.")
        example = "time,device_id,lat,lon,event,received_at"
        reading.add(
            error(
                "line 1", "track.columns", text, ", ".join(heading), remedy, columns=", ".join(missing), example=example
            )
        )
        return None
    return columns


def _observation(row: Mapping[str, str], place: str, reading: _Reading) -> Observation | None:
    time = _time(row.get("time", ""), place, reading, "time")
    if time is None:
        reading.add(
            error(
                place, "track.time", N_("The row has no time that can be read: it is not judged."), row.get("time", "")
            )
        )
        return None
    received = None
    if row.get("received_at"):
        received = _time(row["received_at"], place, reading, "received_at")
        if received is None:
            text = N_("The time of receipt cannot be read: taken as received at once.")
            reading.add(warning(place, "track.received", text, row["received_at"]))
    lat = _number(row, "lat", place, reading, lambda value: abs(value) <= 90)
    lon = _number(row, "lon", place, reading, lambda value: abs(value) <= 180)
    return Observation(
        time=time,
        device_id=row.get("device_id", ""),
        movement=row.get("movement", ""),
        lat=lat if lon is not None else None,
        lon=lon if lat is not None else None,
        valid=_valid(row.get("valid", ""), place, reading) and lat is not None and lon is not None,
        speed=_speed(row, place, reading),
        course=_number(row, "course", place, reading, lambda value: -360 <= value <= 360),
        battery=_number(row, "battery", place, reading, lambda value: 0 <= value <= 100),
        battery_v=_number(row, "battery_v", place, reading, lambda value: 0 <= value <= 100),
        events=_events(row.get("event", ""), place, reading),
        received_at=received,
    )


def _time(text: str, place: str, reading: _Reading, column: str) -> datetime | None:
    """ISO 8601, or seconds or milliseconds since 1970. A time without an offset is UTC, and that is said once."""
    try:
        if _EPOCH.fullmatch(text):
            number = float(text)
            moment = datetime.fromtimestamp(number / 1000 if number >= 1e11 else number, UTC)
        else:
            moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            note = N_("Times of the column %(column)s have no offset: they are taken as UTC.")
            reading.note_once(f"offset {column}", info(place, "track.offset", note, text, column=column))
            moment = moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.year in _YEARS else None


def _number(
    row: Mapping[str, str], name: str, place: str, reading: _Reading, right: Callable[[float], bool]
) -> float | None:
    text = row.get(name, "").removesuffix("%").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and right(value)):
        message = N_("%(column)s is not a number it can be: left out.")
        reading.add(warning(place, "track.number", message, row[name], column=name))
        return None
    return value


def _speed(row: Mapping[str, str], place: str, reading: _Reading) -> float | None:
    for name, unit in (("speed", 1.0), ("speed_knots", 1.852), ("speed_ms", 3.6)):
        value = _number(row, name, place, reading, lambda value: 0 <= value <= 2000)
        if value is not None:
            return value * unit
    return None


def _valid(text: str, place: str, reading: _Reading) -> bool:
    word = text.lower()
    if word and word not in _YES and word not in _NO:
        message = N_("The column valid says neither yes nor no: the position is not used.")
        reading.add(warning(place, "track.valid", message, text))
    return not word or word in _YES


def _events(text: str, place: str, reading: _Reading) -> frozenset[str]:
    words = [re.sub(r"[^a-z0-9]+", "_", word.strip().lower()).strip("_") for word in re.split(r"[;|,]", text)]
    events = frozenset(word for word in words if word and word not in ("normal", "none"))
    for word in sorted(events - _KNOWN_EVENTS):
        message = N_("No rule knows the event %(event)s.")
        reading.note_once(f"event {word}", info(place, "track.event", message, word, event=word))
    return events
