"""Hits reviewed: cleared matches and when they end, confirmations, ports, redress."""

from datetime import date, timedelta

import pytest

from factories.watchlists import body, document, in_force, name, officer, watchlist
from otay.core.errors import Conflict, Forbidden, NotFound, Refused
from otay.node import clock
from otay.screening.registry import Rescreener, rescreeners
from otay.screening.watchlists import Document, Party, queries, reviewing, screen, services
from otay.screening.watchlists.models import Clearance, ListHit

pytestmark = pytest.mark.django_db

ONE, TWO = officer("officer:1"), officer("officer:2")
PARTY = Party(
    "visitor:1", given="Rosa", surnames="Medina Luján", birth_date="1990-07-01",
    documents=(Document("A1234567", "P", "MX"),), port="2501",
)  # fmt: skip


@pytest.fixture
def entry():
    (row,) = in_force(
        watchlist(), {"key": "P-1", "body": body(names=[name("Rosa", "Medina Lujan")], birth_dates=["1990-07-01"])}
    )
    return row


@pytest.fixture
def told(monkeypatch):
    """A room whose parties are visitors; what it was told, last."""
    heard = {}
    room = Rescreener("visitor", "Visitors", list, lambda parties, hits: heard.update(zip(
        [party.key for party in parties], hits, strict=True)))  # fmt: skip
    monkeypatch.setitem(rescreeners._items, "visitor", room)
    return heard


def test_a_cleared_match_holds_for_the_same_identity_and_entry_until_either_changes(entry, told) -> None:
    ((hit,),) = screen([PARTY])
    reviewing.clear_hits(actor=ONE, hits=[hit.id], reason="Another place of birth, seen in the birth certificate")
    assert told["visitor:1"][0].cleared
    assert screen([PARTY])[0][0].cleared
    later = Party(**{**{slot: getattr(PARTY, slot) for slot in Party.__slots__}, "key": "visitor:77"})
    assert screen([later])[0][0].cleared, "the same person on another journey"
    for change in ({"birth_date": ""}, {"documents": ()}, {"surnames": "Medina"}):
        other = Party(**{**{slot: getattr(PARTY, slot) for slot in Party.__slots__}, **change})
        assert [one.cleared for one in screen([other])[0]] == [False], change
    changed = services.propose_entries(
        actor=ONE, watchlist="alerts",
        entries=[{"key": "P-1", "names": ["Rosa Medina Lujan"], "birth_dates": ["1990-07-01"], "sex": "F"}],
        why="Sex is known now",
    )  # fmt: skip
    services.activate(actor=TWO, version=changed.pk)
    assert not screen([PARTY])[0][0].cleared


def test_a_cleared_match_expires_and_the_hit_is_back(entry, monkeypatch) -> None:
    ((hit,),) = screen([PARTY])
    reviewing.clear_hits(actor=ONE, hits=[hit.id], reason="Not her")
    assert ListHit.objects.get().state == "cleared"
    soon = clock.now() + timedelta(days=366)
    monkeypatch.setattr(clock, "now", lambda: soon)
    assert not screen([PARTY])[0][0].cleared
    assert ListHit.objects.get().state == "open"
    assert queries.clearances(ended=True)[1] == 1


def test_namesakes_without_documents_are_not_cleared_together(entry) -> None:
    first = Party("visitor:1", given="Rosa", surnames="Medina Luján", birth_date="1990-07-01")
    second = Party("visitor:2", given="Rosa", surnames="Medina Luján", birth_date="1990-07-01")
    ((hit,), _other) = screen([first, second])
    reviewing.clear_hits(actor=ONE, hits=[hit.id], reason="Not her")
    assert [hits[0].cleared for hits in screen([first, second])] == [True, False]


def test_a_decision_can_be_taken_back_and_is_not_taken_twice(entry, told) -> None:
    ((hit,),) = screen([PARTY])
    reviewing.confirm_hits(actor=ONE, hits=[hit.id], reason="Fingerprints agree")
    assert told["visitor:1"][0].confirmed
    assert screen([PARTY])[0][0].confirmed
    with pytest.raises(Conflict):
        reviewing.clear_hits(actor=TWO, hits=[hit.id], reason="No")
    reviewing.reopen_hits(actor=TWO, hits=[hit.id], reason="Wrong file")
    (made,) = reviewing.clear_hits(actor=TWO, hits=[hit.id], reason="Not her")
    reviewing.revoke_clearance(actor=ONE, clearance=made.pk, reason="The certificate was false")
    assert ListHit.objects.get().state == "open"
    assert not told["visitor:1"][0].cleared
    with pytest.raises(Conflict):
        reviewing.revoke_clearance(actor=ONE, clearance=made.pk, reason="Again")
    with pytest.raises(Conflict):
        reviewing.reopen_hits(actor=ONE, hits=[hit.id], reason="Is open")


def test_an_officer_of_another_port_and_who_may_only_look_decide_nothing(entry) -> None:
    ((hit,),) = screen([PARTY])
    elsewhere = officer("officer:5", port="2402")
    with pytest.raises(NotFound):
        reviewing.clear_hits(actor=elsewhere, hits=[hit.id], reason="x")
    with pytest.raises(NotFound):
        queries.hit(elsewhere, hit.id)
    assert queries.hits(elsewhere)[1] == 0
    with pytest.raises(Forbidden):
        reviewing.clear_hits(actor=officer("officer:6", "screening.view_watchlists"), hits=[hit.id], reason="x")
    with pytest.raises(Refused):
        reviewing.clear_hits(actor=ONE, hits=[hit.id], reason="  ")
    with pytest.raises(NotFound):
        reviewing.clear_hits(actor=ONE, hits=[hit.id, hit.id + 1], reason="x")
    assert not Clearance.objects.exists()


def test_the_party_is_rebuilt_as_it_was_screened() -> None:
    in_force(watchlist(), {"key": "D", "kind": "document", "body": body(documents=[document("A1234567")])})
    screen([PARTY])
    assert reviewing.party_of(ListHit.objects.get()).fingerprint == PARTY.fingerprint


def test_a_request_for_correction_is_written_down_and_answered_once(entry) -> None:
    ((hit,),) = screen([PARTY])
    made = reviewing.record_redress(
        actor=ONE, name="Rosa Medina", contact="Calle 5 12, Tijuana", identity_seen="Passport, seen at the booth",
        asks="I am always stopped", received_on=date(2026, 1, 5), hit=hit.id,
    )  # fmt: skip
    assert made.answer_by == date(2026, 1, 25)
    again = reviewing.record_redress(
        actor=ONE, name="x", contact="x", identity_seen="x", asks="x", received_on=date(2026, 1, 5)
    )
    assert again.reference > made.reference
    answered = reviewing.answer_redress(
        actor=TWO, reference=made.reference, outcome="corrected", answer="The match was cleared."
    )
    assert answered.state == "corrected"
    with pytest.raises(Conflict):
        reviewing.answer_redress(actor=TWO, reference=made.reference, outcome="unchanged", answer="No")
    with pytest.raises(Refused):
        reviewing.record_redress(
            actor=ONE, name="x", contact="x", identity_seen="x", asks="x",
            received_on=clock.now().date() + timedelta(days=2),
        )  # fmt: skip
