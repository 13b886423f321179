"""From a publication to the neighbour's stored receipt, and everything that can go wrong on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from factories.exchange import Door, Neighbour, paired, parcel, terms
from otay.core.errors import Conflict
from otay.exchange import keystore, queries
from otay.exchange.domain import proof
from otay.exchange.domain.agreement import State
from otay.exchange.models import Outbox, PeerHealth, Receipt, SignedHead
from otay.exchange.registry import Publication
from otay.exchange.services import agreements, delivery, publishing, upkeep
from otay.node.actors import SYSTEM
from otay.node.models import ChainHead

pytestmark = pytest.mark.django_db


@pytest.fixture
def door(neighbour: Neighbour) -> Iterator[Door]:
    with Door(neighbour) as made:
        yield made


@pytest.fixture
def peer(db: None, room: object, neighbour: Neighbour, door: Door):
    return paired(neighbour, door.url)


def publish(*numbers: int, **more: object) -> int:
    items = [
        Publication(f"P-{number}", 1, parcel(f"P-{number}", driver="Nobody Real", **more), port="2404")
        for number in numbers
    ]
    return publishing.publish(actor=SYSTEM, record_type="test.parcel", publications=items)


def states() -> list[str]:
    return list(Outbox.objects.order_by("sequence").values_list("state", flat=True))


def test_what_is_published_arrives_projected_and_is_receipted(peer, door):
    assert publish(1, 2, 3) == 3
    assert delivery.deliver_due(peer).records == 3
    assert states() == ["receipted"] * 3
    assert [record.business_key for record in door.records] == ["P-1", "P-2", "P-3"]
    assert b"driver" not in door.records[0].body  # personal, not agreed: never signed, never stored in the outbox
    assert "driver" not in Outbox.objects.get(sequence=1).body
    assert Outbox.objects.get(sequence=3).receipt.document["link"] == door.links[-1].hex()
    assert PeerHealth.objects.get(peer=peer).acknowledged == 3


def test_without_an_agreement_nothing_is_queued(db, room, neighbour, door):
    paired(neighbour, door.url, terms(version=1, valid_to=terms().valid_from + timedelta(days=1)))
    assert publish(1) == 0
    assert not Outbox.objects.exists()


def test_publication_is_undone_with_the_change_it_tells_of(peer):
    with transaction.atomic():
        publish(1)
        transaction.set_rollback(True)
    assert not Outbox.objects.exists()
    assert publish(2) == 1
    assert Outbox.objects.get().sequence == 1


def test_a_publication_repeated_is_queued_once_and_never_with_other_content(peer):
    publish(1)
    assert publish(1) == 0
    with pytest.raises(Conflict), transaction.atomic():
        publish(1, weight="99")
    assert Outbox.objects.count() == 1


def test_a_lost_receipt_leads_to_a_resend_and_nothing_is_doubled(peer, door):
    publish(1, 2)
    door.trouble = ["lost"]
    assert delivery.deliver_due(peer).problem
    assert states() == ["queued", "queued"]
    assert delivery.deliver_due(peer).records == 2
    assert len(door.records) == 2
    assert states() == ["receipted", "receipted"]


@pytest.mark.parametrize("trouble", ["down", "forged", "garbage"])
def test_an_answer_that_is_no_receipt_settles_nothing(peer, door, trouble):
    publish(1)
    door.trouble = [trouble]
    assert delivery.deliver_due(peer).records == 0
    assert states() == ["queued"]
    assert not Receipt.objects.filter(direction="out").exists()
    health = PeerHealth.objects.get(peer=peer)
    assert (health.failures, bool(health.problem), bool(health.down_since)) == (1, True, True)
    assert delivery.deliver_due(peer).records == 1


def test_a_peer_that_stays_away_is_asked_less_and_less_often_and_loses_nothing(peer, door):
    publish(*range(20))
    door.trouble = ["down"] * 8
    waits = []
    for _ in range(8):
        delivery.deliver_due(peer)
        waits.append((PeerHealth.objects.get(peer=peer).next_attempt_at - keystore.real_now()).total_seconds())
    assert waits[-1] > 20 * waits[0]
    assert max(waits) <= 75
    assert delivery.deliver_all_due() == delivery.IDLE_SECONDS  # not due: not asked
    assert door.requests == 8
    PeerHealth.objects.update(next_attempt_at=None)
    while delivery.deliver_all_due(limit=6) == 0:
        pass
    assert len(door.records) == 20
    assert PeerHealth.objects.get(peer=peer).down_since is None


def test_a_neighbour_that_lost_its_books_is_sent_them_again(peer, door):
    publish(*range(5))
    delivery.deliver_due(peer)
    door.records, door.links = door.records[:2], door.links[:3]
    publish(5)
    assert delivery.deliver_due(peer).more  # it says where it stands
    delivery.deliver_due(peer)
    assert len(door.records) == 6
    assert PeerHealth.objects.get(peer=peer).acknowledged == 6


def test_a_neighbour_with_another_history_raises_an_alarm(peer, door):
    publish(1)
    door.links.append(b"\x07" * 32)
    door.trouble = ["fork"]
    assert delivery.deliver_due(peer).problem
    assert PeerHealth.objects.get(peer=peer).alarm
    assert states() == ["queued"]


def test_a_receipt_for_another_history_settles_nothing(peer, door):
    publish(1)
    delivery.deliver_due(peer)
    door.links[-1] = b"\x07" * 32
    upkeep.check_peers()
    assert "history" in PeerHealth.objects.get(peer=peer).alarm


def test_a_record_that_the_neighbour_holds_is_not_called_receipted_until_it_is_applied(peer, door):
    publish(1, 2)
    door.trouble = ["quarantine"]
    delivery.deliver_due(peer)
    assert states() == ["quarantined", "receipted"]
    door.held.clear()
    assert upkeep.check_peers() == {"MX": "ok"}
    assert states() == ["receipted", "receipted"]


def test_a_suspended_agreement_holds_the_queue_and_an_ended_one_withholds_the_body(peer, door):
    publish(1)
    agreements.set_state(actor=SYSTEM, reference="MX-US-core", state=State.SUSPENDED, reason="test")
    assert publish(2) == 0
    assert delivery.deliver_due(peer).problem
    assert door.requests == 0
    agreements.set_state(actor=SYSTEM, reference="MX-US-core", state=State.ENDED, reason="test")
    delivery.deliver_due(peer)
    assert door.records[0].body == b""


def test_retention_drops_the_body_and_the_chain_and_the_evidence_still_hold(peer, door):
    publish(1, 2)
    delivery.deliver_due(peer)
    Outbox.objects.filter(sequence=1).update(created_at=Outbox.objects.get(sequence=1).created_at)
    assert upkeep.apply_retention() == 0
    row = Outbox.objects.get(sequence=1)
    peer.agreements.update(retention_days=0)
    time.sleep(0.01)
    assert upkeep.apply_retention() == 2
    row.refresh_from_db()
    assert (row.body, bool(row.erased_at)) == ("", True)
    assert [report.problems for report in upkeep.verify_streams()] == [[], []]
    checked = proof.verify(upkeep.evidence(actor=SYSTEM, direction="out", peer=peer, sequence=1, purpose="test"))
    assert checked.holds
    assert not checked.body_present


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"body": '{"number":"P-2","weight":"1"}'}, "body 2"),
        ({"business_key": "P-9"}, "altered 2"),
        ({"link": b"\x01" * 32}, "altered 2"),
        ({"sequence": 9}, "gap 2"),
    ],
)
def test_verify_finds_the_first_record_that_was_tampered_with(peer, door, change, found):
    publish(1, 2, 3)
    delivery.deliver_due(peer)
    Outbox.objects.filter(sequence=2).update(**change)
    report = upkeep.verify_stream(peer, "out")
    assert found in report.problems


def test_verify_finds_a_cut_tail_and_a_forged_head(peer, door):
    publish(1, 2)
    delivery.deliver_due(peer)
    SignedHead.objects.filter(direction="out").update(signature="AAAA")
    ChainHead.objects.filter(name__startswith="exchange:US").update(sequence=3)
    assert set(upkeep.verify_stream(peer, "out").problems) == {"head 3", "signature 2"}


def test_delivery_states_are_one_query_for_many_records(peer, door, django_assert_num_queries):
    publish(1, 2)
    delivery.deliver_due(peer)
    publish(3)
    with django_assert_num_queries(1):
        found = queries.delivery_states(record_type="test.parcel", business_keys=["P-1", "P-3", "P-8"])
    assert [one.state for one in found["P-1"]] == ["receipted"]
    assert found["P-1"][0].receipted_at is not None
    assert [one.state for one in found["P-3"]] == ["queued"]
    assert found["P-8"] == []


@pytest.mark.parametrize(
    "broken",
    [{"sequence": 1}, {"sequence": 0}, {"sequence": 5, "state": "receipted"}, {"sequence": 5, "business_key": "P-1"}],
)
def test_the_database_itself_keeps_what_must_always_hold(peer, broken):
    publish(1)
    row = Outbox.objects.get()
    row.pk, row.business_key = None, "P-7"
    for name, value in broken.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_publishing_many_costs_a_constant_number_of_queries(peer, django_assert_max_num_queries):
    publish(1)
    with django_assert_max_num_queries(14):
        publish(*range(100, 400))


def test_a_busy_neighbour_is_left_alone_as_long_as_it_asks_and_gets_less_at_once(peer, door):
    publish(*range(32))
    door.trouble = ["busy"]
    assert delivery.deliver_due(peer, limit=32).problem
    health = PeerHealth.objects.get(peer=peer)
    assert (health.next_attempt_at - keystore.real_now()).total_seconds() > 35
    assert delivery.deliver_due(peer, limit=32).records == 16
    assert delivery.deliver_due(peer, limit=32).records == 16
    PeerHealth.objects.update(failures=50)
    publish(*range(40, 60))
    assert delivery.deliver_due(peer, limit=32).records == 2


def test_a_correction_cites_the_version_that_it_replaces_also_after_the_contents_are_gone(peer, door):
    def version(number: int, weight: str) -> Publication:
        return Publication("P-1", number, parcel("P-1", weight))

    for publications in ([version(1, "1")], [version(2, "2"), version(4, "4")]):
        publishing.publish(actor=SYSTEM, record_type="test.parcel", publications=publications)
    while delivery.deliver_due(peer).more:
        pass
    first, second, fourth = door.records
    assert (first.corrects, second.corrects, fourth.corrects) == (b"", first.body_digest, second.body_digest)
    assert b"corrects" not in first.header()
    row = Outbox.objects.get(version=2)
    assert bytes(row.corrects) == first.body_digest
    Outbox.objects.update(body="")
    file = upkeep.evidence(actor=SYSTEM, direction="out", peer=peer, sequence=2, purpose="test")
    assert file["header"]["corrects"] == first.body_digest.hex()
    assert not proof.verify(file).problems
    assert upkeep.verify_stream(peer, "out").problems == []


def test_a_record_is_not_what_was_signed_when_its_citation_is_altered(peer, door):
    for number in (1, 2):
        publishing.publish(
            actor=SYSTEM,
            record_type="test.parcel",
            publications=[Publication("P-1", number, parcel("P-1", str(number)))],
        )
    Outbox.objects.filter(version=2).update(corrects=b"\x07" * 32)
    assert upkeep.verify_stream(peer, "out").problems == ["altered 2"]
