"""The API's own documentation page."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from otay.web.api import api

pytestmark = pytest.mark.django_db


def test_every_operation_of_the_document_is_on_the_page(client: Client) -> None:
    shown = client.get("/api/v1/docs/").content.decode()
    document = api.get_openapi_schema()
    for path, item in document["paths"].items():
        for method in item:
            assert f"curl -X {method.upper()}" in shown
            assert path in shown
    for name in document.get("components", {}).get("schemas", {}):
        assert f'id="schema-{name}"' in shown


def test_it_is_open_works_offline_and_links_to_shapes_that_exist(client: Client) -> None:
    response = client.get("/api/v1/docs/")
    shown = response.content.decode()
    assert response.status_code == 200
    assert not re.search(r"(src|href)=\"https?://", shown)
    targets = set(re.findall(r'href="#(schema-[^"]+)"', shown))
    assert targets <= {f"schema-{name}" for name in re.findall(r'id="schema-([^"]+)"', shown)}
    identifiers = re.findall(r'\sid="([^"]+)"', shown)
    assert len(identifiers) == len(set(identifiers))


def test_the_document_itself_is_served(client: Client) -> None:
    assert client.get("/api/v1/openapi.json").json()["openapi"].startswith("3.1")


def test_the_document_is_made_once_and_not_for_every_reader(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.get("/api/v1/docs/").content

    def again() -> None:
        raise AssertionError("the document was made again")

    monkeypatch.setattr(api, "get_openapi_schema", again)
    assert len(client.get("/api/v1/docs/").content) == len(first)
