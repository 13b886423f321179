"""What comes from the neighbour: verified, stored once, receipted; and every way it can be wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from factories.exchange import Neighbour, parcel, terms
from otay.core.canonical import canonical_json, digest
from otay.exchange import keystore
from otay.exchange.domain.agreement import State
from otay.exchange.domain.keys import SigningKey
from otay.exchange.domain.receipt import read_receipt, receipt_verifies
from otay.exchange.domain.refusals import Code, Rejected
from otay.exchange.models import Inbox, PeerHealth, PeerKey, RefusedRequest
from otay.exchange.services import acceptance, agreements, identity
from otay.node.actors import SYSTEM

pytestmark = pytest.mark.django_db


def refusal(raw: bytes) -> Rejected:
    with pytest.raises(Rejected) as caught:
        acceptance.accept_batch(raw)
    return caught.value


def states() -> list[str]:
    return list(Inbox.objects.order_by("sequence").values_list("state", flat=True))


def test_a_batch_is_stored_applied_and_receipted(peer, room, neighbour):
    for number in range(3):
        neighbour.add(parcel(f"P-{number}"))
    answer = acceptance.accept_batch(neighbour.batch())
    receipt = read_receipt(answer)
    assert receipt_verifies(answer, keystore.own_key().public)
    assert (receipt.stream, receipt.sequence, receipt.by) == ("MX>US", 3, "US")
    assert receipt.link == neighbour.link_at(3)
    assert room.taken == ["P-0/1", "P-1/1", "P-2/1"]
    assert Inbox.objects.get(sequence=1).port == "2404"


def test_a_resend_gets_the_same_receipt_and_is_not_applied_again(peer, room, neighbour):
    neighbour.add()
    first = acceptance.accept_batch(neighbour.batch())
    again = acceptance.accept_batch(neighbour.batch())
    assert again == first
    assert room.taken == ["P-1/1"]


def test_an_overlapping_resend_applies_only_what_is_new(peer, room, neighbour):
    for number in range(4):
        neighbour.add(parcel(f"P-{number}"))
    acceptance.accept_batch(neighbour.batch(1, 2))
    answer = acceptance.accept_batch(neighbour.batch(1, 4))
    assert read_receipt(answer).sequence == 4
    assert room.taken == ["P-0/1", "P-1/1", "P-2/1", "P-3/1"]


def test_a_half_failed_first_try_is_not_taken_for_a_duplicate(peer, room, neighbour):
    neighbour.add()
    room.failing["P-1"] = OperationalError("disk I/O error")
    with pytest.raises(OperationalError):
        acceptance.accept_batch(neighbour.batch())
    assert not Inbox.objects.exists()
    room.failing.clear()
    assert read_receipt(acceptance.accept_batch(neighbour.batch())).sequence == 1
    assert room.taken == ["P-1/1"]


def test_a_record_that_its_room_cannot_take_is_quarantined_and_the_receipt_says_so(peer, room, neighbour):
    for number in range(3):
        neighbour.add(parcel(f"P-{number}"))
    room.failing["P-1"] = ValueError("weight of ABC 123 is odd")
    answer = acceptance.accept_batch(neighbour.batch())
    assert states() == ["applied", "quarantined", "applied"]
    assert room.taken == ["P-0/1", "P-2/1"]
    held = read_receipt(answer).held
    assert [(one.sequence, one.state) for one in held] == [(2, "quarantined")]
    assert "ABC 123" not in held[0].reason  # a room's error may quote personal data: it stays home


def test_a_duplicate_of_a_failed_record_gets_no_receipt_that_claims_it(peer, room, neighbour):
    neighbour.add()
    room.failing["P-1"] = ValueError("no")
    acceptance.accept_batch(neighbour.batch())
    assert [one.state for one in read_receipt(acceptance.accept_batch(neighbour.batch())).held] == ["quarantined"]
    neighbour.add(parcel("P-2"))
    later = read_receipt(acceptance.accept_batch(neighbour.batch(2, 2)))
    assert [one.sequence for one in later.held] == [1]


def test_what_leaves_quarantine_leaves_the_next_receipt(peer, room, neighbour):
    neighbour.add()
    room.failing["P-1"] = ValueError("no")
    acceptance.accept_batch(neighbour.batch())
    assert acceptance.retry_quarantined(peer=peer) == (0, 1)
    room.failing.clear()
    assert acceptance.retry_quarantined(peer=peer) == (1, 0)
    assert room.taken == ["P-1/1"]
    assert read_receipt(acceptance.signed_position(peer)).held == ()
    assert acceptance.retry_quarantined(peer=peer) == (0, 0)


def test_a_gap_is_answered_with_the_number_that_is_expected(peer, room, neighbour):
    for number in range(3):
        neighbour.add(parcel(f"P-{number}"))
    acceptance.accept_batch(neighbour.batch(1, 1))
    problem = refusal(neighbour.batch(3, 3))
    assert problem.code is Code.GAP
    assert problem.answer["expected"] == 2
    assert receipt_verifies(problem.answer["position"], keystore.own_key().public)
    assert room.taken == ["P-0/1"]


def test_a_fork_is_refused_and_raises_an_alarm(peer, room, neighbour):
    neighbour.add(parcel("P-1"))
    acceptance.accept_batch(neighbour.batch())
    neighbour.records.clear()
    neighbour.add(parcel("P-1", weight="99"))
    neighbour.add(parcel("P-2"))
    assert refusal(neighbour.batch(1, 1)).code is Code.FORK
    assert refusal(neighbour.batch(2, 2)).code is Code.FORK
    assert PeerHealth.objects.get(peer=peer).alarm
    assert states() == ["applied"]


def test_a_forged_signature_is_refused_listed_and_raises_no_alarm_against_the_neighbour(peer, room, neighbour):
    neighbour.add()
    assert refusal(neighbour.batch(signer=SigningKey.generate())).code is Code.BAD_SIGNATURE
    listed = RefusedRequest.objects.get()
    assert (listed.code, listed.peer, listed.claimed_sender) == ("bad_signature", None, "MX")
    assert not PeerHealth.objects.get(peer=peer).alarm


def test_an_unsigned_batch_is_refused(peer, room, neighbour):
    neighbour.add()
    lines = neighbour.batch().split(b"\n")
    lines[0] = canonical_json({"head": neighbour.head(1, 1).document(), "signature": ""})
    assert refusal(b"\n".join(lines)).code is Code.BAD_SIGNATURE


@pytest.mark.parametrize("country", ["FR", "US"])
def test_an_unknown_sender_is_refused(peer, room, country):
    stranger = Neighbour(country)
    stranger.add()
    assert refusal(stranger.batch()).code is Code.UNKNOWN_SENDER
    assert RefusedRequest.objects.count() == 1


def test_a_revoked_key_signs_nothing_new_and_a_second_key_may(peer, room, neighbour):
    neighbour.add()
    second = SigningKey.generate()
    old, neighbour.key = neighbour.key, second
    identity.trust(actor=SYSTEM, document=neighbour.identity())
    identity.revoke_key(actor=SYSTEM, key=old.id, reason="lost")
    assert refusal(neighbour.batch(signer=old, key=old.id)).code is Code.UNKNOWN_SENDER
    assert read_receipt(acceptance.accept_batch(neighbour.batch())).sequence == 1
    assert PeerKey.objects.filter(peer=peer).count() == 2


def test_a_batch_for_another_receiver_is_refused(peer, room, neighbour):
    neighbour.add()
    assert refusal(neighbour.batch(receiver="CA")).code is Code.WRONG_RECEIVER


def test_a_record_cannot_be_replayed_into_another_stream(peer, room, neighbour):
    neighbour.add()
    raw = neighbour.batch(receiver="US", previous=neighbour.link_at(0, "CA"), link=neighbour.link_at(1, "CA"))
    assert refusal(raw).code is Code.FORK


def test_an_altered_body_is_refused(peer, room, neighbour):
    neighbour.add()
    raw = neighbour.batch().replace(b'"12.5"', b'"12.6"')
    assert refusal(raw).code is Code.MALFORMED
    assert not Inbox.objects.exists()


def test_a_field_that_is_not_agreed_costs_the_record_its_body_but_not_the_stream(peer, room, neighbour):
    neighbour.add(parcel("P-1", driver="Nobody"))
    neighbour.add(parcel("P-2"))
    receipt = read_receipt(acceptance.accept_batch(neighbour.batch()))
    assert [(one.sequence, one.state) for one in receipt.held] == [(1, "refused")]
    assert "driver" in receipt.held[0].reason
    assert Inbox.objects.get(sequence=1).body == ""
    assert room.taken == ["P-2/1"]
    assert RefusedRequest.objects.get().sequence == 1


def test_a_type_that_is_not_agreed_is_refused(peer, room, neighbour):
    neighbour.add(record_type="test.secret")
    receipt = read_receipt(acceptance.accept_batch(neighbour.batch()))
    assert receipt.held[0].state == "refused"
    assert room.taken == []


def test_a_record_made_outside_the_validity_is_refused(peer, room, neighbour):
    neighbour.add(created_at=datetime.now(UTC) - timedelta(days=500))
    assert read_receipt(acceptance.accept_batch(neighbour.batch())).held[0].state == "refused"


def test_a_known_version_with_other_content_is_refused_and_the_same_content_is_not_applied_twice(peer, room, neighbour):
    neighbour.add(parcel("P-1"))
    neighbour.add(parcel("P-1", weight="13"))
    neighbour.add(parcel("P-1"))
    acceptance.accept_batch(neighbour.batch())
    assert states() == ["applied", "refused", "repeated"]
    assert room.taken == ["P-1/1"]


def test_a_record_without_body_keeps_its_place_in_the_chain(peer, room, neighbour):
    neighbour.add({}, body_digest=digest(b"dropped"))
    neighbour.add(parcel("P-2"))
    receipt = read_receipt(acceptance.accept_batch(neighbour.batch()))
    assert [(one.sequence, one.state) for one in receipt.held] == [(1, "withheld")]
    assert receipt.sequence == 2


def test_what_cites_an_agreement_not_in_force_yet_waits(peer, room, neighbour):
    neighbour.add(agreement="MX-US-core/2")
    assert refusal(neighbour.batch()).code is Code.NO_AGREEMENT
    agreements.import_file(actor=SYSTEM, document=neighbour.agreement_file(terms(version=2)))
    assert refusal(neighbour.batch()).code is Code.NO_AGREEMENT
    agreements.sign(actor=SYSTEM, reference="MX-US-core", version=2)
    assert read_receipt(acceptance.accept_batch(neighbour.batch())).held == ()


def test_a_suspended_agreement_takes_nothing_until_it_is_resumed(peer, room, neighbour):
    neighbour.add()
    agreements.set_state(actor=SYSTEM, reference="MX-US-core", state=State.SUSPENDED, reason="test")
    assert refusal(neighbour.batch()).code is Code.NO_AGREEMENT
    agreements.set_state(actor=SYSTEM, reference="MX-US-core", state=State.ACTIVE, reason="test")
    assert read_receipt(acceptance.accept_batch(neighbour.batch())).sequence == 1


def test_an_ended_agreement_takes_no_body(peer, room, neighbour):
    neighbour.add()
    agreements.set_state(actor=SYSTEM, reference="MX-US-core", state=State.ENDED, reason="test")
    assert read_receipt(acceptance.accept_batch(neighbour.batch())).held[0].state == "refused"
    assert room.taken == []


def test_a_suspended_peer_is_not_listened_to(peer, room, neighbour):
    neighbour.add()
    identity.set_peer_state(actor=SYSTEM, country="MX", state="suspended", reason="test")
    assert refusal(neighbour.batch()).code is Code.UNKNOWN_SENDER


def test_a_batch_costs_a_bounded_number_of_queries(peer, room, neighbour, django_assert_max_num_queries):
    for number in range(100):
        neighbour.add(parcel(f"P-{number}"))
    raw = neighbour.batch()
    with django_assert_max_num_queries(32):
        acceptance.accept_batch(raw)
