"""The doors: pages by role, the neighbour's API, the commands."""

from __future__ import annotations

import gzip
import json
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.db import OperationalError
from django.test import Client

from factories.exchange import Door, Neighbour, paired, parcel, terms
from factories.node import make_person, signed_in
from otay.exchange import api, keystore
from otay.exchange.commands import exchange
from otay.exchange.domain import agreement as rules
from otay.exchange.domain import keys, proof
from otay.exchange.domain.envelope import MAX_BYTES
from otay.exchange.domain.receipt import read_receipt
from otay.exchange.domain.request import SignedRequest
from otay.exchange.models import Agreement, Inbox, Outbox, Peer, RefusedRequest
from otay.exchange.registry import Publication
from otay.exchange.services import acceptance, delivery, publishing
from otay.node.actors import SYSTEM
from otay.node.models import AuditEvent

pytestmark = pytest.mark.django_db
DOOR = "/api/v1/exchange"


def post(client: Client, raw: bytes, **headers: str):
    return client.post(f"{DOOR}/deliver", raw, content_type="application/x-ndjson", headers=headers)


def ask(client: Client, neighbour: Neighbour, target: str, **changes):
    made = {
        "sender": neighbour.country, "receiver": "US", "target": target, "purpose": "check", "at": datetime.now(UTC),
        "key": neighbour.key.id, **changes,
    }  # fmt: skip
    return client.get(target, headers={"Otay-Request": SignedRequest(**made).header(neighbour.key)})


def published(peer, *numbers: int) -> None:
    publications = [Publication(f"P-{number}", 1, parcel(f"P-{number}"), port="2404") for number in numbers]
    publishing.publish(actor=SYSTEM, record_type="test.parcel", publications=publications)


