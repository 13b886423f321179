"""Pages and API of watchlists as officers, auditors and strangers meet them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from factories.node import bearer, make_person, make_token, signed_in
from factories.watchlists import body, in_force, name, watchlist, work_off_jobs
from otay.node.models import AuditEvent
from otay.screening.watchlists import Document, Party, screen
from otay.screening.watchlists.models import Clearance, ListHit, ListVersion, RedressRequest, Watchlist

pytestmark = pytest.mark.django_db

LIST = {
    "key": "court-orders", "title": "Court orders", "category": "wanted", "source": "Court", "basis": "Article 1",
    "contact": "Duty desk", "clearance_days": "90",
}  # fmt: skip
PARTY = Party(
    "visitor:1", given="Rosa", surnames="Medina Luján", birth_date="1990-07-01", documents=(Document("A1234567"),),
    label="<b>Rosa</b>",
)  # fmt: skip


@pytest.fixture
def analyst() -> Client:
    return signed_in(make_person("targeting"))


@pytest.fixture
def supervisor() -> Client:
    return signed_in(make_person("supervisor"))


def hit() -> ListHit:
    in_force(
        watchlist(),
        {"key": "P/1 ñ", "body": body(names=[name("Rosa", "Medina Lujan")], birth_dates=["1990-07-01"], action="Call")},
    )
    ((found,),) = screen([PARTY])
    return ListHit.objects.get(pk=found.id)


def test_a_list_goes_from_an_empty_form_to_entries_in_force(analyst: Client, supervisor: Client) -> None:
    assert analyst.post("/watchlists/new/", LIST).status_code == 302
    assert Watchlist.objects.get().clearance_days == 90
    assert analyst.post("/watchlists/new/", LIST).status_code == 422
    file = SimpleUploadedFile("list.csv", b"id,name,birth_date\nP-1,Rosa Medina,1990-07-01\nP-2,Luis Robles,1980\n")
    sent = {"file": file, "mode": "replace", "format": "", "why": "First file"}
    assert analyst.post("/watchlists/court-orders/import/", sent).status_code == 302
    work_off_jobs()
    shown = analyst.get("/watchlists/court-orders/versions/1/").content.decode()
    assert "Rosa Medina" in shown
    assert 'value="activate"' not in shown
    assert analyst.post("/watchlists/court-orders/versions/1/decide/", {"decision": "activate"}).status_code == 403
    assert "Put in force" in supervisor.get("/watchlists/court-orders/versions/1/").content.decode()
    assert supervisor.post("/watchlists/court-orders/versions/1/decide/", {"decision": "activate"}).status_code == 302
    page = supervisor.get("/watchlists/court-orders/?q=medina").content.decode()
    assert "Rosa Medina" in page
    assert "Luis Robles" not in page
    typed = {
        "key": "P-1", "kind": "person", "category": "wanted", "given": "Rosa", "surname1": "Medina",
        "surname2": "Luján", "birth_date": "1990-07-01", "documents": "A1234567, passport, MX", "why": "More is known",
    }  # fmt: skip
    assert analyst.post("/watchlists/court-orders/add/", typed).status_code == 302
    assert "A1234567" in analyst.get("/watchlists/court-orders/versions/2/?kind=changed").content.decode()
    gone = {"entry": "P-2", "why": "Order lifted"}
    assert analyst.post("/watchlists/court-orders/remove/", gone).status_code == 302
    assert ListVersion.objects.get(number=3).removed == 1


def test_a_file_with_a_bad_row_comes_back_with_its_findings(analyst: Client) -> None:
    watchlist()
    for content in (b"\xff\xfe\x00", b"id,born\n", b""):
        file = SimpleUploadedFile("list", content)
        answer = analyst.post("/watchlists/alerts/import/", {"file": file, "mode": "replace", "why": "Try"})
        assert answer.status_code == 422, content
        if content:
            assert 'tag--error">' in answer.content.decode(), content
    for content in (b"id,name\nP-1,\n", b'[{"key": 1, "names": [["x"]]}]', b"[" * 5000):
        file = SimpleUploadedFile("list", content)
        answer = analyst.post("/watchlists/alerts/import/", {"file": file, "mode": "replace", "why": "Try"})
        work_off_jobs()
        assert 'tag--error">' in analyst.get(answer["Location"]).content.decode(), content
    assert not ListVersion.objects.exists()


def test_a_hit_is_reviewed_and_every_look_is_in_the_audit_log(analyst: Client) -> None:
    row = hit()
    assert "&lt;b&gt;Rosa" in analyst.get("/watchlists/hits/").content.decode()
    page = analyst.get(f"/watchlists/hits/{row.pk}/").content.decode()
    for text in ("the same date of birth, 1990-07-01".capitalize(), "Medina Lujan", "Call", "Clear"):
        assert text.lower() in page.lower(), text
    assert "<b>Rosa" not in page
    assert analyst.post(f"/watchlists/hits/{row.pk}/", {"decision": "clear", "reason": ""}).status_code == 422
    done = analyst.post(f"/watchlists/hits/{row.pk}/", {"decision": "clear", "reason": "Another mother"})
    assert done.status_code == 302
    assert "Another mother" in analyst.get("/watchlists/cleared/").content.decode()
    ended = analyst.post(f"/watchlists/cleared/{Clearance.objects.get().pk}/revoke/", {"reason": "False paper"})
    assert ended.status_code == 302
    assert "False paper" in analyst.get("/watchlists/cleared/?ended=1").content.decode()
    assert analyst.get("/watchlists/alerts/entries/P/1 ñ").status_code == 200
    looks = set(AuditEvent.objects.values_list("action", flat=True))
    assert {f"screening.{what}" for what in (
        "hits_viewed", "hit_viewed", "hit_cleared", "clearances_viewed", "clearance_revoked", "entry_viewed",
    )} <= looks  # fmt: skip


def test_an_auditor_reads_and_changes_nothing() -> None:
    row = hit()
    auditor = signed_in(make_person("auditor"))
    for path in ("", "hits/", f"hits/{row.pk}/", "cleared/", "redress/", "alerts/", "alerts/versions/1/"):
        assert auditor.get(f"/watchlists/{path}").status_code == 200, path
    page = auditor.get(f"/watchlists/hits/{row.pk}/").content.decode()
    assert 'value="clear"' not in page
    assert auditor.post(f"/watchlists/hits/{row.pk}/", {"decision": "clear", "reason": "x"}).status_code == 403
    for path in ("new/", "alerts/import/", "alerts/add/", "redress/new/"):
        assert auditor.get(f"/watchlists/{path}").status_code == 403, path
    assert auditor.post("/watchlists/alerts/remove/", {"entry": "P/1 ñ", "why": "x"}).status_code == 403


def test_booth_officers_see_no_list_and_an_officer_of_another_port_no_hit() -> None:
    row = hit()
    ListHit.objects.update(port="2501")
    assert signed_in(make_person("port_officer")).get("/watchlists/hits/").status_code == 403
    elsewhere = signed_in(make_person(("supervisor", "2402")))
    assert elsewhere.get(f"/watchlists/hits/{row.pk}/").status_code == 404
    assert "Rosa" not in elsewhere.get("/watchlists/hits/").content.decode()
    assert elsewhere.post(f"/watchlists/hits/{row.pk}/", {"decision": "clear", "reason": "x"}).status_code == 404


def test_somebody_asks_for_correction(client: Client, analyst: Client) -> None:
    assert "similar name" in client.get("/watchlists/correction/").content.decode()
    row = hit()
    form = {"name": "Rosa Medina", "contact": "Calle 5", "identity_seen": "Passport", "asks": "Stopped each time",
            "received_on": "2026-01-05", "hit": row.pk}  # fmt: skip
    assert analyst.post("/watchlists/redress/new/", form).status_code == 302
    reference = RedressRequest.objects.get().reference
    assert "Late" in analyst.get("/watchlists/redress/").content.decode()
    answer = {"outcome": "corrected", "answer": "It was noted that you are another person."}
    assert analyst.post(f"/watchlists/redress/{reference}/", answer).status_code == 302
    assert "another person" in analyst.get(f"/watchlists/redress/{reference}/").content.decode()
    assert analyst.post(f"/watchlists/redress/{reference}/", answer).status_code == 409


def test_the_api_gives_lists_takes_proposals_reviews_hits_and_looks_up(client: Client) -> None:
    row = hit()
    key = bearer(make_token("targeting"))
    lists = client.get("/api/v1/watchlists/lists", **key).json()
    assert lists[0]["open_hits"] == 1
    assert client.get("/api/v1/watchlists/lists/alerts/entries?q=x", **key).json() == []
    assert client.get("/api/v1/watchlists/lists/alerts/entries", **key).json()[0]["key"] == "P/1 ñ"
    proposal = {"entries": [{"key": "P-9", "names": ["Luis Robles"]}], "why": "By API"}
    sent = client.post("/api/v1/watchlists/lists/alerts/entries", proposal, content_type="application/json", **key)
    assert sent.status_code == 201
    assert sent.json()["added"] == 1
    file = SimpleUploadedFile("list.csv", b"id,name\nP-1,\n")
    taken = client.post("/api/v1/watchlists/lists/alerts/files", {"file": file, "why": "x"}, **key)
    assert taken.status_code == 202
    work_off_jobs()
    assert "watchlist.names" in client.get(taken["Location"], **key).content.decode()
    assert client.get("/api/v1/watchlists/hits", **key).json()[0]["reasons"]
    question = {"parties": [{"key": "q:1", "given": "Rosa", "surnames": "Medina Lujan", "birth_date": "1990-07-01"}]}
    asked = {"content_type": "application/json", **key}
    assert client.post("/api/v1/watchlists/screen", question, **asked).status_code == 422
    answer = client.post("/api/v1/watchlists/screen", {**question, "why": "Call from the port"}, **asked).json()
    assert [found["entry"] for found in answer[0]["hits"]] == ["P/1 ñ"]
    assert ListHit.objects.count() == 1
    decided = client.post(
        "/api/v1/watchlists/hits/decide", {"hits": [row.pk], "decision": "confirm", "reason": "Prints"}, **asked
    )
    assert decided.status_code == 204
    assert AuditEvent.objects.filter(action="screening.looked_up", reason="Call from the port").count() == 1
    for role in ("trader", "carrier", "port_officer"):
        assert client.get("/api/v1/watchlists/hits", **bearer(make_token(role, party="X"))).status_code == 403
