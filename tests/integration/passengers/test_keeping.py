"""What is erased when its time is over, and what stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from factories import passengers_room as factory
from factories.passengers_room import entry, named, paxlst, person, send, watch
from otay.intake.models import StoredMessage
from otay.node import audit
from otay.node.models import AuditEvent
from otay.people.passengers.domain import keeping
from otay.people.passengers.domain.answers import Kind
from otay.people.passengers.models import Flight, Hit, ListMessage, Traveller, TravellerVersion
from otay.people.passengers.services import deciding, retention

pytestmark = pytest.mark.django_db


def flown(days: int) -> dict[str, str]:
    """A flight so many days ago."""
    day = factory.TODAY - timedelta(days=days)
    return {"day": f"{day}", "prepared": f"{day - timedelta(days=1)}T08:00"}


def test_what_named_a_traveller_goes_and_the_counts_stay() -> None:
    watch(entry(birth_dates=[], documents=[]))
    send(paxlst(person(1), person(2), **flown(keeping.TRAVELLER_DAYS)))
    send(paxlst(person(1), number="7", **flown(keeping.TRAVELLER_DAYS - 1)))
    assert retention.run()["travellers"] == 2
    gone = Traveller.objects.filter(flight__number="498")
    for row in gone:
        assert row.erased_at is not None
        assert not any((row.full_name, row.document, row.locator, row.facts, row.name_key, row.document_key))
        assert [version.body for version in row.versions.all()] == [{}]
        assert bytes(row.versions.get().digest), "that it was there can still be shown"
    assert Hit.objects.filter(traveller__in=gone).get().reasons == []
    assert Traveller.objects.get(flight__number="7").full_name == "ANA MARIA GARCIA LOPEZ"
    assert Flight.objects.count() == 2
    assert retention.run() == {"reservations": 0, "travellers": 0, "messages": 0}
    assert audit.first_break() is None


def test_the_bytes_of_its_messages_go_too() -> None:
    send(paxlst(person(1), **flown(400)))
    send(paxlst(person(1), number="7", **flown(1)))
    assert retention.run()["messages"] == 1
    old, new = StoredMessage.objects.order_by("pk")
    assert (bytes(old.raw), old.answer, old.findings) == (b"", {"erased": True}, [])
    assert b"GARCIA" in bytes(new.raw)
    assert old.digest
    assert ListMessage.objects.order_by("pk")[0].counts["added"] == 1
    assert AuditEvent.objects.filter(action="intake.contents_erased").count() == 1
    assert "erased" in str(AuditEvent.objects.latest("sequence").action)


def test_who_was_kept_off_a_flight_is_kept_longer() -> None:
    send(paxlst(person(1), person(2), **flown(400)))
    deciding.decide(
        actor=factory.officer(), uid=Traveller.objects.order_by("pk")[0].uid, kind=Kind.NO_BOARD, reason="Warrant"
    )
    assert retention.run() == {"reservations": 0, "travellers": 1, "messages": 0}
    assert [row.full_name for row in Traveller.objects.filter(erased_at=None)] == ["ANA MARIA GARCIA LOPEZ"]
    Flight.objects.update(day=f"{factory.TODAY - timedelta(days=keeping.HELD_DAYS)}")
    assert retention.run()["travellers"] == 1
    assert not TravellerVersion.objects.exclude(body={}).exists()


def test_reservations_lose_contacts_and_payments_first() -> None:
    from otay.formats.pnrgov.writing import write_record

    body = factory.record(person(1), **flown(keeping.BOOKING_DAYS))
    body["message"] |= {"type": "PNRGOV", "code": "22"}
    body["reservations"] = [
        {"locator": "LOC000", "carrier": "OT", "flights": body["flights"], "travellers": [1],
         "contacts": [{"type": "email", "value": "ana@example.invalid"}]}
    ]  # fmt: skip
    send(write_record(body))
    row = Traveller.objects.get()
    assert row.reservation is not None
    assert row.reservation.body["contacts"]
    assert retention.run() == {"reservations": 1, "travellers": 0, "messages": 0}
    row.reservation.refresh_from_db()
    assert "contacts" not in row.reservation.body
    assert row.reservation.body["locator"] == "LOC000"


def test_a_close_out_forgets_whom_it_named() -> None:
    send(paxlst(person(1), **flown(400)))
    send(paxlst(named(1), named(9), code="266", subcode="CLOB", **flown(400) | {"prepared": f"{factory.TODAY}T00:00"}))
    retention.run()
    roll = Flight.objects.get().rolls.get()
    assert (roll.named, roll.unlisted) == ([], [])
