"""Photographs are harmless, evidence verifies alone, messages are read and written, doors are shut to strangers."""

from __future__ import annotations

import io
import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from PIL import Image

from factories import transit_room as made
from factories.node import bearer, make_person, make_token, signed_in
from factories.transit_room import MONTERREY
from otay.core.errors import Refused
from otay.formats import registry as formats
from otay.goods.transit.commands import transit
from otay.goods.transit.domain import evidence as rules
from otay.goods.transit.models import Movement, SealLogEntry, SealPhoto
from otay.goods.transit.queries import ncts_out
from otay.goods.transit.services import evidence, moving, photos, sealing
from otay.goods.transit.services.sealing import Where
from otay.intake.incoming import Incoming
from otay.intake.services import receive
from otay.node import clock

pytestmark = pytest.mark.django_db
OFFICER = made.transit_officer()


def picture(size: tuple[int, int] = (3000, 2000), kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "SECRET PLACE", 6
    Image.new("RGB", size, "red").save(out, kind, exif=exif)
    return out.getvalue()


def test_a_photograph_is_bounded_upright_and_without_what_it_does_not_show() -> None:
    found = photos.clean(picture())
    kept = Image.open(io.BytesIO(found.content))
    assert (kept.format, kept.size) == ("JPEG", (1067, 1600))
    assert not kept.getexif()
    assert b"SECRET" not in found.content


@pytest.mark.parametrize(
    "hostile",
    [
        b"", b"GIF89a" + bytes(100), b"<svg onload='x'/>", picture()[:2000], b"\xff\xd8\xff\xe0" + bytes(1000),
        picture((9000, 8000), "PNG"), b"x" * (photos.MAX_BYTES + 1), b"%PDF-1.4", picture() [:-1] + b"<script>" * 0,
    ],
    ids=["empty", "gif", "svg", "cut", "zeros", "bomb", "large", "pdf", "short"],
)  # fmt: skip
def test_what_is_no_photograph_is_refused_or_made_harmless(hostile: bytes) -> None:
    try:
        found = photos.clean(hostile)
    except Refused:
        return
    assert b"script" not in found.content
    assert Image.open(io.BytesIO(found.content)).size <= (1600, 1600)


def sealed_movement() -> Movement:
    row = made.departed(device="E1", at=clock.now() - timedelta(hours=2))
    seal = row.seals.get().seal.identifier
    sealing.verify_seal(actor=OFFICER, mrn=row.mrn, identifier=seal, intact=True, where=Where(photo=picture((50, 40))))
    return row


def test_evidence_verifies_alone_and_no_part_of_it_can_be_changed(tmp_path: Path) -> None:
    row = sealed_movement()
    document = json.loads(json.dumps(evidence.export(actor=OFFICER, mrn=row.mrn)))
    found = rules.verify(document)
    assert found.holds
    assert (found.movement, found.log_entries) == (row.mrn, 2)
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps(document))
    assert CliRunner().invoke(transit, ["verify", str(file)]).exit_code == 0
    document["content"]["events"][0]["at"] = "2020-01-01T00:00:00+00:00"
    assert len(rules.verify(document).problems) == 1
    file.write_text(json.dumps(document))
    assert CliRunner().invoke(transit, ["verify", str(file)]).exit_code == 1
    document["content"]["seal_log"][0]["body"]["place"] = "elsewhere"
    assert len(rules.verify(document).problems) == 2
    for broken in ({}, [], None, {"format": rules.EVIDENCE}, {"format": rules.EVIDENCE, "content": 1}):
        with pytest.raises(Refused):
            rules.verify(broken)


