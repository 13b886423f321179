"""The room's pages and API, and what those who would abuse them get."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from factories import passengers as edi
from factories import passengers_room as factory
from factories.node import bearer, make_person, make_token, signed_in
from factories.passengers_room import entry, named, paxlst, person, send, watch
from otay.formats.cusres.writing import acknowledged, write_record
from otay.formats.registry import read
from otay.node.models import AuditEvent
from otay.people.passengers import indicators
from otay.people.passengers.models import CarrierCode, Decision, Flight, Hit, ListMessage, Notice, Traveller
from otay.people.passengers.services import carriers, directing

pytestmark = pytest.mark.django_db
API = "/api/v1/passengers"
FUTURE = factory.FUTURE
LATER = FUTURE | {"prepared": f"{factory.TODAY}T09:00"}
CLOSING = FUTURE | {"prepared": f"{factory.TODAY}T10:00"}
NONSENSE = [b"", b"\x00\xff\xfe", b"UNB", b"<xml/>", b"[" * 5000, b'{"travellers": 3}', b"UNA:+.? '"]


@pytest.fixture
def token() -> str:
    return make_token("carrier", party="OTAY-AIR", key="otay-air")


def post(token: str, raw: bytes, *, accept: str = "", path: str = "/messages", **query: str) -> Any:
    headers = bearer(token) | ({"HTTP_ACCEPT": accept} if accept else {})
    return Client().post(API + path, raw, content_type="application/EDIFACT", query_params=query, **headers)


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def test_a_list_is_answered_at_once_in_edifact_and_the_same_again_gets_the_same(token: str) -> None:
    answer = post(token, edi.manifest(edi.ANA, edi.JOHN))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/EDIFACT"
    record = read(answer.content).records[0]
    assert [one["answer"]["code"] for one in record["travellers"]] == ["0Z", "0Z"]
    assert (record["message"]["sender"], record["message"]["recipient"]) == ("MXAPIS", "OT")
    again = post(token, edi.manifest(edi.ANA, edi.JOHN))
    assert again.content == answer.content
    assert again["Otay-Message"] == answer["Otay-Message"]


def test_json_is_answered_in_json(token: str) -> None:
    answer = post(token, json.dumps(factory.record(person(1))).encode())
    body = answer.json()
    assert body["state"] == "accepted"
    assert body["answers"][0]["code"] == "0Z"
    assert body["answers"][0]["references"] == {"AVF": "LOC000", "ABO": "REF00001"}
    assert post(token, paxlst(person(2)), accept="application/json").json()["answers"][0]["code"] == "0Z"


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\xff\xfe", b"UNB", b"<xml/>", b"[" * 5000, b'{"travellers": 3}', b"UNA:+.? '"]
)
def test_what_is_no_message_is_refused_and_never_fails(token: str, raw: bytes) -> None:
    answer = post(token, raw)
    assert answer.status_code in {400, 422}, answer.content
    assert not Traveller.objects.exists()


def test_a_cut_off_list_gets_a_syntax_report(token: str) -> None:
    answer = post(token, edi.manifest(edi.ANA).split(b"UNT")[0])
    assert answer.status_code == 422
    assert read(answer.content).records[0]["message"]["function"] == "syntax report"


def test_status_changes_are_fetched_and_acknowledged(token: str) -> None:
    post(token, paxlst(person(1), **FUTURE))
    officer = signed_in(make_person("targeting"))
    uid = Traveller.objects.get().uid
    made = officer.post(f"/passengers/travellers/{uid}/decide/", {"kind": "no_board", "reason": "Warrant"})
    assert made.status_code == 302
    listed = Client().get(f"{API}/notices", **bearer(token)).json()["notices"]
    assert [(one["before"], one["after"]) for one in listed] == [("0Z", "1Z")]
    raw = Client().get(f"{API}/notices/{listed[0]['id']}", HTTP_ACCEPT="application/EDIFACT", **bearer(token)).content
    answer = post(token, write_record(acknowledged(read(raw).records[0], prepared=LATER["prepared"])))
    assert answer.json()["acknowledged"] == [listed[0]["id"]]
    assert Client().get(f"{API}/notices", **bearer(token)).json()["notices"] == []
    assert Notice.objects.get().fetched_at is not None
    assert "CUSRES 132" in page(officer, "/passengers/notices/")


def test_another_carrier_sees_and_changes_nothing(token: str) -> None:
    watch(entry())
    post(token, paxlst(person(1), person(2), **FUTURE))
    other = make_token("carrier", party="OTHER-AIR", key="other-air")
    flight, uid = Flight.objects.get().pk, Traveller.objects.order_by("pk")[0].uid
    for path in (f"/flights/{flight}", f"/travellers/{uid}", "/notices/1"):
        assert Client().get(API + path, **bearer(other)).status_code == 404, path
    assert Client().get(f"{API}/flights", **bearer(other)).json()["flights"] == []
    # the same references from elsewhere name nobody of this carrier
    post(other, paxlst(named(1), subcode="XR", **LATER))
    assert Traveller.objects.filter(sender="OTAY-AIR", state="cancelled").count() == 0
    post(other, paxlst(named(2), code="266", subcode="CLOB", **CLOSING))
    assert set(Traveller.objects.filter(sender="OTAY-AIR").values_list("state", flat=True)) == {"listed"}
    shown = Client().get(f"{API}/flights/{flight}", **bearer(other)).json()
    assert [one["full_name"] for one in shown["travellers"]] == [""], "its own cancellation, nobody's name"


def test_a_carrier_learns_the_answer_but_never_why(token: str) -> None:
    watch(entry())
    reply = post(token, paxlst(person(1), **FUTURE)).content.decode()
    uid = Traveller.objects.get().uid
    told = Client().get(f"{API}/travellers/{uid}", **bearer(token)).content.decode()
    told += Client().get(f"{API}/flights/{Flight.objects.get().pk}", **bearer(token)).content.decode()
    clerk = signed_in(make_person("carrier", party="OTAY-AIR"))
    for address in (
        f"/passengers/travellers/{uid}/",
        f"/passengers/flights/{Flight.objects.get().pk}/",
        "/passengers/",
    ):
        told += page(clerk, address)
    for secret in ("wanted", "Test list", "E-1", "open_match", "Strong", "To be decided", "watchlist"):
        assert secret not in reply + told, secret
    assert '"open_hits": null' in told
    assert clerk.get("/passengers/cases/").status_code == 403
    decided = clerk.post(f"/passengers/travellers/{uid}/decide/", {"kind": "allow", "reason": "x"})
    assert decided.status_code == 403
    assert not Decision.objects.exists()


def test_officers_see_the_flights_of_their_offices_only(token: str) -> None:
    post(token, paxlst(person(1), **FUTURE))
    flight, uid = Flight.objects.get(), Traveller.objects.get().uid
    assert flight.office == "LAX"
    for role, port, status in (("port_officer", "LAX", 200), ("port_officer", "2506", 404), ("supervisor", "*", 200)):
        browser = signed_in(make_person((role, port)))
        for address in (f"/passengers/flights/{flight.pk}/", f"/passengers/travellers/{uid}/"):
            assert browser.get(address).status_code == status, (role, port)
        message = browser.get(f"/passengers/messages/{ListMessage.objects.get().pk}/")
        assert message.status_code == status
        assert ("OT 498" in page(browser, "/passengers/")) is (status == 200)


def test_a_code_that_is_registered_is_sent_for_by_its_party_alone(token: str) -> None:
    admin = signed_in(make_person("administrator"))
    admin.post("/passengers/carriers/", {"code": "ot", "party": "SOMEBODY-ELSE"})
    answer = post(token, paxlst(person(1)))
    assert answer.status_code == 422
    assert read(answer.content).records[0]["message"]["accepted"] is False
    assert not Flight.objects.exists()
    assert "SOMEBODY-ELSE" in page(admin, "/passengers/carriers/")
    admin.post("/passengers/carriers/", {"withdraw": "OT"})
    assert not CarrierCode.objects.exists()
    carriers.register(actor=__import__("otay.node.actors", fromlist=["SYSTEM"]).SYSTEM, code="OT", party="OTAY-AIR")
    assert post(token, paxlst(person(1), prepared="2026-03-01T08:45")).status_code == 200
    assert admin.post("/passengers/carriers/", {"code": "T", "party": "X"}).status_code == 200
    for role in ("supervisor", "targeting"):
        assert signed_in(make_person(role)).get("/passengers/carriers/").status_code == 403


def test_every_look_at_a_person_is_in_the_audit_log_without_what_was_searched_for(token: str) -> None:
    post(token, paxlst(person(1)))
    officer = signed_in(make_person("targeting"))
    uid, flight = Traveller.objects.get().uid, Flight.objects.get().pk
    page(officer, "/passengers/?q=GARCIA")
    page(officer, f"/passengers/flights/{flight}/")
    page(officer, f"/passengers/travellers/{uid}/")
    page(officer, f"/passengers/messages/{ListMessage.objects.get().pk}/")
    seen = list(AuditEvent.objects.filter(action__startswith="passengers.").order_by("sequence"))
    assert [one.action for one in seen][-4:] == [
        "passengers.listed", "passengers.flight_viewed", "passengers.viewed", "passengers.message_viewed",
    ]  # fmt: skip
    assert "GARCIA" not in json.dumps([one.detail for one in AuditEvent.objects.all()])


def test_the_pages_show_what_an_officer_needs(token: str) -> None:
    watch(entry())
    post(token, paxlst(person(1), person(2), person(3, birth_date=None), **FUTURE))
    post(token, paxlst(person(5, role="crew"), code="250", **LATER))
    post(token, paxlst(named(1), named(9), code="266", subcode="CLOB", **CLOSING))
    officer = signed_in(make_person("targeting"))
    flight = page(officer, f"/passengers/flights/{Flight.objects.get().pk}/")
    for text in (
        "PERSONC MONTEALTO",
        "On board, but on no list",
        "Did not board",
        "Closed out",
        "To decide",
        "REF00009",
    ):
        assert text in flight, text
    traveller = page(officer, f"/passengers/travellers/{Traveller.objects.order_by('pk')[0].uid}/")
    for text in ("Ana María García López", "the same date of birth", "Test list (invented)", "Not this person"):
        assert text in traveller, text
    companion = Traveller.objects.get(full_name="PERSONC MONTEALTO")
    assert "PERSOND MONTEALTO" in page(officer, f"/passengers/travellers/{companion.uid}/")
    assert "GARCIA LOPEZ" in page(officer, "/passengers/cases/")
    assert "GARCIA LOPEZ" not in page(officer, "/passengers/notices/")
    for query, found in (("ot498", 1), ("TIJ", 1), ("monteal", 1), ("G00000001", 1), ("LOC000", 1), ("ot499", 0)):
        assert page(officer, f"/passengers/?q={query}").count("/passengers/flights/") == found, query
    message = page(officer, f"/passengers/messages/{ListMessage.objects.order_by('pk')[0].pk}/")
    assert "NAD+FL+++GARCIA LOPEZ:ANA MARIA" in message
    assert "CUSRES:D:05B" in message
    assert "full_name" in message
    assert "OT 498" in page(officer, "/")


def test_matches_are_settled_and_second_persons_agree_on_the_pages(token: str) -> None:
    watch(entry("immigration"))
    post(token, paxlst(person(1), **FUTURE))
    uid = Traveller.objects.get().uid
    address = f"/passengers/travellers/{uid}/"
    first, second = signed_in(make_person("targeting")), signed_in(make_person("supervisor"))
    first.post(address + "decide/", {"kind": "allow", "reason": "Measure lifted"})
    waiting = Decision.objects.get()
    assert "Measure lifted" in page(second, "/passengers/cases/")
    assert 'name="agree" value="yes"' not in page(first, address), "nobody agrees with themselves"
    assert 'name="agree" value="yes"' in page(second, address)
    second.post(f"/passengers/decisions/{waiting.pk}/", {"agree": "yes"})
    assert Traveller.objects.get().answer == "0Z"
    first.post(address + f"matches/{Hit.objects.get().pk}/", {"same": "yes", "reason": "Same scar"})
    assert Hit.objects.get().state == "confirmed"
    assert "Same scar" in page(first, address)
    assert "Choose what to decide" in first.post(address + "decide/", {"kind": "x"}, follow=True).content.decode()
    assert "Say why" in first.post(address + "decide/", {"kind": "refer"}, follow=True).content.decode()


def test_measures_are_taken_from_what_happened(token: str) -> None:
    post(token, paxlst(person(1), person(2, documents=[]), **FUTURE))
    assert indicators.answered_whole().value == 50
    time = indicators.answer_time().value
    assert time is not None
    assert time > 0
    assert indicators.known_ahead().value is None
    assert indicators.closed_out().value is None
    assert indicators.mirrored().value is None


def test_lists_through_the_general_door_are_answered_there_too() -> None:
    receipt = send(edi.manifest(edi.ANA))
    assert read(receipt.answer["reply"].encode()).records[0]["travellers"][0]["answer"]["code"] == "0Z"


def test_traders_have_no_business_here() -> None:
    trader = make_token("trader", party="X")
    assert post(trader, edi.manifest(edi.ANA)).status_code == 403
    assert not Flight.objects.exists()


def test_an_officer_reads_why_the_rules_point_somebody_out_and_the_carrier_does_not() -> None:
    child = person(2, birth_date=f"{factory.TODAY.year - 8}-01-01", references={"AVF": "ALONE", "ABO": "1"})
    send(paxlst(child, **FUTURE))
    directing.step()
    address = f"/passengers/travellers/{Traveller.objects.get().uid}/"
    officer, own = make_person("targeting"), make_person("carrier", party="OTAY-AIR")
    read_by_officer = page(signed_in(officer), address)
    assert "is alone under its record locator" in read_by_officer
    assert "check the documents with care" in read_by_officer
    assert "is alone under" in page(signed_in(officer), "/passengers/cases/")
    assert "is alone under its record locator" not in page(signed_in(own), address)
