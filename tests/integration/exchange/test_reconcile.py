"""Comparing books with the neighbour: finding what differs, repairing what is lacking, never overwriting."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client

from factories.exchange import Door, Neighbour, paired, parcel
from factories.node import make_person, signed_in
from otay.core.canonical import digest
from otay.core.errors import Forbidden
from otay.exchange.domain.ranges import BUCKET
from otay.exchange.domain.refusals import Rejected
from otay.exchange.models import Inbox, Outbox, PeerHealth, RangeDigest, Reconciliation
from otay.exchange.registry import Publication
from otay.exchange.services import acceptance, delivery, publishing, ranges, reconciling, transport, upkeep
from otay.node.actors import SYSTEM, Actor, Kind
from otay.node.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def door(neighbour: Neighbour) -> Iterator[Door]:
    with Door(neighbour) as made:
        yield made


@pytest.fixture
def peer(db: None, room: object, neighbour: Neighbour, door: Door):
    return paired(neighbour, door.url)


def sent(peer, count: int) -> None:
    items = [Publication(f"P-{number}", 1, parcel(f"P-{number}"), port="2404") for number in range(1, count + 1)]
    publishing.publish(actor=SYSTEM, record_type="test.parcel", publications=items)
    while delivery.deliver_due(peer).more:
        pass


def came(neighbour: Neighbour, count: int) -> None:
    for number in range(1, count + 1):
        neighbour.add(parcel(f"P-{number}"))
    acceptance.accept_batch(neighbour.batch())


def run(peer, **options):
    return reconciling.reconcile(actor=SYSTEM, peer=peer, **options)


def found(peer, **options) -> list[list[tuple[int, str]]]:
    return [[(one.sequence, one.kind.value) for one in stream.differences] for stream in run(peer, **options)]


def test_equal_books_take_one_question_a_stream(peer, neighbour, door):
    sent(peer, 600)
    came(neighbour, 300)
    results = run(peer)
    assert [(one.stream, one.records, one.trips, one.same) for one in results] == [
        ("US>MX", 600, 1, True),
        ("MX>US", 300, 1, True),
    ]
    kept = Reconciliation.objects.get(direction="in")
    assert kept.answer["answer"]["root"] == bytes(kept.root).hex()
    assert AuditEvent.objects.filter(action="exchange.reconciled").count() == 2


def test_a_row_changed_by_any_program_is_found_and_alarms_with_both_digests(peer, neighbour, door):
    came(neighbour, 700)
    assert found(peer) == [[], []]
    with connection.cursor() as cursor:  # not through the application
        cursor.execute("UPDATE exchange_inbox SET body = replace(body, '12.5', '99.5') WHERE sequence = 301")
    stream = run(peer, repairing=True)[1]
    assert [(one.sequence, one.kind.value) for one in stream.differences] == [(301, "altered_here")]
    assert stream.trips == 2
    assert stream.repaired == 0
    assert "99.5" in Inbox.objects.get(sequence=301).body  # never overwritten
    assert PeerHealth.objects.get().alarm
    told = AuditEvent.objects.filter(action="exchange.reconciled").last().detail["altered"][0]
    assert len(told["ours"]) == len(told["theirs"]) == 64
    assert told["ours"] != told["theirs"]


def test_a_row_lost_here_is_asked_for_again_and_comes_through_acceptance(peer, neighbour, door, room):
    came(neighbour, 300)
    Inbox.objects.filter(sequence__in=[1, 7, 8, 300]).delete()
    room.taken.clear()
    assert found(peer)[1] == [(1, "missing_here"), (7, "missing_here"), (8, "missing_here"), (300, "missing_here")]
    assert run(peer, repairing=True)[1].repaired == 4
    assert found(peer) == [[], []]
    assert room.taken == ["P-1/1", "P-7/1", "P-8/1", "P-300/1"]
    assert [report.problems for report in upkeep.verify_streams()] == [[], []]
    assert AuditEvent.objects.filter(action="exchange.repaired").exists()


def test_a_body_lost_here_is_put_back_and_an_erased_one_is_no_difference(peer, neighbour, door):
    came(neighbour, 10)
    before = Inbox.objects.get(sequence=4).body
    Inbox.objects.filter(sequence=4).update(body="")
    assert found(peer)[1] == [(4, "body_lost_here")]
    assert run(peer, repairing=True)[1].repaired == 1
    assert Inbox.objects.get(sequence=4).body == before
    peer.agreements.update(retention_days=0)
    upkeep.apply_retention()
    assert not Inbox.objects.exclude(body="").exists()
    assert found(peer) == [[], []]


def test_a_row_of_our_own_stream_is_restored_from_the_neighbours_copy_only_if_the_chain_vouches(peer, door):
    sent(peer, 5)
    row = Outbox.objects.get(sequence=3)
    door.copy = {
        "record_type": row.record_type, "business_key": row.business_key, "version": 1, "agreement": row.citation,
        "created_at": row.created_at.isoformat(), "body_digest": bytes(row.body_digest).hex(), "body": row.parsed,
    }  # fmt: skip
    link = bytes(row.link)
    row.delete()
    honest, door.copy = door.copy, door.copy | {"business_key": "P-99"}
    assert run(peer, repairing=True)[0].repaired == 0
    door.copy = honest
    assert run(peer, repairing=True)[0].repaired == 1
    assert bytes(Outbox.objects.get(sequence=3).link) == link
    assert found(peer) == [[], []]


def test_what_the_neighbour_lost_is_sent_to_it_again(peer, door):
    sent(peer, 5)
    door.tampered["US>MX", 2] = None
    assert found(peer)[0] == [(2, "missing_there")]
    before = door.requests
    assert run(peer, repairing=True)[0].repaired == 1
    assert door.requests == before + 1


def test_what_the_neighbour_altered_is_an_alarm(peer, door):
    sent(peer, 300)
    line = door.lines("US>MX")[269]
    door.tampered["US>MX", 270] = dataclasses.replace(line, body="altered", found=digest(b"x"))
    assert found(peer, repairing=True)[0] == [(270, "altered_there")]
    assert PeerHealth.objects.get().alarm


def test_records_on_the_way_are_no_difference(peer, door):
    sent(peer, 3)
    publishing.publish(actor=SYSTEM, record_type="test.parcel", publications=[Publication("P-9", 1, parcel("P-9"))])
    stream = run(peer)[0]
    assert (stream.same, stream.records, stream.here, stream.there) == (True, 3, 4, 3)


def test_a_stray_row_beyond_the_end_is_found(peer, neighbour, door):
    came(neighbour, 3)
    row = Inbox.objects.get(sequence=3)
    row.pk, row.sequence = None, 9
    row.save(force_insert=True)
    assert found(peer)[1] == [(9, "stray_here")]


def test_an_inserted_row_in_a_lost_place_is_not_taken_for_the_record(peer, neighbour, door):
    came(neighbour, 3)
    Inbox.objects.filter(sequence=2).update(business_key="P-3")
    assert found(peer)[1] == [(2, "altered_here")]


def test_by_key_the_same_contents_under_other_numbers_are_no_difference(peer, neighbour, door):
    came(neighbour, 6)
    one, other = door.lines("MX>US")[1], door.lines("MX>US")[4]
    door.tampered["MX>US", 2] = dataclasses.replace(other, sequence=2)
    door.tampered["MX>US", 5] = dataclasses.replace(one, sequence=5)
    assert run(peer, by_key=True)[1].key_differences == ()
    door.tampered["MX>US", 5] = None
    lacking = run(peer, by_key=True)[1].key_differences
    assert [(gone.business_key, gone.ours, gone.theirs) for gone in lacking] == [("P-2", (2,), ())]


def test_an_answer_that_the_neighbour_did_not_sign_proves_nothing(peer, neighbour, door):
    came(neighbour, 3)
    door.forge_books = True
    with pytest.raises(Rejected):
        run(peer)
    assert not Reconciliation.objects.exists()


def test_kept_digests_are_used_again_and_a_touched_row_costs_one_bucket(peer, neighbour, door, monkeypatch):
    came(neighbour, 3 * BUCKET)
    assert ranges.fold(peer, "in") == 0
    assert RangeDigest.objects.count() == 3
    read = []
    real = ranges.lines
    monkeypatch.setattr(ranges, "lines", lambda *given: read.append(given[2:]) or real(*given))
    assert found(peer) == [[], []]
    assert read == []
    Inbox.objects.filter(sequence=300).update(version=2)
    assert RangeDigest.objects.count() == 2
    assert found(peer)[1] == [(300, "altered_here")]
    assert set(read) == {(257, 512)}


def test_a_row_touched_while_its_bucket_is_computed_leaves_no_stale_digest(peer, neighbour, door, monkeypatch):
    came(neighbour, BUCKET)
    real = ranges.bucket_digest

    def touched(leaves):
        made = real(leaves)
        Inbox.objects.filter(sequence=5).update(business_key="P-X")
        return made

    monkeypatch.setattr(ranges, "bucket_digest", touched)
    ranges.fold(peer, "in")
    monkeypatch.undo()
    assert found(peer)[1] == [(5, "altered_here")]


def test_reading_a_book_stops_when_its_time_is_over_and_goes_on_from_there(peer, neighbour, monkeypatch):
    came(neighbour, 3 * BUCKET)
    monkeypatch.setattr(ranges, "AT_ONCE", 1)
    assert ranges.fold(peer, "in", seconds=-1) == 3
    ticks = iter(range(100))
    monkeypatch.setattr(ranges, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    assert ranges.fold(peer, "in", seconds=1.5) == 2
    assert ranges.fold_all() == 0


def test_who_is_still_reading_its_own_book_says_so_and_compares_nothing(peer, neighbour, door, monkeypatch):
    came(neighbour, 2 * BUCKET)
    monkeypatch.setattr(reconciling, "ANSWER_WITHIN", -1.0)
    with pytest.raises(ranges.NotReady, match="2 stretches of 256 records are left"):
        run(peer)
    page = signed_in(make_person("administrator")).post(
        "/exchange/reconcile/MX/", {"act": "compare", "reason": "monthly"}
    )
    assert page.status_code == 503
    assert "2 stretches of 256 records are left" in page.content.decode()
    assert not Reconciliation.objects.exists()


def test_a_neighbour_that_is_still_reading_its_book_is_asked_again(peer, neighbour, door, monkeypatch):
    came(neighbour, 3)
    real, busy = transport.question, [2]

    def question(*given):
        if busy[0]:
            busy[0] -= 1
            problem = transport.Unreachable("reading")
            problem.wait = 0.01
            raise problem
        return real(*given)

    monkeypatch.setattr(transport, "question", question)
    with pytest.raises(transport.Unreachable):
        run(peer)
    assert [one.trips for one in run(peer, patience=5.0)] == [2, 1]  # one of the two was spent above


def test_the_door_answers_the_neighbour_about_its_own_streams_only(peer, neighbour, client, monkeypatch):
    from otay.exchange.domain.questions import Question, answer_verifies, read_answer
    from otay.exchange.keystore import own_key

    came(neighbour, 3)

    def ask(question: Question, *, digest_of: bytes | None = None, key=None):
        body = question.body()
        target = f"{transport.DOOR}/reconcile?digest={digest(digest_of or body).hex()}"
        from datetime import UTC, datetime

        from otay.exchange.domain.request import SignedRequest

        request = SignedRequest("MX", "US", target, "reconcile", datetime.now(UTC), neighbour.key.id)
        header = request.header(key or neighbour.key)
        return client.post(target, body, content_type="application/json", headers={"Otay-Request": header})

    question = Question("MX>US", 3, buckets=(0,))
    raw = ask(question).json()
    answer = read_answer(raw)
    assert answer_verifies(raw, answer, question, own_key().public)
    assert [line.business_key for line in answer.records] == ["P-1", "P-2", "P-3"]
    monkeypatch.setattr(ranges, "fold", lambda *_given, **_more: 7)
    answer = ask(question)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert answer.json()["title"].startswith("US is still reading its book of MX>US: 7 stretches of 256 records")
    monkeypatch.undo()
    assert ask(Question("CA>US", 3)).status_code == 422
    assert ask(question, digest_of=b"another").status_code == 401
    assert ask(question, key=Neighbour().key).status_code == 401
    unsigned = Client().post(f"{transport.DOOR}/reconcile", question.body(), content_type="application/json")
    assert unsigned.status_code == 401


def test_only_who_manages_the_exchange_compares(peer):
    with pytest.raises(Forbidden):
        reconciling.reconcile(actor=Actor(Kind.OFFICER, "officer:1", "X"), peer=peer)


def test_the_page_shows_what_was_compared_and_an_administrator_compares_now(peer, neighbour, door):
    came(neighbour, 3)
    Inbox.objects.filter(sequence=2).delete()
    browser = signed_in(make_person("administrator"))
    assert browser.post("/exchange/reconcile/MX/", {"act": "compare", "reason": "monthly"}).status_code == 302
    text = browser.get("/exchange/reconcile/").content.decode()
    assert "missing on this node" in text
    assert browser.post("/exchange/reconcile/MX/", {"act": "repair", "reason": "monthly"}).status_code == 302
    assert Inbox.objects.filter(sequence=2).exists()
    auditor = signed_in(make_person("auditor"))
    assert auditor.get("/exchange/reconcile/").status_code == 200
    assert auditor.post("/exchange/reconcile/MX/", {"act": "compare", "reason": "monthly"}).status_code == 403


def test_the_command_tells_people_and_programs(peer, neighbour, door, run_command):
    came(neighbour, 3)
    assert run_command("reconcile").exit_code == 0
    Inbox.objects.filter(sequence=2).delete()
    answer = run_command("reconcile", "--with", "mx", "--json")
    assert answer.exit_code == 1
    stream = json.loads(answer.stdout)["streams"][1]
    assert (stream["stream"], stream["same"], stream["differences"][0]["kind"]) == ("MX>US", False, "missing_here")
    assert run_command("reconcile", "--repair").exit_code == 0
    assert run_command("reconcile", "--by-key", "--afresh").exit_code == 0