def test_a_declaration_and_an_arrival_come_as_ncts_messages_and_the_answers_read_back() -> None:
    from factories.ncts import DECLARATION

    made.guarantee(grn="26MX0000EXAMPLE01", holder_id="XAXX010101000")
    limit = f"{clock.now() + timedelta(days=3):%Y-%m-%d}"
    text = DECLARATION.replace("2026-01-18", limit).replace("MX000400", "US002304").replace("US002506", "US005507")
    text = text.replace(
        "<HouseConsignment>",
        "<DepartureTransportMeans><sequenceNumber>1</sequenceNumber>"
        "<identificationNumber>TX77</identificationNumber></DepartureTransportMeans><HouseConsignment>",
    )
    sender = made.carrier("XAXX010101000")
    receipt = receive(actor=sender, items=[Incoming(text.encode(), reference="m1", format="ncts")])[0]
    assert receipt.state == "accepted", [finding.text() for finding in receipt.findings]
    row = Movement.objects.get(mrn=receipt.answer["movements"][0]["mrn"])
    assert (row.state, row.destination, row.lines.get().hs6) == ("accepted", "MX000240", "847130")
    moving.take(actor=OFFICER, mrn=row.mrn, step=moving.Step.RELEASE)
    for event in row.events.all():
        read = formats.read(ncts_out.xml_of(row, event), format="ncts")
        assert [record["message"] for record in read.records] == [ncts_out.code_of(event)]
        assert not [one.rule for one in read.findings if one.rule not in ("ncts.order",)]
    again = receive(actor=sender, items=[Incoming(text.encode(), reference="m2", format="ncts")])[0]
    assert [finding.rule for finding in again.findings if finding.severity == "error"] == ["transit.lrn_twice"]


def test_the_api_from_lodging_to_evidence(client) -> None:
    made.guarantee(holder_id="DEMO-CARRIER")
    carrier = bearer(make_token("carrier", party="DEMO-CARRIER"))
    officer = bearer(make_token("transit"))
    body = {
        "lrn": "API-1", "holder": "Firm", "holder_id": "DEMO-CARRIER", "carrier": "DEMO-CARRIER", "vehicle": "TX-5",
        "departure": made.SAN_ANTONIO, "transit_offices": [made.LAREDO], "destination": MONTERREY, "route": made.LINE,
        "time_limit": (clock.now() + timedelta(hours=9)).isoformat(),
        "lines": [{"description": "Steel", "hs6": "732690"}],
        "securities": [{"grn": "GRN-1", "amount": "500", "currency": "USD"}],
    }  # fmt: skip

    def call(path: str, who: dict[str, str], content: object = None):
        address = f"/api/v1/transit/{path}"
        if content is None:
            return client.get(address, **who)
        return client.post(address, json.dumps(content), content_type="application/json", **who)

    made_row = call("movements", carrier, body)
    assert made_row.status_code == 201, made_row.content
    mrn = made_row.json()["mrn"]
    assert call("movements", carrier, body | {"lrn": "", "vehicle": "?"}).status_code == 422
    assert call(f"movements/{mrn}/steps", carrier, {"step": "release"}).status_code == 403
    assert call(f"movements/{mrn}/steps", officer, {"step": "release"}).json()["state"] == "released"
    assert call("seals", officer, {"seals": [{"identifier": "API-S1"}]}).status_code == 201
    assert call(f"movements/{mrn}/seals", officer, {"act": "affix", "identifier": "API-S1"}).json()["good"]
    assert call(f"movements/{mrn}/steps", officer, {"step": "depart"}).json()["state"] == "in_transit"
    whole = call(f"movements/{mrn}", carrier).json()
    assert [one["identifier"] for one in whole["seals"]] == ["API-S1"]
    assert rules.verify(call(f"movements/{mrn}/evidence", officer).json()).holds
    assert call(f"movements/{mrn}/evidence", carrier).status_code == 403
    stranger = bearer(make_token("carrier", party="OTHER"))
    for path in (f"movements/{mrn}", f"movements/{mrn}/track"):
        assert call(path, stranger).status_code == 404
    assert call("movements", stranger).json()["movements"] == []


