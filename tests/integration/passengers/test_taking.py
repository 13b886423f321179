"""From the carrier's message at the door to travellers who are screened, kept and answered."""

from __future__ import annotations

import itertools
import json

import pytest
from django.db import DatabaseError, connection, transaction

from factories import passengers as edi
from factories import passengers_room as factory
from factories.passengers_room import named, paxlst, person, roll, send
from otay.formats.registry import read
from otay.intake.registry import State
from otay.node import audit
from otay.node.models import AuditEvent
from otay.people.passengers.models import Flight, ListMessage, Part, Reservation, Roll, Traveller, TravellerVersion
from otay.people.passengers.services import parts

pytestmark = pytest.mark.django_db


def test_a_list_is_taken_answered_versioned_and_audited() -> None:
    receipt = send(edi.manifest(edi.ANA, edi.JOHN))
    assert receipt.state is State.ACCEPTED, receipt.findings
    flight = factory.flight()
    assert (flight.carrier, flight.number, flight.day) == ("OT", "498", "2026-03-01")
    assert (flight.origin, flight.destination, flight.direction, flight.office) == ("TIJ", "SAN", "in", "2506")
    assert flight.departs_at is not None
    assert flight.departs_at.isoformat() == "2026-03-01T18:42:00+00:00"
    ana, john = Traveller.objects.order_by("pk")
    assert (ana.full_name, ana.seat, ana.locator, ana.document) == (
        "ANA MARIA GARCIA LOPEZ",
        "12A",
        "ABC123",
        "G12345678",
    )
    assert (ana.state, ana.answer, ana.told, john.answer) == ("listed", "0Z", "0Z", "0Z")
    assert TravellerVersion.objects.filter(traveller=ana).get().body["facts"]["references"]["ABO"] == "ABC12301"
    answer = read(receipt.answer["reply"].encode()).records[0]
    assert answer["message"]["function"] == "response"
    assert [one["references"] for one in answer["travellers"]] == [
        {"AVF": "ABC123", "ABO": "ABC12301"}, {"AVF": "ABC124", "ABO": "ABC12401"},
    ]  # fmt: skip
    assert {one["answer"]["code"] for one in answer["travellers"]} == {"0Z"}
    assert receipt.subjects == (f"flight:{flight.pk}",)
    assert AuditEvent.objects.filter(action="passengers.list_taken", subject=f"flight:{flight.pk}").exists()
    assert audit.first_break() is None


def test_the_same_message_again_gets_the_same_answer_and_changes_nothing() -> None:
    first, again = send(edi.manifest(edi.ANA)), send(edi.manifest(edi.ANA))
    assert again.duplicate
    assert again.answer == first.answer
    assert TravellerVersion.objects.count() == 1


def test_one_bad_passenger_is_one_finding_and_costs_nobody_else() -> None:
    bad = tuple("DTM+329:851399" if line.startswith("DTM+329") else line for line in edi.JOHN)
    receipt = send(edi.manifest(edi.ANA, bad, ("NAD+FL+++SUKARNO", *edi.JOHN[1:7], "RFF+ABO:X9", *edi.JOHN[8:])))
    assert factory.codes(receipt) == ["0Z", "4Z", "0Z"]
    assert receipt.state is State.PARTLY
    finding = next(one for one in receipt.findings if one.rule == "date.calendar")
    assert finding.place == "message 1, segment 34, DTM 1.2"
    assert finding.value == "851399"
    assert finding.params["traveller"] == "2 JOHN SMITH"
    john = Traveller.objects.get(full_name="JOHN SMITH")
    assert [one["rule"] for one in john.findings] == ["date.calendar"]
    assert Traveller.objects.filter(full_name="SUKARNO").exists()


def test_a_change_amends_a_cancellation_takes_off_and_every_version_stays() -> None:
    send(paxlst(person(1), person(2), person(3)))
    send(paxlst(person(2, given="PERSONA", full_name="PERSONA MONTEALTO"), subcode="CP", prepared="2026-03-01T08:40"))
    send(paxlst(named(3), subcode="XR", prepared="2026-03-01T08:50"))
    second = Traveller.objects.get(reference_key__endswith="REF00002")
    assert second.full_name == "PERSONA MONTEALTO"
    assert [row.kind for row in second.versions.order_by("version")] == ["added", "changed"]
    assert roll() == {"REF00001": "listed", "REF00002": "listed", "REF00003": "cancelled"}


