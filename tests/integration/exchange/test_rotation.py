"""A change of key on either side, and what the old key may no longer do; erasure that the neighbour confirms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client

from factories.exchange import Door, Neighbour, paired, parcel
from factories.node import make_person, signed_in
from otay.exchange import keystore, queries
from otay.exchange.domain import proof
from otay.exchange.domain.control import CONTROL, ERASURE, KEY_ROTATION, Erasure, Rotation
from otay.exchange.domain.keys import SigningKey
from otay.exchange.domain.receipt import read_receipt, receipt_verifies
from otay.exchange.domain.refusals import Code, Rejected
from otay.exchange.models import Outbox, Peer, PeerKey, RefusedRequest
from otay.exchange.registry import Publication
from otay.exchange.services import acceptance, delivery, identity, publishing, rotation, upkeep
from otay.node.actors import SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture
def door(neighbour: Neighbour) -> Iterator[Door]:
    with Door(neighbour) as made:
        yield made


@pytest.fixture
def peer(db: None, room: object, neighbour: Neighbour, door: Door):
    return paired(neighbour, door.url)


@pytest.fixture(autouse=True)
def own_key_again() -> Iterator[None]:
    """The tests' node keeps the key it had."""
    before = keystore.make_key().pem()
    yield
    keystore.path().write_bytes(before)
    keystore.next_path().unlink(missing_ok=True)
    for file in keystore.path().with_name("retired").glob("*.pub"):
        file.unlink()


def change_of(neighbour: Neighbour, new: SigningKey, *, signer: SigningKey | None = None) -> None:
    """The neighbour's change of key as a record in its stream."""
    told = Rotation("MX", neighbour.key.id, new.public, datetime.now(UTC))
    body = told.signed(signer or neighbour.key, new)
    if signer:
        body["signatures"][neighbour.key.id] = body["signatures"].pop(signer.id)
    neighbour.add(body, record_type=KEY_ROTATION, business_key=new.id, agreement=CONTROL)


def refusal(raw: bytes) -> Code:
    with pytest.raises(Rejected) as caught:
        acceptance.accept_batch(raw)
    return caught.value.code


def publish(number: int) -> None:
    publishing.publish(
        actor=SYSTEM, record_type="test.parcel", publications=[Publication(f"P-{number}", 1, parcel(f"P-{number}"))]
    )


def test_the_neighbours_new_key_takes_over_at_its_first_use_and_the_old_signs_nothing_new(peer, neighbour):
    neighbour.add(parcel("P-1"))
    acceptance.accept_batch(neighbour.batch(1, 1))
    old, new = neighbour.key, SigningKey.generate()
    change_of(neighbour, new)
    assert read_receipt(acceptance.accept_batch(neighbour.batch(2, 2))).held == ()
    neighbour.add(parcel("P-2"))
    assert read_receipt(acceptance.accept_batch(neighbour.batch(2, 3))).sequence == 3  # its receipt was lost: old key
    neighbour.key = new
    neighbour.add(parcel("P-3"))
    assert read_receipt(acceptance.accept_batch(neighbour.batch(4, 4))).sequence == 4
    assert PeerKey.objects.get(key=old.id).state == PeerKey.State.RETIRED
    neighbour.add(parcel("P-4"))
    assert refusal(neighbour.batch(5, 5, signer=old, key=old.id)) is Code.UNKNOWN_SENDER
    assert refusal(neighbour.batch(1, 1, signer=old, key=old.id)) is Code.UNKNOWN_SENDER  # replayed
    assert [report.problems for report in upkeep.verify_streams()] == [[], []]  # what it signed before holds
    evidence = upkeep.evidence(actor=SYSTEM, direction="in", peer=peer, sequence=1, purpose="test")
    assert proof.verify(evidence).holds
    assert evidence["head"]["key"] == old.id
    assert queries.standings([peer])[peer.pk][0].signed_by_both  # under the agreement too


def test_a_forged_change_of_key_is_refused_listed_and_trusted_by_nobody(peer, neighbour):
    thief = SigningKey.generate()
    change_of(neighbour, thief, signer=SigningKey.generate())
    held = read_receipt(acceptance.accept_batch(neighbour.batch())).held
    assert [(one.sequence, one.state) for one in held] == [(1, "refused")]
    assert not PeerKey.objects.filter(key=thief.id).exists()
    assert RefusedRequest.objects.get().sequence == 1
    neighbour.add(parcel("P-2"))
    assert refusal(neighbour.batch(2, 2, signer=thief, key=thief.id)) is Code.UNKNOWN_SENDER


