"""Every door of every room: walked signed out, and by somebody without any role.

Rooms that register pages and APIs are covered without a line here. What is open to all must be named below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from factories.node import bearer, make_person, signed_in
from otay.node.accounts import new_token, token_digest
from otay.node.models import ApiClient
from otay.web.api import api

pytestmark = pytest.mark.django_db

# Pages that need nobody signed in: what the node is, how to ask for correction, its language, sign-in itself, and the
# list of API operations.
PUBLIC_PAGES = {
    "home", "about", "set_language", "account_login", "account_logout", "account_inactive", "mfa_authenticate",
    "openapi-view", "api-root", "openapi-json", "api_docs", "live", "correction",
}  # fmt: skip
PUBLIC_OPERATIONS = {"health", "ready", "otay_exchange_api_show_identity", "otay_exchange_api_health"}
# The neighbour's signature is the lock of these; the exchange's own tests try it.
SIGNED_OPERATIONS = {f"otay_exchange_api_{name}" for name in ("deliver", "since", "record", "reconcile")}
# Pages of a person's own: any signed-in person has them, without a role.
OWN = {"account", "account_change_password", "account_reauthenticate"}
SAMPLES = {"int": "1", "slug": "x", "str": "x", "uuid": "00000000-0000-0000-0000-000000000000", "path": "x"}


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str, URLPattern]]:
    """(address, dotted names of the places above, pattern) of every page."""
    for item in resolver.url_patterns:
        route = prefix + _filled(str(item.pattern))
        if isinstance(item, URLResolver):
            yield from routes(item, route)
        else:
            yield route, item.name or "", item


def _filled(route: str) -> str:
    route = re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES.get(found[1] or "str", "x"), route)
    route = re.sub(r"\(\?P<\w+>([^()]*)\)", lambda found: _sample(found[1]), route)
    return route.replace("^", "").replace("$", "").replace("\\Z", "")


def _sample(pattern: str) -> str:
    return "1" if "\\d" in pattern else pattern.split("|")[0] if "|" in pattern else "x"


PAGES = [
    (address, name)
    for address, name, _pattern in routes(get_resolver())
    if not address.startswith(("api/v1/", "admin/", "static/"))
]
OPERATIONS = [
    (method.upper(), path, operation["operationId"], bool(operation.get("security")))
    for path, methods in api.get_openapi_schema()["paths"].items()
    for method, operation in methods.items()
]


def locked_operations(*but: str) -> list[tuple[str, str]]:
    """Those that are neither open by intention nor locked by a signature, and not for every caller."""
    left_out = PUBLIC_OPERATIONS | SIGNED_OPERATIONS | set(but)
    return [(method, path) for method, path, name, _locked in OPERATIONS if name not in left_out]


def test_there_are_doors_to_try() -> None:
    assert len(PAGES) > 25
    assert len(OPERATIONS) >= 4


@pytest.mark.parametrize("address", [address for address, name in PAGES if name not in PUBLIC_PAGES])
def test_a_page_is_closed_to_who_is_signed_out(client: Client, address: str) -> None:
    for answer in (client.get(f"/{address}"), client.post(f"/{address}", {})):
        assert answer.status_code in {302, 401, 403, 404}, answer.status_code
        if answer.status_code == 302:
            assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    "address",
    [address for address, name in PAGES if name not in PUBLIC_PAGES | OWN and not address.startswith("accounts/")],
)
def test_a_page_is_closed_to_somebody_without_roles(address: str) -> None:
    browser = signed_in(make_person())
    for answer in (browser.get(f"/{address}"), browser.post(f"/{address}", {}, follow=True)):
        assert answer.status_code in {400, 403, 404, 405, 422}, (answer.status_code, answer.get("Location"))


def _call(client: Client, method: str, path: str, **headers: str) -> HttpResponse:
    return client.generic(method, re.sub(r"\{\w+\}", "1", path), b"{}", content_type="application/json", **headers)


def test_every_operation_without_a_lock_is_meant_to_have_none() -> None:
    assert {name for _method, _path, name, locked in OPERATIONS if not locked} <= PUBLIC_OPERATIONS | SIGNED_OPERATIONS


@pytest.mark.parametrize(("method", "path"), locked_operations())
def test_an_operation_is_closed_to_who_has_no_key(client: Client, method: str, path: str) -> None:
    for headers in ({}, bearer("otay_wrong"), bearer(""), {"HTTP_AUTHORIZATION": "Basic eDp5"}):
        assert _call(client, method, path, **headers).status_code == 401, headers


@pytest.mark.parametrize(("method", "path"), locked_operations("me"))
def test_an_operation_gives_nothing_to_a_caller_without_permissions(client: Client, method: str, path: str) -> None:
    token = new_token()
    ApiClient.objects.create(key="nothing", name="Nothing", role="nothing", token_digest=token_digest(token))
    answer = _call(client, method, path, **bearer(token))
    assert answer.status_code in {403, 404, 422, 400, 415}, answer.status_code


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