def test_the_pages_of_an_officer_and_what_others_find(client) -> None:
    row = sealed_movement()
    browser = signed_in(make_person("transit"))
    for path in ("", "queue/", "moving/", "feed.json", "map.svg", "movements/", f"movements/{row.mrn}/", "seals/",
                 f"movements/{row.mrn}/replay/", f"movements/{row.mrn}/track.json", f"gate/?q={row.mrn}",
                 "movements/new/", "routes/", f"seals/{row.seals.get().seal.identifier}/"):  # fmt: skip
        assert browser.get(f"/transit/{path}").status_code == 200, path
    photo = SealPhoto.objects.get()
    answer = browser.get(f"/transit/photos/{photo.digest}/")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    gate = signed_in(make_person(("port_officer", "2304")))
    assert gate.get(f"/transit/movements/{row.mrn}/").status_code == 200
    elsewhere = signed_in(make_person(("port_officer", "2506")))
    for path in (f"movements/{row.mrn}/", f"movements/{row.mrn}/track.json", f"photos/{photo.digest}/"):
        assert elsewhere.get(f"/transit/{path}").status_code == 404, path
    seal = elsewhere.get(f"/transit/seals/{row.seals.get().seal.identifier}/").content.decode()
    assert row.mrn not in seal
    assert "which you may not see: 1." in seal
    stranger = signed_in(make_person("carrier", party="OTHER"))
    assert stranger.get(f"/transit/movements/{row.mrn}/").status_code == 404
    assert stranger.get("/transit/").status_code == 403
    own = signed_in(make_person("carrier", party="DEMO-CARRIER"))
    assert own.get(f"/transit/movements/{row.mrn}/").status_code == 200
    assert own.get(f"/transit/movements/{row.mrn}/evidence/").status_code == 403
    assert own.get("/transit/seals/").status_code == 403


def test_an_officer_verifies_at_the_gate_with_a_photograph_and_routes_are_typed(client) -> None:
    row = sealed_movement()
    browser = signed_in(make_person(("port_officer", "2304")))
    photo = SimpleUploadedFile("seal.jpg", picture((60, 30)), "image/jpeg")
    form = {"act": "verify", "mrn": row.mrn, "identifier": "WRONG-9", "office": made.LAREDO, "intact": "yes"}
    answer = browser.post("/transit/gate/act/", form | {"photo": photo}, follow=True)
    assert b"does not belong" in answer.content
    entry = SealLogEntry.objects.order_by("-sequence").first()
    assert (entry.act, entry.detail["found"], bool(entry.photo)) == ("reported", "WRONG-9", True)
    assert browser.post("/transit/gate/act/", form | {"office": "US002506"}).status_code == 403
    before = SealLogEntry.objects.count()
    unsaid = browser.post("/transit/gate/act/", {name: form[name] for name in form if name != "intact"}, follow=True)
    assert b"intact" in unsaid.content
    assert SealLogEntry.objects.count() == before, "what nobody looked at was taken for intact"
    officer = signed_in(make_person("transit"))
    typed = {"name": "Drawn", "positions": "29.5, -98.5\n27.5, -99.5"}
    assert officer.post("/transit/routes/", typed).status_code == 302
    wrong = officer.post("/transit/routes/", typed | {"positions": "29.5, -98.5\nhere"})
    assert b"Line 2" in wrong.content


def test_the_gate_offers_no_step_of_the_neighbours_office() -> None:
    row = sealed_movement()
    browser = signed_in(make_person(("port_officer", "2304")))
    for office, offered in ((made.LAREDO, True), (made.MONTERREY, False)):
        Movement.objects.filter(pk=row.pk).update(state="arrived", arrived_office=office)
        shown = browser.get("/transit/gate/", {"q": row.mrn}).content
        assert (b'value="permit_unloading"' in shown) is offered, office


def test_streams_are_bounded_and_let_their_place_go(monkeypatch: pytest.MonkeyPatch) -> None:
    from otay.goods.transit.views import control

    monkeypatch.setattr(control, "BEAT_SECONDS", 0.0)
    # Other tests of this process open streams as well, and leave them to the collector.
    monkeypatch.setattr(control, "_free", threading.BoundedSemaphore(control.STREAMS))
    # The end of a stream closes what is old; here the test's transaction is on it.
    monkeypatch.setattr(connections["default"], "close_if_unusable_or_obsolete", lambda: None)
    sealed_movement()
    browser = signed_in(make_person("transit"))
    held = [browser.get("/transit/stream/") for _ in range(control.STREAMS)]
    told = iter(held[0].streaming_content)
    assert next(told) == b"retry: 1500\n\n"
    assert b"event: feed" in next(told)
    assert browser.get("/transit/stream/").status_code == 204
    for one in held:
        one.close()
    assert browser.get("/transit/stream/").status_code == 200
    control._free.release()
