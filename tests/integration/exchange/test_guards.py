"""The triggers of the range digests stand on both tables after all migrations, whatever rebuilt a table on the way."""

from __future__ import annotations

import pytest
from django.db import connection

from otay.exchange import guards

pytestmark = pytest.mark.django_db


def test_no_migration_has_taken_the_triggers_down():
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    with connection.cursor() as cursor:
        cursor.execute(catalogue[connection.vendor])
        found = {name for (name,) in cursor.fetchall()}
    assert {f"{table}_range_{verb}" for table in guards.TABLES for verb in ("insert", "update", "delete")} <= found
