"""What an operator watches a node by: figures, traces from the message to the neighbour's receipt, and the log."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.test import Client

from factories.exchange import Door, Neighbour, paired
from factories.node import bearer, make_token
from otay.exchange.models import Outbox
from otay.exchange.registry import Publication
from otay.exchange.services import delivery, publishing
from otay.node import logs, tracing
from otay.node.actors import SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture
def door(neighbour: Neighbour) -> Iterator[Door]:
    with Door(neighbour) as made:
        yield made


@pytest.fixture
def agreed(db: None, room: object, neighbour: Neighbour, door: Door):
    return paired(neighbour, door.url)


def publish(count: int) -> None:
    publications = [Publication(f"P-{n}", 1, {"number": f"P-{n}", "weight": "1.5"}) for n in range(count)]
    publishing.publish(actor=SYSTEM, record_type="test.parcel", publications=publications)


def test_prometheus_reads_figures_with_a_key_and_nobody_else_does(client: Client, agreed):
    publish(3)
    for headers, status in (({}, 401), (bearer(make_token("trader")), 403)):
        assert client.get("/api/v1/metrics", **headers).status_code == status
    key = bearer(make_token("auditor"))
    client.get("/api/v1/metrics", **key)
    text = client.get("/api/v1/metrics", **key).content.decode()
    assert 'otay_exchange_waiting_records{peer="MX"} 3.0' in text
    assert 'otay_loop_up{loop="exchange.deliver"} 0.0' in text
    assert 'otay_request_seconds_count{method="GET",route="/api/v1/metrics",status="401"}' in text


def test_a_trace_leads_from_the_change_to_the_receipt(agreed):
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans = InMemorySpanExporter()
    tracing.start("", service="otay", country="US", exporter=spans)
    try:
        with tracing.span("request", parent={"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}):
            publish(2)
        assert delivery.deliver_due(agreed).problem == ""
    finally:
        tracing.stop()
    request, deliver = (
        next(one for one in spans.get_finished_spans() if one.name == name) for name in ("request", "deliver")
    )
    assert f"{request.context.trace_id:032x}" == "a" * 32
    assert [link.context.span_id for link in deliver.links] == [request.context.span_id]
    assert dict(deliver.attributes) == {"otay.peer": "MX", "otay.records": 2}
    assert Outbox.objects.first().trace.startswith("00-" + "a" * 32)


def test_without_a_collector_nothing_is_traced(agreed):
    publish(1)
    assert tracing.headers() == {}
    assert Outbox.objects.get().trace == ""


def test_a_line_of_the_log_is_json_with_the_request_it_belongs_to(capsys):
    import logging.config

    logger = logging.getLogger("otay.test")
    before = logger.manager.root.handlers[:]
    try:
        logging.config.dictConfig(logs.settings("json"))
        token = logs.request_id.set("r-1")
        logger.warning("%s messages wait", 3)
        logs.request_id.reset(token)
        line = json.loads(capsys.readouterr().err)
    finally:
        logging.config.dictConfig(logs.settings("line"))
        logger.manager.root.handlers[:] = before
    assert (line["message"], line["level"], line["request_id"], line["logger"]) == (
        "3 messages wait", "WARNING", "r-1", "otay.test",
    )  # fmt: skip
