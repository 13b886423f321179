"""The database's own memory for touched rows: whoever alters, adds or removes a record below a stored range digest, by
whatever program, makes the database forget that digest, so that the next comparison computes it from the rows.

On SQLite a migration that rebuilds ``exchange_outbox`` or ``exchange_inbox`` must call :func:`install` again. On
PostgreSQL rows that come or go together are looked at together: once a statement, not once a row.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from otay.exchange.domain.ranges import BUCKET

TABLES = {"exchange_outbox": "out", "exchange_inbox": "in"}
_COLUMNS = (
    "peer_id", "sequence", "record_type", "business_key", "version", "citation", "created_at", "body_digest",
    "corrects", "body", "link", "erased_at",
)  # fmt: skip
_FORGET = (  # names of this module only
    "DELETE FROM exchange_rangedigest WHERE peer_id = {row}.peer_id AND direction = '{direction}' "  # noqa: S608
    f"AND bucket = ({{row}}.sequence - 1) / {BUCKET};"
)
_FORGET_ALL = (  # of PostgreSQL: ``{rows}`` is what a statement added or removed
    "DELETE FROM exchange_rangedigest AS kept USING "  # noqa: S608
    f"(SELECT DISTINCT peer_id, (sequence - 1) / {BUCKET} AS bucket FROM {{rows}}) AS touched "
    "WHERE kept.peer_id = touched.peer_id AND kept.direction = '{direction}' AND kept.bucket = touched.bucket;"
)
_VERBS = {
    "insert": ("INSERT", ("NEW",)),
    "delete": ("DELETE", ("OLD",)),
    "update": ("UPDATE", ("OLD", "NEW")),
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers up, in place of older ones."""
    remove(connection)
    with connection.cursor() as cursor:
        for table, direction in TABLES.items():
            there = {column.name for column in connection.introspection.get_table_description(cursor, table)}
            watched = ", ".join(name for name in _COLUMNS if name in there)  # an older migration has fewer
            for verb, (begun, rows) in _VERBS.items():
                name = f"{table}_range_{verb}"
                event = f"UPDATE OF {watched}" if verb == "update" else begun
                body = " ".join(_FORGET.format(row=row, direction=direction) for row in rows)
                if connection.vendor != "postgresql":
                    cursor.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN {body} END")
                    continue
                scope = "FOR EACH ROW"
                if verb != "update":  # which cannot see its rows together and watch columns at once
                    body = _FORGET_ALL.format(rows="touched_rows", direction=direction)
                    scope = f"REFERENCING {rows[0]} TABLE AS touched_rows FOR EACH STATEMENT"
                cursor.execute(
                    f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"
                )
                cursor.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} {scope} EXECUTE FUNCTION {name}()")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers down."""
    with connection.cursor() as cursor:
        for table in TABLES:
            for verb in _VERBS:
                name = f"{table}_range_{verb}"
                if connection.vendor == "postgresql":
                    cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
                    cursor.execute(f"DROP FUNCTION IF EXISTS {name}()")
                else:
                    cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
