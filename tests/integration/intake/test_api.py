from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from factories import intake as factory
from factories.intake import FORMAT
from otay.intake import bounds
from otay.intake.models import StoredMessage
from otay.node import roles

pytestmark = pytest.mark.django_db
URL = "/api/v1/intake/"


@pytest.fixture
def api(room: None) -> Client:
    return Client(headers={"Authorization": f"Bearer {factory.client()[1]}"})


def post(api: Client, body: bytes, query: str = "", **headers: str) -> Any:
    return api.post(
        f"{URL}messages?format={FORMAT}{query}", body, content_type="application/octet-stream", headers=headers
    )


def test_accepted_then_the_same_again(api: Client) -> None:
    first = post(api, b"hello", "&reference=A-1")
    again = post(api, b"hello", "&reference=A-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["answer"] == again.json()["answer"] == {"kept": "A-1"}
    assert (first.json()["duplicate"], again.json()["duplicate"]) == (False, True)
    assert factory.records() == ["A-1"]


def test_refused_with_all_findings_as_a_problem_document(api: Client) -> None:
    answer = post(api, b"bad")
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == 422
    assert [finding["place"] for finding in body["findings"]] == ["line 1", "line 2"]
    assert post(api, b"bad").json()["duplicate"]


def test_findings_come_in_the_callers_language(api: Client) -> None:
    post(api, b"hello", "&reference=A-1")
    body = post(api, b"other", "&reference=A-1", **{"Accept-Language": "es-mx"}).json()
    assert body["findings"][0]["rule"] == "intake.reference_conflict"


def test_partly_and_waiting(api: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert post(api, b"part").status_code == 207
    assert post(api, b"busy").status_code == 202


def test_gzip_is_undone_and_a_bomb_is_refused(api: Client) -> None:
    assert post(api, gzip.compress(b"hello"), **{"Content-Encoding": "gzip"}).status_code == 201
    assert bytes(StoredMessage.objects.get().raw or b"") == b"hello"
    bomb = gzip.compress(bytes(bounds.MESSAGE_BYTES + 1))
    assert post(api, bomb, **{"Content-Encoding": "gzip"}).status_code == 413
    assert post(api, b"x", **{"Content-Encoding": "zstd"}).status_code == 415
    assert StoredMessage.objects.count() == 1


def test_too_large(api: Client) -> None:
    answer = post(api, bytes(bounds.MESSAGE_BYTES + 1))
    assert answer.status_code == 413
    assert answer["Content-Type"] == "application/problem+json"


def test_any_media_type_is_taken_as_it_comes(api: Client) -> None:
    for media in ("application/xml", "text/csv", "application/json", "application/x-www-form-urlencoded"):
        answer = api.post(f"{URL}messages?format={FORMAT}", media.encode(), content_type=media)
        assert answer.status_code == 201, media
    assert {bytes(row.raw or b"") for row in StoredMessage.objects.all()} >= {b"text/csv", b"application/json"}


def test_batch(api: Client) -> None:
    lines = [
        {"reference": "A", "format": FORMAT, "content": "hello"},
        {"reference": "A", "format": FORMAT, "content": "other"},
        {"reference": "B", "format": FORMAT, "content": {"any": "json"}},
        {"reference": "x" * 71, "format": FORMAT, "content": "too long a name"},
        {"reference": "C", "format": FORMAT, "content": "bad"},
    ]
    body = "\n".join(map(json.dumps, lines)) + "\n\nnot json\n"
    packed = gzip.compress(body.encode())
    answer = api.post(f"{URL}batch", packed, content_type="application/x-ndjson", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 207
    out = answer.json()
    assert [entry["state"] for entry in out["messages"]] == [
        "accepted",
        "refused",
        "accepted",
        "refused",
        "refused",
        "refused",
    ]
    assert out["counts"] == {"accepted": 2, "refused": 4}
    assert out["messages"][3]["findings"][0]["place"] == "line 4, reference"
    assert out["messages"][5]["findings"][0]["place"] == "line 7"
    again = api.post(f"{URL}batch", body.encode(), content_type="application/x-ndjson").json()
    assert [entry["duplicate"] for entry in again["messages"][:3]] == [True, True, True]
    assert factory.records() == ["A", "B"]


def test_batch_bounds(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "BATCH_ITEMS", 2)
    line = json.dumps({"format": FORMAT, "content": "hello"})
    answer = api.post(f"{URL}batch", "\n".join([line] * 3), content_type="application/x-ndjson")
    assert answer.status_code == 413


def test_files(api: Client) -> None:
    files = [SimpleUploadedFile("one.txt", b"hello"), SimpleUploadedFile("two.txt", b"bad")]
    answer = api.post(f"{URL}files?format={FORMAT}", {"files": files})
    assert answer.status_code == 207
    assert [entry["state"] for entry in answer.json()["messages"]] == ["accepted", "refused"]
    assert set(StoredMessage.objects.values_list("name", flat=True)) == {"one.txt", "two.txt"}


def test_state_and_list_of_own_messages(api: Client) -> None:
    ids = [post(api, f"hello {number}".encode()).json()["id"] for number in range(5)]
    post(api, b"bad")
    one = api.get(f"{URL}messages/{ids[0]}").json()
    assert (one["state"], one["size"]) == ("accepted", 7)
    first = api.get(f"{URL}messages?state=accepted&limit=3").json()
    rest = api.get(f"{URL}messages?state=accepted&limit=3&before={first['next']}").json()
    assert [row["id"] for row in first["messages"] + rest["messages"]] == ids[::-1]
    assert rest["next"] is None
    stranger = Client(headers={"Authorization": f"Bearer {factory.client('stranger')[1]}"})
    assert stranger.get(f"{URL}messages").json()["messages"] == []
    assert stranger.get(f"{URL}messages/{ids[0]}").status_code == 404


@pytest.mark.parametrize("path", ["messages", "batch", "files"])
def test_nobody_and_those_without_the_permission_are_turned_away(room: None, path: str) -> None:
    body = SimpleUploadedFile("one.txt", b"hello")
    data: dict[str, Any] = (
        {"data": {"files": body}} if path == "files" else {"data": b"{}", "content_type": "text/plain"}
    )
    assert Client().post(URL + path, **data).status_code == 401
    body.seek(0)
    partner = Client(headers={"Authorization": f"Bearer {factory.client('node', roles.PARTNER_NODE)[1]}"})
    assert partner.post(URL + path, **data).status_code == 403
    assert not StoredMessage.objects.exists()
