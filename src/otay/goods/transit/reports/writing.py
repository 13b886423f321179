"""Many rows in one statement, with what Django's ``bulk_create`` cannot say: which of them were new."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models

ROWS = 500
_SHARED, _EXCLUSIVE = "pg_advisory_xact_lock_shared", "pg_advisory_xact_lock"
_ADMISSION = 0x6F746179  # any number of our own


def insert(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], ending: str = ""
) -> list[Any]:
    """Insert ``rows``; ``ending`` follows the values (``ON CONFLICT ...``, ``RETURNING ...``). What was returned."""
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    one = "(" + ", ".join(["%s"] * len(columns)) + ")"
    found: list[Any] = []
    with connection.cursor() as cursor:
        for start in range(0, len(rows), ROWS):
            part = rows[start : start + ROWS]
            places = ", ".join([one] * len(part))
            statement = f"INSERT INTO {table} ({names}) VALUES {places} {ending}"  # noqa: S608 - names of our own
            cursor.execute(statement, [value for row in part for value in row])
            if "RETURNING" in ending:
                found += cursor.fetchall()
    return found


def moment(value: datetime) -> Any:
    """A time as the database takes it."""
    return connection.ops.adapt_datetimefield_value(value)


def hold_admissions(*, change: bool = False) -> None:
    """Until the transaction ends nobody admits or bars a device (``change``: nobody stores a report either).

    SQLite has one writer at a time and needs nothing.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {_EXCLUSIVE if change else _SHARED}(%s)", [_ADMISSION])


def count(model: type[models.Model], changes: Sequence[tuple[int, Sequence[int]]], heard_at: datetime) -> None:
    """Add (duplicates, flagged) to the counters of devices by primary key, and note when they were heard."""
    table = connection.ops.quote_name(model._meta.db_table)
    when = moment(heard_at)
    statement = (
        f"UPDATE {table} SET duplicates = duplicates + %s, flagged = flagged + %s, "  # noqa: S608 - names of our own
        "last_heard_at = %s, first_heard_at = COALESCE(first_heard_at, %s) WHERE id = %s"
    )
    if changes:
        with connection.cursor() as cursor:
            cursor.executemany(statement, [(*added, when, when, key) for key, added in changes])
