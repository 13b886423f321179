"""A file of waits as somebody hands it in: CSV by its columns; feeds of wait times by their reader, where it is there."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from otay.core.findings import Finding
from otay.infrastructure.planning import observing
from otay.infrastructure.planning.services import Observed
from otay.places.models import Port


def rows_of_file(content: bytes, port: Port, name: str) -> tuple[list[Observed], list[Finding]]:
    """Observations of ``port`` in a file, and what is wrong with the rest of it."""
    rows, findings = observing.read_csv(content, ZoneInfo(port.time_zone), name[:120])
    return [of_port(port.code, row) for row in rows], findings


def of_port(code: str, row: observing.Row) -> Observed:
    """A row of a file as an observation of a port."""
    return Observed(
        code, row.lane, row.at, row.minutes, row.method, row.quality, row.crossing, row.lanes_open, row.source
    )
