"""The audit log: what is stored verifies, what is tampered with is found, the database refuses changes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from factories.node import make_actor, make_person, signed_in
from otay.core.errors import Conflict
from otay.node import audit, protection
from otay.node.actors import SYSTEM, Actor, Kind
from otay.node.audit import Event, verify
from otay.node.models import AuditEvent, ChainHead

pytestmark = pytest.mark.django_db


def write(count: int) -> None:
    audit.record_many(
        actor=SYSTEM, events=[Event("test.happened", f"thing:{n}", detail={"n": n}) for n in range(count)]
    )


def test_what_is_stored_computes_to_the_same_digest() -> None:
    audit.record(
        actor=Actor(Kind.CLIENT, "client:" + "x" * 100, "long"), action="test.all",
        subject="s" * 300, reason="y\x00\ud800" * 99,
        money=Decimal("10.500"), when=datetime(2026, 1, 2, 3, tzinfo=UTC), day=date(2026, 1, 2), id=uuid4(),
        nested={"b": [1, None, True, ("x", "ñ\x00\udfff")], "a": {}}, big=10**30, negative=-5,
    )  # fmt: skip
    assert verify().whole
    event = AuditEvent.objects.get()
    assert len(event.subject) == 120
    assert event.detail["money"] == "10.500"
    assert "\x00" not in event.reason


@pytest.mark.parametrize("bad", [{"x": 0.5}, {"x": datetime(2026, 1, 1)}, {"x": {1: 2}}, {"x": object()}])  # noqa: DTZ001
def test_what_has_no_canonical_form_is_refused_before_anything_is_written(bad: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        audit.record(actor=SYSTEM, action="a.b", subject="c:d", **bad)
    assert not AuditEvent.objects.exists()


def test_an_altered_row_is_found() -> None:
    write(10)
    AuditEvent.objects.filter(sequence=7).update(subject="thing:other")
    verdict = verify()
    assert (verdict.problem, verdict.sequence, verdict.checked) == ("altered", 7, 6)
    assert not verdict.whole


@pytest.mark.parametrize("field", ["actor", "action", "reason"])
def test_every_column_counts(field: str) -> None:
    write(3)
    AuditEvent.objects.filter(sequence=2).update(**{field: "forged"})
    assert verify().sequence == 2


@pytest.mark.parametrize("number", [1, 5, 10])
def test_a_removed_row_is_found(number: int) -> None:
    write(10)
    AuditEvent.objects.filter(sequence=number).delete()
    assert (verify().problem, verify().sequence) == ("removed", number)


def test_an_inserted_row_is_found() -> None:
    write(10)
    row = AuditEvent.objects.get(sequence=10)
    row.pk = row.sequence = 11
    row.save(force_insert=True)
    assert (verify().problem, verify().sequence) == ("inserted", 11)


def test_a_row_put_in_the_middle_is_found() -> None:
    write(10)
    for row in AuditEvent.objects.filter(sequence__gte=5).order_by("-sequence"):
        AuditEvent.objects.filter(sequence=row.sequence).update(sequence=row.sequence + 1)
    row = AuditEvent.objects.get(sequence=4)
    row.pk = row.sequence = 5
    row.save(force_insert=True)
    ChainHead.objects.update(sequence=F("sequence") + 1)
    assert (verify().problem, verify().sequence) == ("inserted", 5)


def test_a_rewritten_log_does_not_match_the_head() -> None:
    write(5)
    kept = ChainHead.objects.get(name=audit.CHAIN)
    AuditEvent.objects.all().delete()
    ChainHead.objects.all().delete()
    write(5)
    ChainHead.objects.filter(name=audit.CHAIN).update(link=kept.link)
    assert (verify().problem, verify().sequence) == ("forged", 5)


def test_verification_may_start_in_the_middle() -> None:
    write(10)
    AuditEvent.objects.filter(sequence=3).update(subject="x:y")
    assert verify(first=5) == audit.Verdict(6)
    assert verify(first=4).whole
    with pytest.raises(Conflict):
        verify(first=99)


def test_progress_is_told() -> None:
    write(3)
    told: list[int] = []
    verify(on_progress=told.append)
    assert told == [0]


def test_the_database_refuses_changes() -> None:
    write(3)
    protection.install(connection)
    statements = ["UPDATE node_auditevent SET subject = 'x'", "DELETE FROM node_auditevent WHERE sequence = 2"]
    if connection.vendor == "postgresql":
        statements.append("TRUNCATE node_auditevent")
    for statement in statements:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    write(1)
    assert verify() == audit.Verdict(4)


def test_a_batch_costs_the_same_queries_whatever_its_size(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    write(1)
    with django_assert_num_queries(3):
        write(20)


def test_the_page_finds_pages_and_leaves_a_trace(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    write(60)
    browser = signed_in(make_person("auditor"))
    with django_assert_max_num_queries(16):
        page = browser.get("/node/audit/", {"subject": "thing:*"})
    assert page.status_code == 200
    body = page.content.decode()
    assert "thing:59" in body
    assert "thing:9<" not in body
    assert AuditEvent.objects.filter(action="node.audit_read", detail__search__subject="thing:*").count() == 1
    second = browser.get("/node/audit/", {"subject": "thing:*", "before": 11}).content.decode()
    assert "thing:9<" in second


def test_a_search_that_is_nonsense_does_not_break_the_page() -> None:
    browser = signed_in(make_person("auditor"))
    for query in (
        {"since": "never"},
        {"before": "-1"},
        {"before": "9" * 40},
        {"actor": "x" * 500},
        {"subject": "\x00"},
    ):
        assert browser.get("/node/audit/", query).status_code == 200


def test_csv_is_complete_and_inert() -> None:
    audit.record(actor=SYSTEM, action="test.x", subject="=cmd()", reason="a,b")
    text = b"".join(signed_in(make_person("auditor")).get("/node/audit.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=cmd()" in text
    assert '"a,b"' in text


def test_only_auditors_and_administrators_read(client) -> None:  # type: ignore[no-untyped-def]
    assert signed_in(make_person("planner")).get("/node/audit/").status_code == 403
    assert client.get("/node/audit/").status_code == 302


def test_the_chain_holds_over_many_writers_actions() -> None:
    for _ in range(3):
        make_actor("auditor")
    assert verify().whole
