"""Rows inserted, few or many; many rows changed in one go, each to values of its own.

Django's ``bulk_update`` builds one statement with a CASE for every value, which took a quarter of the time of lodging a
batch; a prepared UPDATE run for many parameter sets does the same several times faster on SQLite and PostgreSQL. Its
``bulk_create`` builds its statement anew each time, which for one row takes most of the time, and for five hundred rows
is a text of ten thousand places that PostgreSQL's driver takes apart again: a third of all that an exchanged record
cost. Here many rows go through PostgreSQL's COPY, and on SQLite through one prepared INSERT.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

FEW = 8
"""From so many rows on, one statement for all of them costs less than one each."""
_AS_IT_IS: dict[type[models.Field[Any, Any]], type] = {
    models.CharField: str, models.TextField: str, models.BigIntegerField: int, models.PositiveIntegerField: int,
    models.IntegerField: int, models.ForeignKey: int,
}  # fmt: skip
"""Kinds of fields whose plain values go to either database untouched: Django's way there is long."""


def insert_many(rows: Sequence[models.Model]) -> None:
    """Insert ``rows``, all of one model and without values that the database makes, save the primary key, which all of
    them bring along or none. Runs in the caller's transaction. Each row knows its primary key afterwards.
    """
    if not rows:
        return
    model, numbered = type(rows[0]), rows[0].pk is None
    using = router.db_for_write(model)
    connection = connections[using]
    kept = _kept(model, using, numbered)
    if len(rows) < FEW:
        with connection.cursor() as cursor:
            for row in rows:
                cursor.execute(kept.insert + kept.returning, _values(row, kept.columns, connection))
                if numbered:
                    row.pk = cursor.fetchone()[0]
    elif connection.vendor == "postgresql":
        _copy(rows, kept, connection, numbered)
    else:
        with connection.cursor() as cursor:
            cursor.executemany(kept.insert, [_values(row, kept.columns, connection) for row in rows])
            if numbered:  # AUTOINCREMENT counts on without a hole while this connection alone writes
                cursor.execute("SELECT last_insert_rowid()")
                end = cursor.fetchone()[0] + 1
                _number(rows, range(end - len(rows), end))
    for row in rows:
        row._state.adding, row._state.db = False, using


@dataclass(frozen=True, slots=True)
class _Kept:
    """What inserting into a table takes: ``columns`` are those that a row gives itself."""

    insert: str
    returning: str
    copy: str
    number: str
    columns: tuple[models.Field[Any, Any], ...]


@lru_cache(maxsize=64)
def _kept(model: type[models.Model], using: str, numbered: bool) -> _Kept:
    """``numbered``: the database gives the primary key."""
    meta, quote = model._meta, connections[using].ops.quote_name
    table, key = quote(meta.db_table), quote(str(meta.pk.column))
    columns = tuple(column for column in meta.local_concrete_fields if not (numbered and column.primary_key))
    names = ", ".join(quote(str(column.column)) for column in columns)
    places = ", ".join(["%s"] * len(columns))
    first = f"{key}, " if numbered else ""
    return _Kept(
        insert=f"INSERT INTO {table} ({names}) VALUES ({places})",  # noqa: S608
        returning=f" RETURNING {key}" if numbered else "",
        copy=f"COPY {table} ({first}{names}) FROM STDIN",
        number=f"SELECT nextval(pg_get_serial_sequence('{table}', '{meta.pk.column}')) FROM generate_series(1, %s)",  # noqa: S608
        columns=columns,
    )


def _copy(rows: Sequence[models.Model], kept: _Kept, connection: BaseDatabaseWrapper, numbered: bool) -> None:
    """COPY answers no keys: they are drawn before."""
    with connection.cursor() as cursor:
        if numbered:
            cursor.execute(kept.number, [len(rows)])
            _number(rows, (number for (number,) in cursor.fetchall()))
        with connection.wrap_database_errors, cursor.copy(kept.copy) as copy:
            for row in rows:
                values = _values(row, kept.columns, connection)
                copy.write_row([row.pk, *values] if numbered else values)


def _number(rows: Sequence[models.Model], numbers: Iterable[int]) -> None:
    for row, number in zip(rows, numbers, strict=True):
        row.pk = number


def _values(row: models.Model, columns: Sequence[models.Field[Any, Any]], connection: BaseDatabaseWrapper) -> list[Any]:
    values = []
    for column in columns:
        value = column.pre_save(row, True)
        if value is not None and type(value) is not _AS_IT_IS.get(type(column)):
            value = column.get_db_prep_save(value, connection)
        values.append(value)
    return values


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
