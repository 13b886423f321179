from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from factories.intake import FORMAT
from factories.node import make_person, signed_in
from otay.intake import services
from otay.intake.incoming import Incoming, Receipt
from otay.intake.models import StoredMessage
from otay.node.accounts import actor_of_user
from otay.node.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def send(user: User, text: bytes, reference: str = "") -> Receipt:
    actor = actor_of_user(User.objects.get(pk=user.pk))
    return services.receive(actor=actor, items=[Incoming(text, reference, FORMAT)])[0]


@pytest.fixture
def trader(room: None) -> User:
    return make_person("trader", party="ACME")


def test_the_log_shows_a_trader_its_own_and_filters(trader: User) -> None:
    other = make_person("trader", party="OTHER")
    mine, bad, theirs = send(trader, b"hello", "MINE-1"), send(trader, b"bad", "MINE-2"), send(other, b"x", "THEIRS-1")
    page = signed_in(trader).get("/intake/").content.decode()
    assert "MINE-1" in page
    assert "MINE-2" in page
    assert "THEIRS-1" not in page
    filtered = signed_in(trader).get("/intake/?state=refused").content.decode()
    assert "MINE-1" not in filtered
    assert "MINE-2" in filtered
    assert signed_in(trader).get(f"/intake/{theirs.id}/").status_code == 404
    assert {mine.id, bad.id} < set(StoredMessage.objects.values_list("pk", flat=True))


def test_the_page_escapes_what_came_and_leaves_a_trace(trader: User) -> None:
    receipt = send(trader, b"<script>alert(1)</script>")
    page = signed_in(trader).get(f"/intake/{receipt.id}/")
    assert b"<script>alert" not in page.content
    assert b"&lt;script&gt;alert(1)" in page.content
    assert AuditEvent.objects.filter(action="intake.viewed", subject=f"message:{receipt.id}").count() == 1


def test_binary_is_shown_as_hex_and_saved_as_a_file(trader: User) -> None:
    receipt = send(trader, b"PK\x03\x04\x00\xff")
    browser = signed_in(trader)
    assert b"50 4b 03 04 00 ff" in browser.get(f"/intake/{receipt.id}/").content
    saved = browser.get(f"/intake/{receipt.id}/raw/")
    assert saved.content == b"PK\x03\x04\x00\xff"
    assert saved["Content-Type"] == "application/octet-stream"
    assert saved["Content-Disposition"].startswith("attachment")


def test_findings_are_listed_and_the_correction_replaces(trader: User) -> None:
    bad = send(trader, b"bad", "A-1")
    browser = signed_in(trader)
    page = browser.get(f"/intake/{bad.id}/").content.decode()
    assert "line 1" in page
    assert "line 2" in page
    answer = browser.post(f"/intake/{bad.id}/correct/", {"text": "good", "reference": "A-1", "format": FORMAT})
    assert answer.status_code == 302
    good = StoredMessage.objects.get(corrects=bad.id)
    assert answer["Location"] == f"/intake/{good.pk}/"
    assert good.state == "accepted"
    assert "correct/" not in browser.get(f"/intake/{bad.id}/").content.decode()


def test_an_empty_correction_says_so(trader: User) -> None:
    bad = send(trader, b"bad", "A-1")
    answer = signed_in(trader).post(f"/intake/{bad.id}/correct/", {"reference": "A-1"})
    assert answer.status_code == 422
    assert StoredMessage.objects.count() == 1


def test_send_a_file_and_a_text(trader: User) -> None:
    browser = signed_in(trader)
    assert browser.get("/intake/send/").status_code == 200
    file = SimpleUploadedFile("day.csv", b"hello")
    assert browser.post("/intake/send/", {"file": file, "format": FORMAT}).status_code == 302
    assert browser.post("/intake/send/", {"text": "a\r\nb", "format": FORMAT}).status_code == 302
    rows = StoredMessage.objects.order_by("pk")
    assert [bytes(row.raw or b"") for row in rows] == [b"hello", b"a\nb"]
    assert rows[0].name == "day.csv"
    both = {"file": SimpleUploadedFile("x", b"x"), "text": "y", "format": FORMAT}
    assert browser.post("/intake/send/", both).status_code == 422


def test_replay_is_for_those_who_manage(trader: User) -> None:
    bad = send(trader, b"bad", "A-1")
    supervisor = signed_in(make_person("supervisor"))
    assert signed_in(trader).post(f"/intake/{bad.id}/replay/", {"reason": "x"}).status_code == 403
    assert b"replay/" in supervisor.get(f"/intake/{bad.id}/").content
    assert supervisor.post(f"/intake/{bad.id}/replay/", {"reason": ""}).status_code == 302
    assert not AuditEvent.objects.filter(action="intake.replayed").exists()
    assert supervisor.post(f"/intake/{bad.id}/replay/", {"reason": "rule mended"}).status_code == 302
    assert AuditEvent.objects.get(action="intake.replayed").reason == "rule mended"


def test_pages_are_for_signed_in_people_and_changes_need_csrf(trader: User) -> None:
    bad = send(trader, b"bad", "A-1")
    for path in ("", "send/", f"{bad.id}/", f"{bad.id}/raw/"):
        assert Client().get(f"/intake/{path}").status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(trader)
    for path in ("send/", f"{bad.id}/correct/", f"{bad.id}/replay/"):
        assert strict.post(f"/intake/{path}", {"text": "x", "reason": "x"}).status_code == 403
    assert signed_in(trader).get(f"/intake/{bad.id}/replay/").status_code == 405


def test_in_spanish(room: None) -> None:
    user = make_person("trader", party="ACME")
    bad = send(user, b"bad", "A-1")
    browser = signed_in(user)
    browser.cookies["otay_us_language"] = "es-mx"
    assert "Bitácora de mensajes" in browser.get("/intake/").content.decode()
    assert "Observaciones" in browser.get(f"/intake/{bad.id}/").content.decode()
