"""The triggers of the range digests stand on both tables after all migrations, whatever rebuilt a table on the way, and
forget the digests of the ranges that a statement touched: those and no others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from otay.exchange import guards
from otay.exchange.models import Inbox, Peer, RangeDigest
from otay.node.bulk import insert_many

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


def _rows(peer: Peer, *numbers: int) -> list[Inbox]:
    now = timezone.now()
    return [
        Inbox(
            peer=peer, sequence=number, record_type="t", business_key=str(number), version=1, citation="A/1",
            created_at=now, received_at=now, body_digest=bytes(32), link=bytes(32), state=Inbox.State.APPLIED,
        )
        for number in numbers
    ]  # fmt: skip


def _kept(peer: Peer, act: Callable[[], object]) -> set[int]:
    """The ranges, of five, whose digests outlast ``act``."""
    RangeDigest.objects.all().delete()
    RangeDigest.objects.bulk_create(
        RangeDigest(peer=peer, direction="in", bucket=n, digest=bytes(32)) for n in range(5)
    )
    act()
    return set(RangeDigest.objects.values_list("bucket", flat=True))


def test_a_statement_makes_the_ranges_of_all_its_rows_forgotten():
    now = timezone.now()
    here, other = (
        Peer.objects.create(country=name, name=name, url="http://127.0.0.1:1", trusted_at=now, trusted_by="test")
        for name in ("MX", "CA")
    )
    rows = Inbox.objects.filter(peer=here)
    assert _kept(here, lambda: insert_many(_rows(here, *range(250, 260), *range(1020, 1030)))) == {2}
    assert _kept(here, lambda: insert_many(_rows(here, 600))) == {0, 1, 3, 4}
    assert _kept(here, lambda: insert_many(_rows(other, *range(1, 600)))) == {0, 1, 2, 3, 4}
    assert _kept(here, lambda: rows.filter(sequence__gt=1000).update(note="a note is not compared")) == {0, 1, 2, 3, 4}
    assert _kept(here, lambda: rows.filter(sequence__gt=1000).update(version=2)) == {0, 1, 2}
    assert _kept(here, lambda: rows.filter(sequence=600).update(sequence=F("sequence") - 500)) == {1, 3, 4}
    assert _kept(here, lambda: rows.filter(sequence__lt=1025).delete()) == {2, 4}
