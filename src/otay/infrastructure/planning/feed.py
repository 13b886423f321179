"""Observations from the published feed of wait times: those of one port, and what is wrong with its lanes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from otay.core.findings import Finding, info
from otay.core.i18n import N_
from otay.formats.registry import detect, read
from otay.infrastructure.planning.domain import Method, Quality
from otay.infrastructure.planning.observing import Row

KEY = "cbp-waits"
_MEASURED = re.compile(r"rfid|bluetooth|loop|sensor|automat", re.IGNORECASE)


def is_feed(content: bytes, name: str = "") -> bool:
    """True where ``content`` looks like the feed."""
    return detect(content, name) == KEY


def rows_of_feed(content: bytes, crossings: Mapping[str, str], source: str) -> tuple[list[Row], list[Finding]]:
    """Waits of ``crossings`` (their number in the feed, and their key here), and findings of the whole feed."""
    found = read(content, format=KEY)
    rows = [
        _row(record, crossings[record["crossing_id"]], source)
        for record in found.records
        if record["crossing_id"] in crossings and record["delay_minutes"] is not None and record["at"]
    ]
    told = list(found.findings)
    if not rows:
        others = sorted({record["crossing_id"] for record in found.records} - set(crossings))
        told.append(_nothing(others, crossings))
    return rows, told


def _nothing(others: Sequence[str], crossings: Mapping[str, str]) -> Finding:
    message = N_("The feed has no wait of this port: its crossings are %(known)s, the feed tells of %(others)s")
    known = ", ".join(sorted(crossings)) or "-"
    return info("", "waits.nothing", message, known=known, others=", ".join(others[:20]) or "-")


def _row(record: Mapping[str, Any], crossing: str, source: str) -> Row:
    measured = _MEASURED.search(str(record["automation"]))
    return Row(
        lane=str(record["lane"]),
        at=datetime.fromisoformat(str(record["at"])).astimezone(UTC),
        minutes=float(record["delay_minutes"]),
        method=Method.API,
        quality=Quality.MEASURED if measured else Quality.ESTIMATED,
        crossing=crossing,
        lanes_open=record["lanes_open"],
        source=source or "bwt.cbp.gov",
    )
