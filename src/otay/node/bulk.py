"""Many rows changed in one go, each to values of its own.

Django's ``bulk_update`` builds one statement with a CASE for every value, which took a quarter of the time of lodging a
batch; a prepared UPDATE run for many parameter sets does the same several times faster on SQLite and PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.db import connections, models, router


def update_many(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """Write ``fields`` of each row, found by its primary key. All rows are of one model; runs in the caller's
    transaction.
    """
    if not rows:
        return
    meta = type(rows[0])._meta
    connection = connections[router.db_for_write(type(rows[0]))]
    columns = [cast("models.Field[Any, Any]", meta.get_field(name)) for name in fields]
    quote = connection.ops.quote_name
    assignments = ", ".join(f"{quote(str(column.column))} = %s" for column in columns)
    statement = f"UPDATE {quote(meta.db_table)} SET {assignments} WHERE {quote(str(meta.pk.column))} = %s"  # noqa: S608
    values = [
        (*(column.get_db_prep_save(getattr(row, column.attname), connection) for column in columns), row.pk)
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)
