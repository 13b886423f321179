"""A node restored from an older copy takes back its own lost records from the neighbour, and goes on after them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from factories.exchange import Door, Neighbour, paired, parcel
from otay.core.errors import Conflict, NotFound
from otay.exchange import queries
from otay.exchange.domain import envelope
from otay.exchange.domain.keys import SigningKey
from otay.exchange.domain.questions import Question
from otay.exchange.domain.receipt import Held
from otay.exchange.domain.refusals import Rejected
from otay.exchange.models import Outbox, Peer, PeerHealth, Receipt, SignedHead
from otay.exchange.registry import Publication
from otay.exchange.services import answering, delivery, publishing, reconciling, tail, upkeep
from otay.node.actors import SYSTEM
from otay.node.models import AuditEvent, ChainHead

pytestmark = pytest.mark.django_db


@pytest.fixture
def door(neighbour: Neighbour) -> Iterator[Door]:
    with Door(neighbour) as made:
        yield made


@pytest.fixture
def peer(db: None, room: object, neighbour: Neighbour, door: Door):
    return paired(neighbour, door.url)


def publish(*numbers: int, weight: str = "12.5") -> None:
    items = [Publication(f"P-{number}", 1, parcel(f"P-{number}", weight)) for number in numbers]
    publishing.publish(actor=SYSTEM, record_type="test.parcel", publications=items)


def sent(*numbers: int) -> None:
    publish(*numbers)
    while delivery.deliver_due(Peer.objects.get(), limit=4).more:
        pass


@transaction.atomic
def go_back(peer: Peer, sequence: int) -> None:
    """The database as it was when the stream ended at ``sequence``, all receipted."""
    link = bytes(Outbox.objects.get(sequence=sequence).link)
    Outbox.objects.filter(sequence__gt=sequence).delete()
    Receipt.objects.filter(sequence__gt=sequence).delete()
    SignedHead.objects.filter(sequence__gt=sequence).delete()
    PeerHealth.objects.update(acknowledged=sequence)
    name = queries.head_name(peer.stream("out", "US"))
    ChainHead.objects.filter(name=name).update(sequence=sequence, link=link)


def stream() -> list[tuple[int, str, str]]:
    return [(row.sequence, row.business_key, row.state) for row in Outbox.objects.order_by("sequence")]


def test_the_lost_records_come_back_and_what_was_made_since_goes_after_them(peer, door):
    sent(*range(1, 11))
    go_back(peer, 4)
    tail.after_restore()
    publish(20)
    assert delivery.deliver_due(peer) == delivery.Delivered()  # nothing goes
    assert delivery.deliver_all_due() == delivery.IDLE_SECONDS
    assert delivery.batch_after(peer, 4, limit=10) == b""
    publish(5)  # done once more after the restore, with the same content
    publish(6, weight="99")  # and with another
    publish(21)
    tail.step()
    assert queries.peer_statuses()[0].state == "alarm"
    while delivery.deliver_due(peer).more:
        pass
    keys = [key for _number, key, _state in stream()]
    assert keys == [f"P-{number}" for number in (*range(1, 11), 20, 6, 21)]
    assert [record.business_key for record in door.records] == keys
    assert [number for number, _key, _state in stream()] == list(range(1, 14))
    assert Outbox.objects.get(sequence=7).published_by == "restored"
    assert all(report.problems == [] for report in upkeep.verify_streams())
    assert upkeep.evidence(actor=SYSTEM, direction="out", peer=peer, sequence=6, purpose="test")["head"]
    told = AuditEvent.objects.filter(action="exchange.tail_recovered").get().detail
    assert told == {"records": 6, "first": 5, "last": 10, "repeated": 1, "clashes": [12]}


def test_what_the_neighbour_did_not_take_comes_back_as_such_and_may_be_sent_anew(peer, door):
    sent(1, 2)
    sent(3, 4)
    door.held = [Held(3, "refused", "too heavy"), Held(4, "quarantined", "could not")]
    go_back(peer, 2)
    tail.after_restore()
    publish(3, weight="1")
    tail.recover(peer)
    assert stream()[2:] == [(3, "P-3", "refused"), (4, "P-4", "quarantined"), (5, "P-3", "queued")]
    assert PeerHealth.objects.get().alarm == ""


def test_a_record_whose_receipt_the_copy_does_not_know_is_not_doubled(peer, door):
    sent(*range(1, 7))
    go_back(peer, 4)
    publish(5)
    queued = Outbox.objects.get(sequence=5)
    record = door.records[4]
    Outbox.objects.filter(pk=queued.pk).update(link=door.links[5], created_at=record.created_at)
    ChainHead.objects.filter(name__startswith="exchange:US").update(link=door.links[5])
    tail.after_restore()
    assert tail.recover(peer) == tail.Recovered(1, 6, 6)
    assert [key for _number, key, _state in stream()] == [f"P-{number}" for number in range(1, 7)]
    assert Outbox.objects.get(sequence=5).pk == queued.pk


def test_a_node_that_lost_nothing_goes_on_at_once(peer, door):
    sent(1, 2, 3)
    tail.after_restore()
    assert tail.recover(peer) == tail.Recovered()
    assert PeerHealth.objects.get().restored_at is None


def test_nothing_is_recovered_that_this_node_did_not_sign_or_that_has_another_beginning(peer, door, neighbour):
    sent(*range(1, 7))
    go_back(peer, 4)
    tail.after_restore()
    whole = list(door.taken)
    head, _signature = envelope.read_head(door.taken[-1])
    records = envelope.unpack(door.taken[-1]).records
    thief = SigningKey.generate()
    for forged in (
        envelope.pack(head, records, thief)[0],  # signed by another
        envelope.pack(head, records, neighbour.key)[0],
    ):
        door.taken = [*whole[:-1], forged]
        with pytest.raises(Rejected):
            tail.recover(peer)
    assert PeerHealth.objects.get().alarm
    assert Outbox.objects.count() == 4
    door.taken = whole[:-1]  # it says that it holds six, and shows four
    with pytest.raises(NotFound):
        tail.recover(peer)
    assert PeerHealth.objects.get().restored_at


def test_two_receipted_histories_are_for_people(peer, door):
    sent(*range(1, 7))
    go_back(peer, 4)
    publish(30)
    row = Outbox.objects.get(sequence=5)
    receipt = Receipt.objects.create(
        peer=peer, direction="out", sequence=5, document={}, signature="", at=row.created_at, stored_at=row.created_at
    )
    Outbox.objects.filter(pk=row.pk).update(receipt=receipt, state="receipted")
    tail.after_restore()
    with pytest.raises(Rejected, match="two histories"):
        tail.recover(peer)
    assert stream()[-1] == (5, "P-30", "receipted")


def test_a_node_that_was_not_told_raises_an_alarm_that_names_the_remedy(peer, door, run_command):
    sent(*range(1, 7))
    go_back(peer, 4)
    upkeep.check_peers()
    assert "otay exchange recover" in PeerHealth.objects.get().alarm
    publish(9)
    assert delivery.deliver_due(peer).problem
    answer = run_command("recover", "MX", "--reason", "restored by hand", "--json")
    assert '"records": 2' in answer.output
    assert [key for _number, key, _state in stream()] == [*(f"P-{number}" for number in range(1, 7)), "P-9"]


def test_a_restored_node_neither_compares_its_books_nor_shows_them(peer, door):
    sent(1)
    tail.after_restore()
    with pytest.raises(Conflict, match="otay exchange recover"):
        reconciling.reconcile(actor=SYSTEM, peer=peer)
    asked = Question(peer.stream("out", "US"), 1).body()
    with pytest.raises(Rejected, match="restored"):
        reconciling.answer(peer, asked)


def test_a_neighbour_is_given_its_own_stream_as_it_signed_it_and_the_audit_log_says_so(peer, neighbour):
    from otay.exchange.services import acceptance

    for number in range(1, 6):
        neighbour.add(parcel(f"P-{number}"))
    first, second = neighbour.batch(1, 3), neighbour.batch(2, 5)
    acceptance.accept_batch(first)
    acceptance.accept_batch(second)
    assert answering.own_tail(peer, 0)["batch"].encode() == first
    given = answering.own_tail(peer, 3)
    assert given["batch"].encode() == second
    assert given["position"]["receipt"]["sequence"] == 5
    assert answering.own_tail(peer, 5)["batch"] == ""
    assert AuditEvent.objects.filter(action="exchange.tail_returned").count() == 2
    peer.received.filter(sequence=4).delete()
    with pytest.raises(NotFound):
        answering.own_tail(peer, 3)
