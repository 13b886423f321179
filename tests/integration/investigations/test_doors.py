"""Pages and API of investigations as officers, traders and strangers get them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from factories import declarations, investigations
from factories.node import bearer, make_person, make_token, signed_in
from otay.goods.declarations.models import Declaration
from otay.goods.investigations import indicators
from otay.goods.investigations.models import Case, MirrorFinding, Seizure, SeizureCustody, TrustedTrader
from otay.goods.investigations.queries import seizures as seizure_queries
from otay.goods.investigations.services import matching, scoring, selecting
from otay.node.accounts import actor_of_user
from otay.node.models import User

pytestmark = pytest.mark.django_db
PORT = investigations.PORT
PAGES = ("", "findings/", "evaluation/", "plans/", "trusted/", "models/", "workbench/", "cases/", "cases/new/",
         "seizures/", "seizures/new/", "explained/")  # fmt: skip


@pytest.fixture
def investigator() -> User:
    return make_person("investigations")


def suspect() -> Declaration:
    truck = declarations.truck(planted="undervalued")
    row = investigations.imported(truck)
    investigations.told(truck)
    matching.match()
    scoring.score_new()
    selecting.select_all()
    return row


def shown(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(f"/investigations/{address}")
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


@pytest.mark.parametrize("language", ["en", "es-mx"])
def test_every_page_opens_with_data_on_it(investigator: User, language: str) -> None:
    row = suspect()
    client = signed_in(investigator)
    client.cookies["otay_us_language"] = language
    lead = actor_of_user(investigator)
    case = investigations.opened(lead)
    seizure = investigations.seized(lead, case=case.reference, number=row.number)
    for address in PAGES:
        shown(client, address)
    assert case.reference in shown(client, "cases/")
    dossier = shown(client, f"declarations/{row.number}/")
    assert "mirror--differs" in dossier
    for tab in ("timeline", "links", "evidence", "tasks", "decision", "members"):
        shown(client, f"cases/{case.reference}/?tab={tab}")
    assert "Denim" in shown(client, f"seizures/{seizure.reference}/")


def test_a_port_officer_s_list_names_the_suspect_and_why() -> None:
    row = suspect()
    client = signed_in(make_person(("port_officer", PORT)))
    page = shown(client, "")
    assert row.number in page
    assert "Undervalued against the neighbour" in page
    shown(client, "?port=2506", 403)
    assert row.number not in shown(signed_in(make_person(("port_officer", "2506"))), "")


@pytest.mark.parametrize("role", ["trader", "carrier", "rescue", "planner"])
def test_who_has_no_business_here_is_kept_out(role: str) -> None:
    row = suspect()
    case = investigations.opened()
    client = signed_in(make_person(role, party="95-0000717" if role in {"trader", "carrier"} else ""))
    for address in (*PAGES, f"declarations/{row.number}/", f"cases/{case.reference}/"):
        assert client.get(f"/investigations/{address}").status_code in {403, 404}, address
    for address in (f"cases/{case.reference}/act/", f"declarations/{row.number}/outcome/", "findings/1/review/"):
        assert client.post(f"/investigations/{address}", {"act": "note", "text": "x"}).status_code in {403, 404}, (
            address
        )


def test_a_member_works_on_a_case_through_its_page(investigator: User) -> None:
    client = signed_in(investigator)
    row = declarations.lodged()
    given = {"title": "Invented", "kind": "valuation", "number": row.number, "port": PORT}
    answer = client.post("/investigations/cases/new/", given)
    case = Case.objects.get()
    assert answer.status_code == 302
    assert case.links.get().identifier == row.number
    act = f"/investigations/cases/{case.reference}/act/"
    file = SimpleUploadedFile("invoice.pdf", b"%PDF-1.7 invented", "text/html")
    for body in (
        {"act": "note", "text": "Seen <b>bold</b>"},
        {"act": "task", "title": "Look"},
        {"act": "evidence", "file": file, "source": "Importer", "note": "Invoice"},
        {
            "act": "step",
            "step": "decide",
            "reason": "Clear",
            "outcome": "infringement",
            "penalty": "90,5",
            "currency": "USD",
        },
    ):
        assert client.post(act, body).status_code == 302, body
    case.refresh_from_db()
    assert case.penalty == 90.5
    page = shown(client, f"cases/{case.reference}/")
    assert "Seen &lt;b&gt;" in page
    refused = client.post(f"/investigations/cases/{case.reference}/evidence/1/", {"purpose": ""})
    assert refused.status_code == 422
    download = client.post(f"/investigations/cases/{case.reference}/evidence/1/", {"purpose": "For the file"})
    assert download["Content-Type"] == "application/octet-stream"
    assert "sandbox" in download["Content-Security-Policy"]
    assert download["Content-Disposition"].startswith("attachment")
    assert download.content == b"%PDF-1.7 invented"
    assert client.post(act, {"act": "explode"}).status_code == 404
    stranger = signed_in(make_person("investigations"))
    assert stranger.get(f"/investigations/cases/{case.reference}/").status_code == 404
    assert stranger.post(act, {"act": "note", "text": "x"}).status_code == 404


def test_a_forged_form_is_refused(investigator: User) -> None:
    case = investigations.opened(actor_of_user(investigator))
    client = Client(enforce_csrf_checks=True)
    client.force_login(investigator, backend="otay.node.backends.NodeBackend")
    answer = client.post(f"/investigations/cases/{case.reference}/act/", {"act": "note", "text": "x"})
    assert answer.status_code == 403
    assert case.entries.count() == 1


def test_a_seizure_is_registered_moved_and_its_chain_shows_tampering() -> None:
    supervisor = make_person(("supervisor", PORT))
    client = signed_in(supervisor)
    given = {"port": PORT, "ground": "Order 1", "place": "Store", "hs6": "520942", "description": "Denim",
             "quantity": "10,5", "unit": "KGM", "value": "99.90", "currency": "usd"}  # fmt: skip
    for wrong in (
        {"quantity": "-1"},
        {"quantity": "many"},
        {"unit": "XX"},
        {"hs6": "12"},
        {"ground": ""},
        {"value": "1e99"},
    ):
        client.post("/investigations/seizures/new/", {**given, **wrong})
    assert client.post("/investigations/seizures/new/", {**given, "port": "2506"}).status_code == 403
    assert not Seizure.objects.exists()
    client.post("/investigations/seizures/new/", given)
    row = Seizure.objects.get()
    assert (row.items.get().quantity, row.state) == (10.5, "seized")
    step = f"/investigations/seizures/{row.reference}/step/"
    client.post(step, {"step": "destroy", "holder": "Plant", "ground": "x", "witnesses": "A, B"})
    row.refresh_from_db()
    assert row.state == "seized", "not from here"
    client.post(step, {"step": "store", "holder": "Keeper", "place": "Bay 1"})
    row.refresh_from_db()
    assert (row.state, row.entries_count) == ("stored", 2)
    assert "Custody whole" in shown(client, f"seizures/{row.reference}/")
    elsewhere = signed_in(make_person(("supervisor", "2506")))
    assert elsewhere.get(f"/investigations/seizures/{row.reference}/").status_code == 404
    assert elsewhere.post(step, {"step": "forfeit", "holder": "x", "place": "x", "ground": "x"}).status_code == 404
    SeizureCustody.objects.filter(sequence=1).update(holder="Somebody else")
    assert "does not hold" in shown(client, f"seizures/{row.reference}/")
    assert any(alert.level == "error" for alert in indicators.open_alerts(actor_of_user(supervisor)))
    SeizureCustody.objects.filter(sequence=2).delete()
    assert not seizure_queries.chain_whole(row).whole


def test_an_export_holds_no_formula_and_parquet_opens() -> None:
    import polars as pl

    row = declarations.lodged()
    Declaration.objects.filter(pk=row.pk).update(importer="=HYPERLINK(1)")
    scoring.score_new()
    client = signed_in(make_person("targeting"))
    answer = client.get("/investigations/workbench/export/")
    lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert lines[0]["number"] == row.number
    assert lines[0]["importer"] == "'=HYPERLINK(1)"
    parquet = client.get("/investigations/workbench/export/?format=parquet")
    table = pl.read_parquet(io.BytesIO(parquet.content)).to_dicts()
    assert table[0]["number"] == row.number
    assert client.get("/investigations/workbench/?rows=password").status_code == 422


def test_the_api_does_what_the_pages_do() -> None:
    row = suspect()
    caller = bearer(make_token("investigations"))
    client = Client()

    def get(path: str, status: int = 200) -> Any:
        answer = client.get(f"/api/v1/investigations{path}", **caller)
        assert answer.status_code == status, answer.content
        return answer.json()

    def post(path: str, body: Any, status: int = 201) -> Any:
        answer = client.post(
            f"/api/v1/investigations{path}", json.dumps(body), content_type="application/json", **caller
        )
        assert answer.status_code == status, answer.content
        return answer.json()

    assert get(f"/selections/{PORT}")[0]["number"] == row.number
    assert get(f"/declarations/{row.number}")["mirror"]["state"] == "matched"
    (found,) = get("/findings")["findings"]
    post("/findings/review", {"findings": [found["id"]], "state": "confirmed", "note": "Seen"}, 200)
    assert MirrorFinding.objects.get().state == "confirmed"
    post(
        "/outcomes",
        {"outcomes": [{"number": row.number, "kind": "finding", "fraud": "undervaluation", "remarks": "x"}]},
    )
    case = post("/cases", {"kind": "valuation", "title": "By API"})["reference"]
    post(f"/cases/{case}/links", [{"type": "declaration", "identifier": row.number}], 200)
    post(f"/cases/{case}/entries", {"kind": "note", "text": "A note"})
    assert [line["kind"] for line in get(f"/cases/{case}")["lines"]] == ["opened", "link", "note"]
    post(f"/cases/{case}/steps", {"step": "fly", "reason": "x"}, 409)
    items = [
        {"hs6": "520942", "description": "Denim", "quantity": "5", "unit": "KGM", "value": "10", "currency": "USD"}
    ]
    given = {"port": PORT, "ground": "Order", "place": "Store", "case": case, "items": items}
    seizure = post("/seizures", given)
    assert seizure["whole"]
    post(f"/seizures/{seizure['reference']}/steps", {"step": "store", "holder": "Keeper", "place": "Bay"}, 200)
    assert get("/evaluation?week=2026-01-05")["inspected"] == 0
    assert get("/pivot?rows=port")[0]["count"] >= 1
    post("/models/train", {}, 403)
    stranger = bearer(make_token("investigations"))
    assert client.get(f"/api/v1/investigations/cases/{case}", **stranger).status_code == 404
    trader = bearer(make_token("trader", party=row.importer))
    for path in (f"/declarations/{row.number}", "/findings", f"/selections/{PORT}", f"/cases/{case}", "/pivot"):
        assert client.get(f"/api/v1/investigations{path}", **trader).status_code == 403, path


def test_what_the_room_measures() -> None:
    suspect()
    values = {one.key: one.compute().value for one in indicators.INDICATORS}
    assert values["investigations.agreeing"] == 0
    assert values["investigations.joint_cases"] == 0
    assert values["investigations.answered"] is None


def test_the_planted_trucks_of_the_demo_are_found(settings: Any) -> None:
    rows = {
        planted: investigations.imported(declarations.truck(planted=planted, key=planted or "honest"))
        for planted in ("", "undervalued", "overweight", "other_goods")
    }
    for planted in rows:
        investigations.told(replace(declarations.truck(key=planted or "honest"), planted=planted))
    matching.match()
    found = dict(MirrorFinding.objects.values_list("declaration__reference", "kind"))
    assert found == {
        rows["undervalued"].reference: "undervalued", rows["overweight"].reference: "mass",
        rows["other_goods"].reference: "other_goods",
    }  # fmt: skip


def test_who_runs_the_programme_names_trusted_traders_and_nobody_else() -> None:
    given = {"identifier": "rfc123", "programme": "OEA", "valid_until": "2999-01-01"}
    for role, status in (("supervisor", 403), ("trusted_programme", 302)):
        answer = signed_in(make_person(role)).post("/investigations/trusted/", given)
        assert answer.status_code == status, role
    client = signed_in(make_person("trusted_programme"))
    client.post("/investigations/trusted/", {**given, "identifier": "old", "valid_until": "2001-01-01"})
    assert list(TrustedTrader.objects.values_list("identifier", flat=True)) == ["RFC123"]
    assert "RFC123" in shown(client, "trusted/")
