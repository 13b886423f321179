"""The API against its own OpenAPI document: made-up requests never make the node fail, and no answer is one that the
document does not allow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounds
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from factories import doors
from factories.node import make_token
from otay.node import roles
from otay.web.wsgi import application

pytestmark = pytest.mark.django_db
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(doors.document())
SCHEMA.app = application
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


@schemathesis.serializer("application/x-ndjson", "application/edifact", "application/xml", "text/csv", "*/*")
def as_bytes(ctx: Any, value: Any) -> bytes:
    """A body of a kind that the tool cannot write: its bytes, or one line of JSON."""
    if isinstance(value, bytes):
        return value
    return value.encode(errors="replace") if isinstance(value, str) else json.dumps(value, default=str).encode()


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[str]:
    """Of a program that may do everything, on a node that the tool finds and that keeps the test's connection open."""
    settings.ALLOWED_HOSTS = ["localhost"]
    token = make_token("trader", key="everything")
    monkeypatch.setattr(roles, "permissions_of", lambda _role: frozenset(roles.PERMISSIONS))
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield token
    for signal in signals:
        signal.connect(close_old_connections)


def try_out(operation: Any, token: str, examples: int) -> None:
    @bounds(
        max_examples=examples, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), deadline=None,
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        (case.query or {}).pop("wait", None)  # seconds that a caller waits for news: it would
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

    call()


IDS = [f"{one.method.upper()} {one.path}" for one in OPERATIONS]


@pytest.mark.parametrize("operation", OPERATIONS, ids=IDS)
def test_an_operation_keeps_to_its_document(operation: Any, token: str) -> None:
    try_out(operation, token, examples=2)


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS, ids=IDS)
def test_an_operation_keeps_to_its_document_for_long(operation: Any, token: str) -> None:
    try_out(operation, token, examples=60)


def test_no_two_rooms_share_the_name_of_a_schema() -> None:
    """The library lets the last of one name stand in for all of them; see otay.web.openapi."""
    text, schemas = json.dumps(doors.document()), doors.document()["components"]["schemas"]
    assert set(re.findall('"#/components/schemas/([^"]+)"', text)) <= set(schemas)
    states = [one for name, one in schemas.items() if name.startswith("State") and "enum" in one]
    assert {"received", "refused", "discharged"} <= {value for one in states for value in one["enum"]}
