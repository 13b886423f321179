"""Bodies made to break a reader: entity bombs, endless nesting, archives that swell, floods of fields. Each door says
no within bounds; none fails, and none makes the process grow."""

from __future__ import annotations

import gzip
import io
import json
import resource
import zipfile
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from factories import doors
from factories.node import bearer, make_person, make_token, signed_in
from otay.node import roles
from otay.node.roles import ROLES

pytestmark = pytest.mark.django_db
MOST_GROWTH = 256 * 1024  # KiB, of the process' largest size so far
DEEP = 100_000


def entity_bomb() -> bytes:
    """Each entity is ten of the one before: a few hundred bytes that would be a thousand million."""
    steps = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e0 "0123456789">{steps}]><MetaData>&e9;</MetaData>'.encode()


def outside_entity() -> bytes:
    return b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/hostname">]><MetaData>&e;</MetaData>'


def archive(*parts: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name, content in parts:
            made.writestr(name, content)
    return out.getvalue()


def workbook_bomb() -> bytes:
    """An XLSX of some hundred kilobytes whose sheet is 60 MB."""
    content = b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    return archive(("[Content_Types].xml", content), ("xl/worksheets/sheet1.xml", bytes(60_000_000)))


HOSTILE = {
    "entity bomb": entity_bomb(),
    "outside entity": outside_entity(),
    "deep XML": b"<a>" * DEEP + b"</a>" * DEEP,
    "wide attributes": b"<MetaData " + b" ".join(b'a%d="x"' % n for n in range(DEEP)) + b"/>",
    "deep JSON": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "long number": b"[" + b"9" * 100_000 + b"]",
    "not a number": b'{"total": NaN, "lines": [Infinity]}',
    "workbook bomb": workbook_bomb(),
    "archive with many parts": archive(*((f"xl/{n}", b"") for n in range(20_000))),
    "endless segments": b"UNA:+.? 'UNB+UNOA:4+A+B+260101:0000+1'" + b"X+++'" * DEEP,
    "one endless segment": b"UNA:+.? 'UNB+UNOA:4+A+B+260101:0000+1'UNH+1+PAXLST" + b"+" * 200_000,
    "wide CSV": b",".join(b"c%d" % n for n in range(DEEP)) + b"\n",
    "nothing but quotes": b'"' * 1_000_000,
    "zeros": bytes(1_000_000),
}


@pytest.fixture
def caller(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A program that may do everything."""
    client.defaults.update(bearer(make_token("carrier", key="everything", party="INVENTED-1")))
    monkeypatch.setattr(roles, "permissions_of", lambda _role: frozenset(roles.PERMISSIONS))
    client.raise_request_exception = False
    return client


@pytest.fixture(autouse=True)
def _no_growth() -> Iterator[None]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MOST_GROWTH, f"the process grew by {grown} KiB"


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    "door",
    ["intake/messages", "passengers/messages", "declarations", "seal-reports/frames", "seal-reports/batch",
     "exchange/deliver", "exchange/reconcile", "intake/batch"],
)  # fmt: skip
def test_a_door_for_messages_refuses_it(caller: Client, door: str, body: bytes) -> None:
    for kind in ("application/octet-stream", "application/json"):
        answer = caller.generic("POST", f"/api/v1/{door}", body, content_type=kind)
        assert answer.status_code < 500, answer.content[:300]
        assert b"root:" not in answer.content
        if answer.status_code in {200, 201, 207}:
            told = json.loads(answer.content)
            assert "accepted" not in json.dumps(told.get("counts", told.get("state", ""))), told


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_door_for_files_refuses_it(caller: Client, body: bytes) -> None:
    for path, name in (("intake/files", "files"), ("watchlists/lists/x/files", "file")):
        given = {name: SimpleUploadedFile("x.xlsx", body), "why": "x"}
        answer = caller.post(f"/api/v1/{path}", given)
        assert answer.status_code < 500, answer.content[:300]
        assert '"accepted":' not in answer.content.decode().replace(" ", "")


@pytest.mark.parametrize("name", ["deep JSON", "deep objects", "long number", "not a number", "zeros"])
def test_every_operation_with_a_body_refuses_it(caller: Client, name: str) -> None:
    tried = 0
    for operation in doors.operations():
        if "application/json" in operation.described.get("requestBody", {}).get("content", {}):
            answer = caller.generic(
                operation.method, operation.address(), HOSTILE[name], content_type="application/json"
            )
            assert 400 <= answer.status_code < 500, (operation.name, answer.status_code)
            tried += 1
    assert tried > 30


def test_a_packed_bomb_is_not_unpacked(caller: Client) -> None:
    bomb = gzip.compress(bytes(80_000_000), 6)
    assert len(bomb) < 500_000
    for door in ("intake/messages", "intake/batch", "passengers/messages", "exchange/deliver"):
        answer = caller.generic(
            "POST", f"/api/v1/{door}", bomb, content_type="application/octet-stream", HTTP_CONTENT_ENCODING="gzip"
        )
        assert answer.status_code == 413, (door, answer.status_code)


def test_a_flood_of_fields_files_or_parameters_is_cut_off() -> None:
    browser = signed_in(make_person(*ROLES))
    fields = "&".join(f"f{n}=1" for n in range(5000))
    assert browser.post("/intake/send/", fields, content_type="application/x-www-form-urlencoded").status_code == 400
    files = {f"f{n}": SimpleUploadedFile(f"{n}.txt", b"x") for n in range(300)}
    assert browser.post("/intake/send/", files).status_code == 400
    assert browser.get(f"/declarations/?{fields}").status_code in {200, 400}
    assert browser.get("/declarations/", HTTP_X_FLOOD="x" * 1_000_000).status_code == 200, "the server bounds headers"
    assert browser.get("/declarations/", HTTP_ACCEPT_LANGUAGE="es," * 100_000).status_code == 200
    assert browser.get("/declarations/", HTTP_X_REQUEST_ID="x" * 100_000)["X-Request-Id"] != "x" * 100_000


def test_a_character_that_no_database_keeps_is_refused_not_a_fault() -> None:
    """PostgreSQL keeps no NUL in a text, SQLite does."""
    program = Client(**bearer(make_token("investigations")))  # type: ignore[arg-type]
    for address in ("/api/v1/investigations/cases?q=a%00", "/api/v1/investigations/findings?port=%00"):
        assert program.get(address).status_code in {200, 422}, address
    officer = signed_in(make_person("investigations"))
    assert officer.get("/investigations/cases/?q=a%00").status_code in {200, 422}
