"""Search with a purpose, and the page that checks evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from factories.exchange import Door, Neighbour, paired, parcel
from factories.node import make_person, signed_in
from otay.core.errors import Forbidden, Refused
from otay.exchange.models import PeerKey
from otay.exchange.registry import Publication
from otay.exchange.services import acceptance, checking, delivery, publishing, searching, upkeep
from otay.exchange.services.searching import Wanted
from otay.node import clock
from otay.node.actors import SYSTEM, Actor, Kind
from otay.node.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def door(neighbour: Neighbour) -> Iterator[Door]:
    with Door(neighbour) as made:
        yield made


@pytest.fixture
def peer(db: None, room: object, neighbour: Neighbour, door: Door):
    return paired(neighbour, url=door.url)


def sent(peer, *numbers: str, port: str = "2404") -> None:
    publications = [Publication(number, 1, parcel(number), port=port) for number in numbers]
    publishing.publish(actor=SYSTEM, record_type="test.parcel", publications=publications)
    delivery.deliver_all_due()


def evidence(peer) -> bytes:
    sent(peer, "P-1", "P-2")
    made = upkeep.evidence(actor=SYSTEM, direction="out", peer=peer, sequence=1, purpose="test")
    return json.dumps(made).encode()


def test_a_search_finds_both_directions_and_is_recorded_with_its_purpose(peer, neighbour):
    sent(peer, "P-1", "Q-1")
    neighbour.add(parcel("P-9"))
    acceptance.accept_batch(neighbour.batch())
    found = searching.search(actor=SYSTEM, purpose="case 7", wanted=Wanted(business_key="P-"))
    assert ([one.business_key for one in found.sent], [one.business_key for one in found.received]) == (
        ["P-1"],
        ["P-9"],
    )
    told = AuditEvent.objects.get(action="exchange.searched")
    assert (told.reason, told.detail["wanted"]) == ("case 7", {"business_key": "P-"})
    assert (told.detail["sent"], told.detail["received"]) == ([1], [1])
    today = clock.now().date()
    by_text = searching.search(actor=SYSTEM, purpose="case 7", wanted=Wanted(text="q-1", since=today))
    assert [one.business_key for one in by_text.sent] == ["Q-1"]
    before = Wanted(business_key="P", since=today - timedelta(days=9), until=today - timedelta(days=1))
    assert searching.search(actor=SYSTEM, purpose="case 7", wanted=before).sent == []


@pytest.mark.parametrize(
    ("purpose", "wanted"),
    [("", Wanted(business_key="P")), ("case", Wanted()), ("case", Wanted(text="abc")),
     ("case", Wanted(text="abc", since=clock.now().date() - timedelta(days=40)))],
)  # fmt: skip
def test_a_search_without_purpose_or_bounds_is_refused(peer, purpose, wanted):
    with pytest.raises(Refused):
        searching.search(actor=SYSTEM, purpose=purpose, wanted=wanted)
    assert not AuditEvent.objects.filter(action="exchange.searched").exists()


def test_a_search_shows_the_ports_of_who_searches(peer):
    sent(peer, "P-1")
    sent(peer, "P-2", port="2506")
    here = Actor(Kind.OFFICER, "officer:1", "X", grants={"exchange.view_records": frozenset({"2506"})})
    found = searching.search(actor=here, purpose="case 7", wanted=Wanted(business_key="P"))
    assert [one.business_key for one in found.sent] == ["P-2"]
    with pytest.raises(Forbidden):
        searching.search(actor=Actor(Kind.OFFICER, "officer:2", "Y"), purpose="case 7", wanted=Wanted(business_key="P"))


def test_the_page_asks_why_and_remembers_it_for_what_was_found(peer):
    sent(peer, "P-1")
    officer = signed_in(make_person("supervisor"))
    assert "P-1" not in officer.post("/exchange/search/", {"business_key": "P"}).content.decode()
    assert "31 days" in officer.post("/exchange/search/", {"purpose": "case 7", "text": "abc"}).content.decode()
    page = officer.post("/exchange/search/", {"purpose": "case 7", "business_key": "P"})
    assert "P-1" in page.content.decode()
    assert 'value="case 7"' in officer.get("/exchange/out/MX/1/").content.decode()


def checked(client, raw: bytes):
    return client.post("/exchange/evidence/", {"file": SimpleUploadedFile("record.json", raw)})


def test_evidence_is_checked_step_by_step_also_after_the_keys_were_changed(peer):
    raw = evidence(peer)
    auditor = signed_in(make_person("auditor"))
    page = checked(auditor, raw).content.decode()
    assert "The evidence holds" in page
    assert "The file has none" in page  # no time stamp
    PeerKey.objects.update(state="retired")
    page = checked(auditor, raw).content.decode()
    assert "The evidence holds" in page
    assert "retired since" in page
    assert AuditEvent.objects.filter(action="exchange.evidence_checked", detail__holds=True).count() == 2


def test_evidence_that_was_altered_or_is_of_unknown_keys_does_not_hold(peer):
    document = json.loads(evidence(peer))
    auditor = signed_in(make_person("auditor"))
    for change in (
        {"body": document["body"].replace("12.5", "99")},
        {"sequence": 2},
        {"signature": document["signature"][::-1]},
        {"path": []},
    ):
        page = checked(auditor, json.dumps({**document, **change}).encode()).content.decode()
        assert "The evidence does not hold" in page, change
    PeerKey.objects.all().delete()
    page = checked(auditor, json.dumps(document).encode()).content.decode()
    assert "this node does not know the key" in page


@pytest.mark.parametrize(
    "raw",
    [b"{", b"\xff", b"[]", b"null", b'{"format": "otay.proof.v1"}', b"[" * 100_000, b"[" * 40 + b"]" * 40,
     b" " * (checking.MOST_BYTES + 1), b'{"format":"otay.proof.v1","header":' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_what_is_no_evidence_is_told_and_bounded(peer, raw):
    answer = checked(signed_in(make_person("auditor")), raw)
    assert answer.status_code == 422
    assert "cannot be checked" in answer.content.decode()