def test_a_batch_through_the_door_plain_and_packed(peer, client, neighbour):
    neighbour.add(parcel("P-1"))
    neighbour.add(parcel("P-2"))
    assert read_receipt(post(client, neighbour.batch(1, 1)).json()).sequence == 1
    answer = post(client, gzip.compress(neighbour.batch(2, 2)), **{"Content-Encoding": "gzip"})
    assert read_receipt(answer.json()).sequence == 2


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 422, "malformed"), (b"{}", 422, "malformed"), (b"\xff\xfe", 422, "malformed"),
        (b"not gzip", 422, "malformed"),
        (gzip.compress(b"x" * (MAX_BYTES + 10)), 413, "too_large"),
        (gzip.compress(b"{}", mtime=0)[:-6], 422, "malformed"),
    ],
)  # fmt: skip
def test_a_bad_body_is_a_problem_document_and_a_bomb_is_not_unpacked(peer, client, raw, status, code):
    headers = {"Content-Encoding": "gzip"} if raw[:2] == b"\x1f\x8b" or raw == b"not gzip" else {}
    answer = post(client, raw, **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"


def test_a_gap_at_the_door_carries_the_signed_position(peer, client, neighbour):
    neighbour.add(parcel("P-1"))
    neighbour.add(parcel("P-2"))
    answer = post(client, neighbour.batch(2, 2))
    assert answer.status_code == 409
    assert answer.json()["expected"] == 1
    assert read_receipt(answer.json()["position"]).sequence == 0


def test_the_identity_is_public_and_the_key_is_not(peer, client):
    document = client.get(f"{DOOR}/identity").json()
    assert keys.read_identity(document).country == "US"
    assert stat.S_IMODE(keystore.path().stat().st_mode) == 0o600


def test_the_door_answers_a_signed_question_and_nobody_elses(peer, client, neighbour):
    published(peer, 1, 2)
    target = f"{DOOR}/since/0?limit=5"
    assert ask(client, neighbour, target).json()["batch"].count("\n") == 4
    assert client.get(target).status_code == 401
    assert ask(client, Neighbour(), target).status_code == 401
    assert ask(client, neighbour, target, at=datetime(2020, 1, 1, tzinfo=UTC)).json()["code"] == "stale"
    assert ask(client, neighbour, target, receiver="CA").json()["code"] == "wrong_receiver"
    assert RefusedRequest.objects.count() == 4
    assert read_receipt(ask(client, neighbour, f"{DOOR}/health").json()).stream == "MX>US"


def test_the_neighbour_sees_only_its_own_streams_and_the_look_is_audited(peer, client, neighbour):
    published(peer, 1)
    copy = ask(client, neighbour, f"{DOOR}/record?stream=US%3EMX&sequence=1").json()
    assert copy["body"]["number"] == "P-1"
    assert copy["link"] == bytes(Outbox.objects.get().link).hex()
    by_key = ask(client, neighbour, f"{DOOR}/record?record_type=test.parcel&business_key=P-1&version=1")
    assert by_key.json() == copy
    assert AuditEvent.objects.filter(actor="node:MX", action="exchange.record_viewed", reason="check").count() == 2
    assert ask(client, neighbour, f"{DOOR}/record?stream=US%3ECA&sequence=1").status_code == 404


def page(user, path: str, **data):
    browser = signed_in(user)
    return browser.post(path, data) if data else browser.get(path)


PAGES = ["/exchange/", "/exchange/agreements/", "/exchange/refused/", "/exchange/agreements/MX-US-core/1/"]


@pytest.mark.parametrize(
    ("role", "sees", "sees_records"), [("administrator", 200, 403), ("auditor", 200, 200), ("trader", 403, 403)]
)
def test_pages_by_role(peer, client, neighbour, role, sees, sees_records):
    published(peer, 1)
    neighbour.add()
    acceptance.accept_batch(neighbour.batch())
    post(client, b"{}")
    user = make_person(role)
    assert {page(user, path).status_code for path in PAGES} == {sees}
    records = [
        "/exchange/sent/?state=queued",
        "/exchange/received/?state=applied",
        "/exchange/in/MX/1/",
        "/exchange/out/MX/1/",
    ]
    assert {page(user, path).status_code for path in records} == {sees_records}
    assert client.get("/exchange/").status_code == 302


def test_pages_in_spanish_say_it_in_spanish(peer):
    browser = signed_in(make_person("auditor"))
    browser.cookies["otay_us_language"] = "es-mx"
    text = browser.get("/exchange/").content.decode()
    assert "Intercambio con vecinos" in text
    assert "Exchange with neighbours" not in text


def test_a_neighbour_that_is_down_is_told_with_since_when_and_what_to_do(peer, monkeypatch):
    published(peer, 1)
    delivery.deliver_due(peer)  # nobody listens at its address
    later = keystore.real_now() + timedelta(hours=3)
    monkeypatch.setattr(keystore, "real_now", lambda: later)
    browser = signed_in(make_person("auditor"))
    shown = browser.get("/exchange/").content.decode()
    assert "The neighbour has not answered for 3 h" in shown
    assert "leaves by itself as soon as it answers" in shown
    assert "Last attempt: " in shown
    browser.cookies["otay_us_language"] = "es-mx"
    assert "El vecino no responde desde hace 3 h" in browser.get("/exchange/").content.decode()


def test_the_contents_are_shown_for_a_purpose_beside_the_neighbours_copy(db, room, neighbour, monkeypatch):
    with Door(neighbour) as door:
        peer = paired(neighbour, door.url)
        published(peer, 1)
        delivery.deliver_due(peer)
        row = Outbox.objects.get()
        copy = {"body": parcel("P-1"), "link": bytes(row.link).hex(), "state": "applied"}
        door.receipt = lambda *_key: copy
        user = make_person("auditor")
        before = page(user, "/exchange/out/MX/1/").content.decode()
        assert "12.5" not in before
        shown = page(user, "/exchange/out/MX/1/", purpose="case 7/2026").content.decode()
        assert "Both copies are the same" in shown
        assert "12.5" in shown
        assert AuditEvent.objects.filter(action="exchange.record_viewed", reason="case 7/2026").exists()
        copy["body"] = parcel("P-1", weight="99")
        differs = page(user, "/exchange/out/MX/1/", purpose="case 7/2026").content.decode()
        assert "The copies differ" in differs
        assert "different" in differs
    Peer.objects.update(url="http://127.0.0.1:9")
    gone = page(user, "/exchange/out/MX/1/", purpose="case 7/2026").content.decode()
    assert "could not be fetched" in gone
    assert "12.5" in gone


def test_an_officer_of_one_port_sees_the_records_of_that_port(peer, neighbour):
    neighbour.add(parcel("P-1", port="2404"))
    neighbour.add(parcel("P-2", port="2506"))
    acceptance.accept_batch(neighbour.batch())
    officer = make_person(("port_officer", "2506"))
    listed = page(officer, "/exchange/received/").content.decode()
    assert ("P-2" in listed, "P-1" in listed) == (True, False)
    assert page(officer, "/exchange/in/MX/1/").status_code == 403
    assert page(officer, "/exchange/in/MX/1/", purpose="curious").status_code == 403
    assert page(officer, "/exchange/in/MX/2/").status_code == 200
    assert page(officer, "/exchange/in/MX/1/evidence/", purpose="curious").status_code == 403


def test_an_administrator_suspends_with_a_reason_and_an_auditor_cannot(peer):
    path = "/exchange/agreements/MX-US-core/1/state/"
    assert page(make_person("auditor"), path, act="suspend", reason="because").status_code == 403
    administrator = make_person("administrator")
    assert page(administrator, path, act="suspend", reason="").status_code == 422
    assert page(administrator, path, act="suspend", reason="because").status_code == 302
    assert Agreement.objects.get().state == "suspended"
    assert page(administrator, path, act="suspend", reason="because").status_code == 409
    assert page(administrator, "/exchange/peers/MX/change/", act="suspend_peer", reason="because").status_code == 302
    assert AuditEvent.objects.filter(action="exchange.agreement_suspended", reason="because").exists()


def test_evidence_from_the_page_verifies_by_itself(peer, neighbour):
    neighbour.add()
    acceptance.accept_batch(neighbour.batch())
    answer = page(make_person("auditor"), "/exchange/in/MX/1/evidence/", purpose="court 3")
    assert proof.verify(json.loads(answer.content)).holds


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr("otay.node.commandline.setup", lambda _home: None)  # this process is a node already
    monkeypatch.setenv("OTAY_LANG", "en")

    def call(*arguments: str):
        return CliRunner().invoke(exchange, arguments, catch_exceptions=False)

    return call


def written(path: Path, document: dict) -> str:
    path.write_text(json.dumps(document))
    return str(path)


def test_two_administrators_pair_by_hand(db, room, neighbour, run, tmp_path):
    mine = tmp_path / "us.json"
    assert run("identity", "--out", str(mine)).exit_code == 0
    assert keys.read_identity(json.loads(mine.read_text())).country == "US"
    theirs = written(tmp_path / "mx.json", neighbour.identity())
    assert run("trust", theirs, "--key", "00" * 16).exit_code == 1
    assert run("trust", theirs, "--key", neighbour.key.id).exit_code == 0
    proposed = tmp_path / "terms.json"
    given = (
        "agree",
        "propose",
        "--with",
        "MX",
        "--type",
        "test.parcel",
        "--purpose",
        "customs control",
        "--out",
        str(proposed),
    )
    assert run(*given).exit_code == 0
    document = json.loads(proposed.read_text())
    agreed = rules.read_terms(document["agreement"])
    assert agreed.terms[0].fields == ("number", "weight", "port")  # personal fields only when asked for
    assert Agreement.objects.get().state == "proposed"
    countersigned = {**document, "signatures": document["signatures"] | {"MX": rules.sign(agreed, neighbour.key)}}
    answer = run("agree", "import", written(tmp_path / "signed.json", countersigned), "--json")
    assert json.loads(answer.stdout)["state"] == "active"
    assert json.loads(run("agree", "list", "--json").stdout)["agreements"][0]["signed"] == ["MX", "US"]
    assert run("agree", "suspend", agreed.reference, "--reason", "test").exit_code == 0
    assert "suspended" in run("agree", "list").stdout
    assert run("agree", "end", agreed.reference, "--reason", "test").exit_code == 0
    assert run("agree", "end", agreed.reference, "--reason", "test").exit_code == 1


def test_altered_terms_are_not_taken(peer, neighbour, run, tmp_path):
    file = neighbour.agreement_file(terms(version=2))
    file["agreement"]["retention_days"] = 9000
    answer = run("agree", "import", written(tmp_path / "x.json", file))
    assert answer.exit_code == 1
    assert "does not hold" in answer.stderr


def test_a_newer_version_takes_the_place_of_the_older(peer, neighbour, run, tmp_path):
    run("agree", "import", written(tmp_path / "x.json", neighbour.agreement_file(terms(version=2, fields=("number",)))))
    assert run("agree", "sign", "MX-US-core", "--version", "2").exit_code == 0
    assert dict(Agreement.objects.values_list("version", "state")) == {1: "superseded", 2: "active"}
    published(peer, 1)
    assert json.loads(Outbox.objects.get().body) == {"number": "P-1"}


def test_status_verify_and_evidence_from_the_command_line(peer, neighbour, run, tmp_path):
    neighbour.add()
    acceptance.accept_batch(neighbour.batch())
    assert json.loads(run("status", "--json").stdout)["peers"][0]["received"] == 1
    assert run("verify").exit_code == 0
    out = tmp_path / "proof.json"
    assert run("evidence", "in", "MX", "1", "--purpose", "court", "--out", str(out)).exit_code == 0
    assert run("verify", str(out)).exit_code == 0
    out.write_text(out.read_text().replace("12.5", "12.6"))
    assert run("verify", str(out)).exit_code == 1
    Inbox.objects.update(business_key="P-2")
    answer = run("verify", "--json")
    assert answer.exit_code == 1
    assert "altered 1" in json.loads(answer.stdout)["streams"][1]["problems"]


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "identity",
        "trust",
        "agree propose",
        "agree sign",
        "verify",
        "replay",
        "evidence",
        "reconcile",
        "rotate-key",
        "agree dry-run",
        "revoke-key",
    ],
)
@pytest.mark.parametrize("lang", ["en", "es"])
def test_every_command_has_examples_in_both_languages(command, lang):
    answer = CliRunner().invoke(exchange, [*command.split(), "--lang", lang, "--help"])
    assert answer.exit_code == 0
    assert re.search("Ejemplo" if lang == "es" else "Example", answer.output)
    assert f"otay exchange {command}" in answer.output


def test_a_busy_node_takes_nothing_and_says_when_to_come_back(peer, client, neighbour, room):
    neighbour.add()
    room.failing["P-1"] = OperationalError("database is locked")
    answer = post(client, neighbour.batch())
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert not Inbox.objects.exists()
    room.failing.clear()
    assert post(client, neighbour.batch()).status_code == 200


def test_a_third_batch_at_once_is_put_off(peer, client, neighbour, monkeypatch):
    neighbour.add()
    monkeypatch.setattr(api, "TURN_WITHIN", 0.01)
    with api._turns, api._turns:
        assert post(client, neighbour.batch()).status_code == 503
    assert post(client, neighbour.batch()).status_code == 200


def test_long_answers_are_packed_for_who_unpacks(peer, client, neighbour):
    published(peer, *range(40))
    target = f"{DOOR}/since/0?limit=40"
    plain = ask(client, neighbour, target)
    signed = SignedRequest("MX", "US", target, "check", datetime.now(UTC), neighbour.key.id).header(neighbour.key)
    packed = client.get(target, headers={"Otay-Request": signed, "Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) * 3 < len(plain.content)
    assert json.loads(gzip.decompress(packed.content)).keys() == plain.json().keys()
