"""Queries turned into SQL once answer what the same queries answer when Django builds them anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import Count, Q, QuerySet
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from otay.node.models import ApiClient, AuditEvent
from otay.node.prepared import LONGEST_LIST, prepared

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


def _build(*, keys: Sequence[str], role: str, after: datetime) -> QuerySet[ApiClient]:
    valid = Q(expires_at=None) | Q(expires_at__gt=after)
    return ApiClient.objects.filter(valid, role=role, key__in=keys).order_by("-key")


_clients = prepared(_build)


@prepared
def _values(*, keys: Sequence[str]) -> QuerySet[ApiClient, tuple[str, datetime | None]]:
    return ApiClient.objects.filter(key__in=keys).order_by("key").values_list("key", "expires_at")


@prepared
def _names(*, key: str) -> QuerySet[ApiClient, str]:
    return ApiClient.objects.filter(key=key).values_list("name", flat=True)


def _fill() -> None:
    ApiClient.objects.bulk_create(
        ApiClient(
            key=f"c{number}", name=f"Client %s {number}", role="carrier" if number % 3 else "trader",
            token_digest=f"{number:064d}", created_at=NOW,
            expires_at=None if number % 2 else NOW + timedelta(microseconds=number - 10),
        )
        for number in range(20)
    )  # fmt: skip


@pytest.fixture
def clients() -> None:
    """Twenty, of two roles, some of them expired."""
    _fill()


_KEYS = st.lists(st.sampled_from([f"c{number}" for number in range(22)] + ["", "'", "%s"]), max_size=LONGEST_LIST + 4)


@pytest.mark.usefixtures("clients")
@settings(max_examples=60, deadline=None)
@given(keys=_KEYS, role=st.sampled_from(["carrier", "trader", "%s", ""]), moved=st.integers(-12, 12))
def test_the_same_rows(keys: list[str], role: str, moved: int) -> None:
    after = NOW + timedelta(microseconds=moved)
    found = _clients(keys=keys, role=role, after=after)
    wanted = list(_build(keys=keys, role=role, after=after))
    assert [row.__dict__ | {"_state": None} for row in found] == [row.__dict__ | {"_state": None} for row in wanted]


@pytest.mark.usefixtures("clients")
def test_values_are_converted_as_in_rows() -> None:
    assert _values(keys=["c2", "c1"]) == [("c1", None), ("c2", NOW - timedelta(microseconds=8))]
    assert _names(key="c7") == ["Client %s 7"]


@pytest.mark.usefixtures("clients")
def test_a_row_can_be_saved_as_any_other() -> None:
    (row,) = _clients(keys=["c1"], role="carrier", after=NOW)
    assert row._state.db == DEFAULT_DB_ALIAS
    assert not row._state.adding
    row.name = "Renamed"
    row.save()
    assert _names(key="c1") == ["Renamed"]


def test_nothing_is_asked_where_nothing_can_be_found() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert _values(keys=[]) == []
    assert len(asked) == 0


def test_a_value_that_has_no_place_is_refused() -> None:
    with pytest.raises(TypeError, match="no place for a NoneType"):
        _names(key=None)  # type: ignore[arg-type]


def test_a_query_that_it_cannot_keep_is_refused() -> None:
    @prepared
    def counted(*, role: str) -> QuerySet[ApiClient]:
        return ApiClient.objects.filter(role=role).annotate(count=Count("pk"))

    with pytest.raises(ValueError, match="annotations"):
        counted(role="carrier")


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_inside_a_transaction_alone() -> None:
    @prepared
    def locked(*, sequence: int) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.select_for_update().filter(sequence=sequence)

    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        assert locked(sequence=1) == []
    if not connection.features.has_select_for_update:
        return
    assert "FOR UPDATE" in asked[0]["sql"]
    with pytest.raises(transaction.TransactionManagementError):
        locked(sequence=1)
