"""Technical logs name requests and faults, never what people and programs sent."""

from __future__ import annotations

import io
import json
import logging
import logging.config

import pytest
from django.test import Client

from factories.node import PASSWORD, bearer, make_person, make_token, signed_in
from otay.node import logs, roles
from otay.node.roles import ROLES

pytestmark = pytest.mark.django_db
# Invented, and nowhere else in the project.
PLANTED = ["Quetzalina", "Zumárraga-Planted", "XQ7734412", "1971-03-29", "planted-password-9"]
PAXLST = (
    "UNA:+.? 'UNB+UNOA:4+CARRIER+CUSTOMS+260101:0000+1'UNH+1+PAXLST:D:05B:UN:IATA'BGM+745'NAD+MS+++QUETZALINA'"
    "TDT+20+ZZ123'NAD+FL+++ZUMARRAGA-PLANTED:QUETZALINA'ATT+2++F'DTM+329:710329'DOC+P:110:111+XQ7734412'UNT+9+1'UNZ+1+1'"
)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a node with JSON logs writes meanwhile."""
    out = io.StringIO()
    shape = logging.config.DictConfigurator(logs.settings("json"))
    handler = logging.StreamHandler(out)
    handler.setFormatter(shape.configure_formatter(shape.config["formatters"]["shape"]))
    handler.addFilter(logs.RequestFilter())
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [handler])
    monkeypatch.setattr(root, "level", logging.WARNING)
    return out


def test_what_people_and_programs_send_does_not_stand_in_the_log(
    written: io.StringIO, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = make_person("auditor")
    client.post("/accounts/login/", {"login": person.username, "password": PLANTED[4]})
    client.post("/accounts/login/", {"login": PLANTED[0], "password": PASSWORD})
    officer = signed_in(make_person(*ROLES))
    for page in ("/declarations/", "/watchlists/hits/", "/node/people/", "/node/audit/", "/passengers/", "/nowhere/"):
        officer.get(page, {"q": PLANTED[0], "subject": PLANTED[1], "name": PLANTED[2], "since": PLANTED[3]})
    officer.post("/watchlists/redress/new/", {"name": PLANTED[0], "document": PLANTED[2], "text": PLANTED[1]})

    monkeypatch.setattr(roles, "permissions_of", lambda _role: frozenset(roles.PERMISSIONS))
    key = bearer(make_token("carrier", party="INVENTED-1"))
    client.raise_request_exception = False
    raw = json.dumps({"importer": {"name": PLANTED[0], "id": PLANTED[2]}, "born": PLANTED[3], "note": PLANTED[1]})
    for door in ("intake/messages", "declarations", "passengers/messages", "watchlists/screen", "exchange/deliver",
                 "transit/movements", "seal-reports/frames", "investigations/cases"):  # fmt: skip
        for body, kind in ((raw, "application/json"), (PAXLST, "application/edifact"), (raw[:-9], "application/json")):
            client.generic("POST", f"/api/v1/{door}", body, content_type=kind, **key)
    client.generic("POST", "/api/v1/intake/batch", f'{{"content": {raw}}}\n{raw}', "application/x-ndjson", **key)

    lines = written.getvalue()
    ids = {json.loads(line)["request_id"] for line in lines.splitlines()}
    assert len(ids) > 10, "each line belongs to a request"
    assert "" not in ids
    for planted in (*PLANTED, PLANTED[0].upper(), "ZUMARRAGA-PLANTED", "710329"):
        assert planted not in lines, [line[:300] for line in lines.splitlines() if planted in line]
        assert json.dumps(planted)[1:-1] not in lines
