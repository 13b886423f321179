from __future__ import annotations

import os

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from factories import intake as factory
from factories.intake import FORMAT
from otay.core.errors import Conflict, Forbidden, NotFound, Refused, TooLarge
from otay.intake import bounds, faults, indicators, queries, services, storage, tasks
from otay.intake.incoming import Incoming, Receipt
from otay.intake.models import StoredMessage
from otay.intake.registry import State
from otay.node import roles
from otay.node.actors import SYSTEM, Actor
from otay.node.models import ApiClient, AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(room: None) -> Actor:
    return factory.client()[0]


def send(actor: Actor, *texts: str, reference: str = "") -> list[Receipt]:
    return services.receive(actor=actor, items=[Incoming(text.encode(), reference, FORMAT) for text in texts])


def test_a_message_is_kept_applied_and_answered(acme: Actor) -> None:
    (receipt,) = send(acme, "hello", reference="A-1")
    assert (receipt.state, receipt.duplicate, receipt.answer) == (State.ACCEPTED, False, {"kept": "A-1"})
    assert receipt.subjects == (f"test:{receipt.id}",)
    row = StoredMessage.objects.get()
    assert queries.raw_bytes(row) == b"hello"
    assert (row.sender, row.handler, row.size) == ("client:acme", "test", 5)
    assert AuditEvent.objects.filter(action="intake.received", actor="client:acme").count() == 1


def test_the_same_message_again_gets_the_first_answer_and_does_nothing(acme: Actor) -> None:
    (first,) = send(acme, "hello", reference="A-1")
    (again,) = send(acme, "hello", reference="A-1")
    assert again.duplicate
    assert (again.id, again.state, again.answer) == (first.id, first.state, first.answer)
    assert factory.records() == ["A-1"]


def test_without_a_reference_the_bytes_name_the_message(acme: Actor) -> None:
    first, second, third = send(acme, "one", "two", "one")
    assert third.duplicate
    assert third.id == first.id != second.id
    assert len(factory.records()) == 2


def test_two_senders_may_use_the_same_reference(acme: Actor) -> None:
    other, _token = factory.client("other")
    send(acme, "hello", reference="A-1")
    (receipt,) = send(other, "something else", reference="A-1")
    assert receipt.state is State.ACCEPTED


def test_other_bytes_under_a_standing_reference_are_a_conflict(acme: Actor) -> None:
    send(acme, "hello", reference="A-1")
    (receipt,) = send(acme, "other", reference="A-1")
    assert receipt.state is State.REFUSED
    assert [finding.rule for finding in receipt.findings] == ["intake.reference_conflict"]
    assert factory.records() == ["A-1"]


def test_conflict_and_duplicate_within_one_batch(acme: Actor) -> None:
    receipts = send(acme, "hello", "other", "hello", reference="A-1")
    assert [(receipt.state, receipt.duplicate) for receipt in receipts] == [
        (State.ACCEPTED, False), (State.REFUSED, False), (State.ACCEPTED, True),
    ]  # fmt: skip
    assert factory.records() == ["A-1"]


def test_refused_with_all_findings_then_corrected_under_the_same_reference(acme: Actor) -> None:
    (bad,) = send(acme, "bad", reference="A-1")
    assert bad.state is State.REFUSED
    assert [finding.place for finding in bad.findings] == ["line 1", "line 2"]
    assert bad.findings[0].text() == "Bad 1"
    (good,) = send(acme, "good", reference="A-1")
    assert good.state is State.ACCEPTED
    assert StoredMessage.objects.get(pk=good.id).corrects_id == bad.id
    assert send(acme, "bad", reference="A-1")[0].duplicate


def test_a_message_that_no_room_takes_is_kept_and_refused(acme: Actor) -> None:
    (receipt,) = services.receive(actor=acme, items=[Incoming(b"hello", "A-1", "no-such-format")])
    assert [finding.rule for finding in receipt.findings] == ["intake.format"]
    assert FORMAT in receipt.findings[0].text("es")
    assert queries.raw_bytes(StoredMessage.objects.get()) == b"hello"


def test_a_sender_without_the_rooms_permission_is_refused(db: None) -> None:
    factory.make_table()
    acme, _token = factory.client()
    with factory.open_room(permission="test.special"):
        (receipt,) = send(acme, "hello")
    assert [finding.rule for finding in receipt.findings] == ["intake.permission"]
    assert factory.records() == []


def test_a_message_on_which_the_room_fails_costs_no_other(acme: Actor, caplog: pytest.LogCaptureFixture) -> None:
    texts = [f"fine {number}" for number in range(20)]
    texts[7] = "boom"
    texts[13] = "odd"
    receipts = send(acme, *texts)
    states = [receipt.state for receipt in receipts]
    assert states.count(State.ACCEPTED) == 18
    assert [receipts[7].findings[0].rule, receipts[13].findings[0].rule] == ["intake.internal"] * 2
    assert len(factory.records()) == 18
    assert queries.alarms() == 2
    assert "failed" in caplog.text
    admin, _token = factory.client("admin", roles.ADMINISTRATOR)
    assert [alert.level for alert in indicators.open_alerts(admin)] == ["error"]
    assert indicators.open_alerts(acme) == []


