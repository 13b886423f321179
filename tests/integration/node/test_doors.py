"""Every door of every room, tried by everybody: ``doors.txt`` says who may open which.

A new page or operation fails here until it stands in that file; the failure prints the line to add.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client

from factories import doors
from factories.node import bearer, make_person, make_token, signed_in
from otay.node.accounts import new_token, token_digest
from otay.node.models import ApiClient
from otay.node.roles import OFFICERS, ROLES

pytestmark = pytest.mark.django_db

NOBODY, STRANGER = "signed out", "no role"
CALLERS = [NOBODY, STRANGER, *ROLES]
# What ends the session of who opens it; tests of sign-in are about these.
LEAVING = {"/accounts/logout/", "/admin/logout/"}
OPEN, FORBIDDEN, LOGIN = "open", "forbidden", "login"


def told() -> Iterator[tuple[str, str]]:
    """(door, who) from the file. A door is a method, an address and, where it matters, what the form sends."""
    who = ""
    for line in Path(__file__).with_name("doors.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            who = line.strip("[]")
        elif line.strip() and not line.startswith("#"):
            yield line, who


TOLD = dict(told())
PAGES = {page.name: page for page in doors.pages()}
OPERATIONS = {f"{operation.method} {operation.name}": operation for operation in doors.operations()}


def expected(who: str, caller: str) -> str:
    """What ``caller`` meets at a door that is for ``who``."""
    if who == "everybody":
        return OPEN
    if caller == NOBODY:
        return LOGIN
    if who == "who is signed in" or caller in who.split():
        return OPEN
    return FORBIDDEN


def tried(browser: Client, door: str) -> HttpResponse:
    if door in OPERATIONS:
        return OPERATIONS[door].call(browser)
    method, address, sent = (*door.split(), "")[:3]
    return browser.generic(
        method, PAGES[address].address, sent.encode(), content_type="application/x-www-form-urlencoded"
    )


def outcome(answer: HttpResponse) -> str:
    to = answer.get("Location", "")
    if answer.status_code == 401 or to.startswith("/accounts/login/?"):
        return LOGIN
    if answer.status_code == 403 or to.startswith("/admin/login/"):
        return FORBIDDEN
    return OPEN if answer.status_code < 500 else f"status {answer.status_code}"


def browser_of(caller: str) -> Client:
    if caller == NOBODY:
        return Client()
    return signed_in(make_person() if caller == STRANGER else make_person(caller))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A line of the log for each door that stays shut would be thousands."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


def test_the_file_names_every_door_and_no_other() -> None:
    named = {" ".join(door.split()[:2]) for door in TOLD}
    there = {*OPERATIONS, *(f"GET {name}" for name in PAGES), *(f"POST {name}" for name in PAGES)}
    assert named <= there, "these doors are gone: take them out of doors.txt"
    missing = {*OPERATIONS, *(f"... {name}" for name in PAGES if name not in LEAVING)} - named
    missing -= {f"... {door.split()[1]}" for door in named}
    assert not missing, "say in doors.txt who may open these doors"
    assert all(set(who.split()) <= set(ROLES) or who in SECTIONS for who in TOLD.values())


SECTIONS = {"everybody", "who is signed in", "nobody", "the neighbour's signature"}


@pytest.mark.parametrize("caller", CALLERS)
def test_who_opens_which_door(caller: str) -> None:
    browser = browser_of(caller)
    wrong = []
    for door, who in TOLD.items():
        if who in {"nobody", "the neighbour's signature"}:
            continue
        met = outcome(tried(browser, door))
        if met != expected(who, caller):
            wrong.append(f"{door}: {met}, not {expected(who, caller)}")
    assert not wrong, f"{caller}:\n" + "\n".join(wrong)


def test_what_nobody_opens_stays_shut_for_somebody_with_every_role() -> None:
    shut = [door for door, who in TOLD.items() if who == "nobody"]
    browser = signed_in(make_person(*ROLES))
    assert len(shut) > 20
    assert {door: tried(browser, door).status_code for door in shut}.items() <= {
        (door, status) for door in shut for status in (403, 404)
    }


def test_a_signature_and_no_role_opens_the_neighbours_doors() -> None:
    signed = [door for door, who in TOLD.items() if who == "the neighbour's signature"]
    browser = signed_in(make_person(*ROLES))
    assert len(signed) >= 5
    assert {tried(browser, door).status_code for door in signed} <= {401, 422}


def test_a_page_takes_no_other_method_than_the_file_says() -> None:
    browser = signed_in(make_person(*ROLES))
    named = {" ".join(door.split()[:2]) for door in TOLD}
    pages = [name for name in PAGES if not name.startswith(("/admin/", "/accounts/", "/api/")) and name not in LEAVING]
    others = [f"{method} {name}" for name in pages for method in ("GET", "POST") if f"{method} {name}" not in named]
    taken = {door: tried(browser, door).status_code for door in others}
    assert {door: status for door, status in taken.items() if status != 405} == {}
    assert len(others) > 50


@pytest.mark.parametrize("headers", [{}, bearer("otay_wrong"), bearer(""), {"HTTP_AUTHORIZATION": "Basic eDp5"}])
def test_an_operation_is_closed_to_who_has_no_key(client: Client, headers: dict[str, str]) -> None:
    locked = [door for door in OPERATIONS if TOLD[door] not in {"everybody", "the neighbour's signature"}]
    assert len(locked) > 60
    client.defaults.update(headers)
    assert {door: tried(client, door).status_code for door in locked} == dict.fromkeys(locked, 401)


@pytest.mark.parametrize("role", ["nothing", "trader"])
def test_a_program_opens_what_its_role_opens(client: Client, role: str) -> None:
    """The same doors by token: a program without permissions, and a trader's."""
    token = new_token() if role == "nothing" else make_token(role, party="INVENTED-1")
    if role == "nothing":
        ApiClient.objects.create(key="nothing", name="Nothing", role="nothing", token_digest=token_digest(token))
    client.defaults.update(bearer(token))
    doors_of_programs = {door: who for door, who in TOLD.items() if door in OPERATIONS}
    wrong = {
        door: met
        for door, who in doors_of_programs.items()
        if who != "the neighbour's signature" and (met := outcome(tried(client, door))) != expected(who, role)
    }
    assert wrong == {}


def test_without_the_second_factor_an_officer_is_nobody_yet() -> None:
    assert OFFICERS
    browser = signed_in(make_person(*(role.key for role in OFFICERS), factor=False))
    inside = [
        door for door, who in TOLD.items() if set(who.split()) & set(ROLES) and not door.startswith("GET /admin/")
    ]
    met = {door: tried(browser, door) for door in inside}
    let_in = {
        door: answer.status_code
        for door, answer in met.items()
        if answer.status_code != 403 and answer.get("Location") != "/accounts/2fa/"
    }
    assert let_in == {}


def test_health_and_request_id(client: Client) -> None:
    answer = client.get("/api/v1/health", HTTP_X_REQUEST_ID="given-by-caller-1")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded", "no loop runs in a test"
    assert answer["X-Request-Id"] == "given-by-caller-1"
    assert re.fullmatch(r"[0-9a-f]{32}", client.get("/api/v1/ready", HTTP_X_REQUEST_ID="<x>\n").headers["X-Request-Id"])


def test_a_body_that_is_too_large_is_refused_unread(client: Client) -> None:
    answer = client.generic("POST", "/api/v1/me", b"", CONTENT_LENGTH=str(17 * 1024 * 1024))
    assert answer.status_code == 413
    assert answer["Content-Type"] == "application/problem+json"
