"""Counts of assessments by day, port and lane: added to in the transaction that makes the assessments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db import connection

from otay.screening.models import Assessment, DayCount


def add(rows: Sequence[Assessment]) -> None:
    """Count ``rows``: one statement, whatever their number."""
    counts = Counter((row.at.date(), row.kind, row.port, row.lane, row.random) for row in rows)
    # In one order always, so that two processes never wait for one another's rows crosswise.
    values = [value for key in sorted(counts) for value in (*key, counts[key])]
    quoted = connection.ops.quote_name(DayCount._meta.db_table)
    places = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(counts))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quoted} (day, kind, port, lane, random, total) VALUES {places} "  # noqa: S608 - no input
            f"ON CONFLICT (day, kind, port, lane, random) DO UPDATE SET total = {quoted}.total + excluded.total",
            values,
        )