def test_what_a_database_cannot_keep_is_replaced_and_costs_no_other(acme: Actor) -> None:
    first, nul, last = send(acme, "fine 1", "nul", "fine 2")
    assert [first.state, nul.state, last.state] == [State.ACCEPTED, State.REFUSED, State.ACCEPTED]
    assert nul.findings[0].value == "a\ufffdb ? \\u0000"
    assert nul.answer == {"k\ufffd": ["\ufffd"]}


@pytest.mark.parametrize("name", ["x" * 41, "a\0b"])
def test_a_format_name_that_cannot_be_kept_is_refused(acme: Actor, name: str) -> None:
    with pytest.raises(Refused) as caught:
        services.receive(actor=acme, items=[Incoming(b"hello", "A", name)])
    assert caught.value.findings[0].rule == "intake.format_name"


def test_a_file_name_is_kept_as_far_as_it_can_be_printed(acme: Actor) -> None:
    services.receive(actor=acme, items=[Incoming(b"hello", "A", FORMAT, "x" * 200 + "\0\n.csv")])
    assert StoredMessage.objects.get().name == "x" * 116 + ".csv"


def test_a_busy_database_refuses_nothing(acme: Actor, caplog: pytest.LogCaptureFixture) -> None:
    (receipt,) = send(acme, "busy", reference="A-1")
    assert receipt.state is State.RECEIVED
    backlog = tasks.Backlog()
    for _ in range(bounds.ATTEMPTS * 3):
        backlog.step()
    row = StoredMessage.objects.get()
    assert (row.state, row.attempts) == (State.RECEIVED, 1)


