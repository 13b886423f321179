"""The database's own guard over tables that only grow: no update, no delete, whoever asks.

Whoever owns the database can still take the guard down; then the hash chains show what was done
(:func:`otay.node.audit.verify`).
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

AUDIT = "node_auditevent"
MESSAGE = "{table} is append-only: its rows are immutable"


def install(connection: BaseDatabaseWrapper, table: str = AUDIT) -> None:
    """Put the guard over ``table`` up."""
    _execute(connection, _INSTALL[connection.vendor], table)


def remove(connection: BaseDatabaseWrapper, table: str = AUDIT) -> None:
    """Take the guard down (the migration's way back; tests that empty tables)."""
    _execute(connection, _REMOVE[connection.vendor], table)


_SQLITE_INSTALL = [
    f"CREATE TRIGGER {{table}}_no_{verb} BEFORE {verb.upper()} ON {{table}} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    for verb in ("update", "delete")
]
_SQLITE_REMOVE = [f"DROP TRIGGER IF EXISTS {{table}}_no_{verb}" for verb in ("update", "delete")]

_POSTGRESQL_INSTALL = [
    "CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    "CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION {table}_refuse()",
    "CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
]
_POSTGRESQL_REMOVE = [
    "DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}",
    "DROP TRIGGER IF EXISTS {table}_no_change ON {table}",
    "DROP FUNCTION IF EXISTS {table}_refuse()",
]

_INSTALL = {"sqlite": _SQLITE_INSTALL, "postgresql": _POSTGRESQL_INSTALL}
_REMOVE = {"sqlite": _SQLITE_REMOVE, "postgresql": _POSTGRESQL_REMOVE}


def _execute(connection: BaseDatabaseWrapper, statements: list[str], table: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(table=table))
