"""Sign-in as a person does it, and as somebody does who should not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from factories.node import PASSWORD, bearer, make_person, make_token, signed_in
from otay.node import demo_people, services
from otay.node.actors import SYSTEM
from otay.node.config import create
from otay.node.models import AuditEvent, User

pytestmark = pytest.mark.django_db
LOGIN, FACTOR = "/accounts/login/", "/accounts/2fa/authenticate/"


@pytest.fixture(autouse=True)
def _fresh_counters() -> None:
    cache.clear()


def sign_in(browser: Client, username: str, password: str = PASSWORD):  # type: ignore[no-untyped-def]
    return browser.post(LOGIN, {"login": username, "password": password})


def test_an_officer_needs_password_and_code(client: Client) -> None:
    officer = make_person("auditor")
    answer = sign_in(client, officer.username)
    assert (answer.status_code, answer["Location"]) == (302, FACTOR)
    assert client.get("/node/audit/").status_code == 302, "the password alone opens nothing"
    assert client.get("/api/v1/me").status_code == 401
    assert "code" in client.get(FACTOR).content.decode()
    assert client.post(FACTOR, {"code": "000000"}).status_code == 200
    answer = client.post(FACTOR, {"code": demo_people.code_now(officer.totp_secret)})
    assert answer.status_code == 302
    assert client.get("/node/audit/").status_code == 200
    assert AuditEvent.objects.filter(action="node.signed_in", actor=f"officer:{officer.pk}").count() == 1


def test_a_code_works_once(client: Client) -> None:
    officer = make_person("auditor")
    code = demo_people.code_now(officer.totp_secret)
    sign_in(client, officer.username)
    client.post(FACTOR, {"code": code})
    other = Client()
    sign_in(other, officer.username)
    other.post(FACTOR, {"code": code})
    assert other.get("/node/audit/").status_code == 302


def test_an_officer_without_second_factor_reaches_only_its_enrolment(
    client: Client, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> None:
    officer = make_person("auditor", factor=False)
    sign_in(client, officer.username)
    for address in ("/node/audit/", "/", "/node/account/", "/accounts/password/change/", "/admin/"):
        answer = client.get(address)
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/"), address
    refused = client.get("/api/v1/audit")
    assert refused.status_code == 403
    assert "second factor" in refused.json()["title"]
    assert client.get("/accounts/2fa/").status_code == 200
    activate = "/accounts/2fa/totp/activate/"
    assert client.get(activate, follow=True).redirect_chain, "an old sign-in is confirmed first"
    client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": activate})
    assert client.get(activate).status_code == 200
    secret = client.session["mfa.totp.secret"]
    with django_capture_on_commit_callbacks(execute=True):
        client.post(activate, {"code": demo_people.code_now(secret)})
    assert client.get("/node/audit/").status_code == 200
    assert "node.second_factor_added" in list(AuditEvent.objects.values_list("action", flat=True))
    assert secret not in json.dumps(list(officer.authenticator_set.values_list("data", flat=True))), "kept encrypted"


def test_an_officer_cannot_drop_the_last_second_factor() -> None:
    officer = make_person("auditor")
    browser = Client()
    sign_in(browser, officer.username)
    browser.post(FACTOR, {"code": demo_people.code_now(officer.totp_secret)})
    browser.post("/accounts/2fa/totp/deactivate/")
    assert officer.authenticator_set.filter(type="totp").exists()


def test_a_trader_needs_no_second_factor(client: Client) -> None:
    trader = make_person("trader", party="acme")
    assert sign_in(client, trader.username).status_code == 302
    assert client.get("/node/account/").status_code == 200


def test_guessing_is_throttled_for_the_name_and_noted(client: Client) -> None:
    officer = make_person("trader")
    for _ in range(5):
        assert "throttle" not in sign_in(client, officer.username, "wrong").content.decode()
    refused = sign_in(client, officer.username)
    assert refused.status_code in {200, 429}, "the right password does not help while the name is throttled"
    assert client.get("/node/account/").status_code == 302
    assert AuditEvent.objects.filter(action="node.sign_in_refused", subject=f"officer:{officer.pk}").count() == 5


def test_guessing_many_names_from_one_address_is_throttled(client: Client) -> None:
    codes = [sign_in(client, f"nobody{n}", "wrong").status_code for n in range(35)]
    assert 429 in codes
    assert AuditEvent.objects.filter(subject="officer:unknown").count() <= 30


def test_a_refusal_does_not_say_whether_the_name_exists(client: Client) -> None:
    make_person("trader", username="known")
    shown = []
    for name in ("known", "somebody"):
        page = sign_in(client, name, "wrong-password-x").content.decode().split("<main")[1]
        shown.append(re.sub(r'value="[^"]*"', "", page))
    assert shown[0] == shown[1]


def test_a_closed_account_cannot_sign_in(client: Client) -> None:
    person = make_person("trader")
    services.deactivate(actor=SYSTEM, person=person)
    sign_in(client, person.username)
    assert client.get("/node/account/").status_code == 302


@pytest.mark.parametrize("address", ["signup/", "password/reset/", "email/", "password/set/", "confirm-email/"])
def test_doors_that_this_house_keeps_closed(client: Client, address: str) -> None:
    assert client.get(f"/accounts/{address}").status_code == 404
    assert client.post(f"/accounts/{address}", {"username": "x", "email": "a@b.mx"}).status_code == 404
    assert not User.objects.exists()


def test_the_back_office_has_no_second_way_in(client: Client) -> None:
    administrator = make_person("administrator")
    answer = client.post("/admin/login/", {"username": administrator.username, "password": PASSWORD})
    assert answer.status_code == 302
    assert client.get("/admin/").status_code == 302
    assert signed_in(administrator).get("/admin/").status_code == 200
    assert signed_in(make_person("auditor")).get("/admin/").status_code in {302, 403}


def test_the_back_office_cannot_touch_the_log() -> None:
    browser = signed_in(make_person("administrator"))
    assert browser.get("/admin/node/auditevent/").status_code == 200
    assert browser.get("/admin/node/auditevent/add/").status_code == 403
    assert browser.post("/admin/node/auditevent/1/delete/", {"post": "yes"}).status_code in {302, 403}
    assert AuditEvent.objects.filter(sequence=1).exists()
    assert browser.get("/admin/mfa/authenticator/").status_code == 404


def test_a_session_needs_csrf_and_a_token_does_not() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_person("trader"), backend="otay.node.backends.NodeBackend")
    assert browser.post("/node/account/", {"language": "en"}).status_code == 403
    token = make_token()
    assert Client(enforce_csrf_checks=True).get("/api/v1/me", **bearer(token)).status_code == 200
    assert Client().get("/api/v1/me", **bearer("otay_wrong")).status_code == 401


def test_a_demo_sheet_is_shown_by_a_demo_node_alone(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = create(tmp_path / "demo", country="MX", name="Demo", language="es-mx", url="http://127.0.0.1:9", demo=True)
    (tmp_path / "demo" / "clock.json").write_text('{"real": 0, "played": 0, "speed": 1}')
    assert "demo-people" not in client.get(LOGIN).content.decode()
    monkeypatch.setattr(settings, "OTAY", node)
    demo_people.seed()
    sheet = demo_people.sheet(node.home)
    assert len(sheet["people"]) == User.objects.count() == 14
    assert oct((node.keys / demo_people.FILE).stat().st_mode & 0o777) == "0o600"
    demo_people.seed()
    assert demo_people.sheet(node.home)["programs"] == sheet["programs"], "a second call adds nothing"
    page = client.get(LOGIN).content.decode()
    assert sheet["people"][0]["password"] in page
    person = next(person for person in sheet["people"] if person["role"] == "auditor")
    sign_in(client, person["username"], person["password"])
    assert client.post(FACTOR, {"code": demo_people.sheet(node.home)["people"][10]["code"]}).status_code == 302
    assert client.get("/node/audit/").status_code == 200


def test_people_of_a_demo_are_refused_elsewhere() -> None:
    with pytest.raises(Exception, match="demo node"):
        demo_people.seed()
