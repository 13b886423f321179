"""Setting a node up: its folder, its tables, and whether they are those of this program."""

from __future__ import annotations

from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from otay.core.errors import Conflict, Refused
from otay.core.i18n import N_
from otay.node import registry
from otay.node.audit import verify


def migrate() -> int:
    """Bring the database to this program's tables; returns how many steps were taken."""
    steps = len(pending())
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    return steps


def pending() -> list[str]:
    """Migrations that the database lacks."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def require_current(*, shared_cache: bool = False) -> None:
    """Refuse to work on tables of another version; with ``shared_cache``, see that its table is there.

    Raises:
        Conflict: when migrations are missing.
    """
    missing = pending()
    if shared_cache and not missing:
        call_command("createcachetable", verbosity=0)
    connections.close_all()  # worker processes are forked from this one: they must not share a connection
    if missing:
        raise Conflict(
            N_("The database lacks %(count)d migrations (first: %(first)s). Run: otay node migrate"),
            count=len(missing), first=missing[0],
        )  # fmt: skip


def settle_after_restore() -> int:
    """Make a database that was brought back to an earlier moment fit to serve: this program's tables, a whole audit
    log, and the precautions of every room; returns how many audit entries were checked.

    Raises:
        Refused: when the audit log does not verify.
    """
    migrate()
    verdict = verify()
    if not verdict.whole:
        raise Refused(
            N_("The restored audit log does not verify: entry %(sequence)s %(problem)s"),
            sequence=verdict.sequence, problem=verdict.problem,
        )  # fmt: skip
    for restoration in registry.restorations:
        restoration.run()
    return verdict.checked