def test_a_revoked_key_cannot_name_its_successor_nor_come_back(peer, neighbour):
    second = SigningKey.generate()
    old, neighbour.key = neighbour.key, second
    identity.trust(actor=SYSTEM, document=neighbour.identity(peer.url))
    identity.revoke_key(actor=SYSTEM, key=old.id, reason="lost")
    neighbour.key = old
    change_of(neighbour, SigningKey.generate())
    assert refusal(neighbour.batch()) is Code.UNKNOWN_SENDER
    neighbour.key = second
    assert read_receipt(acceptance.accept_batch(neighbour.batch())).held[0].state == "refused"
    change_of(neighbour, old)  # a successor that was revoked
    assert read_receipt(acceptance.accept_batch(neighbour.batch(2, 2))).held[0].state == "refused"
    assert PeerKey.objects.get(key=old.id).state == PeerKey.State.REVOKED


def test_a_control_record_of_an_unknown_type_is_refused(peer, neighbour):
    neighbour.add({"a": "b"}, record_type="otay.coup", agreement=CONTROL)
    neighbour.add(parcel("P-1"), agreement=CONTROL)
    states = [one.state for one in read_receipt(acceptance.accept_batch(neighbour.batch())).held]
    assert states == ["refused", "refused"]


def test_our_change_of_key_waits_for_the_receipt_and_all_that_was_signed_goes_on_verifying(peer, neighbour, door):
    publish(1)
    delivery.deliver_due(peer)
    old = keystore.own_key()
    neighbour.add(parcel("P-1"))
    receipt = acceptance.accept_batch(neighbour.batch())
    door.trouble = ["down"]
    new = rotation.rotate_key(actor=SYSTEM, reason="yearly")
    delivery.deliver_due(peer)
    assert keystore.own_key().id == old.id  # not told yet: the old key signs
    assert rotation.rotate_key(actor=SYSTEM, reason="yearly") == new
    assert Outbox.objects.filter(record_type=KEY_ROTATION).count() == 1
    delivery.deliver_due(peer)
    assert keystore.own_key().id == new
    assert keystore.next_key() is None
    publish(2)
    assert delivery.deliver_due(peer).records == 1
    assert [report.problems for report in upkeep.verify_streams()] == [[], []]
    evidence = upkeep.evidence(actor=SYSTEM, direction="out", peer=peer, sequence=1, purpose="test")
    assert proof.verify(evidence).holds
    assert receipt_verifies(receipt, old.public)
    again = acceptance.accept_batch(neighbour.batch())  # a receipt asked for now is the new key's
    assert receipt_verifies(again, keystore.own_key().public)
    assert queries.standings([peer])[peer.pk][0].active


def test_a_change_that_the_neighbour_refuses_does_not_switch(peer, door):
    rotation.rotate_key(actor=SYSTEM, reason="yearly")
    before = keystore.own_key().id
    door.trouble = ["quarantine"]
    delivery.deliver_due(peer)
    assert keystore.own_key().id == before


def test_what_this_node_erases_it_confirms_in_its_chain(peer, neighbour, door):
    for number in range(1, 4):
        neighbour.add(parcel(f"P-{number}"))
    acceptance.accept_batch(neighbour.batch())
    peer.agreements.update(retention_days=0)
    assert upkeep.apply_retention() == 3
    delivery.deliver_due(peer)
    sent = door.records[-1]
    assert (sent.record_type, sent.agreement) == (ERASURE, CONTROL)
    assert b'"ranges":[[1,3]]' in sent.body
    assert upkeep.apply_retention() == 0
    assert Outbox.objects.filter(record_type=ERASURE).count() == 1


def test_the_neighbours_confirmation_is_kept_and_shown(peer, neighbour, door):
    for number in range(1, 4):
        publish(number)
    delivery.deliver_due(peer)
    told = Erasure("US>MX", "MX-US-core/1", datetime.now(UTC), ((1, 2),))
    neighbour.add(told.body(), record_type=ERASURE, business_key="1-2", agreement=CONTROL)
    other = Erasure("CA>MX", "MX-US-core/1", datetime.now(UTC), ((3, 3),))
    neighbour.add(other.body(), record_type=ERASURE, business_key="3-3", agreement=CONTROL)
    held = read_receipt(acceptance.accept_batch(neighbour.batch())).held
    assert [one.sequence for one in held] == [2]  # about somebody else's stream
    assert [bool(queries.erasure_of(peer, number)) for number in (1, 2, 3)] == [True, True, False]
    assert queries.peer_statuses()[0].erased_there == 2
    browser: Client = signed_in(make_person("auditor"))
    assert "Erased by the neighbour" in browser.get("/exchange/out/MX/1/").content.decode()
    assert browser.get("/exchange/").status_code == 200


def test_the_command_rotates(peer, door, run_command):
    answer = run_command("rotate-key", "--reason", "yearly")
    assert answer.exit_code == 0
    assert "once every neighbour" in answer.output
    delivery.deliver_due(Peer.objects.get())
    assert keystore.own_key().id in answer.output