def test_a_version_cannot_be_changed_or_deleted_only_emptied() -> None:
    send(paxlst(person(1)))
    guards = __import__("otay.people.passengers.migrations.0002_guards", fromlist=["SQLITE"])
    with connection.cursor() as cursor:
        for statement in guards.SQLITE if connection.vendor == "sqlite" else guards.POSTGRESQL:
            cursor.execute(statement)
    rows = TravellerVersion.objects.all()
    for change in ({"kind": "x"}, {"body": {"facts": {}}}, {"body": {}, "version": 9}):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows._raw_delete(rows.db)
    assert rows.update(body={}) == 1


def test_a_close_out_says_who_is_missing_and_who_is_on_no_list() -> None:
    send(paxlst(person(1), person(2), person(3)))
    receipt = send(paxlst(named(1), named(3), named(9), code="266", subcode="CLOB", prepared="2026-03-01T10:40"))
    assert roll() == {"REF00001": "boarded", "REF00002": "missing", "REF00003": "boarded"}
    assert "passengers.unlisted" in factory.rules(receipt)
    assert Roll.objects.get().unlisted == [named(9)["references"]]
    assert read(receipt.answer["reply"].encode()).records[0]["message"]["accepted"] is True


MESSAGES = (
    paxlst(person(1), person(2), person(3)),
    paxlst(person(2, surnames="MONTEBAJO", full_name="PERSONC MONTEBAJO"), subcode="CP", prepared="2026-03-01T08:40"),
    paxlst(named(3), subcode="XR", prepared="2026-03-01T08:50"),
    paxlst(named(1), code="266", subcode="CLOB", prepared="2026-03-01T10:40"),
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_any_order_of_list_change_cancellation_and_close_out_ends_the_same(order: tuple[int, ...]) -> None:
    receipts = [send(MESSAGES[place]) for place in order]
    assert roll() == {"REF00001": "boarded", "REF00002": "missing", "REF00003": "cancelled"}
    assert Traveller.objects.get(reference_key__endswith="REF00002").surnames == "MONTEBAJO"
    if order.index(1) < order.index(0):
        assert "passengers.stale" in factory.rules(receipts[order.index(0)]), "it says why it changed nothing"


def test_flights_are_cancelled_and_changed_and_crew_and_gate_passes_are_told_apart() -> None:
    send(paxlst(person(1)))
    send(paxlst(person(5, role="crew"), code="250", prepared="2026-03-01T08:31"))
    send(paxlst(person(6), code="655", prepared="2026-03-01T08:32"))
    assert sorted(Traveller.objects.values_list("role", flat=True)) == ["crew", "gate pass", "passenger"]
    send(paxlst(code="266", subcode="XF", prepared="2026-03-01T09:00"))
    assert factory.flight().cancelled
    late = factory.record(code="266", subcode="CF", prepared="2026-03-01T09:30")
    late["flights"][0]["departure"] = "2026-03-01T14:00"
    from otay.formats.paxlst.writing import write_record

    send(write_record(late))
    flight = factory.flight()
    assert not flight.cancelled
    assert flight.departure == "2026-03-01T14:00"


def test_a_change_of_the_flight_may_move_it_by_a_day() -> None:
    send(paxlst(person(1)))
    send(paxlst(code="266", subcode="CF", day="2026-03-02", prepared="2026-03-01T09:30"))
    assert factory.flight().day == "2026-03-02"
    assert factory.flight().departure == "2026-03-02T10:42"
    assert Traveller.objects.get().flight == factory.flight()


def test_a_master_crew_list_grows_and_shrinks() -> None:
    send(paxlst(person(1, role="crew"), person(2, role="crew"), code="336", subcode="G"))
    send(paxlst(person(1, role="crew"), code="336", subcode="H", prepared="2026-03-01T08:40"))
    assert Flight.objects.get().kind == "crew"
    assert roll() == {"REF00001": "cancelled", "REF00002": "listed"}


def _parts() -> list[bytes]:
    header = list(edi.HEADER)
    first = edi.interchange(edi.message(header, edi.ANA, "CNT+42:2", rest="+ACCESS1+01:C"))
    second = edi.interchange(edi.message(header, edi.JOHN, "CNT+42:2", reference="2", rest="+ACCESS1+02:F"))
    return [first, second]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_parts_that_come_as_messages_of_their_own_are_joined(order: tuple[int, int]) -> None:
    waiting = send(_parts()[order[0]])
    assert waiting.state is State.ACCEPTED
    assert waiting.answer["waiting_for_parts"]
    assert read(waiting.answer["reply"].encode()).records[0]["interchange"]["action"] == "received"
    assert not Traveller.objects.exists()
    whole = send(_parts()[order[1]])
    assert [one.full_name for one in Traveller.objects.order_by("pk")] == ["ANA MARIA GARCIA LOPEZ", "JOHN SMITH"]
    assert factory.codes(whole) == ["0Z", "0Z"]
    assert ListMessage.objects.get().parts == 2
    assert not Part.objects.filter(done_at=None).exists()


def test_parts_of_another_sender_are_not_joined() -> None:
    send(_parts()[0])
    send(_parts()[1], sender=factory.carrier("OTHER-AIR"))
    assert not Traveller.objects.exists()


def test_a_transfer_whose_rest_never_comes_is_taken_with_a_finding() -> None:
    from datetime import timedelta

    from factories.intake import client
    from otay.node import roles
    from otay.people.passengers.models import Notice

    sender, _token = client("air", roles.CARRIER, "AIR")
    send(_parts()[0], sender=sender)
    assert parts.give_up() == 0, "it is awaited"
    assert parts.give_up(timedelta(0)) == 1
    assert Traveller.objects.get().full_name == "ANA MARIA GARCIA LOPEZ"
    assert "edifact.parts" in [one["rule"] for one in ListMessage.objects.get().findings]
    assert Notice.objects.get().kind == "answer"


def test_what_is_no_message_gets_a_syntax_report() -> None:
    cut = edi.manifest(edi.ANA).split(b"UNT")[0]
    receipt = send(cut)
    assert receipt.state is State.REFUSED
    report = read(receipt.answer["reply"].encode()).records[0]
    assert report["interchange"]["action"] == "rejected"
    assert not Traveller.objects.exists()


def test_a_list_without_a_flight_is_refused_with_its_place() -> None:
    receipt = send(edi.interchange(edi.message("BGM+745", edi.ANA, "CNT+42:1")))
    assert receipt.state is State.REFUSED
    assert factory.rules(receipt)[-1] == "passengers.flight"
    assert read(receipt.answer["reply"].encode()).records[0]["message"]["accepted"] is False


def test_our_json_and_the_older_list_are_taken_too() -> None:
    body = factory.record(person(1))
    receipt = send(json.dumps(body).encode(), format="manifest")
    assert factory.codes(receipt) == ["0Z"]
    bad = factory.record({**person(2), "birth_date": "1985-13-99"}, person(3), prepared="2026-03-01T09:00")
    receipt = send(json.dumps(bad).encode(), format="manifest")
    assert receipt.state is State.PARTLY
    assert Traveller.objects.count() == 2


def test_reservations_join_the_travellers_of_the_list() -> None:
    from otay.formats.pnrgov.writing import write_record as write_reservations

    body = factory.record(person(1), person(2, references={}), prepared="2026-02-28T08:00")
    body["message"]["type"] = "PNRGOV"
    body["message"]["code"] = "22"
    body["reservations"] = [
        {"locator": "LOC000", "carrier": "OT", "created": "2026-02-01T10:00", "flights": body["flights"],
         "travellers": [1], "contacts": [{"type": "email", "value": "ana@example.invalid"}]},
        {"locator": "LOC001", "carrier": "OT", "created": "2026-02-02T10:00", "flights": body["flights"],
         "travellers": [2]},
    ]  # fmt: skip
    receipt = send(write_reservations(body))
    assert receipt.state is State.ACCEPTED, receipt.findings
    assert Reservation.objects.count() == 2
    send(paxlst(person(1), person(2)))
    assert Traveller.objects.count() == 2
    ana = Traveller.objects.get(surnames="GARCIA LOPEZ")
    assert ana.reservation is not None
    assert ana.reservation.locator == "LOC000"
    assert ana.facts
    assert ana.booking is not None
    assert [row.kind for row in ana.versions.order_by("version")] == ["added", "added"]


def test_twins_under_one_reference_are_two() -> None:
    twin = {**person(1), "given": "ALMA", "full_name": "ALMA GARCIA LOPEZ", "birth_date": "2024-05-05"}
    send(paxlst(person(1), twin))
    assert Traveller.objects.count() == 2
    send(paxlst(person(1), twin, prepared="2026-03-01T08:45"))
    assert Traveller.objects.count() == 2


def test_a_list_takes_the_same_number_of_queries_whatever_its_size() -> None:
    from django.test.utils import CaptureQueriesContext

    def queries(count: int, number: str) -> int:
        raw = paxlst(*(person(place) for place in range(1, count + 1)), number=number)
        with CaptureQueriesContext(connection) as captured:
            send(raw)
        return len(captured)

    queries(1, "700")
    assert queries(60, "702") - queries(1, "701") <= 2
