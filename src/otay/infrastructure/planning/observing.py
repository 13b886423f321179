"""Files of observed waits: rows of CSV, or a feed of wait times, as observations to record; every fault by its line.

Pure. CSV has the columns ``at`` (ISO 8601; without a zone it is local time of the port), ``lane``, ``minutes``, and may
have ``crossing``, ``method``, ``quality``, ``lanes_open``, ``source``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from zoneinfo import ZoneInfo

from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.infrastructure.planning.domain import MOST_WAIT_MINUTES, Method, Quality

MOST_BYTES = 16 * 1024 * 1024
MOST_ROWS = 200_000
MOST_FINDINGS = 100
NEEDED = ("at", "lane", "minutes")
KNOWN = (*NEEDED, "crossing", "method", "quality", "lanes_open", "source")


@dataclass(frozen=True, slots=True)
class Row:
    """A wait as a file has it."""

    lane: str
    at: datetime
    minutes: float
    method: Method
    quality: Quality
    crossing: str = ""
    lanes_open: int | None = None
    source: str = ""


def read_csv(content: bytes, zone: ZoneInfo, source: str = "") -> tuple[list[Row], list[Finding]]:
    """Observations in a CSV file, and what is wrong with its other lines."""
    findings: list[Finding] = []
    if len(content) > MOST_BYTES:
        return [], [error("", "waits.size", N_("The file is larger than 16 MB"))]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        return [], [error("", "waits.encoding", N_("The file is not UTF-8: %(reason)s"), reason=str(problem))]
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        missing = [name for name in NEEDED if name not in (reader.fieldnames or [])]
    except csv.Error as problem:
        return [], [error("line 1", "waits.corrupt", N_("The file is corrupt: %(reason)s"), reason=str(problem))]
    if missing:
        message = N_("The file needs the columns %(needed)s; it lacks %(missing)s")
        return [], [error("line 1", "waits.columns", message, ", ".join(reader.fieldnames or []),
                          needed=", ".join(NEEDED), missing=", ".join(missing))]  # fmt: skip
    return list(_rows(reader, zone, source, findings)), findings


def _rows(reader: csv.DictReader[str], zone: ZoneInfo, source: str, findings: list[Finding]) -> Iterator[Row]:
    try:
        for count, row in enumerate(reader):
            if count >= MOST_ROWS:
                findings.append(error(f"line {reader.line_num}", "waits.rows", N_("More than 200,000 rows")))
                return
            found = _row(row, f"line {reader.line_num}", zone, source, findings)
            if found:
                yield found
            if len(findings) >= MOST_FINDINGS:
                return
    except csv.Error as problem:
        message = N_("The file is corrupt: %(reason)s")
        findings.append(error(f"line {reader.line_num}", "waits.corrupt", message, reason=str(problem)))


def _row(row: dict[str, str], place: str, zone: ZoneInfo, source: str, findings: list[Finding]) -> Row | None:
    given = {name: (row.get(name) or "").strip() for name in KNOWN}
    before = len(findings)

    def wrong(column: str, message: str, remedy: str = "") -> None:
        findings.append(error(f"{place}, column {column}", "waits.value", message, given[column], remedy))

    at = _moment(given["at"], zone)
    if at is None:
        wrong("at", N_("Is not a time"), N_("Write it as 2023-07-03T06:15."))
    minutes = _number(given["minutes"])
    if minutes is None or not 0 <= minutes <= MOST_WAIT_MINUTES:
        wrong("minutes", N_("Is not a wait between 0 and 1,440 minutes"))
    if not given["lane"] or len(given["lane"]) > 60:
        wrong("lane", N_("Is no name of a lane group"))
    if given["method"] and given["method"] not in set(Method):
        wrong("method", N_("Is not one of: manual, rfid, bluetooth, loop, api"))
    if given["quality"] and given["quality"] not in set(Quality):
        wrong("quality", N_("Is not one of: measured, estimated, doubtful"))
    if given["lanes_open"] and not (given["lanes_open"].isdecimal() and int(given["lanes_open"][:6]) <= 500):
        wrong("lanes_open", N_("Is not a number of lanes"))
    if len(findings) > before or at is None or minutes is None:
        return None
    return Row(
        given["lane"], at, minutes, Method(given["method"] or Method.MANUAL),
        Quality(given["quality"] or Quality.MEASURED), given["crossing"][:40],
        int(given["lanes_open"]) if given["lanes_open"] else None, given["source"][:120] or source,
    )  # fmt: skip


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) else None
