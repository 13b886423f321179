"""What the neighbour hears: what the agreement names of flights between the two countries, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from factories import passengers_room as factory
from factories.exchange import Neighbour, paired, terms
from factories.passengers_room import entry, named, paxlst, person, send, watch
from otay.exchange.domain import proof
from otay.exchange.domain.agreement import Term
from otay.exchange.domain.consent import Clause
from otay.exchange.domain.control import CONTROL, WITHDRAWAL, Withdrawal
from otay.exchange.models import Inbox, Outbox
from otay.exchange.registry import Forgotten, Received
from otay.exchange.services import acceptance, upkeep
from otay.formats.paxlst.writing import write_record
from otay.node.actors import SYSTEM
from otay.people.passengers import queries, sharing
from otay.people.passengers.domain.answers import Kind
from otay.people.passengers.models import NeighbourFlight, NeighbourTraveller, Traveller
from otay.people.passengers.services import deciding

pytestmark = pytest.mark.django_db
FUTURE = factory.FUTURE
NAMES = ("given", "surnames", "birth_date")
ALL = {kind.key: tuple(field.name for field in kind.fields) for kind in sharing.RECORD_TYPES}


def agree(flight: tuple[str, ...] = ALL["flight"], traveller: tuple[str, ...] = ALL["traveller"]) -> None:
    """Put an agreement in force that names these fields."""
    found = [
        Term(key, fields, ("MX", "US")) for key, fields in (("flight", flight), ("traveller", traveller)) if fields
    ]
    paired(Neighbour(), agreed=terms(terms=tuple(found)))


def sent(kind: str = "traveller") -> list[dict[str, Any]]:
    return [json.loads(row.body) for row in Outbox.objects.filter(record_type=kind).order_by("sequence")]


def test_only_agreed_fields_leave() -> None:
    agree(flight=("carrier", "number", "passengers"), traveller=("flight", "role", "state"))
    send(paxlst(person(1), **FUTURE))
    key = f"OT498/{FUTURE['day']}/TIJ-LAX"
    assert sent("flight") == [{"carrier": "OT", "number": "498", "passengers": 1}]
    assert sent() == [{"flight": key, "role": "passenger", "state": "listed"}]
    assert "GARCIA" not in "".join(Outbox.objects.values_list("body", flat=True))


def test_matches_answers_decisions_and_contacts_have_no_field_that_could_be_agreed() -> None:
    agree()
    watch(entry("immigration"))
    send(paxlst(person(1), person(2), **FUTURE))
    deciding.decide(
        actor=factory.officer(), uid=Traveller.objects.order_by("pk")[1].uid, kind=Kind.NO_BOARD, reason="Warrant"
    )
    everything = json.dumps([*sent(), *sent("flight")])
    for secret in ("1Z", "immigration", "Warrant", "hit", "answer", "TEST", "desk"):
        assert secret not in everything, secret
    assert set(sent()[0]) == set(ALL["traveller"])


def test_without_an_agreement_and_for_other_countries_nothing_leaves() -> None:
    send(paxlst(person(1), **FUTURE))
    assert not Outbox.objects.exists()
    agree()
    record = factory.record(person(2), number="77", **FUTURE)
    elsewhere = ("MAD", "LAX"), ("SAN", "LAX"), ("TIJ", "MEX"), ("QQQ", "LAX"), ("YYZ", "LAX")
    for number, (origin, destination) in enumerate(elsewhere):
        record["flights"][0] |= {"origin": origin, "destination": destination}
        record["message"]["interchange"] = f"{origin}{number}"
        send(write_record(record))
    assert not Outbox.objects.exists()


def test_what_was_taken_before_the_agreement_is_offered_once() -> None:
    send(paxlst(person(1), person(2), **FUTURE))
    send(paxlst(person(3), number="8", **factory.PAST))
    assert sharing.catch_up() == 0
    agree()
    assert sharing.catch_up() == 3, "a flight and its two travellers; the other flight is over"
    assert sharing.catch_up() == 0
    send(paxlst(named(1), code="266", subcode="CLOB", **FUTURE | {"prepared": f"{factory.TODAY}T09:00"}))
    assert [body["state"] for body in sent()] == ["listed", "listed", "boarded", "missing"]
    assert (sent("flight")[-1]["on_board"], sent("flight")[-1]["closed"]) == (1, True)


def received(body: dict[str, Any], *, key: str = "abc", version: int = 1) -> Received:
    return Received(1, "MX", 1, key, version, body, datetime.now(UTC))


def test_the_neighbour_s_records_stand_beside_ours_and_an_older_one_changes_nothing() -> None:
    send(paxlst(person(1), **FUTURE))
    ours = Traveller.objects.get()
    key = sharing.flight_key(ours.flight)
    sharing.keep_flights([received({"passengers": 2}, key=key, version=2), received({"passengers": 1}, key=key)])
    assert NeighbourFlight.objects.get().body == {"passengers": 2}
    whole = {"flight": key, "given": "Ana María", "surnames": "García López", "birth_date": "1980-02-02", "seat": "9F"}
    sharing.keep_travellers([received(whole)])
    found = queries.neighbour_traveller(key, ours.name_key)
    assert found is not None
    assert found.body["seat"] == "9F"
    sharing.keep_travellers([received({"flight": key, "role": "passenger"}, key="def")])
    assert NeighbourTraveller.objects.get(key="def").name_key == ""


def test_a_dry_run_has_past_records_to_look_at() -> None:
    agree()
    send(paxlst(person(1), **FUTURE))
    assert [one.body["passengers"] for one in sharing.past_flights(10)] == [1]
    assert sharing.past_travellers(10)[0].body["surnames"] == "GARCIA LOPEZ"


def test_a_withdrawal_empties_the_traveller_it_names_and_keeps_the_flight() -> None:
    neighbour = Neighbour()
    by_consent = Clause("trusted-travellers", "traveller", NAMES)
    both = Term("flight", ALL["flight"], ("MX", "US")), Term("traveller", ALL["traveller"], ("MX", "US"), (by_consent,))
    peer = paired(neighbour, agreed=terms(terms=both))
    neighbour.add({"carrier": "OT", "number": "498"}, record_type="flight", business_key="OT498/2026-03-01/TIJ-LAX")
    for key, name in (("abc", "ANA IRREAL"), ("abc", "ANA MARIA IRREAL"), ("def", "BERTA IRREAL")):
        body = {"flight": "OT498/2026-03-01/TIJ-LAX", "surnames": name, "birth_date": "1980-02-02"}
        version = 2 if "MARIA" in name else 1
        neighbour.add(body, record_type="traveller", business_key=key, version=version)
    acceptance.accept_batch(neighbour.batch(1, 4))
    assert sorted(NeighbourTraveller.objects.values_list("key", "version")) == [("abc", 2), ("def", 1)]
    told = Withdrawal("MX>US", "trusted-travellers", terms().valid_from, ((2, 3),))
    neighbour.add(told.body(), record_type=WITHDRAWAL, business_key="consent-1", agreement=CONTROL)
    acceptance.accept_batch(neighbour.batch(5, 5))
    assert NeighbourTraveller.objects.get().key == "def"
    assert NeighbourFlight.objects.get().body["carrier"] == "OT"
    assert [bool(row.body) for row in Inbox.objects.order_by("sequence")[:4]] == [True, False, False, True]
    assert upkeep.verify_stream(peer, "in").problems == []
    made = upkeep.evidence(actor=SYSTEM, direction="in", peer=peer, sequence=3, purpose="test")
    assert not proof.verify(made).problems
    assert "MARIA" not in str(made)
    acceptance.accept_batch(neighbour.batch(1, 5))  # sent again: nothing comes back
    assert NeighbourTraveller.objects.get().key == "def"


def test_a_version_that_came_without_need_of_consent_outlives_the_withdrawal_of_an_older() -> None:
    sharing.keep_travellers([received({"flight": "X", "surnames": "IRREAL"})])
    sharing.keep_travellers([received({"flight": "X", "role": "passenger"}, version=2)])
    sharing.forget_travellers([Forgotten("MX", "abc", 1), Forgotten("CA", "abc", 2)])
    assert NeighbourTraveller.objects.get().version == 2
    sharing.forget_travellers([Forgotten("MX", "abc", 2)])
    assert not NeighbourTraveller.objects.exists()
