"""Rows inserted, few or many, are what Django would have inserted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DEFAULT_DB_ALIAS, DataError, IntegrityError, connection, transaction

from otay.node.bulk import FEW, insert_many
from otay.node.models import ApiClient, AuditEvent, ChainHead

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


def _client(number: int) -> ApiClient:
    return ApiClient(
        key=f"c{number}", name="O'Neill %s", role="carrier", token_digest=f"{number:064d}", created_at=NOW,
        expires_at=NOW if number % 2 else None,
    )  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, FEW - 1, FEW, FEW + 1, 1500])
def test_rows_are_kept_and_numbered(count: int) -> None:
    rows = [_client(number) for number in range(count)]
    insert_many(rows)
    kept = list(ApiClient.objects.order_by("pk"))
    assert [row.__dict__ | {"_state": None} for row in kept] == [row.__dict__ | {"_state": None} for row in rows]
    assert all(row._state.db == DEFAULT_DB_ALIAS and not row._state.adding for row in rows)


def test_a_key_that_the_row_brings_along_is_kept() -> None:
    insert_many([ChainHead(name="one", sequence=7, link=b"\0\1"), ChainHead(name="two", link=b"")])
    assert {(row.name, row.sequence, bytes(row.link)) for row in ChainHead.objects.filter(name__in=["one", "two"])} == {
        ("one", 7, b"\0\1"), ("two", 0, b""),
    }  # fmt: skip


def test_many_rows_with_texts_that_a_file_format_would_trip_over() -> None:
    odd = ["tab\there", "line\nbreak\r", "back\\slash \\N \\.", "", "{a,b}", '"quoted"', "\\x00", "ñandú €"]
    insert_many([ChainHead(name=f"{at}{text}", sequence=at, link=text.encode()) for at, text in enumerate(odd, 1)])
    kept = ChainHead.objects.filter(sequence__gt=0).order_by("sequence")
    assert [(row.name, bytes(row.link)) for row in kept] == [
        (f"{at}{text}", text.encode()) for at, text in enumerate(odd, 1)
    ]


def test_a_text_that_is_too_long_for_its_column_is_refused_where_the_database_minds() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite minds no length")
    rows = [_client(number) for number in range(FEW)]
    rows[-1].role = "x" * 200
    with pytest.raises(DataError), transaction.atomic():
        insert_many(rows)
    assert ApiClient.objects.count() == 0


def test_many_of_which_one_is_there_already_are_refused_whole() -> None:
    insert_many([_client(1)])
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_many([_client(number) for number in range(FEW + 1)])
    assert ApiClient.objects.count() == 1
    insert_many([_client(number) for number in range(2, 2 + FEW)])  # and numbers go on
    assert ApiClient.objects.count() == 1 + FEW


def test_documents_moments_and_bytes_of_many_rows_come_back_as_they_were() -> None:
    details = [{"text": "'\"\\\t\n{}", "number": number, "list": [None, True, {}]} for number in range(FEW)]
    insert_many([
        AuditEvent(
            sequence=10_000 + number, at=NOW, actor="a", action="b", subject="c", reason="", detail=detail,
            body_digest=bytes(range(32)), link=b"\\\n\t\0" * 8,
        )
        for number, detail in enumerate(details)
    ])  # fmt: skip
    kept = list(AuditEvent.objects.filter(sequence__gte=10_000).order_by("sequence"))
    assert [row.detail for row in kept] == details
    assert {(row.at, bytes(row.body_digest), bytes(row.link)) for row in kept} == {
        (NOW, bytes(range(32)), b"\\\n\t\0" * 8)
    }


def test_a_second_of_the_same_key_is_refused() -> None:
    insert_many([_client(1)])
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_many([_client(1)])
    assert ApiClient.objects.count() == 1