def test_the_loop_applies_what_a_crash_left(acme: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(name: str) -> None:
        if name == "stored":
            raise KeyboardInterrupt

    monkeypatch.setattr(faults, "hook", crash)
    with pytest.raises(KeyboardInterrupt):
        send(acme, "hello", "bad", "part")
    monkeypatch.setattr(faults, "hook", None)
    assert set(StoredMessage.objects.values_list("state", flat=True)) == {State.RECEIVED}
    tasks.Backlog().step()
    assert list(StoredMessage.objects.order_by("pk").values_list("state", flat=True)) == [
        "accepted",
        "refused",
        "partly",
    ]
    assert len(factory.records()) == 2


def test_a_message_on_which_the_process_dies_every_time_is_given_up_alone(acme: Actor) -> None:
    with pytest.raises(KeyboardInterrupt):
        send(acme, "fine 1", "deadly", "fine 2")
    deaths = 0
    for _ in range(20):
        try:
            tasks.Backlog().step()
        except KeyboardInterrupt:
            deaths += 1
    assert deaths == bounds.ATTEMPTS - 1
    assert list(StoredMessage.objects.order_by("pk").values_list("state", "alarm")) == [
        ("accepted", False), ("refused", True), ("accepted", False),
    ]  # fmt: skip
    assert len(factory.records()) == 2


def test_a_sender_whose_account_ended_meanwhile_is_refused(acme: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    send(acme, "busy")
    ApiClient.objects.all().delete()
    tasks.Backlog().step()
    assert StoredMessage.objects.get().findings[0]["rule"] == "intake.sender"


def test_replay_after_the_cause_was_mended(db: None) -> None:
    acme, _token = factory.client()
    factory.make_table()
    admin, _token = factory.client("admin", roles.ADMINISTRATOR)
    (receipt,) = send(acme, "hello", reference="A-1")
    assert receipt.findings[0].rule == "intake.format"
    with factory.open_room():
        with pytest.raises(Forbidden):
            services.replay(actor=acme, message_ids=[receipt.id], reason="please")
        (again,) = services.replay(actor=admin, message_ids=[receipt.id], reason="the room is open")
        assert again.state is State.ACCEPTED
        with pytest.raises(Conflict):
            services.replay(actor=admin, message_ids=[receipt.id], reason="twice")
    assert factory.records() == ["A-1"]
    assert AuditEvent.objects.get(action="intake.replayed").reason == "the room is open"


def test_a_corrected_or_contradicting_message_is_not_replayed(acme: Actor) -> None:
    admin, _token = factory.client("admin", roles.ADMINISTRATOR)
    (bad,) = send(acme, "bad", reference="A-1")
    send(acme, "good", reference="A-1")
    (conflict,) = send(acme, "other", reference="A-1")
    for receipt in (bad, conflict):
        with pytest.raises(Conflict):
            services.replay(actor=admin, message_ids=[receipt.id], reason="try")
    with pytest.raises(NotFound):
        services.replay(actor=admin, message_ids=[10**9], reason="try")
    assert factory.records() == ["A-1"]


def test_correct_keeps_the_first_and_links_to_it(acme: Actor) -> None:
    (bad,) = send(acme, "bad", reference="A-1")
    good = services.correct(actor=acme, message_id=bad.id, raw=b"good", format=FORMAT)
    assert good.state is State.ACCEPTED
    assert StoredMessage.objects.get(pk=good.id).corrects_id == bad.id
    assert queries.raw_bytes(StoredMessage.objects.get(pk=bad.id)) == b"bad"
    with pytest.raises(Conflict):
        services.correct(actor=acme, message_id=bad.id, raw=b"good again", format=FORMAT)


def test_an_officer_corrects_for_the_sender_and_strangers_do_not(acme: Actor) -> None:
    (bad,) = send(acme, "bad", reference="A-1")
    stranger, _token = factory.client("stranger")
    with pytest.raises(NotFound):
        services.correct(actor=stranger, message_id=bad.id, raw=b"good")
    admin, _token = factory.client("admin", roles.ADMINISTRATOR)
    good = services.correct(actor=admin, message_id=bad.id, raw=b"good", format=FORMAT)
    row = StoredMessage.objects.get(pk=good.id)
    assert (row.sender, row.actor) == ("client:acme", "client:admin")


def test_handing_in_for_another_needs_the_permission(acme: Actor) -> None:
    stranger, _token = factory.client("stranger")
    with pytest.raises(Forbidden):
        services.receive(actor=stranger, sender=acme, items=[Incoming(b"hello", "", FORMAT)])
    (receipt,) = services.receive(actor=SYSTEM, sender=acme, items=[Incoming(b"hello", "", FORMAT)])
    assert StoredMessage.objects.get(pk=receipt.id).sender == "client:acme"


def test_without_the_permission_nothing_is_kept(room: None) -> None:
    partner, _token = factory.client("node", roles.PARTNER_NODE)
    with pytest.raises(Forbidden):
        send(partner, "hello")
    assert not StoredMessage.objects.exists()


def test_bounds(acme: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "BATCH_ITEMS", 3)
    with pytest.raises(TooLarge):
        send(acme, "a", "b", "c", "d")
    with pytest.raises(TooLarge) as caught:
        services.receive(actor=acme, items=[Incoming(bytes(bounds.MESSAGE_BYTES + 1))])
    assert caught.value.findings[0].rule == "intake.size"
    with pytest.raises(Refused):
        send(acme, "a", reference="x" * 71)
    assert not StoredMessage.objects.exists()


def test_a_large_message_is_a_file_and_a_left_over_file_is_swept(acme: Actor) -> None:
    large = b"large " + bytes(bounds.INLINE_BYTES)
    (receipt,) = services.receive(actor=acme, items=[Incoming(large, "L", FORMAT)])
    row = StoredMessage.objects.get(pk=receipt.id)
    assert row.raw is None
    assert queries.raw_bytes(row) == large
    assert services.receive(actor=acme, items=[Incoming(large, "L", FORMAT)])[0].duplicate
    orphan = storage.keep(b"left over")
    assert set(storage.old_files(age=-1)) == {row.file, orphan}, "the duplicate's file is gone already"
    assert tasks.sweep_files() == 0, "a young file may be about to be named"
    for name in (orphan, row.file):
        os.utime(storage.folder() / name, (0, 0))
    assert tasks.sweep_files() == 1
    assert queries.raw_bytes(row) == large
    storage.drop([row.file])


def test_only_own_messages_are_seen(acme: Actor) -> None:
    other, _token = factory.client("other")
    mine, theirs = send(acme, "mine")[0], send(other, "theirs")[0]
    auditor, _token = factory.client("auditor", roles.AUDITOR)
    assert [row.pk for row in queries.message_log(acme)] == [mine.id]
    assert {row.pk for row in queries.message_log(auditor)} == {mine.id, theirs.id}
    with pytest.raises(NotFound):
        queries.visible_message(acme, theirs.id)


def test_programs_of_one_party_see_each_others_messages(room: None) -> None:
    first, _token = factory.client("first", party="ACME")
    second, _token = factory.client("second", party="ACME")
    (receipt,) = send(first, "hello")
    assert queries.visible_message(second, receipt.id).pk == receipt.id


def test_indicators(acme: Actor) -> None:
    assert indicators.accepted_first_time().value is None
    send(acme, "bad", reference="A")
    send(acme, "good", reference="A")
    send(acme, "fine", "part", "fine too")
    assert indicators.messages_received().value == 5
    assert str(indicators.accepted_first_time().value) == "50.0"


def test_queries_do_not_grow_with_the_batch(acme: Actor) -> None:
    """But for the room's own statements, the one prepared UPDATE run for each row, and inserts that Django cuts."""
    send(acme, "first")
    counts = []
    for size in (10, 300):
        with CaptureQueriesContext(connection) as captured:
            send(acme, *(f"fine {size} {number}" for number in range(size)))
        statements = [query["sql"] for query in captured]
        own = ('UPDATE "intake_message"', 'INSERT INTO "intake_message"')
        counts.append(len([sql for sql in statements if factory.TABLE not in sql and not sql.startswith(own)]))
    assert counts[0] == counts[1]
