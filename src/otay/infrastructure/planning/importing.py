"""A file of waits as somebody hands it in: CSV by its columns, or the feed of border wait times by its reader."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from otay.core.findings import Finding
from otay.formats import registry as formats
from otay.infrastructure.planning import observing
from otay.infrastructure.planning.domain import Method, Quality
from otay.infrastructure.planning.services import Observed
from otay.places.models import Port
from otay.places.queries import crossings

FEED = "cbp-waits"


def rows_of_file(content: bytes, port: Port, name: str) -> tuple[list[Observed], list[Finding]]:
    """Observations of ``port`` in a file, and what is wrong with the rest of it. Of a feed, which tells of all ports,
    those of the port's own crossings are taken."""
    if formats.detect(content, name) == FEED:
        result = formats.read(content, format=FEED)
        known = crossings_by_feed_number()
        mine = [one for one in of_feed(result.records, known) if one.port == port.code]
        return mine, list(result.findings)
    rows, findings = observing.read_csv(content, ZoneInfo(port.time_zone), name[:120])
    return [of_port(port.code, row) for row in rows], findings


def crossings_by_feed_number() -> dict[str, tuple[str, str]]:
    """(port, crossing) by the feed's port number."""
    return {one.wait_feed_id: (one.port_id or "", one.key) for one in crossings() if one.wait_feed_id and one.port_id}


def of_feed(records: Iterable[dict[str, Any]], known: dict[str, tuple[str, str]]) -> list[Observed]:
    """Waits of a feed at crossings that the node knows; lanes that are closed or pending say nothing."""
    found = []
    for one in records:
        place = known.get(str(one["crossing_id"]))
        if place is None or one["delay_minutes"] is None or not one["at"]:
            continue
        at = datetime.fromisoformat(one["at"])
        found.append(
            Observed(
                place[0], one["lane"], at, float(one["delay_minutes"]), Method.API, Quality.ESTIMATED, place[1],
                one["lanes_open"], "CBP",
            )
        )  # fmt: skip
    return found


def of_port(code: str, row: observing.Row) -> Observed:
    """A row of a file as an observation of a port."""
    return Observed(
        code, row.lane, row.at, row.minutes, row.method, row.quality, row.crossing, row.lanes_open, row.source
    )
